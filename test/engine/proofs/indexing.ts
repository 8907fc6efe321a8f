import type * as indexing from '../../../src/ops/indexing.ts'
import { floats, integers, type Operand, type ProofsOf } from './proof.ts'
import { at, generate, indices, sumOver } from './values.ts'

/** Ids below a bound, no two of them equal. */
const different = (shape: readonly number[], bound: number): Operand => ({
  ...integers(shape, 0, bound),
  values: (count, random) => random.shuffle([...Array(bound).keys()]).slice(0, count),
})

export const indexingProofs: ProofsOf<typeof indexing> = {
  gather: {
    cases: [
      { operands: [floats([5]), integers([], 0, 5)], attributes: {} },
      { operands: [floats([5, 3]), integers([7], 0, 5)], attributes: {} },
      { operands: [floats([4, 2]), integers([2, 1, 3], 0, 4, 'int32')], attributes: {} },
      { operands: [floats([3, 2, 1]), integers([2, 2], 0, 3)], attributes: {} },
    ],
    reference: ([table, ids]) => [
      generate([...ids.shape, ...table.shape.slice(1)], index => {
        const id = at(ids, index.slice(0, ids.shape.length))
        return at(table, [id, ...index.slice(ids.shape.length)])
      }),
    ],
  },
  scatterAdd: {
    cases: [
      { operands: [floats([4]), integers([6, 1], 0, 4), floats([6])], attributes: {} },
      { operands: [floats([5, 3]), integers([2, 4, 1], 0, 5), floats([2, 4, 3])], attributes: {} },
      { operands: [floats([2, 1, 2]), integers([5, 1], 0, 2), floats([5, 1, 2])], attributes: {} },
    ],
    reference: ([table, ids, rows]) => {
      const places = ids.shape.slice(0, -1)
      return [
        generate(table.shape, ([row, ...rest]) => {
          const added = indices(places).filter(place => at(ids, [...place, 0]) === row)
          return at(table, [row, ...rest]) + added.reduce((sum, place) => sum + at(rows, [...place, ...rest]), 0)
        }),
      ]
    },
  },
  scatterRows: {
    cases: [
      { operands: [floats([4]), different([3, 1], 4), floats([3])], attributes: {} },
      { operands: [floats([5, 3]), different([2, 2, 1], 5), floats([2, 2, 3])], attributes: {} },
      { operands: [integers([2, 1], 0, 9), different([1, 1], 2), integers([1, 1], 0, 9)], attributes: {} },
    ],
    reference: ([table, ids, rows]) => [
      generate(table.shape, ([row, ...rest]) => {
        const place = indices(ids.shape.slice(0, -1)).find(place => at(ids, [...place, 0]) === row)
        return place === undefined ? at(table, [row, ...rest]) : at(rows, [...place, ...rest])
      }),
    ],
  },
  gatherElements: {
    cases: [
      { operands: [floats([5]), integers([3], 0, 5)], attributes: { axis: 0 } },
      { operands: [floats([4, 6]), integers([4, 1], 0, 6)], attributes: { axis: 1 } },
      { operands: [floats([4, 3]), integers([2, 3], 0, 4, 'int32')], attributes: { axis: 0 } },
      { operands: [floats([2, 3, 4]), integers([2, 3, 2], 0, 4)], attributes: { axis: 2 } },
    ],
    reference: ([x, picks], { axis }) => [generate(picks.shape, index => at(x, index.with(axis, at(picks, index))))],
  },
  scatterElementsAdd: {
    cases: [
      { operands: [floats([5]), integers([8], 0, 5), floats([8])], attributes: { axis: 0 } },
      { operands: [floats([4, 6]), integers([4, 1], 0, 6), floats([4, 1])], attributes: { axis: 1 } },
      { operands: [floats([2, 3, 4]), integers([2, 3, 5], 0, 4), floats([2, 3, 5])], attributes: { axis: 2 } },
    ],
    reference: ([x, places, updates], { axis }) => [
      generate(
        x.shape,
        index =>
          at(x, index) +
          sumOver(updates.shape[axis], i => {
            const from = index.with(axis, i)
            return at(places, from) === index[axis] ? at(updates, from) : 0
          }),
      ),
    ],
  },
}
