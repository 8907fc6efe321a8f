import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runCommandLine } from './command.ts'
import { commands } from './commands.ts'

const directory = mkdtempSync(join(tmpdir(), 'nacre-cli-word2vec-'))
afterAll(() => rmSync(directory, { recursive: true }))
const at = (name: string) => join(directory, name)

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

const text = at('text.txt')
writeFileSync(text, '宝玉和黛玉看花。The whale swims in the sea, the ship sails on the sea.\n'.repeat(40))
const run = at('run')
const train = (...words: string[]) =>
  nacre('train', 'word2vec', '--data', text, '--channels', '8', '--threads', '1', ...words)
beforeAll(async () => {
  const { code, stderr } = await train('--out', run)
  if (code !== 0) throw new Error(stderr)
})

describe('train word2vec', () => {
  test('has its own options', async () => {
    const { stdout } = await nacre('train', 'word2vec', '--help')
    expect(stdout).toContain('--negative <words>')
    expect(stdout).not.toContain('--layers')
    expect((await nacre('train', '--help')).stdout).not.toContain('--negative')
  })

  test('shows what it does; two threads, two texts, phrases', async () => {
    const { code, stdout } = await train('--data', text, '--threads', '2', '--phrases', '1', '--out', at('two'))
    expect(code).toBe(0)
    expect(stdout).toMatch(/^word2vec: \d+ words, [\d,]+ parameters\ntext: [\d,]+ words of the vocabulary; 2 threads\n/)
    expect(stdout).toMatch(
      /100\.0 % {2}epoch 5 {2}loss \d+\.\d{3} {2}[\d,]+ words\/s\nDone\. The vectors are in .*two.vectors\.bin/,
    )
  })

  test('records for programs; a finished run goes on with more epochs', async () => {
    const { stdout } = await train('--resume', '--epochs', '6', '--out', run, '--json')
    const records = stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line))
    expect(records.map(({ type }) => type)).toEqual(['start', 'progress', 'saved', 'done'])
    expect(records[0].done).toBeCloseTo(5 / 6, 10)
  })

  test('bad input', async () => {
    expect(await nacre('train', 'word2vec', '--out', at('none'))).toMatchObject({ code: 2 })
    expect((await nacre('train', 'word2vec')).stderr).toContain(
      'Option --data expected a text file or the name of a dataset',
    )
    const few = await train('--minimum-count', '1000', '--out', at('few'))
    expect([few.code, few.stderr]).toEqual([
      1,
      expect.stringContaining('at least two words that occur 1000 times or more'),
    ])
    expect((await train('--layers', '3')).stderr).toContain('Unknown option "--layers"')
    expect((await train('--window', '0')).stderr).toContain('Option --window expected an integer from 1 to 1000')
    expect((await nacre('train', '--data', text, 'word2vec', 'word2vec')).code).toBe(2)
    const resumed = await nacre('train', 'word2vec', '--resume', '--out', at('nowhere'))
    expect([resumed.code, resumed.stderr]).toEqual([
      2,
      expect.stringContaining('Option --resume expected a run of word2vec with'),
    ])
    const unnamed = await nacre('train', '--resume', '--out', run)
    expect([unnamed.code, unnamed.stderr]).toEqual([2, expect.stringContaining('nacre train word2vec --resume --out')])
    const changed = await train('--resume', '--window', '3', '--out', run)
    expect(changed.stderr).toContain('Option --window expected 5, with which the run was started. Received 3.')
  })

  test('a text without words by the chosen encoding', async () => {
    writeFileSync(at('latin.txt'), Uint8Array.of(0xe9, 0x74, 0xe9))
    const { code, stderr } = await nacre('train', 'word2vec', '--data', at('latin.txt'), '--out', at('latin'))
    expect([code, stderr]).toEqual([1, expect.stringContaining('byte 0xE9 at offset 0')])
  })
})

