/** McCulloch and Pitts' units as gates: every truth table, held against what the gate's name says. */
import {
  andGate,
  majorityGate,
  type NeuronNet,
  nandGate,
  notGate,
  orGate,
  type Signal,
  truthTable,
  truthTableText,
  xorNet,
} from '../src/index.ts'
import type { Recipe } from './recipe.ts'

interface Gate {
  readonly name: string
  readonly net: NeuronNet
  /** What it should answer. */
  readonly means: (inputs: readonly Signal[]) => boolean
}

const on = (inputs: readonly Signal[]): number => inputs.filter(signal => signal === 1).length

const gates: readonly Gate[] = [
  { name: 'AND', net: andGate, means: inputs => on(inputs) === 2 },
  { name: 'OR', net: orGate, means: inputs => on(inputs) >= 1 },
  { name: 'NOT', net: notGate, means: inputs => on(inputs) === 0 },
  { name: 'NAND, two layers', net: nandGate, means: inputs => on(inputs) < 2 },
  { name: 'majority of three', net: majorityGate(3), means: inputs => on(inputs) >= 2 },
  { name: 'XOR, two layers', net: xorNet, means: inputs => on(inputs) === 1 },
]

export const recipe: Recipe = {
  name: 'neuron',
  year: 1943,
  title: {
    en: 'Threshold units as AND, OR, NOT, NAND, majority, and a two-layer net for XOR: all truth tables',
    zh: '阈值单元实现与、或、非、与非、多数表决，以及两层网络实现异或：全部真值表',
  },
  datasets: [],
  seeds: 1,
  measures: [{ name: 'wrongRows', title: 'wrong rows of 26 in six truth tables', better: 'lower', bound: 0 }],
  run: async ({ print }) => {
    let wrongRows = 0
    for (const { name, net, means } of gates) {
      print(`${name}\n${truthTableText(net)}\n`)
      for (const { inputs, answers } of truthTable(net)) {
        const [answer] = Object.values(answers)
        if (answer !== Number(means(inputs))) wrongRows++
      }
    }
    return { wrongRows }
  },
}
