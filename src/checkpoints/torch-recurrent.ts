/**
 * Layers of torch.nn.RNN, LSTM and GRU: matrices lie the other way around, gates in another order, and there are two
 * biases, which are added, but for the candidate of a GRU.
 */
import type { Shape } from '../base/shape.ts'
import type { RecurrentKind } from '../nn/recurrent.ts'

/** The numbers of one of our layers, by the names of its fields. */
export type LayerWeights = Readonly<Record<'input' | 'recurrent' | 'bias' | 'recurrentBias', Float32Array | undefined>>

/** The tensors of one layer and direction there; their names go on with `_l0`, `_l0_reverse`, `_l1` and so on. */
export type TorchLayer = Readonly<Record<'weight_ih' | 'weight_hh' | 'bias_ih' | 'bias_hh', Float32Array>>

/** Which of our blocks of columns stand first, second and so on there. LSTM: i, f, g, o of our i, f, o, g. */
const blocks: Readonly<Record<RecurrentKind, readonly number[]>> = { rnn: [0], lstm: [0, 1, 3, 2], gru: [0, 1, 2] }

export function torchShapes(kind: RecurrentKind, inputs: number, units: number): Record<keyof TorchLayer, Shape> {
  const width = blocks[kind].length * units
  return { weight_ih: [width, inputs], weight_hh: [width, units], bias_ih: [width], bias_hh: [width] }
}

export function toTorch(kind: RecurrentKind, { input, recurrent, bias, recurrentBias }: LayerWeights): TorchLayer {
  const order = blocks[kind]
  const width = bias!.length
  const second = new Float32Array(width)
  if (recurrentBias) second.set(recurrentBias, width - recurrentBias.length)
  return {
    weight_ih: reorder(transpose(input!, width), order),
    weight_hh: reorder(transpose(recurrent!, width), order),
    bias_ih: reorder(bias!, order),
    bias_hh: second,
  }
}

export function fromTorch(kind: RecurrentKind, { weight_ih, weight_hh, bias_ih, bias_hh }: TorchLayer): LayerWeights {
  const order = blocks[kind].map((_, i) => blocks[kind].indexOf(i))
  const width = bias_ih.length
  const units = width / order.length
  const second = reorder(bias_hh, order)
  const joined = kind === 'gru' ? width - units : width
  return {
    input: transpose(reorder(weight_ih, order), weight_ih.length / width),
    recurrent: transpose(reorder(weight_hh, order), weight_hh.length / width),
    bias: reorder(bias_ih, order).map((value, i) => (i < joined ? value + second[i] : value)),
    recurrentBias: kind === 'gru' ? second.slice(joined) : undefined,
  }
}

/** A matrix the other way around. */
export function transpose(data: Float32Array, columns: number): Float32Array {
  const rows = data.length / columns
  const turned = new Float32Array(data.length)
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) turned[j * rows + i] = data[i * columns + j]
  return turned
}

/** Blocks of equal length in another order: block i of the result is block order[i]. */
function reorder(data: Float32Array, order: readonly number[]): Float32Array {
  const length = data.length / order.length
  const result = new Float32Array(data.length)
  for (const [i, block] of order.entries()) result.set(data.subarray(block * length, (block + 1) * length), i * length)
  return result
}
