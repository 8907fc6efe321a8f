import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { tinyLanguageModel } from '../../test/tiny-language-model.ts'
import { saveBertFolder } from '../checkpoints/bert.ts'
import { saveModelFolder } from '../checkpoints/model-folder.ts'
import { writeWordVectors } from '../checkpoints/word-vectors.ts'
import { fetchDataset } from '../data/node.ts'
import { stsb } from '../data/stsb.ts'
import type { ScoreExample } from '../data/task.ts'
import { findTask } from '../data/tasks.ts'
import { scoreTokens } from '../evaluation/score.ts'
import { BERT } from '../models/2018-bert.ts'
import { WordVectors } from '../models/word-vectors.ts'
import { initialWeights, namedParameters } from '../nn/parameters.ts'
import { nodeRuntime } from '../runtime/node.ts'
import { nodeStorage } from '../storage/node.ts'
import { trainByteLevelBPE } from '../tokenizers/bpe-training.ts'
import { trainCharacters } from '../tokenizers/characters.ts'
import { trainWordPiece } from '../tokenizers/subword-training.ts'
import { runCommandLine } from './command.ts'
import { commands } from './commands.ts'

const directory = mkdtempSync(join(tmpdir(), 'nacre-evaluate-'))
afterAll(() => rmSync(directory, { recursive: true }))
const mirror = process.env.NACRE_DATA_MIRROR

async function nacre(...words: string[]) {
  const out = { code: 0, stdout: '', stderr: '' }
  const sink = (name: 'stdout' | 'stderr') => ({
    isTerminal: false,
    columns: 100,
    write(text: string) {
      out[name] += text
    },
  })
  const host = {
    ...{ version: '0', environment: { NACRE_DATA_MIRROR: mirror }, onInterrupt() {} },
    ...{ stdout: sink('stdout'), stderr: sink('stderr') },
  }
  out.code = await runCommandLine(words, commands, host)
  return out
}

const at = (name: string) => join(directory, name)
function write(name: string, ...records: object[]): string {
  writeFileSync(at(name), records.map(record => `${JSON.stringify(record)}\n`).join(''))
  return at(name)
}
const lines = (path: string) =>
  readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))

const tokenizer = await trainByteLevelBPE(['the boat on the water'], { vocabularySize: 260 })
const run = at('run')
const saved = tinyLanguageModel({ vocabulary: tokenizer.vocabularySize, context: 32 })
await saveModelFolder(nodeStorage(run), { ...saved, tokenizer })

const endings = write(
  'endings.jsonl',
  { ctx: 'A boat', endings: ['on the water', 'in a tree'], label: 0 },
  { ctx: 'The water', endings: ['is wet', 'sings a song about a long river'], label: 0 },
  { ctx: 'A heron', endings: ['stands', 'reads'], label: 1 },
)

const tooLong = write('long.jsonl', { ctx: 'A', endings: ['b', 'c'.repeat(45)], label: 0 })

