import { expect, test } from 'vitest'
import { Random } from '../base/random.ts'
import type { SavedBERT } from '../checkpoints/bert.ts'
import { compile, host } from '../compiler/compile.ts'
import { bertMarkers, bertPair, bertText } from '../data/bert-rows.ts'
import { BERT } from '../models/2018-bert.ts'
import { BertClassifier, BertReader, BertTagger, segmentsOf } from '../models/bert-tasks.ts'
import { initialWeights, namedParameters } from '../nn/parameters.ts'
import { adamW } from '../optim/adamw.ts'
import { linear, warmUp } from '../optim/schedules.ts'
import { nodeRuntime } from '../runtime/node.ts'
import type { HostTensor } from '../runtime/runtime.ts'
import { input } from '../tensor/tensor.ts'
import { wordPieceVocabulary } from '../tokenizers/word-piece.ts'
import { bertTaskAnswers, bertTaskWeights, trainBertTask } from './bert-tasks.ts'
import { sequenceScorer, trainSequenceClassifier } from './sequence-classifier.ts'

const runtime = nodeRuntime({ threads: 1 })
const words = 'red green blue ball box cup where is the'.split(' ')
const tokenizer = wordPieceVocabulary(['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...words].join('\n'))
const { separator } = bertMarkers(tokenizer)
const newBert = () =>
  new BERT({ vocabulary: tokenizer.vocabularySize, context: 32, channels: 32, layers: 2, heads: 2, hidden: 64 })
const saved = (bert: BERT, missing: SavedBERT['missing'] = []): SavedBERT => ({
  model: bert,
  weights: initialWeights(namedParameters(bert), 3),
  tokenizer,
  missing,
})
const settings = (steps: number) => ({
  ...{ runtime, optimizer: adamW({ weightDecay: 0.01 }), clip: 1, seed: 1, batchSize: 16, dropout: 0.1 },
  learningRate: warmUp(10, linear(1e-3, 0, steps - 10)),
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

test('a classifier of pairs: which colour the second text names; it begins with the weights of the pre-training', async () => {
  const bert = newBert()
  const task = new BertClassifier(bert, { classes: 3, separator })
  const pre = saved(bert)
  const weights = bertTaskWeights(task, pre, 1)
  expect(weights.get('bert.blocks.1.attention.project.weight')).toEqual(
    pre.weights.get('blocks.1.attention.project.weight'),
  )
  const random = new Random(1, 'pairs')
  const examples = Array.from({ length: 600 }, () => {
    const label = random.integer(3)
    const [first, second] = [pick(random, colours), colours[label]]
    const texts = [first, second].map(colour => tokenizer.encode(`the ${colour} ${pick(random, things)}`))
    return { ids: bertPair(tokenizer, texts[0], texts[1]).ids, label }
  })
  const sizes = { buckets: [16] }
  const [train, held] = [examples.slice(100), examples.slice(0, 100)]
  const training = await trainSequenceClassifier(task, { ...settings(310), ...sizes, weights, train, epochs: 10 })
  for await (const _ of training.events);
  const scorer = await sequenceScorer(task, runtime, { ...sizes, batchSize: 20 })
  expect((await scorer.of(held, training.weights())).errorRate).toBeLessThan(0.05)
  await scorer.release()
  await training.release()
  expect(() => bertTaskWeights(task, saved(bert, ['pooler']), 1)).toThrow(
    'Fine-tuning a classifier expected a BERT with the pooler',
  )
})

test('a tagger: each token after its neighbour before it', async () => {
  const task = new BertTagger(newBert(), { classes: 4, separator })
  const random = new Random(2, 'tags')
  const example = () => {
    const text = Array.from({ length: 3 + random.integer(6) }, () => pick(random, words.slice(0, 6)))
    const tags = text.map((_, i) => (i > 0 ? colours.indexOf(text[i - 1]) + 1 : 0))
    return { ids: bertText(tokenizer, tokenizer.encode(text.join(' '))).ids, answers: [-1, ...tags, -1] }
  }
  const examples = Array.from({ length: 500 }, example)
  const weights = bertTaskWeights(task, saved(task.bert), 1)
  const training = await trainBertTask(task, { ...settings(300), weights, examples, steps: 300 })
  for await (const _ of training.events);
  const answers = bertTaskAnswers(task, runtime, separator)
  let [right, all] = [0, 0]
  for (let i = 0; i < 30; i++) {
    const { ids, answers: expected } = example()
    const labels = await answers.labels(ids, training.weights())
    for (const [place, answer] of expected.entries())
      if (answer >= 0 && ++all) right += labels[place] === answer ? 1 : 0
  }
  expect(right / all).toBeGreaterThan(0.95)
  await answers.release()
  await training.release()
})

test('a reader: where in the second text the thing is that the first asks for', async () => {
  const task = new BertReader(newBert(), { separator })
  const random = new Random(3, 'answers')
  const example = () => {
    const order = random.shuffle([...things])
    const [which, painted] = [random.integer(3), order.map(() => pick(random, colours))]
    const question = tokenizer.encode(`where is the ${order[which]}`)
    const text = tokenizer.encode(order.map((thing, i) => `the ${painted[i]} ${thing}`).join(' '))
    const first = question.length + 2 + 3 * which
    return { ids: bertPair(tokenizer, question, text).ids, answers: [first, first + 2] }
  }
  const weights = bertTaskWeights(task, saved(task.bert), 1)
  const examples = Array.from({ length: 600 }, example)
  const training = await trainBertTask(task, { ...settings(500), weights, examples, steps: 500 })
  for await (const _ of training.events);
  const answers = bertTaskAnswers(task, runtime, separator)
  let right = 0
  for (let i = 0; i < 40; i++) {
    const { ids, answers: expected } = example()
    const found = await answers.stretch(ids, training.weights())
    if (found?.join() === expected.join()) right++
  }
  expect(right).toBeGreaterThan(36)
  expect(await answers.stretch(bertText(tokenizer, [5, 6]).ids, training.weights())).toBeUndefined()
  await answers.release()
  await training.release()
})
