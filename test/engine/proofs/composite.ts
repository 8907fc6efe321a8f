import type * as composite from '../../../src/ops/composite.ts'
import { errorFunction } from './elementwise.ts'
import { softmaxOf } from './normalization.ts'
import { floats, integers, type Operand, type Proof, type ProofsOf, someShapes } from './proof.ts'
import { at, generate, sumOver } from './values.ts'

const onEach = (element: (x: number) => number): Proof => ({
  cases: someShapes.map(shape => ({ operands: [floats(shape, -4, 4)], attributes: {} })),
  reference: ([x]) => [generate(x.shape, index => element(at(x, index)))],
})

const geluGate = (x: number): number => 0.5 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))

const targetsAndLogits = (rows: number, vocabulary: number, lowest: number): Operand[] => [
  floats([rows, vocabulary], -3, 3),
  integers([rows], lowest, vocabulary),
]

export const compositeProofs: ProofsOf<typeof composite> = {
  geluTanh: {
    ...onEach(x => x * geluGate(x)),
    reference: ([x]) => [
      generate(x.shape, index => at(x, index) * geluGate(at(x, index))),
      generate(x.shape, index => geluGate(at(x, index))),
    ],
  },
  gelu: onEach(x => 0.5 * x * (1 + errorFunction(x * Math.SQRT1_2))),
  swiglu: {
    cases: someShapes.map(shape => ({ operands: [floats(shape, -4, 4), floats(shape)], attributes: {} })),
    reference: ([x, u]) => {
      const gate = generate(x.shape, index => 1 / (1 + Math.exp(-at(x, index))))
      return [generate(x.shape, index => at(x, index) * at(gate, index) * at(u, index)), gate]
    },
  },
  crossEntropy: {
    cases: [0, 0.1, 0.7].flatMap(smoothing => [
      { operands: targetsAndLogits(5, 4, 0), attributes: { smoothing } },
      { operands: targetsAndLogits(7, 3, -2), attributes: { smoothing } },
      { operands: targetsAndLogits(1, 6, 0), attributes: { smoothing } },
      { operands: targetsAndLogits(3, 1, -1), attributes: { smoothing } },
    ]),
    reference: ([logits, targets], { smoothing }) => {
      const [rows, vocabulary] = logits.shape
      const logProbabilities = generate(logits.shape, index => Math.log(at(softmaxOf(logits, 1), index)))
      const loss = generate([rows], ([row]) => {
        const target = targets.data[row]
        if (target < 0) return 0
        const mean = sumOver(vocabulary, v => at(logProbabilities, [row, v])) / vocabulary
        return -(1 - smoothing) * at(logProbabilities, [row, target]) - smoothing * mean
      })
      return [loss, logProbabilities]
    },
  },
  dropout: {
    cases: [0.1, 0.5, 0.9].flatMap(rate =>
      someShapes.map(shape => ({
        operands: [floats(shape), integers(shape, -(2 ** 31), 2 ** 31, 'int32')],
        attributes: { rate },
      })),
    ),
    reference: ([x, bits], { rate }) => {
      const mask = generate(x.shape, index => (at(bits, index) / 2 ** 32 + 0.5 >= rate ? 1 / (1 - rate) : 0))
      return [generate(x.shape, index => at(x, index) * at(mask, index)), mask]
    },
  },
  stopGradient: {
    cases: someShapes.map(shape => ({ operands: [floats(shape)], attributes: {} })),
    constants: [0],
    reference: ([x]) => [x],
  },
}
