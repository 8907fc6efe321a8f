import { describe, expect, test } from 'vitest'
import {
  andGate,
  combinations,
  fire,
  majorityGate,
  type NeuronNet,
  nandGate,
  notGate,
  orGate,
  runNet,
  type Signal,
  truthTable,
  truthTableText,
  xorNet,
} from './1943-neuron.ts'

const answers = (net: NeuronNet): Signal[] => truthTable(net).map(({ answers }) => Object.values(answers)[0])

describe('gates compute what their names say, for every combination', () => {
  test.each<[string, NeuronNet, (...x: Signal[]) => boolean | number]>([
    ['and', andGate, (a, b) => a && b],
    ['or', orGate, (a, b) => a || b],
    ['not', notGate, a => 1 - a],
    ['nand', nandGate, (a, b) => 1 - (a && b)],
    ['xor', xorNet, (a, b) => a !== b],
    ['majority of 3', majorityGate(3), (...x) => x.filter(Boolean).length >= 2],
    ['majority of 5', majorityGate(5), (...x) => x.filter(Boolean).length >= 3],
    ['majority of 9', majorityGate(9), (...x) => x.filter(Boolean).length >= 5],
  ])('%s', (_, net, expected) => {
    const table = truthTable(net)
    expect(table).toHaveLength(2 ** net.inputs.length)
    for (const { inputs, answers } of table) expect(Object.values(answers)).toEqual([Number(expected(...inputs))])
  })
})

test('one active inhibitory input silences, whatever excites', () => {
  const neuron = { threshold: 1, excitatory: [0, 1, 2, 2, 2], inhibitory: [3] }
  const fires = (signals: readonly Signal[]) => fire(neuron, source => signals[Number(source)])
  expect(fires([1, 1, 1, 0])).toBe(1)
  expect(fires([1, 1, 1, 1])).toBe(0)
  expect(fires([0, 0, 0, 0])).toBe(0)
})

/** Every function of two inputs that a single unit computes: each input unused, exciting up to 3 times, or inhibiting. */
function singleUnitFunctions(): Set<string> {
  const found = new Set<string>()
  const uses = ['unused', 'once', 'twice', 'thrice', 'inhibits'] as const
  for (const a of uses) {
    for (const b of uses) {
      const of = (use: (typeof uses)[number]) => [...Array(Math.max(0, uses.indexOf(use) % 4)).keys()]
      const excitatory = [...of(a).map(() => 0), ...of(b).map(() => 1)]
      const inhibitory = [a, b].flatMap((use, i) => (use === 'inhibits' ? [i] : []))
      for (let threshold = 0; threshold <= 7; threshold++) {
        const unit = { threshold, excitatory, inhibitory }
        found.add(answers({ inputs: ['a', 'b'], layers: [{ y: unit }] }).join(''))
      }
    }
  }
  return found
}

test('no single unit computes XOR, its negation, NAND or an implication', () => {
  const found = singleUnitFunctions()
  for (const possible of ['0001', '0111', '1000', '0010', '0100', '0011', '0101', '1100', '1010', '0000', '1111'])
    expect(found.has(possible), possible).toBe(true)
  const all = combinations(4).map(row => row.join(''))
  expect(all.filter(each => !found.has(each))).toEqual(['0110', '1001', '1011', '1101', '1110'])
})

test('NAND builds every function of two inputs', () => {
  const built = new Set<string>()
  const columns = new Map<string, string>([
    ['0011', 'a'],
    ['0101', 'b'],
  ])
  for (let round = 0; round < 6; round++) {
    for (const x of [...columns.keys()]) {
      for (const y of [...columns.keys()]) {
        const column = [0, 1, 2, 3].map(i => runNet(nandGate, [Number(x[i]), Number(y[i])] as Signal[]).nand).join('')
        columns.set(column, 'built')
      }
    }
  }
  for (const column of columns.keys()) built.add(column)
  expect(built.size).toBe(16)
})

test('truth tables as text', () => {
  expect(truthTableText(xorNet)).toBe('a b │ xor\n0 0 │   0\n0 1 │   1\n1 0 │   1\n1 1 │   0')
  expect(truthTableText(notGate)).toBe('a │ not\n0 │   1\n1 │   0')
})

test('a net that is wired to nothing says so', () => {
  expect(() => runNet(andGate, [1])).toThrow('A net of neurons expected 2 signals: a, b. Received 1.')
  const loose = { inputs: ['a'], layers: [{ y: { threshold: 1, excitatory: ['z'] } }] }
  expect(() => runNet(loose, [1])).toThrow(
    'A neuron expected a source among the inputs and the layers before. Received "z".',
  )
})
