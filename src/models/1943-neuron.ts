/**
 * The artificial neuron: a unit that is on or off. It fires when enough of its excitatory inputs are on and none of its
 * inhibitory ones is; what it computes follows from its wiring and its threshold alone, and nothing is learned.
 * McCulloch and Pitts, A Logical Calculus of the Ideas Immanent in Nervous Activity, 1943, section 2.
 * Shapes: n inputs of a net; a signal is 0 or 1.
 */
import { OptionError } from '../base/errors.ts'

/** Off or on. */
export type Signal = 0 | 1

/** Where a unit's input comes from: the number of an input of the net, or the name of a unit of an earlier layer. */
export type Source = number | string

export interface Neuron {
  /** Active excitatory inputs from which on it fires. At 0 it fires unless it is inhibited. */
  readonly threshold: number
  /** A source that stands here twice counts twice. */
  readonly excitatory: readonly Source[]
  /** One active inhibitory input silences the unit, whatever excites it ("absolute" inhibition, assumption 4). */
  readonly inhibitory?: readonly Source[]
}

/** Units in layers: a signal takes one moment from a layer to the next (assumption 3, synaptic delay). */
export interface NeuronNet {
  /** Names of its inputs. */
  readonly inputs: readonly string[]
  /** Units by name; a layer sees the inputs and all layers before it. The last layer's units are the answers. */
  readonly layers: readonly Readonly<Record<string, Neuron>>[]
}

/** The unit's answer: on, if no inhibitory input is on and at least `threshold` excitatory ones are. */
export function fire(neuron: Neuron, signalOf: (source: Source) => Signal): Signal {
  if (neuron.inhibitory?.some(source => signalOf(source) === 1)) return 0
  const excitation = neuron.excitatory.reduce<number>((sum, source) => sum + signalOf(source), 0)
  return excitation >= neuron.threshold ? 1 : 0
}

/**
 * The answers of a net's last layer, by name.
 * @throws {OptionError} if the number of signals is not that of the inputs, or a unit's source is not there
 */
export function runNet(net: NeuronNet, signals: readonly Signal[]): Record<string, Signal> {
  if (signals.length !== net.inputs.length) {
    const expected = `${net.inputs.length} signals: ${net.inputs.join(', ')}`
    throw new OptionError({ what: 'A net of neurons', expected, received: String(signals.length) })
  }
  const known = new Map<Source, Signal>(signals.entries())
  let answers: Record<string, Signal> = {}
  for (const layer of net.layers) {
    const signalOf = (source: Source): Signal => {
      const signal = known.get(source)
      if (signal !== undefined) return signal
      const expected = 'a source among the inputs and the layers before'
      throw new OptionError({ what: 'A neuron', expected, received: JSON.stringify(source) })
    }
    answers = Object.fromEntries(Object.entries(layer).map(([name, neuron]) => [name, fire(neuron, signalOf)]))
    for (const [name, signal] of Object.entries(answers)) known.set(name, signal)
  }
  return answers
}

/** A net with one unit. */
const gate = (name: string, inputs: readonly string[], neuron: Neuron): NeuronNet => ({
  inputs,
  layers: [{ [name]: neuron }],
})

/** y = a and b: both must excite. */
export const andGate: NeuronNet = gate('and', ['a', 'b'], { threshold: 2, excitatory: [0, 1] })

/** y = a or b: one is enough. */
export const orGate: NeuronNet = gate('or', ['a', 'b'], { threshold: 1, excitatory: [0, 1] })

/** y = not a: on by itself, silenced by a. */
export const notGate: NeuronNet = gate('not', ['a'], { threshold: 0, excitatory: [], inhibitory: [0] })

/** y = not (a and b). No single unit can: one active inhibitory input would silence it. Two layers: and, then not. */
export const nandGate: NeuronNet = {
  inputs: ['a', 'b'],
  layers: [
    { and: { threshold: 2, excitatory: [0, 1] } },
    { nand: { threshold: 0, excitatory: [], inhibitory: ['and'] } },
  ],
}

/** More than half of an odd number of inputs. */
export function majorityGate(count: number): NeuronNet {
  const inputs = Array.from({ length: count }, (_, i) => `x${i + 1}`)
  return gate('majority', inputs, { threshold: Math.floor(count / 2) + 1, excitatory: [...inputs.keys()] })
}

/** y = a or b, but not both. No single unit can. Each hidden unit takes one input without the other; one is enough. */
export const xorNet: NeuronNet = {
  inputs: ['a', 'b'],
  layers: [
    {
      'a without b': { threshold: 1, excitatory: [0], inhibitory: [1] },
      'b without a': { threshold: 1, excitatory: [1], inhibitory: [0] },
    },
    { xor: { threshold: 1, excitatory: ['a without b', 'b without a'] } },
  ],
}

/** All 2ⁿ combinations of n signals, counting up. */
export function combinations(count: number): Signal[][] {
  return Array.from({ length: 2 ** count }, (_, row) =>
    Array.from({ length: count }, (_, i) => ((row >> (count - 1 - i)) & 1) as Signal),
  )
}

/** What a net answers to each combination of its inputs. */
export function truthTable(net: NeuronNet): { readonly inputs: Signal[]; readonly answers: Record<string, Signal> }[] {
  return combinations(net.inputs.length).map(inputs => ({ inputs, answers: runNet(net, inputs) }))
}

/** The truth table as text: a line of names, then a line for each combination. */
export function truthTableText(net: NeuronNet): string {
  const outputs = Object.keys(net.layers.at(-1)!)
  const row = (left: readonly string[], right: readonly string[]) => {
    const cell = (text: string, name: string) => text.padStart(name.length)
    return [...left.map((text, i) => cell(text, net.inputs[i])), '│', ...right.map((text, i) => cell(text, outputs[i]))]
      .join(' ')
      .trimEnd()
  }
  const rows = truthTable(net).map(({ inputs, answers }) => row(inputs.map(String), Object.values(answers).map(String)))
  return [row(net.inputs, outputs), ...rows].join('\n')
}
