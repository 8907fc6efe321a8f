import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runCommandLine } from './command.ts'
import { commands } from './commands.ts'

const directory = mkdtempSync(join(tmpdir(), 'nacre-translate-'))
afterAll(() => rmSync(directory, { recursive: true }))
const at = (name: string) => join(directory, name)
const main = resolve(import.meta.dirname, 'main.ts')

async function nacre(...words: string[]) {
  const out = { code: 0, stdout: '', stderr: '' }
  const sink = (name: 'stdout' | 'stderr') => ({
    isTerminal: false,
    columns: 100,
    write(written: string) {
      out[name] += written
    },
  })
  const host = { version: '0', environment: {}, stdout: sink('stdout'), stderr: sink('stderr'), onInterrupt() {} }
  out.code = await runCommandLine(words, commands, host)
  return out
}

const digits = [
  ['null', 'zero'],
  ['eins', 'one'],
  ['zwei', 'two'],
  ['drei', 'three'],
]
const lines = digits.flatMap(a =>
  digits.flatMap(b => digits.map(c => `${a[0]} ${b[0]} ${c[0]}\t${c[1]} ${b[1]} ${a[1]}`)),
)
const sizes =
  '--layers 1 --heads 2 --channels 32 --hidden 64 --context 16 --vocabulary 300 --dropout 0 --learning-rate 0.005 --warm-up 40'
const pace = '--batch-tokens 256 --micro-batch-tokens 256 --buckets 2 --average 1 --validation-fraction 0'
const train = (rest: string) => nacre(...`train transformer ${sizes} ${pace} ${rest}`.split(' ').filter(Boolean))

const run = at('run')
beforeAll(async () => {
  writeFileSync(at('pairs.tsv'), `${lines.join('\n')}\n`)
  const { stderr, stdout, code } = await train(`--data ${at('pairs.tsv')} --steps 200 --out ${run}`)
  if (code !== 0) throw new Error(stderr)
  if (!stdout.includes('Done. The model is in')) throw new Error(stdout)
}, 60_000)

test('a sentence of the command line, with its score and attention', async () => {
  expect(await nacre('translate', run, 'eins zwei drei')).toEqual({ code: 0, stdout: 'three two one\n', stderr: '' })
  const { stdout, stderr } = await nacre('translate', run, 'eins', 'zwei', 'drei', '--attention')
  expect(stderr).toBe('')
  const [text, head, ...rows] = stdout.trimEnd().split('\n')
  expect(text).toBe('three two one')
  expect(head).toMatch(/^% .*eins.*<\/s>$/)
  expect(rows.at(-1)).toMatch(/^<\/s>/)
  const json = await nacre('translate', run, 'eins zwei drei', '--json', '--attention', '--beam', '2')
  const record = JSON.parse(json.stdout)
  expect(record).toMatchObject({ type: 'translation', source: 'eins zwei drei', text: 'three two one' })
  expect(record.score).toBeLessThan(0)
  for (const row of record.alignment.weights)
    expect(row.reduce((sum: number, weight: number) => sum + weight, 0)).toBeCloseTo(1, 4)
})

const piped = (input: string | Uint8Array, ...words: string[]) => {
  const line = [main, 'translate', run, ...words]
  const { stdout, stderr, status } = spawnSync(process.execPath, line, { input, encoding: 'utf8' })
  return { stdout, stderr, status }
}

test('a line for each line of the standard input, empty ones too', () => {
  const input = '\ufeffnull eins zwei\r\n\ndrei drei\u2028drei\n'
  const { stdout, stderr, status } = piped(input, '--batch-size', '1')
  expect([stdout.split('\n').length, stderr, status]).toEqual([4, '', 0])
  expect(stdout).toMatch(/^two one zero\n\n/)
  expect(piped('')).toEqual({ stdout: '', stderr: '', status: 0 })
})

test('a line that cannot be translated is named, after those before it', () => {
  const good = 'drei drei drei\n'
  const { stdout, stderr, status } = piped(`${good.repeat(10)}\n${good}你好\n${good}`, '--batch-size', '1')
  expect([stdout, status]).toEqual([`${'three three three\n'.repeat(10)}\nthree three three\n`, 2])
  expect(stderr).toContain('Line 13 expected Latin letters')
  expect(piped(Uint8Array.of(0x65, 0xff, 0x0a))).toMatchObject({
    ...{ stdout: '', status: 1, stderr: expect.stringContaining('The standard input') },
  })
})

test.each<[string, string[], string]>([
  ['an empty sentence', ['', ''], 'The text expected at least one word. Received nothing. Leave empty lines out.\n'],
  [
    'a sentence that is too long',
    ['eins '.repeat(20)],
    'The text expected at most 15 tokens, as long as the model learned. Received 20. Cut it into sentences.\n',
  ],
  [
    'a script that the model never saw',
    ['你好，世界'],
    'The text expected Latin letters, which the model learned. Received Han in "你好，世界". ' +
      'Was the model trained for the other direction?\n',
  ],
])('%s', async (_, words, message) => {
  const { code, stderr } = await nacre('translate', run, ...words)
  expect([code, stderr]).toEqual([2, expect.stringContaining(message.trimEnd())])
})

