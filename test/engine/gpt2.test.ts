import { expect, test } from 'vitest'
import { gradient } from '../../src/autodiff/gradient.ts'
import { elementCount } from '../../src/base/shape.ts'
import { compile, host } from '../../src/compiler/compile.ts'
import { GPT2, gpt2TensorNames } from '../../src/models/2019-gpt2.ts'
import { crossEntropy, tokenLosses } from '../../src/nn/losses.ts'
import { namedParameters, parameterNames } from '../../src/nn/parameters.ts'
import { adam, adamW } from '../../src/optim/adamw.ts'
import { hiddenMatrices, muon } from '../../src/optim/muon.ts'
import type { Optimizer } from '../../src/optim/optimizer.ts'
import { sgd } from '../../src/optim/sgd.ts'
import { nodeRuntime } from '../../src/runtime/node.ts'
import type { HostTensor, Value } from '../../src/runtime/runtime.ts'
import { input } from '../../src/tensor/tensor.ts'
import { flatStep } from '../../src/training/step.ts'
import { wholeStep } from '../../src/training/whole-step.ts'
import { expectClose } from './closeness.ts'
import { goldenValues, readGolden, type ValueSpecification } from './golden-values.ts'

interface Run {
  readonly losses: number[]
  readonly finalLoss: number
  readonly gradientNorms: number[]
  readonly finalParameterNorms: Record<string, number>
}

interface Golden extends Record<'adamw' | 'adam' | 'sgd' | 'muon', Run> {
  readonly inputs: number[][]
  readonly targets: number[][]
  readonly parameters: Record<string, ValueSpecification & { gradientNorm: number; gradientFirst: number[] }>
  readonly logits: number[][][]
  readonly loss: number
  readonly labelSmoothing: {
    readonly mean: number
    readonly sum: number
    readonly logitsGradientNorm: number
    readonly logitsGradientFirst: number[]
  }
}

const golden = readGolden<Golden>('gpt2.json')
const runtime = nodeRuntime()
const shape = [3, 16]
const model = new GPT2({ vocabulary: 61, context: 16, channels: 32, layers: 2, heads: 2, bias: true })
const parameters = namedParameters(model)
const transformersName = (name: string) =>
  gpt2TensorNames.reduce((result, [ours, theirs]) => result.replace(ours, theirs), name)
const weights = new Map(
  [...parameters.keys()].map(name => {
    const theirs = transformersName(name)
    return [name, goldenValues(theirs, golden.parameters[theirs])]
  }),
)
const ids = input('ids', shape, 'int64')
const targets = input('targets', shape, 'int64')
const logits = model.logits(ids)
const loss = crossEntropy(logits, targets)
const batch = {
  ids: host('int64', shape, BigInt64Array.from(golden.inputs.flat(), BigInt)),
  targets: host('int64', shape, BigInt64Array.from(golden.targets.flat(), BigInt)),
}
const weightFeeds = Object.fromEntries(
  [...weights].map(([name, data]) => [name, host('float32', parameters.get(name)!.shape, data)]),
)
const numbers = (value: Value) => (value as HostTensor).data as Float32Array
const euclidean = (values: Float32Array) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0))

test('parameters have the names and shapes of transformers', () => {
  const shapes = Object.fromEntries(
    [...parameters].map(([name, parameter]) => [transformersName(name), parameter.shape]),
  )
  const expected = Object.fromEntries(
    Object.entries(golden.parameters).map(([name, specification]) => [name, specification.shape]),
  )
  expect(shapes).toEqual(expected)
})

test('logits, loss and every gradient', async () => {
  const gradients = gradient(loss, [...parameters.values()])
  const outputs = Object.fromEntries([...parameters.keys()].map((name, i) => [`gradient/${name}`, gradients[i]]))
  const program = await compile(runtime, { logits, loss, ...outputs }, { parameterNames: parameterNames(parameters) })
  const result = await program.run({ ...batch, ...weightFeeds })
  await program.release()
  expectClose('logits', numbers(result.logits), golden.logits.flat(2), { absolute: 1e-4 })
  expectClose('loss', numbers(result.loss), [golden.loss], { relative: 1e-6 })
  for (const name of parameters.keys()) {
    const own = numbers(result[`gradient/${name}`])
    const { gradientNorm, gradientFirst } = golden.parameters[transformersName(name)]
    expectClose(`gradient norm of ${name}`, [euclidean(own)], [gradientNorm], { relative: 1e-4 })
    // Single elements may lie near zero: an absolute error of their typical size times 1e-4 is allowed besides.
    const typical = gradientNorm / Math.sqrt(own.length)
    expectClose(`gradient of ${name}`, own.subarray(0, 4), gradientFirst, { relative: 1e-3, absolute: 1e-4 * typical })
  }
})

