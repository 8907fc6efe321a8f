/**
 * A proof of an operation: inputs, and what a plain reference in double precision makes of them. Held against it are the
 * shape rule, the runtime's values, and the gradient, the latter by central finite differences of the reference.
 */
import { gradient } from '../../../src/autodiff/gradient.ts'
import { type DType, typedArray } from '../../../src/base/dtype.ts'
import { Random } from '../../../src/base/random.ts'
import { elementCount, formatShape, type Shape, sameShape } from '../../../src/base/shape.ts'
import { compile, host } from '../../../src/compiler/compile.ts'
import { parameterNames } from '../../../src/nn/parameters.ts'
import type { Attributes, Op } from '../../../src/ops/op.ts'
import type { HostTensor, Runtime } from '../../../src/runtime/runtime.ts'
import { applyAll, constant, input, Parameter, type Tensor } from '../../../src/tensor/tensor.ts'
import { deviation } from '../closeness.ts'
import { generate, type Values } from './values.ts'

export interface Operand {
  readonly shape: Shape
  readonly dtype: DType
  readonly values: (count: number, random: Random, position: number) => readonly number[]
  readonly parameter?: boolean
}

export interface Case<A> {
  readonly operands: readonly Operand[]
  readonly attributes: A
}

export interface Proof<A = Attributes> {
  readonly cases: readonly Case<A>[]
  /** Every output, from every input. */
  reference(inputs: readonly Values[], attributes: A): readonly Values[]
  /** How the outputs are made, where it is not by applying the operation. */
  build?(inputs: readonly Tensor[], attributes: A): readonly Tensor[]
  /** Inputs to which no gradient flows, by intention; it must then be zero. */
  readonly constants?: readonly number[]
}

/** A row for every operation that a module of `ops/` exports: one that is missing does not compile. */
export type ProofsOf<Module> = {
  readonly [K in keyof Module as Module[K] extends { infer: unknown } ? K : never]: Module[K] extends Op<
    infer _Inputs,
    infer A
  >
    ? Proof<A>
    : never
}

/** Ranks 0 to 5, with axes of size 1. */
export const someShapes: readonly Shape[] = [[], [5], [1], [3, 4], [2, 1, 3], [2, 3, 1, 2], [1, 2, 2, 1, 3]]

/** float32 numbers between two bounds, all different, also from those of the other operands. */
export function between(low: number, high: number): Operand['values'] {
  return (count, random, position) => {
    const grid = Array.from({ length: count }, (_, i) => low + ((high - low) * (i + 0.3 + 0.13 * position)) / count)
    return random.shuffle(grid).map(Math.fround)
  }
}

export const floats = (shape: Shape, low = -2, high = 2): Operand => ({
  shape,
  dtype: 'float32',
  values: between(low, high),
})
export const integers = (shape: Shape, low: number, high: number, dtype: DType = 'int64'): Operand => ({
  shape,
  dtype,
  values: (count, random) => Array.from({ length: count }, () => low + random.integer(high - low)),
})
export const booleans = (shape: Shape): Operand => integers(shape, 0, 2, 'bool')

const step = 1e-4

export interface ProofOptions {
  /** Largest relative error of values; ten times as much is granted to gradients. */
  readonly precision?: number
  /** Where a runtime is slow: this many cases of each operation, spread over all of them. */
  readonly mostCases?: number
}

