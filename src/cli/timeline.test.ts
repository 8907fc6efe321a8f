import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { smallWorld } from '../data/small-world.ts'
import { timeline } from '../models/index.ts'
import { columnsOf } from './columns.ts'
import { runCommandLine } from './command.ts'
import { commands } from './commands.ts'
import { resultTable } from './timeline.ts'
import { chooseMembers, type MemberResult, members } from './timeline-members.ts'

const folder = mkdtempSync(join(tmpdir(), 'nacre-timeline-'))
afterAll(() => rmSync(folder, { recursive: true }))

async function nacre(...words: string[]) {
  const out = { code: 0, stdout: '', stderr: '' }
  const sink = (name: 'stdout' | 'stderr') => ({
    isTerminal: false,
    columns: 80,
    write(written: string) {
      out[name] += written
    },
  })
  const host = { version: '0', environment: {}, stdout: sink('stdout'), stderr: sink('stderr'), onInterrupt() {} }
  out.code = await runCommandLine(['timeline', ...words], commands, host)
  return out
}

/** Stories of the small world as a file. */
function stories(language: 'en' | 'zh', documents: number): string {
  const path = join(folder, `${language}-${documents}.txt`)
  const world = smallWorld({ seed: 1, language, kind: 'story', documents })
  writeFileSync(path, [...world.documents()].join(''))
  return path
}

test('everyone learns the same text: a table of 80 columns, plots, numbers, models', async () => {
  const out = join(folder, 'all')
  const { code, stdout } = await nacre(
    '--data',
    stories('en', 60),
    '--minutes',
    '0.01',
    '--out',
    out,
    '--sample-tokens',
    '20',
  )
  expect(code).toBe(0)
  const shown = stdout.slice(stdout.indexOf('YEAR')) // above it stands the path of the file
  expect(Math.max(...shown.split('\n').map(columnsOf))).toBeLessThanOrEqual(80)
  const { results } = JSON.parse(readFileSync(join(out, 'timeline.json'), 'utf8')) as { results: MemberResult[] }
  expect(results.map(({ model }) => model)).toEqual([
    'uniform',
    'unigram',
    'bigram',
    '5-gram',
    ...timeline.map(({ name }) => name),
  ])
  expect(results.map(({ year }) => year).toSorted((a, b) => a - b)).toEqual(results.map(({ year }) => year))
  for (const { model, bitsPerByte, sample } of results) {
    expect(stdout).toMatch(new RegExp(`^\\d{4}  ${model} .* ${bitsPerByte.toFixed(3)}  ━+$`, 'm'))
    expect(sample).not.toBe('')
  }
  const [uniform, ...counted] = results.slice(0, 4).map(({ bitsPerByte }) => bitsPerByte)
  expect(counted.toSorted((a, b) => b - a)).toEqual(counted)
  expect(Math.max(...counted)).toBeLessThan(uniform)
  for (const { seconds, curve, tokensSeen } of results.slice(4)) {
    expect(seconds).toBeGreaterThanOrEqual(0.6)
    expect(curve.at(-1)!.seconds).toBeCloseTo(seconds)
    expect(tokensSeen).toBeGreaterThan(0)
  }
  expect(readdirSync(out).toSorted()).toEqual(
    ['learning.svg', 'timeline.json', 'timeline.svg', ...timeline.map(({ name }) => name)].toSorted(),
  )
  expect(readFileSync(join(out, 'timeline.svg'), 'utf8')).toMatch(/^<svg .*uniform.*gpt2/s)
}, 180_000)

test('Chinese, only some, for programs', async () => {
  const out = join(folder, 'zh')
  const data = stories('zh', 200)
  const { code, stdout } = await nacre('--data', data, '--models', '5-gram, unigram', '--out', out, '--json')
  expect(code).toBe(0)
  const records = stdout
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
  expect(records.map(({ model }) => model)).toEqual(['unigram', '5-gram'])
  expect(records[1].sample).toMatch(/\p{Script=Han}/u)
  expect(records[1].bitsPerByte).toBeLessThan(records[0].bitsPerByte)
  expect(readdirSync(out).toSorted()).toEqual(['timeline.json', 'timeline.svg'])
})

test('the small world comes with its entropy', async () => {
  const { stdout } = await nacre('--data', 'small-world-zh', '--models', '5-gram', '--out', join(folder, 'world'))
  const [, entropy] = /entropy of this text: (\d\.\d+) bits per byte/.exec(stdout)!
  const [, reached] = /5-gram .* (\d\.\d{3}) {2}━/.exec(stdout)!
  expect(Number(reached)).toBeGreaterThan(Number(entropy))
})

test('without tinyshakespeare it is the small world', async () => {
  const mirror = join(folder, 'nothing')
  const { code, stdout, stderr } = await nacre('--mirror', mirror, '--models', 'uniform', '--out', join(folder, 'none'))
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^small-world: .*entropy of this text/s)])
  expect(stderr).toContain('tinyshakespeare cannot be had here')
  expect(await nacre('--mirror', mirror, '--data', 'names')).toMatchObject({ code: 1 })
})

test('only models of an earlier timeline are replaced', async () => {
  const out = join(folder, 'kept')
  mkdirSync(join(out, 'rnn'), { recursive: true })
  writeFileSync(join(out, 'rnn/config.json'), '{"model_type": "rnn"}')
  const words = ['--data', stories('en', 200), '--models', 'rnn', '--minutes', '0.01', '--out']
  expect(await nacre(...words, out)).toMatchObject({ code: 2, stderr: expect.stringContaining('which holds another') })
  expect(readFileSync(join(out, 'rnn/config.json'), 'utf8')).toBe('{"model_type": "rnn"}')
  const again = join(folder, 'again')
  expect([(await nacre(...words, again)).code, (await nacre(...words, again)).code]).toEqual([0, 0])
})

test('wrong usage, and a text that is too short', async () => {
  expect((await nacre('--models', 'bigramm')).stderr).toBe(
    'OptionError: Unknown model "bigramm". Did you mean "bigram"?\n',
  )
  expect(await nacre('--minutes', '0')).toMatchObject({ code: 2 })
  const short = join(folder, 'short.txt')
  writeFileSync(short, 'To be, or not to be.')
  expect(await nacre('--data', short)).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/short\.txt expected at least 10000 characters\. Received 20\./),
  })
})

test('members are chosen by name, and stay in the order of years', () => {
  expect(chooseMembers(undefined)).toBe(members)
  expect(chooseMembers('gpt2,bigram').map(({ name }) => name)).toEqual(['bigram', 'gpt2'])
})

test('a narrow terminal gets no bars', () => {
  const result = {
    year: 1948,
    model: 'bigram',
    parameters: 1445,
    tokensSeen: 1e6,
    seconds: 1,
    bitsPerByte: 3.5,
    sample: '',
    curve: [],
  }
  expect(resultTable([result, { ...result, bitsPerByte: 1.75 }], 80).split('\n')[2]).toMatch(/ 1\.750 {2}━+$/)
  expect(resultTable([result], 50)).not.toContain('━')
})
