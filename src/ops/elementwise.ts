import type { DType } from '../base/dtype.ts'
import { ShapeError } from '../base/errors.ts'
import { broadcastShapes } from '../base/shape.ts'
import type { Binary, GradientContext, Gradients, Op, TensorType, Ternary, Unary } from './op.ts'

type None = Readonly<Record<string, never>>
type UnaryGradient = (context: GradientContext<Unary, None>) => Gradients<Unary>
type BinaryGradient = (context: GradientContext<Binary, None>) => Gradients<Binary>

function unary(name: string, onnx: string, element: (x: number) => number, gradient?: UnaryGradient): Op<Unary, None> {
  return { name, onnx, element, infer: ([x]) => [x], gradient }
}

/** The common element type of two operands. */
function sameDType(name: string, a: TensorType, b: TensorType): DType {
  if (a.dtype === b.dtype) return a.dtype
  throw new ShapeError({
    what: name,
    expected: 'operands of one element type',
    received: `${a.dtype} and ${b.dtype}`,
    hint: 'Use cast.',
  })
}

/** Broadcasts its operands; the gradients are summed back to their shapes in the autodiff walk. */
function binary(
  name: string,
  onnx: string,
  element: (a: number, b: number) => number,
  gradient?: BinaryGradient,
): Op<Binary, None> {
  const infer = ([a, b]: readonly TensorType[]) => [
    { dtype: sameDType(name, a, b), shape: broadcastShapes(name, a.shape, b.shape) },
  ]
  return { name, onnx, element, infer, gradient }
}

function comparison(name: string, onnx: string, element: (a: number, b: number) => boolean): Op<Binary, None> {
  return {
    name,
    onnx,
    element: (a, b) => Number(element(a, b)),
    infer: ([a, b]) => {
      sameDType(name, a, b)
      return [{ dtype: 'bool', shape: broadcastShapes(name, a.shape, b.shape) }]
    },
  }
}

export const add: Op<Binary, None> = binary(
  'add',
  'Add',
  (a, b) => a + b,
  ({ dy }) => [dy, dy],
)
export const sub: Op<Binary, None> = binary(
  'sub',
  'Sub',
  (a, b) => a - b,
  ({ dy }) => [dy, dy.neg()],
)
export const mul: Op<Binary, None> = binary(
  'mul',
  'Mul',
  (a, b) => a * b,
  ({ dy, inputs: [a, b] }) => [dy.mul(b), dy.mul(a)], // da = dy b, db = dy a
)
export const div: Op<Binary, None> = binary(
  'div',
  'Div',
  (a, b) => a / b,
  ({ dy, y, inputs: [, b] }) => {
    const da = dy.div(b)
    return [da, da.mul(y).neg()] // da = dy / b, db = -dy y / b
  },
)
export const maximum: Op<Binary, None> = binary('maximum', 'Max', Math.max, ({ dy, inputs: [a, b] }) => {
  const first = a.greaterOrEqual(b)
  return [first.where(dy, 0), first.where(0, dy)]
})
export const minimum: Op<Binary, None> = binary('minimum', 'Min', Math.min, ({ dy, inputs: [a, b] }) => {
  const first = a.lessOrEqual(b)
  return [first.where(dy, 0), first.where(0, dy)]
})

export const equal: Op<Binary, None> = comparison('equal', 'Equal', (a, b) => a === b)
export const less: Op<Binary, None> = comparison('less', 'Less', (a, b) => a < b)
export const lessOrEqual: Op<Binary, None> = comparison('lessOrEqual', 'LessOrEqual', (a, b) => a <= b)
export const greater: Op<Binary, None> = comparison('greater', 'Greater', (a, b) => a > b)
export const greaterOrEqual: Op<Binary, None> = comparison('greaterOrEqual', 'GreaterOrEqual', (a, b) => a >= b)

/** Bits of two int32 tensors that differ. */
export const bitwiseXor: Op<Binary, None> = binary('bitwiseXor', 'BitwiseXor', (a, b) => a ^ b)