describe('similar and analogy', () => {
  test('name words in straight columns', async () => {
    const { code, stdout } = await nacre('similar', run, 'whale', '--count', '3')
    expect(code).toBe(0)
    expect(stdout.trimEnd().split('\n')).toHaveLength(3)
    expect(stdout).toMatch(/^(\S+ +-?\d\.\d{4}\n){3}$/)
    const analogy = await nacre('analogy', run, 'whale', 'swims', 'ship', '--count', '2')
    expect(analogy.stdout).toMatch(/^whale is to swims as ship is to\n(\S+ +-?\d\.\d{4}\n){2}$/)
    const record = JSON.parse(
      (await nacre('analogy', run, 'whale', 'swims', 'ship', '--rule', 'multiply', '--json')).stdout,
    )
    expect(record).toMatchObject({ type: 'analogy', rule: 'multiply', words: ['whale', 'swims', 'ship'] })
  })

  test('read files of others', async () => {
    writeFileSync(at('others.txt'), 'king 1 0\nqueen 0.9 0.1\nship 0 1\n')
    expect((await nacre('similar', at('others.txt'), 'king', '--count', '1')).stdout).toMatch(/^queen {2}0\.99\d\d\n$/)
  })

  test('bad input', async () => {
    const unknown = await nacre('similar', run, 'whael')
    expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('Did you mean "whale"?')])
    expect((await nacre('similar', run, '黛钗')).stderr).toMatch(/Did you mean "黛玉"\?/)
    const missing = await nacre('similar', at('nowhere'), 'whale')
    expect(missing).toMatchObject({ code: 2 })
    expect(missing.stderr).toContain('RUN expected the folder of a word2vec run or a file of vectors')
    expect((await nacre('similar', directory, 'whale')).stderr).toContain('which has none')
    expect((await nacre('analogy', run, 'whale', 'swims')).code).toBe(2)
    expect((await nacre('similar', text, 'whale')).stderr).toMatch(
      /^CheckpointError: Line 1 of .*text\.txt expected a word and/,
    )
  })
})

describe('evaluate', () => {
  test('pairs and analogies of a file', async () => {
    writeFileSync(at('pairs.tsv'), 'whale\tsea\t9\nship\tsea\t8\nship\t黛玉\t1\nwhale\tunseen\t3\n')
    const pairs = await nacre('evaluate', run, '--data', at('pairs.tsv'))
    expect(pairs.stdout).toMatch(
      /^pairs\.tsv: rank correlation -?\d\.\d{4}, of 3 pairs that the vocabulary covers \(4\)\n$/,
    )
    writeFileSync(
      at('questions.txt'),
      ': seas\nwhale swims ship sails\nWhale swims ship sails\nwhale swims ship unseen\n',
    )
    const questions = await nacre('evaluate', run, '--data', at('questions.txt'))
    expect(questions.stdout).toMatch(
      /^questions\.txt: \d+\.\d\d % of 2 analogies that the vocabulary covers \(3\)\n {2}seas/,
    )
    const record = JSON.parse((await nacre('evaluate', run, '--data', at('questions.txt'), '--json')).stdout)
    expect(record).toMatchObject({ kind: 'analogies', covered: 2, questions: 3 })
  })

  test('bad input', async () => {
    expect((await nacre('evaluate', run, '--data', 'word-analogy')).stderr).toContain('Did you mean "word-analogies"?')
    writeFileSync(at('bad.tsv'), 'whale\tsea\t9\nship\n')
    expect((await nacre('evaluate', run, '--data', at('bad.tsv'))).stderr).toMatch(
      /^DataError: Line 2 of .*bad\.tsv expected/,
    )
  })
})

describe('map', () => {
  test('draws words in English and Chinese', async () => {
    const file = at('map.svg')
    const { stdout } = await nacre('map', run, 'whale', '宝玉', '--neighbours', '3', '--out', file)
    expect(stdout).toMatch(/^\d+ words, [\d.]+ % of their variance: /)
    const svg = readFileSync(file, 'utf8')
    for (const word of ['whale', '宝玉']) expect(svg).toContain(word)
    expect((await nacre('map', run, '--count', '5', '--out', at('frequent.svg'))).stdout).toMatch(/^5 words/)
    expect(existsSync(at('frequent.svg'))).toBe(true)
  })

  test('bad input', async () => {
    const two = await nacre('map', run, 'whale', 'sea', '--out', at('two.svg'))
    expect([two.code, two.stderr]).toEqual([
      2,
      expect.stringContaining('A map expected at least three words. Received 2.'),
    ])
    expect((await nacre('map', run, 'wale', 'sea', 'ship')).stderr).toContain('Did you mean "whale"?')
  })
})
