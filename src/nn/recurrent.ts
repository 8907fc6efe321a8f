/**
 * Layers that go through time, and the state that they carry. Shapes: T steps, B sequences, I inputs, H units; time is
 * the first axis, so that a step is one piece of memory.
 */
import type { Shape } from '../base/shape.ts'
import { elmanRecurrence, gruRecurrence, lstmRecurrence } from '../ops/recurrence.ts'
import type { HostTensor } from '../runtime/runtime.ts'
import { applyAll, constant, type Initializer, input, Parameter, type Tensor } from '../tensor/tensor.ts'
import type { Dropout } from './dropout.ts'
import { uniform } from './initializers.ts'
import { type Memory, nextName } from './memory.ts'

export interface RecurrentOptions {
  /** What the first step has before it: one tensor [B, H] for each name of `states`; zeros if left out. */
  readonly state?: readonly Tensor[]
  /** From the last step to the first. */
  readonly reverse?: boolean
  /**
   * 1 where a step is padding, else 0: [T, B, 1]. The cell of an LSTM and the state of a GRU stay what they were; the
   * output of an LSTM there means nothing, unless its state is zero. The state of a plain network stays zero if it is.
   */
  readonly padding?: Tensor
}

export interface RecurrentResult {
  /** h of every step: [T, B, H]. */
  readonly outputs: Tensor
  /** After the last step that was taken: one tensor [B, H] for each name of `states`. */
  readonly state: readonly Tensor[]
}

/** One layer of any kind. */
export interface RecurrentLayer {
  /** H */
  readonly units: number
  /** What is carried from step to step. */
  readonly states: readonly string[]
  /** @param x - [T, B, I] */
  apply(x: Tensor, options?: RecurrentOptions): RecurrentResult
}

/** Kinds of layers by name. */
export type RecurrentKind = 'rnn' | 'lstm' | 'gru'

export function recurrentLayer(kind: RecurrentKind, inputs: number, units: number): RecurrentLayer & object {
  const Layer = { rnn: ElmanLayer, lstm: LSTMLayer, gru: GRULayer }[kind]
  return new Layer(inputs, units)
}

/** Uniform between ±1 / √H, as torch.nn.LSTM and its like begin. */
const bounded = (units: number): Initializer => uniform(1 / Math.sqrt(units))

/** A gate that is moved by as much is wholly open or shut. */
const wholly = 1e4

/** Projected inputs with gates opened (+1) or shut (-1) where there is padding; one number for each group of columns. */
function holdAt(projected: Tensor, padding: Tensor | undefined, units: number, groups: readonly number[]): Tensor {
  if (padding === undefined) return projected
  const columns = groups.flatMap(group => Array<number>(units).fill(group * wholly))
  return projected.add(padding.mul(constant(columns, [columns.length])))
}

const zeroState = (x: Tensor, units: number): Tensor => x.zeros([x.shape[1], units])

/** h_t = tanh(W x_t + U h_{t-1} + b). Elman, 1990. */
export class ElmanLayer implements RecurrentLayer {
  readonly input: Parameter
  readonly recurrent: Parameter
  readonly bias: Parameter

  constructor(inputs: number, units: number) {
    this.input = new Parameter([inputs, units], bounded(units))
    this.recurrent = new Parameter([units, units], bounded(units))
    this.bias = new Parameter([units], bounded(units))
  }
  get units(): number {
    return this.recurrent.shape[0]
  }
  get states(): readonly string[] {
    return ['hidden']
  }

  apply(
    x: Tensor,
    { state: [first] = [zeroState(x, this.units)], reverse = false, padding }: RecurrentOptions = {},
  ): RecurrentResult {
    const sums = x.matmul(this.input).add(this.bias) // [T, B, H]
    const projected = padding ? sums.mul(padding.neg().add(1)) : sums // tanh 0 = 0
    const [outputs, ...state] = applyAll(elmanRecurrence, [projected, this.recurrent, first], { reverse })
    return { outputs, state }
  }
}

/**
 * Long short-term memory with input, forget and output gates; columns of the weights are in the order input gate, forget
 * gate, output gate, candidate. Hochreiter and Schmidhuber, 1997; Gers et al., 2000.
 */
export class LSTMLayer implements RecurrentLayer {
  readonly input: Parameter
  readonly recurrent: Parameter
  readonly bias: Parameter

  /** The forget gate begins open, with a bias of 1 (Jozefowicz et al., 2015, section 2.2). */
  constructor(inputs: number, units: number) {
    this.input = new Parameter([inputs, 4 * units], bounded(units))
    this.recurrent = new Parameter([units, 4 * units], bounded(units))
    this.bias = new Parameter([4 * units], (shape, random) =>
      bounded(units)(shape, random).map((value, i) => (Math.floor(i / units) === 1 ? value + 1 : value)),
    )
  }
  get units(): number {
    return this.recurrent.shape[0]
  }
  get states(): readonly string[] {
    return ['hidden', 'cell']
  }

