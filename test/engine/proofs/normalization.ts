import { elementCount, type Shape } from '../../../src/base/shape.ts'
import type * as normalization from '../../../src/ops/normalization.ts'
import { type Case, floats, type Operand, type ProofsOf, someShapes } from './proof.ts'
import { at, generate, sumOver, type Values } from './values.ts'

/** e^(x_i) / Σ e^(x_j) along an axis. */
export function softmaxOf(x: Values, axis: number): Values {
  return generate(x.shape, index => {
    const sum = sumOver(x.shape[axis], j => Math.exp(at(x, index.with(axis, j))))
    return Math.exp(at(x, index)) / sum
  })
}

const someAxes = (): Case<{ readonly axis: number }>[] =>
  someShapes.flatMap(shape =>
    [...shape.keys()].map(axis => ({ operands: [floats(shape, -3, 3)], attributes: { axis } })),
  )

/** So low in every row's later half that nothing is left of what it is added to. */
const hiding = (shape: Shape): Operand => ({
  shape,
  dtype: 'float32',
  values: () =>
    Array.from({ length: elementCount(shape) }, (_, i) => (i % shape.at(-1)! > shape.at(-1)! / 2 ? -1e9 : 0)),
})

export const normalizationProofs: ProofsOf<typeof normalization> = {
  softmax: {
    cases: someAxes(),
    reference: ([x], { axis }) => [softmaxOf(x, axis)],
  },
  maskedSoftmax: {
    cases: [
      { operands: [floats([2, 3, 4], -3, 3), floats([3, 4], -1, 0)], attributes: {} },
      { operands: [floats([2, 5, 5], -90, 90), hiding([5, 5])], attributes: {} },
      { operands: [floats([5], -3, 3), floats([], -1, 0)], attributes: {} },
    ],
    // The mask is known in advance: no gradient flows to it.
    constants: [1],
    reference: ([x, mask]) => {
      const masked = generate(
        x.shape,
        index => at(x, index) + at(mask, index.slice(x.shape.length - mask.shape.length)),
      )
      return [softmaxOf(masked, x.shape.length - 1)]
    },
  },
  logSoftmax: {
    cases: someAxes(),
    reference: ([x], { axis }) => [generate(x.shape, index => Math.log(at(softmaxOf(x, axis), index)))],
  },
  layerNormalization: {
    cases: someShapes
      .filter(shape => shape.length > 0 && shape.at(-1)! > 1)
      .map(shape => ({
        operands: [floats(shape, -1, 3), floats([shape.at(-1)!], 0.5, 1.5), floats([shape.at(-1)!])],
        attributes: { epsilon: 1e-5 },
      })),
    reference: ([x, gamma, beta], { epsilon }) => {
      const channels = x.shape.at(-1)!
      const over = (index: number[], term: (value: number) => number) =>
        sumOver(channels, c => term(at(x, index.with(-1, c)))) / channels
      const mean = generate(x.shape.with(-1, 1), index => over(index, value => value))
      const inverse = generate(
        x.shape.with(-1, 1),
        index => 1 / Math.sqrt(over(index, value => (value - at(mean, index)) ** 2) + epsilon),
      )
      const y = generate(x.shape, index => {
        const [c] = index.slice(-1)
        return (at(x, index) - at(mean, index)) * at(inverse, index) * gamma.data[c] + beta.data[c]
      })
      return [y, mean, inverse]
    },
  },
  rmsNormalization: {
    cases: someShapes
      .filter(shape => shape.length > 0)
      .map(shape => ({
        operands: [floats(shape, -1, 3), floats([shape.at(-1)!], 0.5, 1.5)],
        attributes: { epsilon: 1e-3 },
      })),
    reference: ([x, gamma], { epsilon }) => {
      const channels = x.shape.at(-1)!
      const inverse = generate(x.shape.with(-1, 1), index => {
        const meanSquare = sumOver(channels, c => at(x, index.with(-1, c)) ** 2) / channels
        return 1 / Math.sqrt(meanSquare + epsilon)
      })
      const y = generate(x.shape, index => at(x, index) * at(inverse, index) * gamma.data[index.at(-1)!])
      return [y]
    },
  },
}
