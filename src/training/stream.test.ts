import { expect, test } from 'vitest'
import { tinyLanguageModel } from '../../test/tiny-language-model.ts'
import { tokenStream } from '../data/shard-stream.ts'
import { shardOf } from '../data/shards.ts'
import { LSTM } from '../models/1997-lstm.ts'
import { initialWeights, namedParameters } from '../nn/parameters.ts'
import { adamW } from '../optim/adamw.ts'
import { memoryStorage } from '../storage/memory.ts'
import { trainCharacters } from '../tokenizers/characters.ts'
import { type TrainOptions, train } from './train.ts'

const tokenizer = (await trainCharacters(['abcdefghijkl'])).withSpecialTokens(['<|endoftext|>'])
const [vocabulary, context, batchSize] = [tokenizer.vocabularySize, 8, 4]
const loaded = tinyLanguageModel({ vocabulary, context })
const lines = Array.from({ length: 30 }, (_, i) => JSON.stringify({ text: 'abcdefghijkl'.slice(i % 7, 9 + (i % 4)) }))
const storage = memoryStorage({ 'a.jsonl': lines.slice(0, 12).join('\n'), 'b.jsonl': lines.slice(12).join('\n') })
const shards = ['a.jsonl', 'b.jsonl'].map(name => shardOf(storage, name))
const stream = (from?: Parameters<typeof tokenStream>[2]) =>
  tokenStream(shards, { tokenizer, batchSize, context, seed: 1, bufferSize: 5 }, from)
const options: Omit<TrainOptions, 'train' | 'steps'> = {
  ...{ runtime: loaded.runtime, weights: loaded.weights, batchSize, optimizer: adamW(), learningRate: () => 0.01 },
  ...{ clip: 1, seed: 1, evaluateEvery: 100, evaluationBatches: 1 },
}

test('a training on streamed shards that was killed goes on bit for bit, in the middle of a shard', async () => {
  const source = stream()
  const whole = await train(loaded.model, { ...options, train: source, steps: 12 })
  let kept: { state: Awaited<ReturnType<typeof whole.state>>; position: typeof source.position } | undefined
  for await (const { step } of whole.events) {
    if (step === 5) kept = structuredClone({ state: await whole.state(), position: source.position })
  }
  const { weights } = await whole.state()
  await whole.release()
  const { state, position } = kept!
  expect(position.offset).toBeGreaterThan(0) // in the middle of a shard,
  expect(position.taken).toBeGreaterThan(0) // of the buffer,
  expect(position.tokens).toBeGreaterThan(0) // and of a document

  const again = await train(loaded.model, {
    ...options,
    train: stream(position),
    steps: 12,
    resume: { step: 5, state },
  })
  for await (const { step } of again.events) expect(step).toBeGreaterThan(5)
  expect((await again.state()).weights).toEqual(weights)
  await again.release()

  const fromTheStart = await train(loaded.model, { ...options, train: stream(), steps: 12, resume: { step: 5, state } })
  for await (const { step } of fromTheStart.events) expect(step).toBeGreaterThan(5)
  expect((await fromTheStart.state()).weights).not.toEqual(weights)
  await fromTheStart.release()
})

test('a recurrence, whose state follows its rows, takes no stream', async () => {
  const model = new LSTM({ vocabulary, context, hiddenSize: 4, embeddingSize: 4, layers: 1 })
  const weights = initialWeights(namedParameters(model), 1)
  await expect(train(model, { ...options, weights, train: stream(), steps: 1 })).rejects.toThrow(
    'train expected tokens that stay where they are: a state is carried along the rows. Received a stream.',
  )
})
