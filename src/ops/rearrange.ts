import { ShapeError } from '../base/errors.ts'
import { broadcastShapes, elementCount, formatShape, normalizeAxis, type Shape, sameShape } from '../base/shape.ts'
import { int64, type Op, type Unary, type Variadic } from './op.ts'

/** The same elements in another shape. */
export const reshape: Op<Unary, { readonly shape: Shape }> = {
  name: 'reshape',
  onnx: ({ shape }) => ({ type: 'Reshape', tail: [int64(...shape)] }),
  infer: ([x], { shape }) => {
    if (elementCount(x.shape) !== elementCount(shape)) {
      const received = `${formatShape(x.shape)} to become ${formatShape(shape)}`
      throw new ShapeError({ what: 'reshape', expected: 'as many elements after as before', received })
    }
    return [{ dtype: x.dtype, shape }]
  },
  gradient: ({ dy, inputs: [x] }) => [dy.reshape(x.shape)],
}

/** Axes in another order: output axis i is input axis order[i]. */
export const permute: Op<Unary, { readonly order: readonly number[] }> = {
  name: 'permute',
  onnx: ({ order }) => ({ type: 'Transpose', attributes: { perm: order } }),
  infer: ([x], { order }) => {
    if (order.toSorted((a, b) => a - b).join() !== [...x.shape.keys()].join()) {
      throw new ShapeError({
        what: 'permute',
        expected: `each axis of ${formatShape(x.shape)} once`,
        received: formatShape(order),
      })
    }
    return [{ dtype: x.dtype, shape: order.map(axis => x.shape[axis]) }]
  },
  gradient: ({ dy, attributes: { order } }) => [dy.permute(order.map((_, axis) => order.indexOf(axis)))],
}

/** Repeats axes of size 1 up to a shape. */
export const expand: Op<Unary, { readonly shape: Shape }> = {
  name: 'expand',
  onnx: ({ shape }) => ({ type: 'Expand', tail: [int64(...shape)] }),
  infer: ([x], { shape }) => {
    if (!sameShape(broadcastShapes('expand', x.shape, shape), shape)) {
      const received = `${formatShape(x.shape)} to become ${formatShape(shape)}`
      throw new ShapeError({ what: 'expand', expected: 'a shape that the tensor broadcasts to', received })
    }
    return [{ dtype: x.dtype, shape }]
  },
  gradient: ({ dy }) => [dy], // summed back in the autodiff walk
}

type Range = { readonly axis: number; readonly start: number; readonly end: number }

/** Elements start to end - 1 along one axis. */
export const slice: Op<Unary, Range> = {
  name: 'slice',
  onnx: ({ axis, start, end }) => ({ type: 'Slice', tail: [int64(start), int64(end), int64(axis)] }),
  infer: ([x], { axis, start, end }) => {
    const size = x.shape[normalizeAxis('slice', axis, x.shape.length)]
    if (!(start >= 0 && start < end && end <= size)) {
      throw new ShapeError({ what: 'slice', expected: `a range inside 0 to ${size}`, received: `${start} to ${end}` })
    }
    return [{ dtype: x.dtype, shape: x.shape.with(axis, end - start) }]
  },
  gradient: ({ dy, inputs: [x], attributes: { axis, start, end } }) => [
    dy.pad(axis, start, x.shape[axis] - end), // zeros around dy
  ],
}

/** Zeros before and after along one axis. */
export const pad: Op<Unary, { readonly axis: number; readonly before: number; readonly after: number }> = {
  name: 'pad',
  onnx: ({ axis, before, after }) => ({ type: 'Pad', tail: [int64(before, after), null, int64(axis)] }),
  infer: ([x], { axis, before, after }) => [
    { dtype: x.dtype, shape: x.shape.with(axis, before + x.shape[axis] + after) },
  ],
  gradient: ({ dy, inputs: [x], attributes: { axis, before } }) => [dy.slice(axis, before, before + x.shape[axis])],
}

/** Tensors one after the other along an axis. */
export const concat: Op<Variadic, { readonly axis: number }> = {
  name: 'concat',
  onnx: ({ axis }) => ({ type: 'Concat', attributes: { axis } }),
  infer: (inputs, { axis }) => {
    const [first] = inputs
    const differing = inputs.find(
      x => !sameShape(x.shape.toSpliced(axis, 1), first.shape.toSpliced(axis, 1)) || x.dtype !== first.dtype,
    )
    if (differing !== undefined) {
      const received = inputs.map(x => `${x.dtype} ${formatShape(x.shape)}`).join(' and ')
      throw new ShapeError({ what: 'concat', expected: `shapes that are equal but for axis ${axis}`, received })
    }
    const size = inputs.reduce((total, x) => total + x.shape[axis], 0)
    return [{ dtype: first.dtype, shape: first.shape.with(axis, size) }]
  },
  gradient: ({ dy, inputs, attributes: { axis } }) =>
    dy.split(
      inputs.map(x => x.shape[axis]),
      axis,
    ),
}

/** Parts of given sizes along an axis: the inverse of concat. */
export const split: Op<Unary, { readonly axis: number; readonly sizes: readonly number[] }> = {
  name: 'split',
  onnx: ({ axis, sizes }) => ({ type: 'Split', attributes: { axis }, tail: [int64(...sizes)] }),
  infer: ([x], { axis, sizes }) => {
    const total = sizes.reduce((sum, size) => sum + size, 0)
    if (total !== x.shape[axis]) {
      const expected = `sizes that add up to ${x.shape[axis]}`
      throw new ShapeError({ what: 'split', expected, received: `${formatShape(sizes)}, which add up to ${total}` })
    }
    return sizes.map(size => ({ dtype: x.dtype, shape: x.shape.with(axis, size) }))
  },
  gradient: ({ dys, outputs, attributes: { axis } }) => {
    const [first, ...rest] = outputs.map((output, i) => dys[i] ?? output.mul(0))
    return [first.concat(rest, axis)]
  },
}

/** Keeps the lower triangle of the last two axes (column <= row + diagonal), or the upper (column >= row + diagonal). */
export const triangle: Op<Unary, { readonly upper: boolean; readonly diagonal: number }> = {
  name: 'triangle',
  onnx: ({ upper, diagonal }) => ({
    type: 'Trilu',
    attributes: { upper: upper ? 1 : 0 },
    tail: [{ dtype: 'int64', values: [diagonal], scalar: true }],
  }),
  infer: ([x]) => [x],
  gradient: ({ dy, attributes: { upper, diagonal } }) => [
    upper ? dy.upperTriangle(diagonal) : dy.lowerTriangle(diagonal),
  ],
}
