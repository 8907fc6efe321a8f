import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { tinyLanguageModel } from '../../test/tiny-language-model.ts'
import { loadModelFolder, saveModelFolder } from '../checkpoints/model-folder.ts'
import { generate, length } from '../generation/generate.ts'
import { naivePredictor } from '../generation/predictor.ts'
import { greedy } from '../generation/sampling.ts'
import { nodeRuntime } from '../runtime/node.ts'
import { nodeStorage } from '../storage/node.ts'
import { trainByteLevelBPE } from '../tokenizers/bpe-training.ts'
import { trainCharacters } from '../tokenizers/characters.ts'
import type { Tokenizer } from '../tokenizers/tokenizer.ts'
import { columnsOf } from './columns.ts'
import { runCommandLine } from './command.ts'
import { commands } from './commands.ts'
import { unescapeText } from './open-model.ts'

const directory = mkdtempSync(join(tmpdir(), 'nacre-cli-model-'))
afterAll(() => rmSync(directory, { recursive: true }))
const text = '话说天下大势，分久必合，合久必分。\nTo be, or not to be.'

async function save(name: string, tokenizer: Tokenizer, generation?: { temperature: number }): Promise<string> {
  const folder = join(directory, name)
  const { model, weights } = tinyLanguageModel({ vocabulary: tokenizer.vocabularySize, context: 16 })
  await saveModelFolder(nodeStorage(folder), { model, weights, tokenizer, generation })
  return folder
}

const run = await save('characters', await trainCharacters([text]))
const bytes = await save('bytes', await trainByteLevelBPE([text], { vocabularySize: 270 }))

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

/** `nacre chat` with lines on its standard input. */
function chat(lines: string, ...words: string[]) {
  const main = resolve(import.meta.dirname, 'main.ts')
  const options = { input: lines, encoding: 'utf8' } as const
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [main, 'chat', run, '--tokens', '12', ...words],
    options,
  )
  return { status, stdout, stderr }
}

test('generate writes the prompt and what follows; a seed decides', async () => {
  const first = await nacre('generate', run, '--prompt', '话说', '--tokens', '40', '--seed', '3')
  expect(first).toMatchObject({ code: 0, stderr: '' })
  expect(first.stdout).toMatch(/^话说.{40}\n$/su)
  expect(await nacre('generate', run, '--prompt', '话说', '--tokens', '40', '--seed', '3')).toEqual(first)
  expect(await nacre('generate', run, '--prompt', '话说', '--tokens', '40', '--seed', '4')).not.toEqual(first)
})

test('generate --temperature 0 says what the naive loop says', async () => {
  const { stdout } = await nacre('generate', run, '--prompt', 'To be', '--tokens', '30', '--temperature', '0', '--json')
  const saved = await loadModelFolder(nodeStorage(run))
  const predictor = naivePredictor({ ...saved, runtime: nodeRuntime({ threads: 1 }) })
  const options = { sample: [greedy], stopWhen: [length(30)] }
  let expected = ''
  let logProbability = 0
  for await (const piece of generate(predictor, saved.tokenizer, [...saved.tokenizer.encode('To be')], options)) {
    expected += piece.text
    logProbability += piece.logProbability
  }
  const record = JSON.parse(stdout)
  expect(record).toMatchObject({ type: 'generation', prompt: 'To be', text: expected })
  expect(record.ids).toHaveLength(30)
  expect(record.logProbability).toBeCloseTo(logProbability, 3)
})

test('generate stops before a stop text', async () => {
  const words = ['generate', run, '--prompt', 'T', '--tokens', '60', '--json']
  const { text: whole } = JSON.parse((await nacre(...words)).stdout)
  const stop = [...whole].slice(20, 22).join('')
  const { text: stopped } = JSON.parse((await nacre(...words, '--stop', stop)).stdout)
  expect(stopped).toBe(whole.slice(0, whole.indexOf(stop)))
})

