import type * as normalization from '../../../src/ops/normalization.ts'
import { type Case, floats, type ProofsOf, someShapes } from './proof.ts'
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

export const normalizationProofs: ProofsOf<typeof normalization> = {
  softmax: {
    cases: someAxes(),
    reference: ([x], { axis }) => [softmaxOf(x, axis)],
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