export const neg: Op<Unary, None> = unary(
  'neg',
  'Neg',
  x => -x,
  ({ dy }) => [dy.neg()],
)
export const exp: Op<Unary, None> = unary('exp', 'Exp', Math.exp, ({ dy, y }) => [dy.mul(y)])
export const log: Op<Unary, None> = unary('log', 'Log', Math.log, ({ dy, inputs: [x] }) => [dy.div(x)])
export const sqrt: Op<Unary, None> = unary('sqrt', 'Sqrt', Math.sqrt, ({ dy, y }) => [dy.div(y).mul(0.5)])
export const abs: Op<Unary, None> = unary('abs', 'Abs', Math.abs, ({ dy, inputs: [x] }) => [dy.mul(x.sign())])
export const sign: Op<Unary, None> = unary('sign', 'Sign', Math.sign)
export const reciprocal: Op<Unary, None> = unary(
  'reciprocal',
  'Reciprocal',
  x => 1 / x,
  ({ dy, y }) => [dy.mul(y.square()).neg()], // dx = -dy y²
)
export const sin: Op<Unary, None> = unary('sin', 'Sin', Math.sin, ({ dy, inputs: [x] }) => [dy.mul(x.cos())])
export const cos: Op<Unary, None> = unary('cos', 'Cos', Math.cos, ({ dy, inputs: [x] }) => [dy.mul(x.sin()).neg()])
export const erf: Op<Unary, None> = unary(
  'erf',
  'Erf',
  errorFunction,
  ({ dy, inputs: [x] }) => [dy.mul(x.square().neg().exp()).mul(2 / Math.sqrt(Math.PI))], // dx = dy 2/√π e^(-x²)
)
export const tanh: Op<Unary, None> = unary(
  'tanh',
  'Tanh',
  Math.tanh,
  ({ dy, y }) => [dy.mul(y.square().neg().add(1))], // dx = dy (1 - y²)
)
export const sigmoid: Op<Unary, None> = unary(
  'sigmoid',
  'Sigmoid',
  x => 1 / (1 + Math.exp(-x)),
  ({ dy, y }) => [dy.mul(y).mul(y.neg().add(1))], // dx = dy y (1 - y)
)
export const relu: Op<Unary, None> = unary(
  'relu',
  'Relu',
  x => Math.max(x, 0),
  ({ dy, y }) => [y.greater(0).where(dy, 0)], // dx = dy where y > 0
)
export const not: Op<Unary, None> = unary('not', 'Not', x => Number(!x))

/** Takes a where the condition holds, b elsewhere; broadcasts. */
export const where: Op<Ternary, None> = {
  name: 'where',
  onnx: 'Where',
  element: (condition, a, b) => (condition ? a : b),
  infer: ([condition, a, b]) => [
    { dtype: sameDType('where', a, b), shape: broadcastShapes('where', condition.shape, a.shape, b.shape) },
  ],
  gradient: ({ dy, inputs: [condition] }) => [null, condition.where(dy, 0), condition.where(0, dy)],
}

/** ONNX's numbers for the element types. */
export const onnxDType: { readonly [T in DType]: number } = { float32: 1, int32: 6, int64: 7, bool: 9, uint32: 12 }

/** Converts the element type. */
export const cast: Op<Unary, { readonly to: DType }> = {
  name: 'cast',
  onnx: ({ to }) => ({ type: 'Cast', attributes: { to: onnxDType[to] } }),
  infer: ([x], { to }) => [{ dtype: to, shape: x.shape }],
  gradient: ({ dy, inputs: [x] }) => [x.dtype === 'float32' ? dy : null],
}

/** erf x, to 1.2e-7 relative (Press et al., Numerical Recipes in C, 1992, section 6.2). */
function errorFunction(x: number): number {
  const t = 1 / (1 + 0.5 * Math.abs(x))
  const series = [
    0.17087277, -0.82215223, 1.48851587, -1.13520398, 0.27886807, -0.18628806, 0.09678418, 0.37409196, 1.00002368,
    -1.26551223,
  ]
  const polynomial = series.reduce((sum, coefficient) => sum * t + coefficient, 0)
  const result = 1 - t * Math.exp(-x * x + polynomial)
  return x >= 0 ? result : -result
}
