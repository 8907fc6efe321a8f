import { expect, test } from 'vitest'
import { compile, host } from '../compiler/compile.ts'
import { Dropout, dropoutKeys } from '../nn/dropout.ts'
import { initialWeights, namedParameters, parameterCount } from '../nn/parameters.ts'
import { constantRate } from '../optim/schedules.ts'
import { sgd } from '../optim/sgd.ts'
import { nodeRuntime } from '../runtime/node.ts'
import type { HostTensor } from '../runtime/runtime.ts'
import { input } from '../tensor/tensor.ts'
import { classifierScorer, trainClassifier } from '../training/classifier.ts'
import { combinations } from './1943-neuron.ts'
import { MultiLayerPerceptron, multiLayerPerceptronSizes } from './1980-multi-layer-perceptron.ts'

const runtime = nodeRuntime({ threads: 1 })

/** Every combination of two signals, and whether they differ. */
const table = combinations(2)
const xor = {
  count: 4,
  width: 2,
  labels: [0, 1, 1, 0],
  read: (index: number, target: Float32Array, offset: number) => target.set(table[index], offset),
}

/** Errors of four after the training, and the loss. */
async function learnXor(hidden: readonly number[], seed: number) {
  const model = new MultiLayerPerceptron({ ...multiLayerPerceptronSizes.xor, hidden })
  const training = await trainClassifier(model, {
    ...{ runtime, train: xor, validation: xor, batchSize: 4, steps: 2000, seed },
    weights: initialWeights(namedParameters(model), seed),
    ...{ optimizer: sgd({ momentum: 0.9 }), learningRate: constantRate(0.1) },
  })
  let result = { errorRate: 1, loss: Infinity }
  for await (const event of training.events) if (event.type === 'validation') result = event
  await training.release()
  return result
}

test('one hidden layer of two units solves XOR', async () => {
  const results = []
  for (let seed = 1; seed <= 5; seed++) results.push(await learnXor([2], seed))
  const solved = results.filter(({ errorRate, loss }) => errorRate === 0 && loss < 0.05)
  expect(solved.length).toBeGreaterThanOrEqual(4) // with two units a start may end in a local minimum
  const wider = await learnXor([8], 1)
  expect(wider.errorRate).toBe(0)
  expect(wider.loss).toBeLessThan(0.05)
})

test('without a hidden layer it is a perceptron, and does not', async () => {
  const { errorRate, loss } = await learnXor([], 1)
  expect(errorRate).toBeGreaterThanOrEqual(0.25)
  expect(loss).toBeCloseTo(Math.LN2, 3) // it says one half to everything
})

test('parameters: 784 x 512 + 512 x 512 + 512 x 10, and biases', () => {
  const model = new MultiLayerPerceptron(multiLayerPerceptronSizes.mnist)
  expect(parameterCount(model)).toBe(784 * 512 + 512 + 512 * 512 + 512 + 512 * 10 + 10)
  expect([...namedParameters(model).keys()]).toEqual([0, 1, 2].flatMap(i => [`layers.${i}.weight`, `layers.${i}.bias`]))
})

test.each(['relu', 'tanh', 'sigmoid'] as const)('%s: first weights keep the size of the signal', async activation => {
  const model = new MultiLayerPerceptron({ inputs: 200, hidden: [200, 200, 200], outputs: 200, activation })
  const parameters = namedParameters(model)
  const feeds = Object.fromEntries(
    [...initialWeights(parameters, 1)].map(([name, data]) => [
      name,
      host('float32', parameters.get(name)!.shape, data),
    ]),
  )
  const x = input('x', [50, 200])
  const program = await compile(
    runtime,
    { y: model.logits(x) },
    {
      parameterNames: new Map([...parameters].map(([name, parameter]) => [parameter.node, name])),
    },
  )
  const values = Float32Array.from({ length: 10_000 }, (_, i) => Math.sin(i * i))
  const result = await program.run({ x: host('float32', x.shape, values), ...feeds })
  await program.release()
  const deviation = (numbers: Float32Array) =>
    Math.sqrt(numbers.reduce((sum, value) => sum + value * value, 0) / numbers.length)
  const ratio = deviation((result.y as HostTensor).data as Float32Array) / deviation(values)
  expect(ratio).toBeGreaterThan(0.1)
  expect(ratio).toBeLessThan(3)
})

test('dropout has a place after each hidden layer, and none in the score', async () => {
  const model = new MultiLayerPerceptron({ inputs: 2, hidden: [64, 64], outputs: 2, activation: 'relu' })
  const parameters = namedParameters(model)
  const x = input('x', [1, 2])
  expect(() => model.logits(x, { dropout: new Dropout(0.5, 1) })).toThrow('1 places')
  const names = new Map([...parameters].map(([name, parameter]) => [parameter.node, name]))
  const program = await compile(
    runtime,
    { y: model.logits(x, { dropout: new Dropout(0.5, 2) }) },
    { parameterNames: names },
  )
  const weights = Object.fromEntries(
    [...initialWeights(parameters, 1)].map(([name, data]) => [
      name,
      host('float32', parameters.get(name)!.shape, data),
    ]),
  )
  const run = async (step: number) => {
    const keys = host('int32', [2, 2], dropoutKeys(1, step, 2))
    const { y } = await program.run({
      ...weights,
      x: host('float32', [1, 2], Float32Array.of(1, -1)),
      dropoutKeys: keys,
    })
    return [...((y as HostTensor).data as Float32Array)]
  }
  expect(await run(1)).toEqual(await run(1))
  expect(await run(1)).not.toEqual(await run(2))
  await program.release()
  const scorer = await classifierScorer(model, runtime, 2, 1)
  const vector = Float32Array.of(1, -1)
  expect(await scorer.probabilities(weights, vector)).toEqual(await scorer.probabilities(weights, vector))
  await scorer.release()
})
