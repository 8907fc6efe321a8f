import { expect, test } from 'vitest'
import { elementCount } from '../../src/base/shape.ts'
import { marian } from '../../src/checkpoints/marian.ts'
import { Transformer } from '../../src/models/2017-transformer.ts'
import { crossEntropy } from '../../src/nn/losses.ts'
import { namedParameters } from '../../src/nn/parameters.ts'
import { nodeRuntime } from '../../src/runtime/node.ts'
import { input } from '../../src/tensor/tensor.ts'
import { flatStep } from '../../src/training/step.ts'
import { wholeStep } from '../../src/training/whole-step.ts'
import { expectClose } from './closeness.ts'
import {
  expectGradient,
  expectTenSteps,
  forwardAndBackward,
  type GoldenParameter,
  integerRows,
} from './golden-model.ts'
import { goldenValues, readGolden } from './golden-values.ts'

interface Golden {
  readonly source: number[][]
  readonly target: number[][]
  readonly answers: number[][]
  readonly parameters: Record<string, GoldenParameter>
  readonly logits: number[][][]
  readonly loss: number
  readonly losses: number[]
}

const golden = readGolden<Golden>('transformer.json')
const runtime = nodeRuntime({ threads: 1 })
const model = new Transformer({
  vocabulary: 61,
  context: 16,
  channels: 32,
  layers: 2,
  heads: 2,
  hidden: 48,
  bias: true,
  padding: 0,
})
const parameters = namedParameters(model)
const parts = marian.parts(model)
const weights = new Map([...parameters].map(([name, { shape }]) => [name, new Float32Array(elementCount(shape))]))
for (const { name, own, place } of parts) {
  const values = goldenValues(name, golden.parameters[name])
  for (let i = 0; i < values.length; i++) weights.get(own)![place(i)] = values[i]
}
const feeds = {
  source: integerRows(golden.source),
  target: integerRows(golden.target),
  answers: integerRows(golden.answers),
}
const [source, target, answers] = (['source', 'target', 'answers'] as const).map(name =>
  input(name, feeds[name].shape, 'int64'),
)
const logits = model.logits(source, target)
const loss = crossEntropy(logits, answers, { smoothing: 0.1 })

test('parameters have the names and shapes of transformers', () => {
  expect(Object.fromEntries(parts.map(({ name, shape }) => [name, shape]))).toEqual(
    Object.fromEntries(Object.entries(golden.parameters).map(([name, { shape }]) => [name, shape])),
  )
})

test('logits, smoothed loss and every gradient', async () => {
  const result = await forwardAndBackward(runtime, { model, weights, feeds }, { logits, loss })
  // Where the target has ended the logits mean nothing.
  const counted = golden.answers.flat().flatMap((answer, row) => (answer < 0 ? [] : [row]))
  const rows = (values: ArrayLike<number>) =>
    counted.flatMap(row => Array.from({ length: 61 }, (_, i) => values[row * 61 + i]))
  expectClose('logits', rows(result.logits), rows(golden.logits.flat(2)), { absolute: 2e-5 })
  expectClose('loss', result.loss, [golden.loss], { relative: 1e-6 })
  for (const { name, own, shape, place } of parts) {
    const all = result.gradientOf(own)
    const values = Float32Array.from({ length: elementCount(shape) }, (_, i) => all[place(i)])
    expectGradient(name, values, golden.parameters[name])
  }
})

test.each(Object.entries({ flatStep, wholeStep }))('ten steps of Adam by %s', (_, makeStep) =>
  expectTenSteps(makeStep, { runtime, parameters, weights, loss }, feeds, golden.losses),
)
