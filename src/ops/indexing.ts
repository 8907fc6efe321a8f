import { ShapeError } from '../base/errors.ts'
import { formatShape } from '../base/shape.ts'
import type { Binary, Op, Ternary } from './op.ts'

/** Rows of a table [V, ...] by ids of any shape: [...ids, ...]. The gradient adds rows; no one-hot matrix is built. */
export const gather: Op<Binary> = {
  name: 'gather',
  onnx: 'Gather',
  infer: ([table, ids]) => [{ dtype: table.dtype, shape: [...ids.shape, ...table.shape.slice(1)] }],
  gradient: ({ dy, inputs: [table, ids] }) => [dy.zeros(table.shape).scatterAdd(ids, dy), null],
}

/** Adds rows to a table [V, ...]: table[ids[i]] += rows[i], with int64 ids [..., 1]; rows of equal ids add up. */
export const scatterAdd: Op<Ternary> = {
  name: 'scatterAdd',
  onnx: () => ({ type: 'ScatterND', attributes: { reduction: 'add' } }),
  infer: ([table, ids, rows]) => {
    if (ids.shape.at(-1) !== 1 || rows.shape.join() !== [...ids.shape.slice(0, -1), ...table.shape.slice(1)].join()) {
      throw new ShapeError({
        what: 'scatterAdd',
        expected: 'one row for each id',
        received: `ids ${formatShape(ids.shape)} and rows ${formatShape(rows.shape)}`,
      })
    }
    return [table]
  },
  gradient: ({ dy, inputs: [, ids] }) => [dy, null, dy.gather(ids.reshape(ids.shape.slice(0, -1)))],
}

/** Replaces rows of a table [V, ...]: table[ids[i]] = rows[i], with int64 ids [..., 1]; rows of equal ids must be equal. */
export const scatterRows: Op<Ternary> = {
  name: 'scatterRows',
  onnx: 'ScatterND',
  infer: inputs => scatterAdd.infer(inputs, {}),
}

type Axis = { readonly axis: number }

/** Picks along one axis by an index for each element kept: y[i][j] = x[i][indices[i][j]] for the last of two axes. */
export const gatherElements: Op<Binary, Axis> = {
  name: 'gatherElements',
  onnx: ({ axis }) => ({ type: 'GatherElements', attributes: { axis } }),
  infer: ([x, indices]) => [{ dtype: x.dtype, shape: indices.shape }],
  gradient: ({ dy, inputs: [x, indices], attributes: { axis } }) => [
    dy.zeros(x.shape).scatterElementsAdd(indices, dy, axis),
    null,
  ],
}

/** Adds updates along one axis: y[i][indices[i][j]] += updates[i][j]. */
export const scatterElementsAdd: Op<Ternary, Axis> = {
  name: 'scatterElementsAdd',
  onnx: ({ axis }) => ({ type: 'ScatterElements', attributes: { axis, reduction: 'add' } }),
  infer: ([x]) => [x],
  gradient: ({ dy, inputs: [, indices], attributes: { axis } }) => [dy, null, dy.gatherElements(indices, axis)],
}