test('pairs of which none is left, and those that are too long', async () => {
  writeFileSync(at('one.tsv'), `${lines[0]}\n`)
  const before = readFileSync(join(run, 'training/state.safetensors'))
  for (const rest of [
    `--data ${at('one.tsv')} --validation-fraction 0.5`,
    `--data ${at('pairs.tsv')} --context 4 --vocabulary 260`,
  ]) {
    const { code, stderr } = await train(`--steps 1 --out ${run} ${rest}`)
    expect([code, stderr]).toEqual([1, expect.stringContaining('The pairs expected pairs to learn from, with less')])
  }
  expect(readFileSync(join(run, 'training/state.safetensors'))).toEqual(before)
  writeFileSync(at('latin1.tsv'), Buffer.from(`${lines.join('\n')}\n${'eins '.repeat(30)}\tgro\xdf\n`, 'latin1'))
  const other = await train(`--data ${at('latin1.tsv')} --steps 1 --encoding latin1 --out ${at('latin1')}`)
  expect([other.code, other.stdout]).toEqual([0, expect.stringContaining('1 pair is longer than the context')])
})

test('folders and beams that cannot be', async () => {
  const gone = await nacre('translate', at('gone'), 'eins')
  expect([gone.code, gone.stderr]).toEqual([
    2,
    expect.stringContaining('which does not exist. Train one with: nacre train'),
  ])
  expect((await nacre('translate', run, 'eins', '--beam', '0')).stderr).toContain('Option --beam expected an integer')
})

test('a pairs file with a missing tab is refused by the line, or read without it', async () => {
  writeFileSync(at('broken.tsv'), `${lines[0]}\nI am angry! 我森气辣！\n${lines[1]}\n`)
  const refused = await train(`--data ${at('broken.tsv')} --steps 1 --out ${at('broken')}`)
  expect(refused.code).toBe(1)
  expect(refused.stderr).toContain('broken.tsv, line 2, expected two sentences with a tab between them.')
  const skipped = await train(`--data ${at('broken.tsv')} --steps 1 --out ${at('broken')} --skip-malformed`)
  expect(skipped.code).toBe(0)
  expect(skipped.stderr).toContain('left out 1 lines that are no pairs, the first is 2.')
})

test('a translator refuses what it is not told, and goes on where it stopped', async () => {
  const expectMessage = async (rest: string, message: string) => {
    const { code, stderr } = await train(`--steps 1 --out ${at('bad')} ${rest}`)
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)])
  }
  await expectMessage('', 'Option --data expected a file of pairs or the name of a dataset.')
  await expectMessage(`--data ${at('pairs.tsv')} --momentum 0.9`, 'Unknown option "--momentum".')
  await expectMessage(`--data ${at('pairs.tsv')} --micro-batch-tokens 100`, 'a divisor of --batch-tokens (256)')
  await expectMessage(`--data ${at('pairs.tsv')} --heads 5`, 'channels expected a multiple of heads (5)')
  await expectMessage('--data names', 'Option --data expected a dataset of pairs')
  const more = await nacre('train', '--resume', '--out', run, '--steps', '202')
  expect([more.code, more.stdout]).toEqual([0, expect.stringContaining('resumed at step 200 of 202')])
})

test('translators have options of their own; their runs go on by name or without', async () => {
  const help = await nacre('train', 'seq2seq', '--help')
  expect(help.stdout).toContain('--batch-tokens')
  expect(help.stdout).not.toContain('--tokenizer')
  expect((await nacre('train', 'gpt2', '--out', 'seq2seq', '--help')).stdout).toContain('--tokenizer')
  for (const words of [
    ['train', 'transformer', '--resume'],
    ['train', '--resume'],
  ]) {
    expect(await nacre(...words, '--out', run)).toMatchObject({
      ...{ code: 0, stderr: '', stdout: expect.stringMatching(/resumed at step (\d+) of \1\n/) },
    })
  }
  expect(await nacre('train', 'seq2seq', '--resume', '--out', run)).toMatchObject({
    ...{ code: 2, stderr: expect.stringContaining('expected a run of seq2seq. Received a run of transformer') },
  })
  expect(await nacre('train', 'seq2seq', '--heads', '2', '--data', at('pairs.tsv'))).toMatchObject({
    ...{ code: 2, stderr: expect.stringContaining('Option --heads expected to be left out: seq2seq') },
  })
  expect(await nacre('train', 'transformer', '--resume', '--out', at('nowhere'))).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('Option --resume expected a run of seq2seq or transformer with'),
  })
})