test('without a prompt the text begins after a line break, or after what the vocabulary has instead', async () => {
  const { code, stderr, stdout } = await nacre('generate', run, '--tokens', '5')
  expect([code, stderr]).toEqual([0, 'No prompt: the text begins after a line break.\n'])
  expect(stdout).toMatch(/^.{5}\n$/su)
  const marked = await save('marked', await trainCharacters(['ab'], { specialTokens: ['<|endoftext|>'] }))
  expect((await nacre('generate', marked)).stderr).toBe('No prompt: the text begins after <|endoftext|>.\n')
  const bare = await save('bare', await trainCharacters(['ab']))
  expect(await nacre('generate', bare)).toMatchObject({
    code: 2,
    stderr:
      'OptionError: Option --prompt expected a text: the vocabulary has no line break to begin with. Received an empty text.\n',
  })
})

test("a folder's own settings lie between the defaults and what was given", async () => {
  const greedily = await save('greedy', await trainCharacters([text]), { temperature: 0 })
  const of = async (...words: string[]) => (await nacre('generate', ...words, '--prompt', 'T', '--tokens', '20')).stdout
  expect(await of(greedily)).toBe(await of(run, '--temperature', '0'))
  expect(await of(greedily, '--temperature', '1')).toBe(await of(run, '--temperature', '1'))
})

test('escapes of a prompt', () => {
  expect(unescapeText('a\\nb\\tc')).toBe('a\nb\tc')
  expect(unescapeText('\\\\n and \\d')).toBe('\\n and \\d')
})

test.each(['generate', 'chat', 'evaluate', 'score'])('%s: bad input', async name => {
  const rest = name === 'score' ? ['To be'] : name === 'evaluate' ? ['--data', 'package.json'] : []
  const missing = await nacre(name, join(directory, 'nowhere'), ...rest)
  expect(missing.code).toBe(2)
  expect(missing.stderr).toMatch(/^OptionError: RUN expected the folder of a trained model\. Received ".*nowhere"/)
  const empty = await nacre(name, directory, ...rest)
  expect(empty.code).toBe(1)
  expect(empty.stderr).toMatch(
    /config\.json expected a file that exists\. Received none\. Is it the folder of a trained/,
  )
  const device = await nacre(name, run, ...rest, '--device', 'abacus')
  expect(device.code).toBe(1)
  expect(device.stderr).toMatch(
    /^DeviceError: device expected one that onnxruntime-node offers on this machine: cpu.*"abacus"/,
  )
})

test('a character that the vocabulary lacks is named', async () => {
  const message =
    'TokenizerError: CharacterTokenizer expected characters that its vocabulary has. Received "魏" (U+9B4F)'
  for (const words of [
    ['generate', run, '--prompt', '话魏'],
    ['score', run, '话魏'],
  ]) {
    const { code, stderr } = await nacre(...words)
    expect(code).toBe(1)
    expect(stderr).toContain(message)
  }
  expect((await nacre('generate', bytes, '--prompt', '魏', '--tokens', '3')).code).toBe(0)
})

test('score shows each token and the whole, in straight columns', async () => {
  const { code, stdout } = await nacre('score', run, '话说To')
  expect(code).toBe(0)
  const [, , head, first, second, third, fourth, , whole, rest] = stdout.split('\n')
  expect(head).toMatch(/^token +log P +P$/)
  expect(first).toBe('"话"')
  for (const [line, label] of [
    [second, '"说"'],
    [third, '"T"'],
    [fourth, '"o"'],
  ]) {
    expect(line).toMatch(new RegExp(`^${label} +-\\d+\\.\\d{4} +\\d`))
    expect(columnsOf(line)).toBe(head.length)
  }
  expect(whole).toMatch(/^log P of the whole: -[\d.]+ nats = -[\d.]+ bits$/)
  expect(rest).toMatch(/^perplexity [\d.]+, [\d.]+ bits per byte$/)
  expect((await nacre('score', bytes, '。😀')).stdout).toMatch(/^<F0> .*\n<9F> .*\n<98> .*\n<80> /m)
  expect(await nacre('score', run, 'T')).toMatchObject({ code: 2 })
})

