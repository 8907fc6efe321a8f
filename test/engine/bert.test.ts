import { expect, test } from 'vitest'
import { elementCount } from '../../src/base/shape.ts'
import { bertParts } from '../../src/checkpoints/bert.ts'
import { host } from '../../src/compiler/compile.ts'
import { BERT } from '../../src/models/2018-bert.ts'
import { crossEntropy } from '../../src/nn/losses.ts'
import { namedParameters } from '../../src/nn/parameters.ts'
import { adamW } from '../../src/optim/adamw.ts'
import { nodeRuntime } from '../../src/runtime/node.ts'
import { input } from '../../src/tensor/tensor.ts'
import { flatStep } from '../../src/training/step.ts'
import { wholeStep } from '../../src/training/whole-step.ts'
import { expectClose } from './closeness.ts'
import { expectGradient, forwardAndBackward, type GoldenParameter, integerRows } from './golden-model.ts'
import { goldenValues, readGolden } from './golden-values.ts'

interface Golden {
  readonly ids: number[][]
  readonly segments: number[][]
  readonly lengths: number[]
  readonly positions: number[]
  readonly labels: number[]
  readonly next: number[]
  readonly parameters: Record<string, GoldenParameter>
  readonly states: number[][][]
  readonly maskLogits: number[][]
  readonly nextLogits: number[][]
  readonly loss: number
  readonly losses: number[]
}

const golden = readGolden<Golden>('bert.json')
const runtime = nodeRuntime({ threads: 1 })
const model = new BERT({ vocabulary: 61, context: 20, channels: 32, layers: 2, heads: 2, hidden: 48 })
const parameters = namedParameters(model)
const parts = bertParts(model)
const weights = new Map([...parameters].map(([name, { shape }]) => [name, new Float32Array(elementCount(shape))]))
for (const { name, own, place } of parts) {
  const values = goldenValues(name, golden.parameters[name])
  for (let i = 0; i < values.length; i++) weights.get(own)![place(i)] = values[i]
}
const integers = (values: readonly number[]) => host('int64', [values.length], BigInt64Array.from(values, BigInt))
/** A masked place more than there are, which counts for nothing: batches have room for as many as may come. */
const feeds = {
  ids: integerRows(golden.ids),
  segments: integerRows(golden.segments),
  lengths: integers(golden.lengths),
  positions: integers([...golden.positions, 0]),
  labels: integers([...golden.labels, -1]),
  next: integers(golden.next),
}
const inputs = Object.fromEntries(
  Object.entries(feeds).map(([name, { shape }]) => [name, input(name, shape, 'int64')]),
) as Record<keyof typeof feeds, ReturnType<typeof input>>
const { states, pooled } = model.encode(inputs)
const maskLogits = model.maskLogits(states, inputs.positions)
const nextLogits = model.nextLogits(pooled)
const loss = crossEntropy(maskLogits, inputs.labels).add(crossEntropy(nextLogits, inputs.next))

test('parameters have the names and shapes of transformers', () => {
  expect(Object.fromEntries(parts.map(({ name, shape }) => [name, shape]))).toEqual(
    Object.fromEntries(Object.entries(golden.parameters).map(([name, { shape }]) => [name, shape])),
  )
})

test('states, logits of masked words and of the next sentence, loss and every gradient', async () => {
  const compiled = { model, weights, feeds }
  const result = await forwardAndBackward(runtime, compiled, { logits: maskLogits, loss })
  expectClose('mask logits', result.logits.subarray(0, -61), golden.maskLogits.flat(), { absolute: 2e-5 })
  expectClose('loss', result.loss, [golden.loss], { relative: 1e-6 })
  for (const { name, own, shape, place } of parts) {
    const all = result.gradientOf(own)
    const values = Float32Array.from({ length: elementCount(shape) }, (_, i) => all[place(i)])
    expectGradient(name, values, golden.parameters[name])
  }
  const next = await forwardAndBackward(runtime, compiled, { logits: nextLogits, loss })
  expectClose('next-sentence logits', next.logits, golden.nextLogits.flat(), { absolute: 2e-5 })
  const all = await forwardAndBackward(runtime, compiled, { logits: states, loss })
  const real = golden.lengths.flatMap((length, row) => Array.from({ length: length * 32 }, (_, i) => row * 16 * 32 + i))
  const flat = golden.states.flat(2)
  expectClose(
    'states',
    real.map(i => all.logits[i]),
    real.map(i => flat[i]),
    { absolute: 2e-5 },
  )
})

test.each([flatStep, wholeStep])('ten steps of AdamW by %o', async makeStep => {
  const optimizer = adamW({ beta1: 0.9, beta2: 0.95, weightDecay: 0.1 })
  const step = await makeStep({ runtime, parameters, weights, loss, optimizer, clip: 1 })
  const losses: number[] = []
  for (let i = 1; i <= 10; i++) losses.push((await step.run([feeds], { step: i, learningRate: 1e-3 })).loss)
  await step.release()
  expectClose('losses', losses, golden.losses, { relative: 1e-5 })
})
