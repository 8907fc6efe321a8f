import { expect, test } from 'vitest'
import { gradient } from '../../src/autodiff/gradient.ts'
import { compile, host } from '../../src/compiler/compile.ts'
import { Seq2Seq } from '../../src/models/2014-seq2seq.ts'
import { crossEntropy } from '../../src/nn/losses.ts'
import { namedParameters, parameterNames, weightFeeds } from '../../src/nn/parameters.ts'
import { adam } from '../../src/optim/adamw.ts'
import { nodeRuntime } from '../../src/runtime/node.ts'
import type { HostTensor, Value } from '../../src/runtime/runtime.ts'
import { input } from '../../src/tensor/tensor.ts'
import { flatStep } from '../../src/training/step.ts'
import { expectClose } from './closeness.ts'
import { goldenValues, readGolden, type ValueSpecification } from './golden-values.ts'

interface GoldenCase {
  readonly cell: 'lstm' | 'gru'
  readonly attention: boolean
  readonly layers: number
  readonly parameters: Record<string, ValueSpecification & { gradientNorm: number; gradientFirst: number[] }>
  readonly logits: number[][][]
  readonly loss: number
  readonly losses: number[]
}

const golden = readGolden<{
  readonly vocabulary: number
  readonly channels: number
  readonly padding: number
  readonly source: number[][]
  readonly target: number[][]
  readonly answers: number[][]
  readonly cases: Record<string, GoldenCase>
}>('seq2seq.json')
const runtime = nodeRuntime({ threads: 1 })
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
const numbers = (value: Value) => (value as HostTensor).data as Float32Array

test.each(Object.entries(golden.cases))('seq2seq of %s agrees with PyTorch', async (_, expected) => {
  const { vocabulary, channels, padding } = golden
  const { cell, attention, layers } = expected
  const model = new Seq2Seq({ vocabulary, channels, padding, cell, attention, layers, context: 16 })
  const parameters = namedParameters(model)
  expect(Object.fromEntries([...parameters].map(([name, { shape }]) => [name, shape]))).toEqual(
    Object.fromEntries(Object.entries(expected.parameters).map(([name, { shape }]) => [name, shape])),
  )
  const weights = new Map([...parameters.keys()].map(name => [name, goldenValues(name, expected.parameters[name])]))
  const logits = model.logits(source, target)
  const loss = crossEntropy(logits, answers, { smoothing: 0.1 })
  const gradients = gradient(loss, [...parameters.values()])
  const outputs = Object.fromEntries([...parameters.keys()].map((name, i) => [`gradient/${name}`, gradients[i]]))
  const program = await compile(runtime, { logits, loss, ...outputs }, { parameterNames: parameterNames(parameters) })
  const result = await program.run({ ...feeds, ...weightFeeds(model, weights) })
  await program.release()
  expectClose('logits', numbers(result.logits), expected.logits.flat(2), { absolute: 2e-5 })
  expectClose('loss', numbers(result.loss), [expected.loss], { relative: 1e-6 })
  for (const [name, { gradientNorm, gradientFirst }] of Object.entries(expected.parameters)) {
    const values = numbers(result[`gradient/${name}`])
    const norm = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0))
    expectClose(`gradient norm of ${name}`, [norm], [gradientNorm], { relative: 1e-4, absolute: 1e-7 })
    const typical = gradientNorm / Math.sqrt(values.length)
    const tolerance = { relative: 1e-3, absolute: 1e-4 * typical + 1e-7 }
    expectClose(`gradient of ${name}`, values.subarray(0, 4), gradientFirst, tolerance)
  }
  const optimizer = adam({ beta1: 0.9, beta2: 0.98, epsilon: 1e-9 })
  const step = await flatStep({ runtime, parameters, weights, loss, optimizer })
  const losses: number[] = []
  for (let i = 1; i <= 10; i++) losses.push((await step.run([feeds], { step: i, learningRate: 1e-3 })).loss)
  await step.release()
  expectClose('losses', losses, expected.losses, { relative: 1e-5 })
})
