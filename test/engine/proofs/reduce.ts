import type * as reduce from '../../../src/ops/reduce.ts'
import { type Case, floats, integers, type Proof, type ProofsOf, someShapes } from './proof.ts'
import { at, generate, indices } from './values.ts'

type Axes = { readonly axes: readonly number[]; readonly keepDims: boolean }

/** Every reduction of some shapes: over all axes, the first, the last, and both. */
const reductions: Case<Axes>[] = someShapes.flatMap(shape => {
  const last = shape.length - 1
  const choices = [[...shape.keys()], [0], [last], [0, last]].filter(
    axes => axes.every(axis => axis >= 0 && axis <= last) && new Set(axes).size === axes.length,
  )
  const different = choices.filter((axes, i) => choices.findIndex(other => other.join() === axes.join()) === i)
  return different.flatMap(axes =>
    [true, false].map(keepDims => ({ operands: [floats(shape)], attributes: { axes, keepDims } })),
  )
})

/** One number from the elements that a reduction joins. */
function reduction(join: (elements: readonly number[]) => number): Proof<Axes> {
  return {
    cases: reductions,
    reference: ([x], { axes, keepDims }) => {
      const kept = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size))
      const ranges = indices(x.shape.map((size, axis) => (axes.includes(axis) ? size : 1)))
      const { data } = generate(kept, index =>
        join(
          ranges.map(range =>
            at(
              x,
              index.map((position, axis) => (axes.includes(axis) ? range[axis] : position)),
            ),
          ),
        ),
      )
      return [{ shape: keepDims ? kept : x.shape.filter((_, axis) => !axes.includes(axis)), data }]
    },
  }
}

const total = (elements: readonly number[]): number => elements.reduce((sum, element) => sum + element, 0)

export const reduceProofs: ProofsOf<typeof reduce> = {
  sum: reduction(total),
  mean: reduction(elements => total(elements) / elements.length),
  max: reduction(elements => Math.max(...elements)),
  sumSquare: reduction(elements => total(elements.map(element => element * element))),
  argmax: {
    cases: someShapes.flatMap(shape =>
      [...shape.keys()].flatMap(axis => [
        { operands: [floats(shape)], attributes: { axis } },
        { operands: [integers(shape, 0, 3, 'int32')], attributes: { axis } }, // with equal elements
      ]),
    ),
    reference: ([x], { axis }) => [
      generate(x.shape.with(axis, 1), index => {
        const elements = Array.from({ length: x.shape[axis] }, (_, i) => at(x, index.with(axis, i)))
        return elements.indexOf(Math.max(...elements))
      }),
    ],
  },
  cumulativeSum: {
    cases: someShapes.flatMap(shape =>
      [...shape.keys()].flatMap(axis =>
        [true, false].map(reverse => ({ operands: [floats(shape)], attributes: { axis, reverse } })),
      ),
    ),
    reference: ([x], { axis, reverse }) => [
      generate(x.shape, index => {
        const elements = Array.from({ length: x.shape[axis] }, (_, i) => at(x, index.with(axis, i)))
        return total(reverse ? elements.slice(index[axis]) : elements.slice(0, index[axis] + 1))
      }),
    ],
  },
}