describe('language models', () => {
  test('multiple choice: metrics, intervals, predictions', async () => {
    const file = at('answers.jsonl')
    const { code, stdout, stderr } = await nacre(
      ...['evaluate', run, '--task', 'hellaswag', '--data', endings, '--predictions', file],
    )
    expect([code, stderr]).toEqual([0, ''])
    const [head, columns, plain, byByte, byToken, cut, seconds] = stdout.split('\n')
    expect(head).toBe('hellaswag: 3 examples; the whole file')
    expect(columns).toMatch(/^metric +value +95 % interval +examples$/)
    expect(plain).toMatch(/^accuracy +\d+\.\d\d % +\d+\.\d\d % to \d+\.\d\d % +3$/)
    expect(byByte).toMatch(/^accuracy by byte +\d/)
    expect(byToken).toMatch(/^accuracy by token +\d/)
    expect(cut).toBe('1 prompt is too long for the context, with what is answered: cut from the left')
    expect(seconds).toMatch(/^\d+\.\d s$/)
    const outcomes = lines(file)
    expect(outcomes).toHaveLength(3)
    for (const { logProbabilities, prediction, predictionByByte } of outcomes) {
      const [first, second] = logProbabilities
      expect(prediction).toBe(first >= second ? 0 : 1)
      expect([0, 1]).toContain(predictionByByte)
    }
    expect(outcomes[0]).toMatchObject({ example: 0, prompt: 'A boat', expected: 'on the water', label: 0 })
  })

  test('zero-shot: the likelier of two words after each text, of a file and of one text', async () => {
    const reviews = at('reviews.csv')
    writeFileSync(reviews, 'text,label\nThe boat is,good\nThe river is,bad\nThe heron was,good\n')
    const asking = ['--prompt', '{text} very', '--choices', 'dry,wet']
    const file = at('zero.jsonl')
    const measured = await nacre('evaluate', run, '--data', reviews, ...asking, '--predictions', file)
    expect([measured.code, measured.stderr]).toEqual([0, ''])
    expect(measured.stdout).toMatch(/3 examples; the whole file\n.*\naccuracy +\d+\.\d\d %.*\n(.*\n)+Matthews/)
    const outcomes = lines(file)
    expect(outcomes[0]).toMatchObject({ prompt: 'The boat is very', expected: 'wet', label: 1 })
    const model = { ...saved, runtime: nodeRuntime({ threads: 1 }) }
    for (const [i, word] of ['dry', 'wet'].entries()) {
      const begin = tokenizer.encode('The boat is very').length
      const scores = await scoreTokens(model, tokenizer.encode(`The boat is very ${word}`))
      const own = scores.slice(begin - 1).reduce((sum, score) => sum + score, 0)
      expect(outcomes[0].logProbabilities[i]).toBeCloseTo(own, 4)
    }
    const { stdout } = await nacre('classify', run, 'The boat is', ...asking, '--json')
    const [dry, wet] = outcomes[0].logProbabilities.map(Math.exp)
    expect(JSON.parse(stdout).probabilities.wet).toBeCloseTo(wet / (dry + wet), 4)
    const pairs = at('questions.jsonl')
    writeFileSync(pairs, '{"context": "A boat", "question": "is", "choices": ["wet", "dry", "big"], "answer": "A"}\n')
    const choosing = await nacre('evaluate', run, '--data', pairs, '--prompt', '{text} {second}', '--predictions', file)
    expect(choosing.stdout).toMatch(/accuracy by token/)
    expect(lines(file)).toMatchObject([{ prompt: 'A boat is', expected: 'wet', label: 0 }])
    for (const [words, message] of [
      [['evaluate', run, '--data', reviews, '--prompt', 'very'], 'expected a text with {text}'],
      [['evaluate', run, '--prompt', '{text}'], 'Option --data with --prompt expected a file of labelled texts'],
      [['evaluate', run, '--data', reviews, '--choices', 'a,b,c'], 'expected 2, one for each of bad, good.'],
      [['evaluate', run, '--task', 'gsm8k', '--prompt', '{text}'], 'expected a task of classes, scores or choices'],
      [
        ['classify', run, 'a', '--prompt', '{text}'],
        'Option --choices expected the words that --prompt is to go on with',
      ],
      [['classify', run, 'a', '--choices', 'one'], 'expected at least two words or phrases, with commas between'],
    ] as const) {
      const failed = await nacre(...words)
      expect([failed.code, failed.stdout]).toEqual([2, ''])
      expect(failed.stderr).toContain(message)
    }
  })

  test('a seed draws examples and shots; --json prints one record', async () => {
    const words = ['evaluate', run, '--task', 'hellaswag', '--data', endings, '--shots', '1', '--limit', '2', '--json']
    const first = JSON.parse((await nacre(...words)).stdout)
    expect(first).toMatchObject({ type: 'evaluation', task: 'hellaswag', shots: 1, seed: 1, examples: 2 })
    expect(first.metrics[0]).toMatchObject({ name: 'accuracy', examples: 2 })
    const again = JSON.parse((await nacre(...words)).stdout)
    expect({ ...again, seconds: 0 }).toEqual({ ...first, seconds: 0 })
  })

  test('answers: generation, exact match by group', async () => {
    const story = at('story.txt')
    writeFileSync(story, '1 Mary went out.\n2 Where is Mary?\tout\t1\n')
    const file = at('babi.jsonl')
    const { code, stdout } = await nacre(...['evaluate', run, '--task', 'babi', '--data', story, '--predictions', file])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^exact match +\d+\.\d\d % .* 1\ntoken F1 /m)
    expect(lines(file)).toMatchObject([
      { prompt: 'Mary went out.\nQuestion: Where is Mary?\nAnswer:', expected: 'out', match: expect.any(Boolean) },
    ])
  })

  test('last words: accuracy and perplexity', async () => {
    const file = write('lambada.jsonl', { text: 'on the water' }, { text: 'the boat' })
    const { metrics } = JSON.parse((await nacre('evaluate', run, '--task', 'lambada', '--data', file, '--json')).stdout)
    expect(metrics.map(({ name }: { name: string }) => name)).toEqual(['accuracy', 'perplexity'])
    expect(metrics[1].value).toBeGreaterThan(1)
  })

  test('text: metrics with intervals, words, windows', async () => {
    writeFileSync(at('text.txt'), 'the boat on the water, the water on the boat\n'.repeat(8))
    const file = at('windows.jsonl')
    const { stdout } = await nacre('evaluate', run, '--data', at('text.txt'), '--predictions', file)
    expect(stdout).toMatch(/^nats per token {2}\d\.\d{4} {2}\(\d\.\d{4} to \d\.\d{4}\)$/m)
    expect(stdout).toMatch(/^word perplexity \d+\.\d /m)
    const record = JSON.parse((await nacre('evaluate', run, '--data', at('text.txt'), '--json')).stdout)
    expect(record.words).toBe(80)
    expect(record.wordPerplexity).toBeCloseTo(Math.exp((record.natsPerToken * (record.tokens + 1)) / 80), 6)
    const windows = lines(file)
    const nats = windows.reduce((sum, window) => sum + window.nats, 0)
    expect(nats / record.tokens).toBeCloseTo(record.natsPerToken, 6)
    writeFileSync(at('zh.txt'), '水上有一只小船。'.repeat(4))
    expect(JSON.parse((await nacre('evaluate', run, '--data', at('zh.txt'), '--json')).stdout).words).toBeUndefined()
  })

  test.each([
    [['--task', 'sst'], 2, 'Unknown task "sst". Did you mean "sst2"?'],
    [['--task', 'lambada'], 2, 'Option --data expected a file in the format of lambada. Received none.'],
    [['--task', 'sst2', '--data', endings], 2, 'expected nothing for sst2, whose examples are its own.'],
    [['--task', 'lambada', '--data', endings], 1, 'endings.jsonl, line 1: expected a text "text", received nothing'],
    [
      ['--task', 'hellaswag', '--data', endings, '--shots', '3'],
      2,
      'Option --shots expected at most 2, the examples with other prompts that there are to show. Received 3.',
    ],
    [
      ['--task', 'hellaswag', '--data', tooLong],
      1,
      'Choice 2 of example 1 expected at most 32 tokens, the context of the model. Received 46.',
    ],
    [['--task', 'hellaswag', '--data', endings, '--part', 'train'], 2, 'expected a part that has examples'],
    [['--task', 'hellaswag', '--data', endings, '--predictions', join(endings, 'x')], 1, 'StorageError'],
    [['--data', endings, '--limit', '3'], 2, 'Option --limit expected examples of a task'],
  ])('%j is refused', async (words, code, message) => {
    const out = await nacre('evaluate', run, ...words)
    expect(out.code).toBe(code)
    expect(out.stderr).toContain(message)
  })

  test('a command line of any length is read, or refused', () => {
    const main = join(import.meta.dirname, 'main.ts')
    const score = (text: string) => {
      const { status, stderr } = spawnSync(process.execPath, [main, 'score', run, text, '--json'], { encoding: 'utf8' })
      return [status, stderr]
    }
    expect(score('the boat '.repeat(4000))).toEqual([0, ''])
    expect(score('the boat '.repeat(5000))).toEqual([
      2,
      expect.stringMatching(
        /^OptionError: The command line expected at most 40,000 bytes\. Received 4\d,\d+\. Give a long/,
      ),
    ])
  })

  test('what was in the file of the predictions stays until there are new ones, and is never what is read', async () => {
    const file = at('kept.jsonl')
    writeFileSync(file, 'precious')
    expect((await nacre('evaluate', run, '--task', 'lambada', '--predictions', file)).code).toBe(2)
    expect(readFileSync(file, 'utf8')).toBe('precious')
    const same = join(directory, '.', 'endings.jsonl')
    const before = readFileSync(endings, 'utf8')
    const { code, stderr } = await nacre(
      ...['evaluate', run, '--task', 'hellaswag', '--data', endings, '--predictions', same],
    )
    expect([code, readFileSync(endings, 'utf8')]).toEqual([2, before])
    expect(stderr).toContain('Option --predictions expected another file than that of --data')
  })

  test('a text is scored in windows of the context, or in shorter ones', async () => {
    writeFileSync(at('windows.txt'), 'the boat on the water, the water on the boat\n'.repeat(8))
    const words = ['evaluate', run, '--data', at('windows.txt'), '--json']
    const record = async (...more: string[]) => JSON.parse((await nacre(...words, ...more)).stdout)
    const [usual, whole, short] = [await record(), await record('--context', '32'), await record('--context', '8')]
    expect(whole.natsPerToken).toBe(usual.natsPerToken)
    expect(short.tokens).toBe(usual.tokens)
    expect(short.natsPerToken).not.toBeCloseTo(usual.natsPerToken, 6)
    expect((await nacre(...words, '--context', '33')).stderr).toContain('Option --context expected at most 32 tokens')
    const { stderr } = await nacre('evaluate', run, '--task', 'hellaswag', '--data', endings, '--context', '8')
    expect(stderr).toContain('Option --context expected a text that is predicted as a whole, --data. Received 8')
  })

  test.each([null, true, [], '', 'x', 1.5])('endings have no label %j', async label => {
    const file = write('labels.jsonl', { ctx: 'A boat', endings: ['on the water', 'in a tree'], label })
    const { code, stderr } = await nacre('evaluate', run, '--task', 'hellaswag', '--data', file)
    expect([code, stderr]).toEqual([1, expect.stringContaining('expected a label from 0 to 1')])
  })

  test('faulty rows and foreign characters are refused, or left out and counted', async () => {
    const characters = await trainCharacters(['a boat '])
    const narrow = at('narrow')
    const model = tinyLanguageModel({ vocabulary: characters.vocabularySize, context: 16 })
    await saveModelFolder(nodeStorage(narrow), { ...model, tokenizer: characters })
    const file = write('mixed.jsonl', { text: 'a boat' }, { text: 'a zebra' }, { text: 3 })
    const words = ['evaluate', narrow, '--task', 'lambada', '--data', file]
    expect((await nacre(...words)).stderr).toContain('mixed.jsonl, line 3: expected a text "text", received 3')
    const skipping = JSON.parse((await nacre(...words, '--faulty', 'skip', '--json')).stdout)
    expect(skipping).toMatchObject({ skipped: 1, foreign: 1, examples: 1 })
    const foreign = write('foreign.jsonl', { text: 'a zebra' })
    const refused = await nacre('evaluate', narrow, '--task', 'lambada', '--data', foreign)
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('TokenizerError')])
  })
})