/** What is wrong with an operation on a runtime; empty where all is proven. */
export async function prove(
  runtime: Runtime,
  op: Op,
  proof: Proof,
  { precision = 1e-5, mostCases = proof.cases.length }: ProofOptions = {},
): Promise<string[]> {
  const complaints: string[] = []
  const stride = Math.max(1, Math.floor(proof.cases.length / mostCases))
  for (let i = stride - 1; i < proof.cases.length; i += stride) {
    const one = proof.cases[i]
    const shapes = one.operands.map(({ dtype, shape }) => `${dtype} ${formatShape(shape)}`).join(', ')
    const about = `${op.name} of ${shapes} with ${JSON.stringify(one.attributes)}`
    const values = one.operands.map(({ shape, values }, position) => {
      const random = new Random(i, `${op.name}/${position}`)
      return { shape, data: values(elementCount(shape), random, position) }
    })
    try {
      for (const complaint of await proveCase(runtime, op, proof, one, values, precision))
        complaints.push(`${about}: ${complaint}`)
    } catch (error) {
      complaints.push(`${about}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  return complaints
}

async function proveCase(
  runtime: Runtime,
  op: Op,
  proof: Proof,
  one: Case<Attributes>,
  values: Values[],
  precision: number,
): Promise<string[]> {
  const { operands, attributes } = one
  const tensors = operands.map(({ shape, dtype, parameter }, i) =>
    parameter ? new Parameter(shape, () => new Float32Array()) : input(`x${i}`, shape, dtype),
  )
  const outputs = proof.build?.(tensors, attributes) ?? applyAll(op, tensors, attributes)
  const expected = proof.reference(values, attributes)
  const complaints: string[] = []
  if (outputs.length !== expected.length) complaints.push(`${outputs.length} outputs instead of ${expected.length}`)

  // L = Σ y w: with w on all outputs, and on each alone.
  const floating = [...outputs.keys()].filter(i => outputs[i].dtype === 'float32')
  const choices = floating.length > 1 ? [floating, ...floating.map(i => [i])] : [floating]
  const weights = expected.map(({ shape }, i) => {
    const random = new Random(i, 'weights')
    return generate(shape, () => Math.fround(2 * random.uniform() - 1))
  })
  const inputs = [...tensors.keys()].filter(i => tensors[i].dtype === 'float32')
  const differentiable = op.gradient !== undefined || proof.constants !== undefined || outputs[0] === tensors[0]
  const losses = differentiable && inputs.length > 0 && floating.length > 0 ? choices : []
  const programOutputs = Object.fromEntries([
    ...outputs.map((output, i) => [`y${i}`, output] as const),
    ...losses.flatMap((choice, number) => {
      const loss = choice
        .map(i => outputs[i].mul(constant(weights[i].data, weights[i].shape)).sum())
        .reduce((total, term) => total.add(term))
      const wanted = inputs.map(i => tensors[i])
      return gradient(loss, wanted).map((dx, j) => [`dx${inputs[j]}.${number}`, dx] as const)
    }),
  ])
  const named = tensors.flatMap((tensor, i) => (tensor instanceof Parameter ? [[`x${i}`, tensor] as const] : []))
  const program = await compile(runtime, programOutputs, { parameterNames: parameterNames(new Map(named)) })
  const feeds = Object.fromEntries(
    operands.map(({ dtype, shape }, i) => [`x${i}`, host(dtype, shape, typedArray(dtype, values[i].data))]),
  )
  const wanted = Object.fromEntries(Object.entries(feeds).filter(([name]) => name in program.inputs))
  const results = (await program.run(wanted)) as Record<string, HostTensor>
  await program.release()

  for (const [i, output] of outputs.entries()) {
    const result = results[`y${i}`]
    if (result.dtype !== output.dtype || !sameShape(result.shape, output.shape)) {
      complaints.push(
        `output ${i} is ${result.dtype} ${formatShape(result.shape)}, its rule says ${output.dtype} ${formatShape(output.shape)}`,
      )
    }
    if (!sameShape(expected[i].shape, output.shape)) {
      complaints.push(
        `output ${i} of the reference is ${formatShape(expected[i].shape)}, the rule says ${formatShape(output.shape)}`,
      )
    }
    complaints.push(...difference(`output ${i}`, result, expected[i].data, precision))
  }
  for (const [number, choice] of losses.entries()) {
    const lossOf = (changed: readonly Values[]): number => {
      const y = proof.reference(changed, attributes)
      return choice.reduce(
        (sum, i) => sum + y[i].data.reduce((total, value, j) => total + value * weights[i].data[j], 0),
        0,
      )
    }
    for (const i of inputs) {
      const isConstant = proof.constants?.includes(i) === true
      const differences = isConstant ? values[i].data.map(() => 0) : finiteDifferences(values, i, lossOf)
      complaints.push(
        ...difference(
          `gradient ${i} of outputs ${choice.join()}`,
          results[`dx${i}.${number}`],
          differences,
          10 * precision,
        ),
      )
    }
  }
  return complaints
}

/** (L(x + h) - L(x - h)) / 2h for every element of one input. */
function finiteDifferences(
  values: readonly Values[],
  which: number,
  lossOf: (values: readonly Values[]) => number,
): number[] {
  const { shape, data } = values[which]
  const moved = (element: number, by: number) =>
    values.with(which, { shape, data: data.with(element, data[element] + by) })
  return data.map((_, element) => (lossOf(moved(element, step)) - lossOf(moved(element, -step))) / (2 * step))
}

function difference(what: string, { data }: HostTensor, expected: readonly number[], relative: number): string[] {
  const actual = Array.from(data as ArrayLike<number | bigint>, Number)
  const largest = expected.reduce((most, value) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most), 0)
  const worst = deviation(actual, expected, { relative, absolute: 0.1 * relative * (1 + largest) })
  return worst <= 1
    ? []
    : [
        `${what} is [${actual.slice(0, 8).join()}] instead of [${expected.slice(0, 8).join()}] (${worst.toPrecision(3)})`,
      ]
}
