import { expect, test } from 'vitest'
import { Random } from '../base/random.ts'
import { compile, host } from '../compiler/compile.ts'
import { bertMarkers, bertPair } from '../data/bert-rows.ts'
import { questionRow, taggedRow } from '../data/bert-task-rows.ts'
import type { AnsweredQuestion } from '../data/questions.ts'
import type { EncodedText } from '../data/text-batches.ts'
import { BERT } from '../models/2018-bert.ts'
import { BertReader, BertTagger, segmentsOf } from '../models/bert-tasks.ts'
import { initialWeights, namedParameters } from '../nn/parameters.ts'
import { adamW } from '../optim/adamw.ts'
import { linear, warmUp } from '../optim/schedules.ts'
import { nodeRuntime } from '../runtime/node.ts'
import type { HostTensor } from '../runtime/runtime.ts'
import { input } from '../tensor/tensor.ts'
import { wordPieceVocabulary } from '../tokenizers/word-piece.ts'
import { bertReader, bertTagger } from './bert-tasks.ts'
import { trainSequenceClassifier } from './sequence-classifier.ts'

const runtime = nodeRuntime({ threads: 1 })
const words = 'red green blue ball box cup where is the'.split(' ')
const tokenizer = wordPieceVocabulary(['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...words].join('\n'))
const { separator } = bertMarkers(tokenizer)
const newBert = () =>
  new BERT({ vocabulary: tokenizer.vocabularySize, context: 32, channels: 32, layers: 2, heads: 2, hidden: 64 })
const settings = (steps: number) => ({
  ...{ runtime, optimizer: adamW({ weightDecay: 0.01 }), clip: 1, seed: 1, batchSize: 16, dropout: 0 },
  learningRate: warmUp(50, linear(3e-3, 0, steps - 50)),
})
const [colours, things] = [words.slice(0, 3), words.slice(3, 6)]
const pick = (random: Random, items: readonly string[]) => items[random.integer(items.length)]

test('segments follow from the separators', async () => {
  const ids = input('ids', [2, 7], 'int64')
  const program = await compile(runtime, { segments: segmentsOf(ids, separator) })
  const rows = [
    [2, 5, 3, 6, 7, 3, 0],
    [2, 5, 6, 3, 0, 0, 0],
  ]
  const values = BigInt64Array.from(rows.flat(), BigInt)
  const { segments } = await program.run({ ids: host('int64', [2, 7], values) })
  await program.release()
  const expected = [...bertPair(tokenizer, [5], [6, 7]).segments, 1]
  expect(Array.from((segments as HostTensor).data, Number).slice(0, 7)).toEqual(expected)
  expect(Array.from((segments as HostTensor).data, Number).slice(7, 11)).toEqual([0, 0, 0, 0])
})

async function learned(
  task: BertTagger | BertReader,
  train: readonly EncodedText[],
  updates: number,
): Promise<ReadonlyMap<string, Float32Array>> {
  const epochs = Math.ceil((16 * updates) / train.length)
  const weights = initialWeights(namedParameters(task), 3)
  const validation = train.slice(0, 40)
  const training = await trainSequenceClassifier(task, {
    ...{ ...settings(updates), buckets: [32], weights, train, validation, epochs },
  })
  const errorRates: number[] = []
  for await (const event of training.events) if (event.type === 'validation') errorRates.push(event.errorRate)
  expect(errorRates.at(-1), errorRates.join(' ')).toBeLessThan(0.1)
  const { weights: after } = await training.state()
  await training.release()
  return after
}

test('a tagger: each word after its neighbour before it', async () => {
  const labels = ['none', 'a', 'b', 'c']
  const task = new BertTagger(newBert(), { classes: 4, separator })
  const random = new Random(2, 'tags')
  const example = () => {
    const text = Array.from({ length: 3 + random.integer(6) }, () => pick(random, words.slice(0, 6)))
    return { words: text, tags: text.map((_, i) => labels[i > 0 ? colours.indexOf(text[i - 1]) + 1 : 0]) }
  }
  const examples = Array.from({ length: 500 }, example).map(words => taggedRow(words, labels, tokenizer, 32))
  const weights = await learned(task, examples, 300)
  const tagger = await bertTagger({ model: task, labels, tokenizer, weights }, runtime)
  let [right, all] = [0, 0]
  for (let i = 0; i < 30; i++) {
    const { words: text, tags } = example()
    const found = await tagger.tags(text)
    all += tags.length
    right += tags.filter((tag, j) => tag === found[j]).length
  }
  expect(right / all).toBeGreaterThan(0.95)
  const long = Array.from({ length: 40 }, () => 'red')
  expect((await tagger.tags(long)).map(tag => tag === undefined).indexOf(true)).toBe(30)
  await tagger.release()
})

test('a reader: where in the second text the thing is that the first asks for', async () => {
  const task = new BertReader(newBert(), { separator })
  const random = new Random(3, 'answers')
  const example = (): AnsweredQuestion => {
    const order = random.shuffle([...things])
    const asked = order[random.integer(3)]
    const parts = order.map(thing => `the ${pick(random, colours)} ${thing}`)
    const answer = parts.find(part => part.endsWith(asked))!
    const text = parts.join(' ')
    const start = text.indexOf(answer)
    return { question: `where is the ${asked}`, text, answer: { start, end: start + answer.length }, answers: [answer] }
  }
  const examples = Array.from({ length: 600 }, example)
  const rows = examples.map(asked => questionRow(asked, tokenizer, 32))
  const weights = await learned(task, rows, 700)
  const reader = await bertReader({ model: task, labels: [], tokenizer, weights }, runtime)
  let right = 0
  for (let i = 0; i < 40; i++) {
    const { question, text, answer } = example()
    const found = await reader.find(question, text)
    if (found?.start === answer.start && found.end === answer.end) right++
  }
  expect(right).toBeGreaterThan(36)
  await reader.release()
})

test('a reader: a long text is read in windows, the surest of which has the answer', async () => {
  const task = new BertReader(newBert(), { separator })
  const weights = initialWeights(namedParameters(task), 1)
  for (const [name, values] of weights) if (!name.endsWith('ormalization.weight')) values.fill(0)
  // Each token has a channel of its own; an answer begins with "blue" and ends with "ball".
  const channels = task.bert.configuration.channels
  for (let id = 0; id < tokenizer.vocabularySize; id++)
    weights.get('bert.tokenEmbedding.weight')![id * channels + id] = 1
  for (const [place, word] of ['blue', 'ball'].entries())
    weights.get('output.weight')![2 * tokenizer.encode(word)[0] + place] = 2
  const reader = await bertReader({ model: task, labels: [], tokenizer, weights }, runtime)
  for (const before of [0, 20, 60]) {
    const text = `${'the blue cup '.repeat(before / 10)}${'is '.repeat(before)}the blue ball is the red box`
    const found = await reader.find('where is the ball', text)
    expect(found?.answer).toBe('blue ball')
    expect(found?.start).toBe(text.indexOf('blue ball'))
  }
  expect(await reader.find('where is the ball', '')).toBeUndefined()
  await reader.release()
})
