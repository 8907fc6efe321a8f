import type * as rearrange from '../../../src/ops/rearrange.ts'
import { type Case, floats, integers, type Operand, type ProofsOf } from './proof.ts'
import { at, generate } from './values.ts'

/** One tensor and attributes. */
const one = <A>(operand: Operand, attributes: A): Case<A> => ({ operands: [operand], attributes })

export const rearrangeProofs: ProofsOf<typeof rearrange> = {
  reshape: {
    cases: [
      one(floats([]), { shape: [1, 1, 1] }),
      one(floats([1]), { shape: [] }),
      one(floats([2, 3, 4]), { shape: [4, 6] }),
      one(floats([2, 1, 6]), { shape: [3, 2, 1, 2, 1] }),
      one(integers([4], -5, 5), { shape: [2, 2] }),
    ],
    reference: ([x], { shape }) => [{ shape, data: x.data }],
  },
  permute: {
    cases: [[0], [1, 0], [0, 1], [2, 0, 1], [0, 2, 1, 3], [3, 2, 1, 0], [4, 1, 0, 3, 2]].map(order =>
      one(floats([3, 1, 2, 4, 2].slice(0, order.length)), { order }),
    ),
    reference: ([x], { order }) => [
      generate(
        order.map(axis => x.shape[axis]),
        index =>
          at(
            x,
            order.map((_, axis) => index[order.indexOf(axis)]),
          ),
      ),
    ],
  },
  expand: {
    cases: [
      one(floats([]), { shape: [2, 3] }),
      one(floats([1]), { shape: [4] }),
      one(floats([3, 1]), { shape: [2, 3, 4] }),
      one(floats([2, 1, 3, 1]), { shape: [2, 5, 3, 1] }),
      one(floats([1, 2, 1, 2, 1]), { shape: [2, 2, 3, 2, 2] }),
    ],
    reference: ([x], { shape }) => [generate(shape, index => at(x, index))],
  },
  slice: {
    cases: [
      one(floats([5]), { axis: 0, start: 1, end: 4 }),
      one(floats([5]), { axis: 0, start: 0, end: 5 }),
      one(floats([2, 4]), { axis: 1, start: 3, end: 4 }),
      one(floats([3, 1, 2]), { axis: 0, start: 0, end: 2 }),
      one(floats([2, 2, 3, 1, 2]), { axis: 2, start: 1, end: 2 }),
      one(integers([2, 4], 0, 9, 'int32'), { axis: 1, start: 1, end: 3 }),
    ],
    reference: ([x], { axis, start, end }) => [
      generate(x.shape.with(axis, end - start), index => at(x, index.with(axis, index[axis] + start))),
    ],
  },
  pad: {
    cases: [
      one(floats([3]), { axis: 0, before: 1, after: 2 }),
      one(floats([2, 3]), { axis: 0, before: 0, after: 1 }),
      one(floats([2, 1, 3]), { axis: 2, before: 2, after: 0 }),
      one(floats([1, 2, 2, 1]), { axis: 3, before: 1, after: 1 }),
    ],
    reference: ([x], { axis, before, after }) => [
      generate(x.shape.with(axis, before + x.shape[axis] + after), index => {
        const position = index[axis] - before
        return position >= 0 && position < x.shape[axis] ? at(x, index.with(axis, position)) : 0
      }),
    ],
  },
  concat: {
    cases: [
      { operands: [floats([2]), floats([1]), floats([3])], attributes: { axis: 0 } },
      { operands: [floats([2, 3]), floats([2, 1])], attributes: { axis: 1 } },
      { operands: [floats([1, 2, 2]), floats([3, 2, 2]), floats([1, 2, 2])], attributes: { axis: 0 } },
      { operands: [floats([2, 1, 3, 1, 2])], attributes: { axis: 4 } },
      { operands: [integers([2, 1], 0, 9), integers([2, 2], 0, 9)], attributes: { axis: 1 } },
    ],
    reference: (inputs, { axis }) => {
      const size = inputs.reduce((total, x) => total + x.shape[axis], 0)
      return [
        generate(inputs[0].shape.with(axis, size), index => {
          let position = index[axis]
          const source = inputs.find(x => {
            if (position < x.shape[axis]) return true
            position -= x.shape[axis]
            return false
          })
          return at(source!, index.with(axis, position))
        }),
      ]
    },
  },
  split: {
    cases: [
      one(floats([6]), { axis: 0, sizes: [1, 2, 3] }),
      one(floats([2, 4]), { axis: 1, sizes: [2, 2] }),
      one(floats([3, 1, 2]), { axis: 0, sizes: [1, 1, 1] }),
      one(floats([2, 2, 3, 1]), { axis: 2, sizes: [3] }),
    ],
    reference: ([x], { axis, sizes }) =>
      sizes.map((size, part) => {
        const start = sizes.slice(0, part).reduce((sum, before) => sum + before, 0)
        return generate(x.shape.with(axis, size), index => at(x, index.with(axis, index[axis] + start)))
      }),
  },
  triangle: {
    cases: [true, false].flatMap(upper =>
      [-1, 0, 2].flatMap(diagonal =>
        [
          [3, 3],
          [2, 4],
          [2, 1, 3, 2],
        ].map(shape => one(floats(shape), { upper, diagonal })),
      ),
    ),
    reference: ([x], { upper, diagonal }) => [
      generate(x.shape, index => {
        const [row, column] = index.slice(-2)
        return (upper ? column >= row + diagonal : column <= row + diagonal) ? at(x, index) : 0
      }),
    ],
  },
}