test('score and evaluate agree, for programs', async () => {
  const file = join(directory, 'text.txt')
  writeFileSync(file, 'To be, or not to')
  for (const folder of [run, bytes]) {
    const score = JSON.parse((await nacre('score', folder, 'To be, or not to', '--json')).stdout)
    const evaluation = JSON.parse((await nacre('evaluate', folder, '--data', file, '--json')).stdout)
    expect(score.logProbabilities).toHaveLength(score.ids.length - 1)
    expect(evaluation).toMatchObject({ type: 'evaluation', data: file, bytes: 16, tokens: score.ids.length - 1 })
    for (const name of ['natsPerToken', 'perplexity', 'bitsPerByte'])
      expect(evaluation[name]).toBeCloseTo(score[name], 3)
  }
})

test('evaluate: bad input', async () => {
  expect((await nacre('evaluate', run)).stderr).toContain('Option --data expected a text file or the name of a dataset')
  const missing = await nacre('evaluate', run, '--data', join(directory, 'nothing.txt'))
  expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining('nothing.txt')])
  writeFileSync(join(directory, 'empty.txt'), '')
  expect((await nacre('evaluate', run, '--data', join(directory, 'empty.txt'))).stderr).toContain('an empty file')
})

test('chat continues lines of a pipe, with a history', () => {
  const { status, stdout, stderr } = chat('话说\nTo be\n', '--json')
  expect([status, stderr]).toEqual([0, ''])
  const answers = stdout
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
  expect(answers.map(({ type, prompt, ids }) => [type, prompt, ids.length])).toEqual([
    ['answer', '话说', 12],
    ['answer', 'To be', 12],
  ])
  expect(chat('话说\nTo be\n')).toMatchObject({ stdout: `${answers.map(answer => answer.text).join('\n')}\n` })
})

test('chat: an empty line goes on, commands, and what it cannot continue', () => {
  const { status, stdout, stderr } = chat('\n魏\n/help\n/what\n/seed 5\nT\n\n/reset\n\n/quit\nT\n')
  expect(status).toBe(0)
  expect(stdout).toContain('/reset      forget what was said')
  expect(stdout.match(/.{12}\n/gsu)).not.toBeNull()
  const complaints = stderr.split('\n').filter(line => !line.startsWith('  '))
  expect(complaints).toEqual([
    'Nothing to continue yet: type a text.',
    expect.stringContaining('"魏" (U+9B4F)'),
    'Unknown command "/what".',
    expect.stringContaining('Type a text'),
    'Nothing to continue yet: type a text.',
    '',
  ])
})

test('next lists the likeliest tokens, which agree with the loop; probabilities add up to 1', async () => {
  const { code, stdout } = await nacre('next', run, '话说天', '--json', '--top', '1000')
  expect(code).toBe(0)
  const { tokens } = JSON.parse(stdout)
  const probabilities = tokens.map(({ probability }: { probability: number }) => probability)
  expect(probabilities.reduce((a: number, b: number) => a + b, 0)).toBeCloseTo(1, 5)
  expect(probabilities).toEqual(probabilities.toSorted((a: number, b: number) => b - a))
  const greedily = await nacre('generate', run, '--prompt', '话说天', '--tokens', '1', '--temperature', '0')
  expect(greedily.stdout.slice(3, -1)).toBe(tokens[0].token)
  expect(new TextDecoder().decode(Uint8Array.from(tokens[0].bytes))).toBe(tokens[0].token)
  const shown = await nacre('next', run, '--top', '3')
  expect(shown.stdout.trimEnd().split('\n')).toHaveLength(3)
  expect((await nacre('next', run, 'Xylophon')).stderr).toContain('TokenizerError')
})
