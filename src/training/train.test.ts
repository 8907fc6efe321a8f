import { expect, test } from 'vitest'
import { tinyLanguageModel, tinyRecurrentModel } from '../../test/tiny-language-model.ts'
import { DataError } from '../base/errors.ts'
import { Random } from '../base/random.ts'
import { memoryTokens, type TokenSource } from '../data/token-shards.ts'
import { perplexity } from '../evaluation/score.ts'
import { sgd } from '../optim/sgd.ts'
import { measureMatmulRate } from './matmul-rate.ts'
import { defaultMicroBatches, type TrainingEvent, type TrainOptions, train } from './train.ts'

const [vocabulary, context] = [13, 8]
const loaded = tinyLanguageModel({ vocabulary, context })

function tokens(length: number): TokenSource {
  const random = new Random(1, 'tokens')
  return memoryTokens(
    Array.from({ length }, () => random.integer(vocabulary)),
    length,
  )
}

const options: TrainOptions = {
  ...{ runtime: loaded.runtime, weights: loaded.weights, train: tokens(200), steps: 4, batchSize: 6 },
  ...{ optimizer: sgd({ momentum: 0 }), learningRate: () => 0.1, clip: 0, seed: 1 },
  ...{ evaluateEvery: 2, evaluationBatches: 1000 },
}

async function events(given: Partial<TrainOptions>): Promise<TrainingEvent[]> {
  const training = await train(loaded.model, { ...options, ...given })
  const all: TrainingEvent[] = []
  for await (const event of training.events) all.push(event)
  await training.release()
  return all
}

test('micro-batches divide the batch and hold at most 1024 tokens, if one sequence does', () => {
  expect(defaultMicroBatches(12, 64)).toBe(1)
  expect(defaultMicroBatches(16, 256)).toBe(4)
  expect(defaultMicroBatches(8, 1024)).toBe(8)
  expect(defaultMicroBatches(8, 4096)).toBe(8)
  expect(defaultMicroBatches(7, 512)).toBe(7)
  expect([12, 7, 16].map(rows => defaultMicroBatches(rows, 64, 2))).toEqual([2, 1, 2])
  expect(defaultMicroBatches(16, 256, 2)).toBe(4)
  expect(defaultMicroBatches(1, 5000)).toBe(1)
})

test('micro-batches of any size train alike', async () => {
  const losses = async (microBatchSize: number) => (await events({ microBatchSize })).map(({ loss }) => loss)
  const whole = await losses(6)
  for (const size of [1, 2, 3]) {
    for (const [i, loss] of (await losses(size)).entries()) expect(loss).toBeCloseTo(whole[i], 5)
  }
  await expect(losses(4)).rejects.toThrow('microBatchSize expected a divisor of the batch size (6). Received 4.')
})

test('recomputation trains alike', async () => {
  const losses = async (recompute: boolean) => (await events({ recompute })).map(({ loss }) => loss)
  const kept = await losses(false)
  for (const [i, loss] of (await losses(true)).entries()) expect(loss).toBeCloseTo(kept[i], 6)
})

test('a recurrence has no blocks to compute again', async () => {
  const { model, weights } = tinyRecurrentModel('lstm', { vocabulary, context })
  await expect(train(model, { ...options, weights, recompute: true })).rejects.toThrow('a model that attends')
})

test('a validation is the perplexity of all held-out tokens', async () => {
  const validation = tokens(51)
  const all = await events({ validation, learningRate: () => 1e-30 })
  const { natsPerToken } = await perplexity(loaded, validation)
  const validations = all.filter(event => event.type === 'validation')
  expect(validations.map(({ step, best, whole }) => [step, best, whole])).toEqual([
    [2, true, false],
    [4, false, true],
  ])
  for (const { loss } of validations) expect(loss).toBeCloseTo(natsPerToken, 5)
})

test('the learning rate is that of the schedule, whose first step is 1', async () => {
  const learningRate = (step: number) => 0.1 / step
  expect((await events({ learningRate })).map(event => event.type === 'step' && event.learningRate)).toEqual([
    ...[0.1, 0.1 / 2],
    ...[0.1 / 3, 0.1 / 4],
  ])
})

test('texts shorter than the context are refused', async () => {
  await expect(train(loaded.model, { ...options, train: tokens(8) })).rejects.toThrow(DataError)
  await expect(train(loaded.model, { ...options, train: tokens(8) })).rejects.toThrow(
    'The training text expected at least 9 tokens, one more than the context. Received 8. Use a longer text or --context 7.',
  )
  await expect(train(loaded.model, { ...options, validation: tokens(1) })).rejects.toThrow(
    'The validation text expected at least 2 tokens.',
  )
})

test("the machine's rate is that of a real machine", async () => {
  const rate = await measureMatmulRate(loaded.runtime, 1)
  expect(rate).toBeGreaterThan(1e9)
  expect(rate).toBeLessThan(1e15)
})
