import { expect, test } from 'vitest'
import { Random } from '../base/random.ts'
import { compile, host } from '../compiler/compile.ts'
import { bertText } from '../data/bert-rows.ts'
import { bertEncoder } from '../generation/bert-encoder.ts'
import { BERT } from '../models/2018-bert.ts'
import { initialWeights, namedParameters } from '../nn/parameters.ts'
import { adamW } from '../optim/adamw.ts'
import { nodeRuntime } from '../runtime/node.ts'
import type { HostTensor } from '../runtime/runtime.ts'
import { input } from '../tensor/tensor.ts'
import { wordPieceVocabulary } from '../tokenizers/word-piece.ts'
import { type ContrastiveExample, contrastiveLoss, trainContrastive, withoutHeads } from './contrastive.ts'

const runtime = nodeRuntime({ threads: 1 })

test.each([2, 3])('the loss of %i texts an example, as its formula says', async texts => {
  const [batch, channels, temperature] = [4, 5, 0.2]
  const random = new Random(1, 'vectors')
  const values = Float32Array.from({ length: texts * batch * channels }, () => random.normal())
  const vectors = input('vectors', [texts * batch, channels])
  const program = await compile(runtime, { loss: contrastiveLoss(vectors, batch, temperature) })
  const { loss } = await program.run({ vectors: host('float32', vectors.shape, values) })
  await program.release()
  const row = (i: number) => [...values.subarray(i * channels, (i + 1) * channels)]
  const dot = (a: number[], b: number[]) => a.reduce((sum, value, i) => sum + value * b[i], 0)
  const cosine = (i: number, j: number) => dot(row(i), row(j)) / Math.sqrt(dot(row(i), row(i)) * dot(row(j), row(j)))
  let expected = 0
  for (let i = 0; i < batch; i++) {
    let sum = 0
    for (let j = batch; j < texts * batch; j++) sum += Math.exp(cosine(i, j) / temperature)
    expected += (Math.log(sum) - cosine(i, batch + i) / temperature) / batch
  }
  expect((loss as HostTensor).data[0]).toBeCloseTo(expected, 5)
})

const synonyms = [
  ['big', 'large'],
  ['small', 'tiny'],
  ['red', 'crimson'],
  ['home', 'house'],
  ['fast', 'quick'],
  ['street', 'road'],
]
const tokenizer = wordPieceVocabulary(['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...synonyms.flat()].join('\n'))
const newBert = () =>
  new BERT({ vocabulary: tokenizer.vocabularySize, context: 16, channels: 32, layers: 1, heads: 2, hidden: 64 })
const meanings = synonyms.flatMap((_, i) => synonyms.flatMap((__, j) => (i < j ? [[i, j]] : [])))
const textOf = (meaning: readonly number[], word: number) => meaning.map(i => synonyms[i][word]).join(' ')
const row = (text: string) => bertText(tokenizer, tokenizer.encode(text)).ids

test('texts of one meaning come to lie near each other, and those of others do not', async () => {
  const bert = newBert()
  const weights = initialWeights(namedParameters(bert), 1)
  const held = meanings.filter((_, i) => i % 5 === 0)
  const learned = meanings.filter((_, i) => i % 5 !== 0)
  const examples = learned.map((meaning, i): ContrastiveExample => {
    const other = learned[(i + 1) % learned.length]
    return [row(textOf(meaning, 0)), row(textOf(meaning, 1)), row(textOf(other, 0))]
  })
  const training = await trainContrastive(bert, {
    ...{ runtime, weights, examples, optimizer: adamW({}), steps: 120, batchSize: 8, dropout: 0.1, seed: 1, clip: 1 },
    learningRate: () => 2e-3,
  })
  const rightOf = async (now: ReadonlyMap<string, Float32Array>): Promise<number> => {
    const encoder = bertEncoder(withoutHeads({ model: bert, tokenizer, weights: now }), runtime)
    const [ones, others] = [
      await encoder.embed(held.map(meaning => textOf(meaning, 0))),
      await encoder.embed(held.map(meaning => textOf(meaning, 1))),
    ]
    await encoder.release()
    const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i], 0)
    const cosine = (a: Float32Array, b: Float32Array) => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))
    return ones.filter((one, i) => others.every((other, j) => j === i || cosine(one, other) < cosine(one, others[i])))
      .length
  }
  expect(await rightOf(weights)).toBeLessThan(held.length)
  for await (const _ of training.events);
  const after = new Map([...weights, ...(await training.state()).weights])
  expect(await rightOf(after)).toBe(held.length)
  expect(after.get('pooler.weight')).toEqual(weights.get('pooler.weight'))
  await training.release()
})

test('without synonyms, dropout tells a text from itself', async () => {
  const bert = newBert()
  const examples = meanings.map((meaning): ContrastiveExample => [row(textOf(meaning, 0)), row(textOf(meaning, 0))])
  const training = await trainContrastive(bert, {
    ...{ runtime, weights: initialWeights(namedParameters(bert), 1), examples, optimizer: adamW({}) },
    ...{ steps: 40, batchSize: 8, dropout: 0.1, seed: 1, learningRate: () => 1e-3 },
  })
  const losses: number[] = []
  for await (const event of training.events) losses.push(event.loss)
  await training.release()
  expect(losses[0]).toBeGreaterThan(1e-3)
  expect(losses.at(-1)).toBeLessThan(losses[0])
})

test('a batch holds no example twice', async () => {
  const examples = [[row('big home'), row('large house')]] as const
  const options = { runtime, weights: new Map(), examples, optimizer: adamW({}), steps: 1, batchSize: 2, dropout: 0 }
  await expect(trainContrastive(newBert(), { ...options, seed: 1, learningRate: () => 1 })).rejects.toThrow(
    'examples expected at least as many as a batch has (2)',
  )
})
