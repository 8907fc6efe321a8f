import { expect, test } from 'vitest'
import { gradient } from '../../src/autodiff/gradient.ts'
import { elementCount } from '../../src/base/shape.ts'
import { marian } from '../../src/checkpoints/marian.ts'
import { compile, host } from '../../src/compiler/compile.ts'
import { Transformer } from '../../src/models/2017-transformer.ts'
import { crossEntropy } from '../../src/nn/losses.ts'
import { namedParameters, parameterNames } from '../../src/nn/parameters.ts'
import { adam } from '../../src/optim/adamw.ts'
import { nodeRuntime } from '../../src/runtime/node.ts'
import type { HostTensor, Value } from '../../src/runtime/runtime.ts'
import { input } from '../../src/tensor/tensor.ts'
import { flatStep } from '../../src/training/step.ts'
import { wholeStep } from '../../src/training/whole-step.ts'
import { expectClose } from './closeness.ts'
import { goldenValues, readGolden, type ValueSpecification } from './golden-values.ts'

interface Golden {
  readonly source: number[][]
  readonly target: number[][]
  readonly answers: number[][]
  readonly parameters: Record<string, ValueSpecification & { gradientNorm: number; gradientFirst: number[] }>
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
const ids = (rows: number[][]) =>
  host(
    'int64',
    [rows.length, rows[0].length],
    BigInt64Array.from(rows.flat(), value => BigInt(value)),
  )
const feeds = { source: ids(golden.source), target: ids(golden.target), answers: ids(golden.answers) }
const [source, target, answers] = (['source', 'target', 'answers'] as const).map(name =>
  input(name, feeds[name].shape, 'int64'),
)
const logits = model.logits(source, target)
const loss = crossEntropy(logits, answers, { smoothing: 0.1 })
const numbers = (value: Value) => (value as HostTensor).data as Float32Array

test('parameters have the names and shapes of transformers', () => {
  expect(Object.fromEntries(parts.map(({ name, shape }) => [name, shape]))).toEqual(
    Object.fromEntries(Object.entries(golden.parameters).map(([name, { shape }]) => [name, shape])),
  )
})

test('logits, smoothed loss and every gradient', async () => {
  const gradients = gradient(loss, [...parameters.values()])
  const outputs = Object.fromEntries([...parameters.keys()].map((name, i) => [`gradient/${name}`, gradients[i]]))
  const program = await compile(runtime, { logits, loss, ...outputs }, { parameterNames: parameterNames(parameters) })
  const given = Object.fromEntries(
    [...weights].map(([name, data]) => [name, host('float32', parameters.get(name)!.shape, data)]),
  )
  const result = await program.run({ ...feeds, ...given })
  await program.release()
  // Where the target has ended the logits mean nothing.
  const counted = golden.answers.flat().flatMap((answer, row) => (answer < 0 ? [] : [row]))
  const rows = (values: ArrayLike<number>) =>
    counted.flatMap(row => Array.from({ length: 61 }, (_, i) => values[row * 61 + i]))
  expectClose('logits', rows(numbers(result.logits)), rows(golden.logits.flat(2)), { absolute: 2e-5 })
  expectClose('loss', numbers(result.loss), [golden.loss], { relative: 1e-6 })
  for (const { name, own, shape, place } of parts) {
    const all = numbers(result[`gradient/${own}`])
    const values = Float32Array.from({ length: elementCount(shape) }, (_, i) => all[place(i)])
    const { gradientNorm, gradientFirst } = golden.parameters[name]
    const norm = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0))
    // A key's bias moves all scores of a query alike: its gradient is zero but for rounding.
    expectClose(`gradient norm of ${name}`, [norm], [gradientNorm], { relative: 1e-4, absolute: 1e-7 })
    const typical = gradientNorm / Math.sqrt(values.length)
    const tolerance = { relative: 1e-3, absolute: 1e-4 * typical + 1e-7 }
    expectClose(`gradient of ${name}`, values.subarray(0, 4), gradientFirst, tolerance)
  }
})

test.each(Object.entries({ flatStep, wholeStep }))('ten steps of Adam by %s', async (_, makeStep) => {
  const optimizer = adam({ beta1: 0.9, beta2: 0.98, epsilon: 1e-9 })
  const step = await makeStep({ runtime, parameters, weights, loss, optimizer })
  const losses: number[] = []
  for (let i = 1; i <= 10; i++) losses.push((await step.run([feeds], { step: i, learningRate: 1e-3 })).loss)
  await step.release()
  expectClose('losses', losses, golden.losses, { relative: 1e-5 })
})