test('label smoothing: mean, sum and gradient of the logits', async () => {
  const scores = input('scores', [...shape, 61])
  const mean = crossEntropy(scores, targets, { smoothing: 0.1 })
  const sum = tokenLosses(scores, targets, { smoothing: 0.1 }).sum()
  const program = await compile(runtime, { mean, sum, gradient: gradient(mean, [scores])[0] })
  const scoreValues = host('float32', scores.shape, Float32Array.from(golden.logits.flat(2)))
  const result = await program.run({ scores: scoreValues, targets: batch.targets })
  await program.release()
  const { labelSmoothing } = golden
  expectClose('mean', numbers(result.mean), [labelSmoothing.mean], { relative: 1e-6 })
  expectClose('sum', numbers(result.sum), [labelSmoothing.sum], { relative: 1e-6 })
  const own = numbers(result.gradient)
  expect(own.length).toBe(elementCount(scores.shape))
  expectClose('gradient norm', [euclidean(own)], [labelSmoothing.logitsGradientNorm], { relative: 1e-5 })
  expectClose('gradient', own.subarray(0, 4), labelSmoothing.logitsGradientFirst, { relative: 1e-4, absolute: 1e-8 })
})

const optimizers: Record<
  'adamw' | 'adam' | 'sgd' | 'muon',
  { optimizer: Optimizer; clip: number; learningRate: number }
> = {
  adamw: { optimizer: adamW({ beta1: 0.9, beta2: 0.95, weightDecay: 0.1 }), clip: 1, learningRate: 1e-3 },
  adam: { optimizer: adam({ beta1: 0.9, beta2: 0.95 }), clip: 0, learningRate: 1e-3 },
  sgd: { optimizer: sgd({ momentum: 0.9 }), clip: 0, learningRate: 0.1 },
  muon: {
    // PyTorch's sees the matrix of queries, keys and values as one.
    optimizer: muon({
      ...{ beta1: 0.9, beta2: 0.95, weightDecay: 0.1 },
      matrices: (name, shape) => Math.min(1, hiddenMatrices(name, shape)),
    }),
    clip: 1,
    learningRate: 1e-3,
  },
}

for (const [makeName, makeStep] of Object.entries({ flatStep, wholeStep })) {
  for (const [name, { optimizer, clip, learningRate }] of Object.entries(optimizers)) {
    test(`ten steps of ${name} by ${makeName}`, async () => {
      const run = golden[name as keyof typeof optimizers]
      const step = await makeStep({ runtime, parameters, weights, loss, optimizer, clip })
      const results = []
      for (let i = 1; i <= 11; i++) {
        results.push(await step.run([batch], { step: i, learningRate: i <= 10 ? learningRate : 0 }))
        if (i < 10) continue
        const { weights } = await step.state()
        for (const [parameter, values] of weights) {
          const expected = run.finalParameterNorms[transformersName(parameter)]
          // A key's bias moves all scores of a query alike: its gradient is rounding noise, which Adam makes as large as any.
          const relative = parameter.endsWith('attention.project.bias') && name !== 'sgd' ? 2e-3 : 1e-5
          if (i === 10) expectClose(`norm of ${parameter}`, [euclidean(values)], [expected], { relative })
        }
      }
      await step.release()
      const [losses, norms] = [results.map(result => result.loss), results.map(result => result.gradientNorm)]
      // PyTorch's own float32 is as far from its double precision: the iteration lifts the smallest singular values most.
      const relative = name === 'muon' ? 5e-5 : 1e-5
      expectClose('losses', losses, [...run.losses, run.finalLoss], { relative })
      expectClose('gradient norms', norms.slice(0, 10), run.gradientNorms, { relative: 1e-4 })
    })
  }
}
