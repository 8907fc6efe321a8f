/**
 * RNN, LSTM and GRU with the tensors of torch.nn.Embedding, torch.nn.RNN / LSTM / GRU and torch.nn.Linear under
 * `embedding`, `layers` and `output`: transformers has no such models, PyTorch loads the parts as they are.
 */
import type { Shape } from '../base/shape.ts'
import { RNN } from '../models/1982-rnn.ts'
import { LSTM } from '../models/1997-lstm.ts'
import { GRU } from '../models/2014-gru.ts'
import type { Architecture, StoredModel, Weights } from './architecture.ts'
import type { StoredTensor } from './safetensors.ts'

type RecurrentModel = RNN | LSTM | GRU

interface Kind<M extends RecurrentModel> {
  readonly name: 'rnn' | 'lstm' | 'gru'
  readonly Model: new (configuration: M['configuration']) => M
  /** Which of our blocks of columns stand first, second and so on in torch's layer. */
  readonly blocks: readonly number[]
}

/** [rows, columns] as [columns, rows]. */
function transpose(data: Float32Array, rows: number, columns: number): Float32Array {
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

/** The order that undoes another. */
const inverse = (order: readonly number[]): number[] => order.map((_, i) => order.indexOf(i))

function architecture<M extends RecurrentModel>({ name, Model, blocks }: Kind<M>): Architecture<M> {
  return {
    modelType: name,
    describes: (model: StoredModel): model is M => model instanceof Model,
    config: ({ configuration: { vocabulary, context, embeddingSize, hiddenSize, layers } }, { endOfText }) => ({
      architectures: [Model.name],
      model_type: name,
      vocab_size: vocabulary,
      embedding_size: embeddingSize,
      hidden_size: hiddenSize,
      num_layers: layers,
      training_context: context,
      bos_token_id: endOfText ?? null,
      eos_token_id: endOfText ?? null,
      dtype: 'float32',
    }),
    create: config =>
      new Model({
        vocabulary: config.integer('vocab_size'),
        context: config.integer('training_context'),
        embeddingSize: config.integer('embedding_size'),
        hiddenSize: config.integer('hidden_size'),
        layers: config.integer('num_layers'),
      }),
    *store({ configuration: { vocabulary, embeddingSize, hiddenSize, layers } }, weights): Generator<StoredTensor> {
      const width = blocks.length * hiddenSize
      const tensor = (stored: string, shape: Shape, data: Float32Array): StoredTensor => {
        return { name: stored, dtype: 'F32', shape, data }
      }
      const own = (path: string): Float32Array => weights.get(path)!
      const matrix = (path: string, rows: number) => reorder(transpose(own(path), rows, width), blocks)
      yield tensor('embedding.weight', [vocabulary, embeddingSize], own('embedding.weight'))
      for (let i = 0; i < layers; i++) {
        const inputs = i === 0 ? embeddingSize : hiddenSize
        const suffix = `l${i}`
        yield tensor(`layers.weight_ih_${suffix}`, [width, inputs], matrix(`layers.${i}.input`, inputs))
        yield tensor(`layers.weight_hh_${suffix}`, [width, hiddenSize], matrix(`layers.${i}.recurrent`, hiddenSize))
        yield tensor(`layers.bias_ih_${suffix}`, [width], reorder(own(`layers.${i}.bias`), blocks))
        yield tensor(`layers.bias_hh_${suffix}`, [width], secondBias(weights, i, hiddenSize, width))
      }
      yield tensor('output.weight', [vocabulary, hiddenSize], transpose(own('output.weight'), hiddenSize, vocabulary))
      yield tensor('output.bias', [vocabulary], own('output.bias'))
    },
    async load({ configuration: { vocabulary, embeddingSize, hiddenSize, layers } }, read) {
      const width = blocks.length * hiddenSize
      const order = inverse(blocks)
      const weights = new Map<string, Float32Array>()
      const matrix = async (stored: string, rows: number) =>
        transpose(reorder(await read(stored, [width, rows]), order), width, rows)
      weights.set('embedding.weight', await read('embedding.weight', [vocabulary, embeddingSize]))
      for (let i = 0; i < layers; i++) {
        const inputs = i === 0 ? embeddingSize : hiddenSize
        const suffix = `l${i}`
        weights.set(`layers.${i}.input`, await matrix(`layers.weight_ih_${suffix}`, inputs))
        weights.set(`layers.${i}.recurrent`, await matrix(`layers.weight_hh_${suffix}`, hiddenSize))
        const first = reorder(await read(`layers.bias_ih_${suffix}`, [width]), order)
        const second = reorder(await read(`layers.bias_hh_${suffix}`, [width]), order)
        // torch adds a second bias, which ours is joined with; that of a GRU's candidate stands inside of its gate.
        const joined = name === 'gru' ? width - hiddenSize : width
        weights.set(
          `layers.${i}.bias`,
          first.map((value, j) => (j < joined ? value + second[j] : value)),
        )
        if (name === 'gru') weights.set(`layers.${i}.recurrentBias`, second.slice(joined))
      }
      const output = await read('output.weight', [vocabulary, hiddenSize])
      weights.set('output.weight', transpose(output, vocabulary, hiddenSize))
      weights.set('output.bias', await read('output.bias', [vocabulary]))
      return weights
    },
  }
}

/** torch's second bias: zeros, but for the candidate of a GRU. */
function secondBias(weights: Weights, layer: number, hiddenSize: number, width: number): Float32Array {
  const bias = new Float32Array(width)
  const own = weights.get(`layers.${layer}.recurrentBias`)
  if (own) bias.set(own, width - hiddenSize)
  return bias
}

export const recurrentArchitectures: readonly Architecture[] = [
  architecture({ name: 'rnn', Model: RNN, blocks: [0] }),
  architecture({ name: 'lstm', Model: LSTM, blocks: [0, 1, 3, 2] }), // torch: i, f, g, o; ours: i, f, o, g
  architecture({ name: 'gru', Model: GRU, blocks: [0, 1, 2] }),
]
