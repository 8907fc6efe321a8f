/** Recurrent models through every command, in English and Chinese. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runCommandLine } from './command.ts'
import { commands } from './commands.ts'

const directory = mkdtempSync(join(tmpdir(), 'nacre-recurrent-'))
afterAll(() => rmSync(directory, { recursive: true }))

const text = join(directory, 'text.txt')
const run = join(directory, 'run')

async function nacre(...words: string[]) {
  const written = { stdout: '', stderr: '' }
  const sink = (name: 'stdout' | 'stderr') => ({
    isTerminal: false,
    columns: 100,
    write: (piece: string) => {
      written[name] += piece
    },
  })
  const host = { version: '0', environment: {}, stdout: sink('stdout'), stderr: sink('stderr'), onInterrupt() {} }
  const code = await runCommandLine(words, commands, host)
  return { code, ...written }
}

let trained: Awaited<ReturnType<typeof nacre>>
beforeAll(async () => {
  writeFileSync(text, 'To be, or not to be, that is the question.\n话说天下大势，分久必合。\n'.repeat(30))
  const size = '--layers 2 --hidden-size 24 --embedding-size 8 --context 8 --batch-size 4 --dropout 0.1'
  const rhythm = '--steps 60 --save-every 60 --evaluate-every 60 --sample-every 60 --sample-tokens 8'
  trained = await nacre('train', 'lstm', '--data', text, ...`${size} ${rhythm} --out ${run}`.split(' '))
})

test('trains, writes samples and leaves a folder', () => {
  expect(trained).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('the model writes:') })
  expect(JSON.parse(readFileSync(join(run, 'config.json'), 'utf8'))).toMatchObject({
    ...{ model_type: 'lstm', hidden_size: 24, num_layers: 2 },
  })
})

test('generates, in both languages, the same for the same seed', async () => {
  for (const prompt of ['To be', '话说']) {
    const words = ['generate', run, '--prompt', prompt, '--tokens', '20', '--seed', '3']
    const first = await nacre(...words)
    expect(first).toMatchObject({ code: 0, stderr: '' })
    expect(first.stdout.startsWith(prompt)).toBe(true)
    expect((await nacre(...words)).stdout).toBe(first.stdout)
  }
})

test('scores, and evaluates', async () => {
  const score = await nacre('score', run, '话说天下', '--json')
  expect(JSON.parse(score.stdout).logProbabilities).toHaveLength(3)
  const evaluation = await nacre('evaluate', run, '--data', text, '--json')
  const { perplexity, bytes } = JSON.parse(evaluation.stdout)
  expect(bytes).toBe(readFileSync(text).length)
  expect(perplexity).toBeGreaterThan(1)
  expect(perplexity).toBeLessThan(30)
})

test.each([
  ['lstm --heads 4', 'OptionError: Option --heads expected a size of lstm: --layers, --hidden-size, --embedding-size.'],
  ['lstm --micro-batch-size 2', 'OptionError: Option --micro-batch-size expected none for lstm'],
  ['gru --preset char-small', 'OptionError: Option --preset expected one of char. Received "char-small".'],
  ['gpt2 --hidden-size 4', 'OptionError: Option --hidden-size expected a size of gpt2'],
  ['ltsm', 'OptionError: Unknown model "ltsm". Did you mean "lstm"?'],
])('train %s is refused', async (words, message) => {
  const failed = await nacre('train', ...words.split(' '), '--data', text, '--out', join(directory, 'refused'))
  expect([failed.code, failed.stdout]).toEqual([2, ''])
  expect(failed.stderr).toContain(message)
})

test('an import that cannot be is refused', async () => {
  const nowhere = await nacre('import', 'nowhere')
  expect([nowhere.code, nowhere.stdout]).toEqual([2, ''])
  expect(nowhere.stderr).toContain(
    'SOURCE expected a file or folder that exists, or charrnn-shakespeare or stories260k. Received "nowhere".',
  )
  const empty = await nacre('import', directory)
  expect([empty.code, empty.stdout]).toEqual([1, ''])
  expect(empty.stderr).toContain('manifest.json expected a file that exists.')
})
