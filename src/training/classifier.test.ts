import { expect, test } from 'vitest'
import { drawnDigits } from '../../test/drawn-digits.ts'
import { loadClassifierFolder, multiLayerPerceptronArchitecture } from '../checkpoints/classifier-folder.ts'
import { host } from '../compiler/compile.ts'
import { digitVectors } from '../data/mnist.ts'
import { MultiLayerPerceptron } from '../models/1980-multi-layer-perceptron.ts'
import { initialWeights, namedParameters } from '../nn/parameters.ts'
import { constantRate } from '../optim/schedules.ts'
import { sgd } from '../optim/sgd.ts'
import { nodeRuntime } from '../runtime/node.ts'
import { memoryStorage } from '../storage/memory.ts'
import type { Storage } from '../storage/storage.ts'
import { classifierScorer, trainClassifier } from './classifier.ts'
import { type ClassifierEvent, settleClassifierOptions, trainClassifierRun } from './classifier-run.ts'
import { readMetrics } from './metrics.ts'

const runtime = nodeRuntime({ threads: 1 })
const train = digitVectors(drawnDigits(600, 1))
const held = digitVectors(drawnDigits(150, 2))
const model = new MultiLayerPerceptron({ inputs: 784, hidden: [32], outputs: 10, activation: 'relu' })
const parameters = namedParameters(model)
const weights = initialWeights(parameters, 1)

test('learns drawn digits, and scores what it has not seen', async () => {
  const training = await trainClassifier(model, {
    ...{ runtime, weights, train, validation: held, seed: 1 },
    ...{ steps: 200, batchSize: 32, optimizer: sgd({ momentum: 0.9 }), learningRate: constantRate(0.05) },
    dropout: { rate: 0.2, places: 1 },
  })
  const errors: number[] = []
  for await (const event of training.events) if (event.type === 'validation') errors.push(event.errorRate)
  expect(errors).toHaveLength(1)
  expect(errors[0]).toBeLessThan(0.1)

  // The scorer's last batch is filled up; what fills it counts for nothing.
  const scores = await Promise.all(
    [150, 64, 7].map(async rows => {
      const scorer = await classifierScorer(model, runtime, 784, rows)
      const score = await scorer.score(training.weights(), held)
      await scorer.release()
      return score
    }),
  )
  for (const { loss, errorRate, predictions } of scores) {
    expect(errorRate).toBe(errors[0])
    expect(loss).toBeCloseTo(scores[0].loss, 5)
    expect(predictions).toEqual(scores[0].predictions)
    expect([...predictions].filter((label, i) => label !== held.labels[i]).length / 150).toBe(errorRate)
  }
  await training.release()
})

test('probabilities of one vector add up to 1', async () => {
  const scorer = await classifierScorer(model, runtime, 784, 4)
  const vector = new Float32Array(784)
  held.read(3, vector, 0)
  const feeds = Object.fromEntries(
    [...weights].map(([name, data]) => [name, host('float32', parameters.get(name)!.shape, data)]),
  )
  const probabilities = await scorer.probabilities(feeds, vector)
  expect(probabilities).toHaveLength(10)
  expect(probabilities.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5)
  await scorer.release()
})

const small = { layers: 2, channels: 16, batchSize: 20, dropout: 0.1, logEvery: 5, saveEvery: 10, evaluateEvery: 10 }

async function run(storage: Storage, given: Record<string, unknown>, stopAt?: number, fingerprint = 'a') {
  const stop = new AbortController()
  const options = { ...settleClassifierOptions('mlp', { ...small, steps: 40, ...given }) }
  const input = { storage, options, runtime, train, validation: held, fingerprint, labels: Array.from('0123456789') }
  const events: ClassifierEvent[] = []
  for await (const event of trainClassifierRun({ ...input, signal: stop.signal })) {
    events.push(event)
    if (event.type === 'step' && event.step === stopAt) stop.abort()
  }
  return events
}

test('a run that was stopped goes on bit for bit', async () => {
  const [whole, parts] = [memoryStorage(), memoryStorage()]
  await run(whole, {})
  const stopped = await run(parts, {}, 17)
  expect(stopped.at(-1)).toMatchObject({ type: 'stopped', step: 17 })
  const resumed = await run(parts, { resume: true })
  expect(resumed[0]).toMatchObject({ type: 'start', from: 17, trainExamples: 600, validationExamples: 150 })
  expect(resumed.at(-1)).toMatchObject({ type: 'done', step: 40 })
  for (const name of ['model.safetensors', 'config.json', 'training/state.safetensors'])
    expect(await parts.read(name), name).toEqual(await whole.read(name))
  const steps = async (storage: Storage) =>
    (await readMetrics(storage)).map(({ type, step, loss }) => [type, step, loss])
  expect(await steps(parts)).toEqual(await steps(whole))
  expect(await whole.exists('training/loss.svg')).toBe(true)
})

test('the folder holds the model with the lowest validation loss', async () => {
  const storage = memoryStorage()
  const events = await run(storage, { learningRate: 0.05 })
  const saved = await loadClassifierFolder(storage, multiLayerPerceptronArchitecture)
  expect(saved.labels).toEqual(Array.from('0123456789'))
  expect(saved.model.configuration).toEqual({ inputs: 784, hidden: [16, 16], outputs: 10, activation: 'relu' })
  const shapes = namedParameters(saved.model)
  const feeds = Object.fromEntries(
    [...saved.weights].map(([name, data]) => [name, host('float32', shapes.get(name)!.shape, data)]),
  )
  const scorer = await classifierScorer(saved.model, runtime, 784)
  const { loss } = await scorer.score(feeds, held)
  const validations = events.flatMap(event => (event.type === 'validation' ? [event.loss] : []))
  expect(loss).toBeCloseTo(Math.min(...validations), 5)
  await scorer.release()
})

test('what does not belong together is refused', async () => {
  const storage = memoryStorage()
  await run(storage, { steps: 10 })
  await expect(run(storage, { resume: true }, undefined, 'b')).rejects.toThrow('the examples that the run was started')
  await expect(run(storage, { resume: true, channels: 8 })).rejects.toThrow(
    'the configuration that the run was started',
  )
  expect(() => settleClassifierOptions('mlp', { heads: 2 })).toThrow('Option --heads expected to be left out')
  expect(() => settleClassifierOptions('mlp', { preset: 'char-small' })).toThrow(
    'Option --preset expected one of mnist',
  )
})
