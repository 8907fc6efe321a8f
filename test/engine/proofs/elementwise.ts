import type { DType } from '../../../src/base/dtype.ts'
import { broadcastShapes, type Shape } from '../../../src/base/shape.ts'
import type * as elementwise from '../../../src/ops/elementwise.ts'
import { booleans, type Case, floats, integers, type Operand, type Proof, type ProofsOf, someShapes } from './proof.ts'
import { at, generate } from './values.ts'

type None = Readonly<Record<string, never>>

/** Pairs that broadcast in every way. */
const pairs: readonly (readonly [Shape, Shape])[] = [
  [[], []],
  [[4], []],
  [[], [2, 3]],
  [
    [3, 4],
    [3, 4],
  ],
  [[2, 3, 4], [4]],
  [
    [3, 1],
    [2, 1, 4],
  ],
  [
    [1, 1, 5],
    [2, 3, 1],
  ],
  [
    [2, 1, 3, 1],
    [4, 1, 2],
  ],
  [
    [1, 2, 1, 2, 1],
    [2, 2, 3, 1, 2],
  ],
]

const cases = (operands: readonly (readonly Operand[])[]): Case<None>[] =>
  operands.map(operands => ({ operands, attributes: {} }))

/** One element from one element of each operand, broadcast. */
function byElement(element: (...values: number[]) => number, operands: readonly (readonly Operand[])[]): Proof<None> {
  return {
    cases: cases(operands),
    reference: inputs => [
      generate(broadcastShapes('reference', ...inputs.map(({ shape }) => shape)), index =>
        element(...inputs.map(input => at(input, index))),
      ),
    ],
  }
}

function unary(element: (x: number) => number, low = -2, high = 2): Proof<None> {
  return byElement(
    element,
    someShapes.map(shape => [floats(shape, low, high)]),
  )
}

const integerPair = (dtype: DType): Operand[] => [integers([3, 4], -20, 20, dtype), integers([4], 1, 9, dtype)]

function binary(
  element: (a: number, b: number) => number,
  low = -2,
  high = 2,
  integral: readonly DType[] = ['int32', 'int64'],
): Proof<None> {
  const floating = pairs.map(([a, b]) => [floats(a, low, high), floats(b, low, high)])
  return byElement(element, [...floating, ...integral.map(integerPair)])
}

const comparison = (holds: (a: number, b: number) => boolean): Proof<None> => {
  const close = [integers([4, 5], 0, 3, 'int32'), integers([5], 0, 3, 'int32')]
  return byElement(
    (a, b) => Number(holds(a, b)),
    [...pairs.map(([a, b]) => [floats(a), floats(b)]), close, integerPair('int64')],
  )
}

/** erf x = 2/√π e^(-x²) Σ 2ⁿ x^(2n+1) / (2n+1)!!: every term has one sign. */
export function errorFunction(x: number): number {
  let term = x
  let sum = x
  for (let n = 1; n < 200; n++) {
    term *= (2 * x * x) / (2 * n + 1)
    sum += term
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum
}

export const elementwiseProofs: ProofsOf<typeof elementwise> = {
  add: binary((a, b) => a + b),
  sub: binary((a, b) => a - b),
  mul: binary((a, b) => a * b),
  div: byElement(
    (a, b) => a / b,
    pairs.map(([a, b]) => [floats(a), floats(b, 0.5, 2)]),
  ),
  maximum: binary(Math.max),
  minimum: binary(Math.min),
  equal: comparison((a, b) => a === b),
  less: comparison((a, b) => a < b),
  lessOrEqual: comparison((a, b) => a <= b),
  greater: comparison((a, b) => a > b),
  greaterOrEqual: comparison((a, b) => a >= b),
  bitwiseXor: byElement(
    (a, b) => a ^ b,
    pairs.map(([a, b]) => [integers(a, -(2 ** 31), 2 ** 31, 'int32'), integers(b, -(2 ** 31), 2 ** 31, 'int32')]),
  ),
  neg: unary(x => -x),
  exp: unary(Math.exp, -3, 3),
  log: unary(Math.log, 0.2, 4),
  sqrt: unary(Math.sqrt, 0.2, 4),
  abs: unary(Math.abs),
  sign: unary(Math.sign),
  reciprocal: unary(x => 1 / x, 0.4, 3),
  sin: unary(Math.sin, -4, 4),
  cos: unary(Math.cos, -4, 4),
  erf: unary(errorFunction, -3, 3),
  tanh: unary(Math.tanh, -3, 3),
  sigmoid: unary(x => 1 / (1 + Math.exp(-x)), -5, 5),
  relu: unary(x => Math.max(x, 0)),
  not: byElement(
    x => Number(!x),
    someShapes.map(shape => [booleans(shape)]),
  ),
  where: byElement(
    (condition, a, b) => (condition ? a : b),
    [
      ...pairs.map(([a, b]) => [booleans(a), floats(b), floats(a)]),
      ...pairs.map(([a, b]) => [booleans(a), floats(a), floats(b)]),
      [booleans([3, 1]), integers([4], -9, 9), integers([3, 4], -9, 9)],
      [booleans([]), floats([2, 3]), floats([])],
    ],
  ),
  cast: {
    cases: (['float32', 'int32', 'int64', 'bool'] as const).flatMap(to => [
      { operands: [floats([2, 3], -9, 9)], attributes: { to } },
      { operands: [integers([2, 3], -9, 9)], attributes: { to } },
      { operands: [integers([4], -9, 9, 'int32')], attributes: { to } },
      { operands: [booleans([])], attributes: { to } },
    ]),
    reference: ([x], { to }) => [
      generate(x.shape, index => {
        const value = at(x, index)
        return to === 'float32' ? value : to === 'bool' ? Number(value !== 0) : Math.trunc(value)
      }),
    ],
  },
}
