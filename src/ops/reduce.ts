import { elementCount, normalizeAxis, type Shape } from '../base/shape.ts'
import { type GradientContext, type Gradients, int64, type Op, type Unary } from './op.ts'

type Axes = { readonly axes: readonly number[]; readonly keepDims: boolean }

/** Shape after a reduction: the axes become 1, or vanish. */
export function reducedShape(name: string, shape: Shape, { axes, keepDims }: Axes): Shape {
  const reduced = new Set(axes.map(axis => normalizeAxis(name, axis, shape.length)))
  return shape.flatMap((size, axis) => (reduced.has(axis) ? (keepDims ? [1] : []) : [size]))
}

function reduction(
  name: string,
  onnx: string,
  gradient: (c: GradientContext<Unary, Axes>) => Gradients<Unary>,
): Op<Unary, Axes> {
  return {
    name,
    onnx: ({ axes, keepDims }) => ({
      type: onnx,
      attributes: { keepdims: keepDims ? 1 : 0 },
      tail: [int64(...axes)],
    }),
    infer: ([x], attributes) => [{ dtype: x.dtype, shape: reducedShape(name, x.shape, attributes) }],
    gradient,
  }
}

/** dy in the shape that keeps the reduced axes as 1. */
const kept = ({ inputs: [x], attributes: { axes } }: GradientContext<Unary, Axes>): Shape =>
  reducedShape('reduction', x.shape, { axes, keepDims: true })

export const sum: Op<Unary, Axes> = reduction('sum', 'ReduceSum', context => [
  context.dy.reshape(kept(context)).expand(context.inputs[0].shape), // dx = dy everywhere
])

export const mean: Op<Unary, Axes> = reduction('mean', 'ReduceMean', context => {
  const x = context.inputs[0]
  const count = elementCount(x.shape) / elementCount(kept(context))
  return [
    context.dy
      .mul(1 / count)
      .reshape(kept(context))
      .expand(x.shape),
  ] // dx = dy / n
})

/** The gradient is shared by equal largest elements. */
export const max: Op<Unary, Axes> = reduction('max', 'ReduceMax', context => {
  const x = context.inputs[0]
  const largest = x.equal(context.y.reshape(kept(context))).cast('float32')
  const ties = largest.sum(context.attributes.axes, true)
  return [largest.mul(context.dy.reshape(kept(context)).div(ties))]
})

/** Sum of squares, in one pass over the data. */
export const sumSquare: Op<Unary, Axes> = reduction('sumSquare', 'ReduceSumSquare', context => [
  context.inputs[0].mul(context.dy.mul(2).reshape(kept(context))), // dx = 2 x dy
])

/** Index of the largest element along an axis, which stays as size 1; the lowest index where several are equal. */
export const argmax: Op<Unary, { readonly axis: number }> = {
  name: 'argmax',
  onnx: ({ axis }) => ({ type: 'ArgMax', attributes: { axis, keepdims: 1 } }),
  infer: ([x], { axis }) => [
    { dtype: 'int64', shape: reducedShape('argmax', x.shape, { axes: [axis], keepDims: true }) },
  ],
}

/** Running sum along an axis; `reverse` sums from the end. */
export const cumulativeSum: Op<Unary, { readonly axis: number; readonly reverse: boolean }> = {
  name: 'cumulativeSum',
  onnx: ({ axis, reverse }) => ({
    type: 'CumSum',
    attributes: { reverse: reverse ? 1 : 0 },
    tail: [{ dtype: 'int64', values: [axis], scalar: true }],
  }),
  infer: ([x]) => [x],
  gradient: ({ dy, attributes: { axis, reverse } }) => [dy.cumulativeSum(axis, !reverse)],
}
