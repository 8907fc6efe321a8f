import { expect } from 'vitest'
import { gradient } from '../../src/autodiff/gradient.ts'
import type { Shape } from '../../src/base/shape.ts'
import { compile, host } from '../../src/compiler/compile.ts'
import { namedParameters, parameterNames, weightFeeds } from '../../src/nn/parameters.ts'
import { adam } from '../../src/optim/adamw.ts'
import type { Optimizer } from '../../src/optim/optimizer.ts'
import type { HostTensor, Runtime, Value } from '../../src/runtime/runtime.ts'
import type { Tensor } from '../../src/tensor/tensor.ts'
import type { StepOptions, TrainingStep } from '../../src/training/step.ts'
import { expectClose } from './closeness.ts'
import { goldenValues, type ValueSpecification } from './golden-values.ts'

/** What a reference says of a parameter: how its value is made, and what its gradient is. */
export type GoldenParameter = ValueSpecification & {
  readonly gradientNorm: number
  readonly gradientFirst: readonly number[]
}

/** Rows of ids as int64. */
export const integerRows = (rows: readonly (readonly number[])[]): HostTensor =>
  host(
    'int64',
    [rows.length, rows[0].length],
    BigInt64Array.from(rows.flat(), value => BigInt(value)),
  )

export const numbersOf = (value: Value): Float32Array => (value as HostTensor).data as Float32Array

/**
 * The weights that a golden file describes, by the names of the model's parameters.
 * @param names - our part of a name, and the file's, where it has others
 */
export function goldenWeights(
  model: object,
  parameters: Readonly<Record<string, GoldenParameter>>,
  names: readonly (readonly [ours: string, theirs: string])[] = [],
): Map<string, Float32Array> {
  const rename = (name: string) => names.reduce((text, [ours, theirs]) => text.replace(ours, theirs), name)
  const own = [...namedParameters(model)].map(([name, { shape }]) => [name, rename(name), shape] as const)
  const shapes: Record<string, Shape> = Object.fromEntries(own.map(([, theirs, shape]) => [theirs, shape]))
  expect(shapes).toEqual(Object.fromEntries(Object.entries(parameters).map(([name, { shape }]) => [name, shape])))
  return new Map(own.map(([name, theirs]) => [name, goldenValues(theirs, parameters[theirs])]))
}

/** Logits, loss and the gradient of every parameter. */
export async function forwardAndBackward(
  runtime: Runtime,
  {
    model,
    weights,
    feeds,
  }: { model: object; weights: ReadonlyMap<string, Float32Array>; feeds: Record<string, Value> },
  { logits, loss }: { logits: Tensor; loss: Tensor },
): Promise<{ logits: Float32Array; loss: Float32Array; gradientOf: (name: string) => Float32Array }> {
  const parameters = namedParameters(model)
  const gradients = gradient(loss, [...parameters.values()])
  const outputs = Object.fromEntries([...parameters.keys()].map((name, i) => [`gradient/${name}`, gradients[i]]))
  const program = await compile(runtime, { logits, loss, ...outputs }, { parameterNames: parameterNames(parameters) })
  const result = await program.run({ ...feeds, ...weightFeeds(model, weights) })
  await program.release()
  return {
    logits: numbersOf(result.logits),
    loss: numbersOf(result.loss),
    gradientOf: name => numbersOf(result[`gradient/${name}`]),
  }
}

/** A gradient's norm and first elements; one that is zero but for rounding, as a key's bias has it, is no error. */
export function expectGradient(name: string, values: Float32Array, golden: GoldenParameter): void {
  const { gradientNorm, gradientFirst } = golden
  const norm = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0))
  expectClose(`gradient norm of ${name}`, [norm], [gradientNorm], { relative: 1e-4, absolute: 1e-7 })
  const typical = gradientNorm / Math.sqrt(values.length)
  const tolerance = { relative: 1e-3, absolute: 1e-4 * typical + 1e-7 }
  expectClose(`gradient of ${name}`, values.subarray(0, 4), gradientFirst, tolerance)
}

/** Ten updates on one batch, as every golden file of a model has them: by Adam with the Transformer's settings, or by another. */
export async function expectTenSteps(
  makeStep: (options: StepOptions) => Promise<TrainingStep>,
  options: Omit<StepOptions, 'optimizer'>,
  feeds: Record<string, Value>,
  golden: readonly number[],
  optimizer: Optimizer = adam({ beta1: 0.9, beta2: 0.98, epsilon: 1e-9 }),
): Promise<void> {
  const step = await makeStep({ ...options, optimizer })
  const losses: number[] = []
  for (let i = 1; i <= 10; i++) losses.push((await step.run([feeds], { step: i, learningRate: 1e-3 })).loss)
  await step.release()
  expectClose('losses', losses, golden, { relative: 1e-5 })
}