describe('classifiers', () => {
  const table = at('reviews.tsv')
  const rows = Array.from({ length: 40 }, (_, i) => (i % 2 ? `a fine film ${i}\tgood` : `a dull film ${i}\tbad`))
  writeFileSync(table, ['text\tlabel', ...rows].join('\n'))

  test.each(['tfidf', 'recurrent-classifier'])('%s: the same answers as nacre classify', async kind => {
    const folder = at(kind)
    const size = kind === 'tfidf' ? [] : '--embedding-size 8 --hidden-size 8 --epochs 2'.split(' ')
    expect(await nacre('train', kind, '--data', table, '--out', folder, ...size)).toMatchObject({ code: 0 })
    const file = at(`${kind}.jsonl`)
    const out = await nacre('evaluate', folder, '--data', table, '--predictions', file, '--json')
    expect(out.code).toBe(0)
    const { metrics, commonest, examples } = JSON.parse(out.stdout)
    expect([examples, commonest]).toEqual([40, 0.5])
    expect(metrics.map(({ name }: { name: string }) => name)).toEqual([
      ...['accuracy', 'F1 (good)', 'macro F1', 'Matthews'],
    ])
    const [first] = lines(file)
    const classified = JSON.parse((await nacre('classify', folder, first.text, '--json')).stdout)
    expect(classified.label).toBe(first.predicted)
    expect(first.probabilities[first.prediction]).toBeCloseTo(classified.probability, 5)
  })

  test('what it cannot answer', async () => {
    const folder = at('tfidf')
    const other = at('other.tsv')
    writeFileSync(other, 'text\tlabel\na film\tgood\na map\tneither\n')
    const unseen = await nacre('evaluate', folder, '--data', other)
    expect([unseen.code, unseen.stderr]).toEqual([
      2,
      expect.stringContaining('expected labels that the classifier has learned: bad, good. Received neither.'),
    ])
    expect((await nacre('evaluate', folder)).stderr).toContain('Option --task for a classifier expected a task, sst2,')
    expect((await nacre('evaluate', folder, '--task', 'babi-1')).stderr).toContain(
      'Received babi-1, a task of answers.',
    )
    expect((await nacre('evaluate', folder, '--task', 'small-world-sentiment')).stderr).toContain(
      'expected labels that the classifier has learned: bad, good. Received negative, positive.',
    )
    expect(existsSync(folder)).toBe(true)
  })
})