  apply(x: Tensor, { state, reverse = false, padding }: RecurrentOptions = {}): RecurrentResult {
    const [hidden, cell] = state ?? [zeroState(x, this.units), zeroState(x, this.units)]
    const projected = holdAt(x.matmul(this.input).add(this.bias), padding, this.units, [-1, 1, 0, 0]) // [T, B, 4H]
    const [outputs, ...last] = applyAll(lstmRecurrence, [projected, this.recurrent, hidden, cell], { reverse })
    return { outputs, state: last }
  }
}

/** Gated recurrent unit; columns of the weights are in the order reset gate, update gate, candidate. Cho et al., 2014. */
export class GRULayer implements RecurrentLayer {
  readonly input: Parameter
  readonly recurrent: Parameter
  readonly bias: Parameter
  /** Of the candidate, inside of the reset gate. */
  readonly recurrentBias: Parameter

  constructor(inputs: number, units: number) {
    this.input = new Parameter([inputs, 3 * units], bounded(units))
    this.recurrent = new Parameter([units, 3 * units], bounded(units))
    this.bias = new Parameter([3 * units], bounded(units))
    this.recurrentBias = new Parameter([units], bounded(units))
  }
  get units(): number {
    return this.recurrent.shape[0]
  }
  get states(): readonly string[] {
    return ['hidden']
  }

  apply(
    x: Tensor,
    { state: [first] = [zeroState(x, this.units)], reverse = false, padding }: RecurrentOptions = {},
  ): RecurrentResult {
    const { units } = this
    const projected = holdAt(x.matmul(this.input).add(this.bias), padding, units, [0, 1, 0]) // [T, B, 3H]
    const [gates, candidate] = projected.split([2 * units, units], 2)
    const inputs = [gates, candidate, this.recurrent, this.recurrentBias, first] as const
    const [outputs, ...state] = applyAll(gruRecurrence, inputs, { reverse })
    return { outputs, state }
  }
}

/** A layer that reads in both directions: h of both side by side. Schuster and Paliwal, 1997. */
export class BidirectionalLayer {
  readonly forward: RecurrentLayer & object
  readonly backward: RecurrentLayer & object

  constructor(kind: RecurrentKind, inputs: number, units: number) {
    this.forward = recurrentLayer(kind, inputs, units)
    this.backward = recurrentLayer(kind, inputs, units)
  }

  /**
   * @param x - [T, B, I]; padding stands at the end, where the forward direction may read it
   * @returns h of every step [T, B, 2H], and the last states of both directions
   */
  apply(x: Tensor, { padding }: Pick<RecurrentOptions, 'padding'> = {}): RecurrentResult {
    const ahead = this.forward.apply(x)
    const back = this.backward.apply(x, { reverse: true, padding })
    return { outputs: ahead.outputs.concat([back.outputs], 2), state: [...ahead.state, ...back.state] }
  }
}

/** The states of a stack of layers, carried from window to window, or from token to token. */
export class RecurrentMemory implements Memory {
  readonly rewinds = false
  readonly inPlace = false
  readonly #rows: number
  readonly #shapes: Record<string, Shape> = {}
  readonly #outputs: Record<string, Tensor> = {}

  constructor({ rows }: { readonly rows: number }) {
    this.#rows = rows
  }

  /** A layer's states as they were. */
  before(layer: number, { states, units }: RecurrentLayer): Tensor[] {
    return states.map(name => {
      const shape = [this.#rows, units]
      this.#shapes[partName(layer, name)] = shape
      return input(partName(layer, name), shape)
    })
  }

  /** Remembers a layer's states as they are now. */
  after(layer: number, { states }: RecurrentLayer, state: readonly Tensor[]): void {
    for (const [i, name] of states.entries()) this.#outputs[nextName(partName(layer, name))] = state[i]
  }

  get shapes(): Readonly<Record<string, Shape>> {
    return this.#shapes
  }
  get outputs(): Readonly<Record<string, Tensor>> {
    return this.#outputs
  }
  place(): Readonly<Record<string, HostTensor>> {
    return {}
  }
}

const partName = (layer: number, state: string): string => `state/${layer}/${state}`

/**
 * Layers one on another. Dropout falls on what goes in and up, never on what goes on in time.
 * Zaremba, Sutskever and Vinyals, Recurrent Neural Network Regularization, 2014, section 3.2.
 *
 * @param x - [T, B, I]
 * @returns h of the last layer, dropped too: [T, B, H]; drops in one place more than there are layers
 */
export function applyLayers(
  layers: readonly RecurrentLayer[],
  x: Tensor,
  { dropout, memory }: { readonly dropout?: Dropout; readonly memory?: RecurrentMemory } = {},
): Tensor {
  const drop = (y: Tensor): Tensor => dropout?.apply(y) ?? y
  let y = drop(x)
  for (const [i, layer] of layers.entries()) {
    const { outputs, state } = layer.apply(y, { state: memory?.before(i, layer) })
    memory?.after(i, layer, state)
    y = drop(outputs)
  }
  return y
}
