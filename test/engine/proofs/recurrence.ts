import type * as recurrence from '../../../src/ops/recurrence.ts'
import { floats, type Operand, type ProofsOf } from './proof.ts'
import { at, generate, sumOver, type Values } from './values.ts'

/** Steps, sequences, units. */
const sizes = [
  [1, 1, 1],
  [1, 2, 3],
  [3, 1, 2],
  [4, 2, 3],
] as const

const casesOf = (operands: (steps: number, batch: number, units: number) => Operand[]) =>
  sizes.flatMap(([steps, batch, units]) =>
    [false, true].map(reverse => ({ operands: operands(steps, batch, units), attributes: { reverse } })),
  )

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x))

/** (h R)[b, j] */
const product = (state: Values, recurrent: Values, b: number, j: number): number =>
  sumOver(recurrent.shape[0], k => at(state, [b, k]) * at(recurrent, [k, j]))

/** Runs steps in their order; answers every first state in the order of time, and the last of each state. */
function runSteps(
  { shape: [steps, batch] }: Values,
  first: readonly Values[],
  reverse: boolean,
  step: (t: number, states: readonly Values[]) => readonly Values[],
): Values[] {
  const units = first[0].shape[1]
  const all: Values[] = []
  let states = first
  for (let i = 0; i < steps; i++) {
    const t = reverse ? steps - 1 - i : i
    states = step(t, states)
    all[t] = states[0]
  }
  return [generate([steps, batch, units], ([t, b, h]) => at(all[t], [b, h])), ...states]
}

export const recurrenceProofs: ProofsOf<typeof recurrence> = {
  elmanRecurrence: {
    cases: casesOf((steps, batch, units) => [
      floats([steps, batch, units]),
      floats([units, units], -1, 1),
      floats([batch, units], -1, 1),
    ]),
    reference: ([x, recurrent, first], { reverse }) =>
      runSteps(x, [first], reverse, (t, [h]) => [
        generate(first.shape, ([b, j]) => Math.tanh(at(x, [t, b, j]) + product(h, recurrent, b, j))),
      ]),
  },
  lstmRecurrence: {
    cases: casesOf((steps, batch, units) => [
      floats([steps, batch, 4 * units]),
      floats([units, 4 * units], -1, 1),
      floats([batch, units], -1, 1),
      floats([batch, units], -1, 1),
    ]),
    reference: ([x, recurrent, firstHidden, firstCell], { reverse }) =>
      runSteps(x, [firstHidden, firstCell], reverse, (t, [h, c]) => {
        const units = recurrent.shape[0]
        const sum = (b: number, block: number, j: number) =>
          at(x, [t, b, block * units + j]) + product(h, recurrent, b, block * units + j)
        const cell = generate(c.shape, ([b, j]) => {
          const [i, f, g] = [sigmoid(sum(b, 0, j)), sigmoid(sum(b, 1, j)), Math.tanh(sum(b, 3, j))]
          return f * at(c, [b, j]) + i * g
        })
        return [generate(c.shape, ([b, j]) => sigmoid(sum(b, 2, j)) * Math.tanh(at(cell, [b, j]))), cell]
      }),
  },
  gruRecurrence: {
    cases: casesOf((steps, batch, units) => [
      floats([steps, batch, 2 * units]),
      floats([steps, batch, units]),
      floats([units, 3 * units], -1, 1),
      floats([units], -1, 1),
      floats([batch, units], -1, 1),
    ]),
    reference: ([xGates, xCandidate, recurrent, bias, first], { reverse }) =>
      runSteps(xGates, [first], reverse, (t, [h]) => {
        const units = recurrent.shape[0]
        const gate = (b: number, block: number, j: number) =>
          sigmoid(at(xGates, [t, b, block * units + j]) + product(h, recurrent, b, block * units + j))
        return [
          generate(first.shape, ([b, j]) => {
            const [r, z] = [gate(b, 0, j), gate(b, 1, j)]
            const inner = product(h, recurrent, b, 2 * units + j) + at(bias, [j])
            const n = Math.tanh(at(xCandidate, [t, b, j]) + r * inner)
            return (1 - z) * n + z * at(h, [b, j])
          }),
        ]
      }),
  },
}