describe.skipIf(!mirror)('public tasks (need NACRE_DATA_MIRROR)', () => {
  test('word vectors: how alike texts are', async () => {
    // A direction for each of the frequent words: the cosine is then how many of them two sentences share.
    const { parts } = await findTask('stsb').read!(await fetchDataset(stsb), {})
    const counts = new Map<string, number>()
    for (const { text } of parts.train as ScoreExample[])
      for (const word of text.toLowerCase().match(/[a-z]+/g) ?? []) counts.set(word, (counts.get(word) ?? 0) + 1)
    const words = [...counts.keys()].sort((x, y) => counts.get(y)! - counts.get(x)!).slice(20, 420)
    const matrix = Float32Array.from({ length: 400 * 400 }, (_, i) => (i % 401 === 0 ? 1 : 0))
    await writeWordVectors(nodeStorage(directory), 'vectors.txt', new WordVectors(words, matrix), 'text')
    const out = await nacre('evaluate', at('vectors.txt'), '--task', 'stsb', '--json')
    expect(out).toMatchObject({ code: 0 })
    const { metrics, examples } = JSON.parse(out.stdout)
    expect(examples).toBe(1379)
    expect(metrics.map(({ name }: { name: string }) => name)).toEqual(['Pearson', 'Spearman'])
    expect(metrics[1].value).toBeGreaterThan(0.3)
    expect((await nacre('evaluate', at('vectors.txt'), '--task', 'rte')).stderr).toContain('a task of classes')
  })

  test('a BERT: how alike texts are', async () => {
    const { parts } = await findTask('stsb').read!(await fetchDataset(stsb), {})
    const text = (parts.train as ScoreExample[]).map(example => `${example.text}\n`)
    const wordPiece = await trainWordPiece(text, { vocabularySize: 1000 })
    const size = { context: 32, channels: 32, layers: 1, heads: 2, hidden: 32 }
    const model = new BERT({ vocabulary: wordPiece.vocabularySize, ...size })
    const weights = initialWeights(namedParameters(model), 1)
    await saveBertFolder(nodeStorage(at('bert')), { model, weights, tokenizer: wordPiece })
    const out = await nacre('evaluate', at('bert'), '--task', 'stsb', '--limit', '200', '--json')
    const { metrics, examples } = JSON.parse(out.stdout)
    expect({ code: out.code, examples }).toEqual({ code: 0, examples: 200 })
    expect(metrics[1]).toMatchObject({ name: 'Spearman', examples: 200 })
    expect(metrics[1].value).toBeGreaterThan(0.2) // random vectors know which words two texts share
    expect((await nacre('evaluate', at('bert'))).stderr).toContain('expected a task of scores for a BERT')
    expect((await nacre('evaluate', at('bert'), '--task', 'rte')).stderr).toContain('Option --task for a BERT')
  })

  test('a language model on pairs, scores and classes', async () => {
    for (const task of ['rte', 'stsb', 'ocnli', 'mrpc']) {
      const { code, stdout } = await nacre('evaluate', run, '--task', task, '--limit', '6', '--shots', '1', '--json')
      expect([task, code]).toEqual([task, 0])
      expect(JSON.parse(stdout)).toMatchObject({ task, examples: 6, cut: 6 })
    }
  })
})
