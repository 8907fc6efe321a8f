/**
 * RNN, LSTM and GRU with the tensors of torch.nn.Embedding, torch.nn.RNN / LSTM / GRU and torch.nn.Linear under
 * `embedding`, `layers` and `output`: transformers has no such models, PyTorch loads the parts as they are.
 */
import { RNN } from '../models/1982-rnn.ts'
import { LSTM } from '../models/1997-lstm.ts'
import { GRU } from '../models/2014-gru.ts'
import type { RecurrentKind } from '../nn/recurrent.ts'
import type { Architecture, StoredModel } from './architecture.ts'
import type { StoredTensor } from './safetensors.ts'
import { fromTorch, type LayerWeights, type TorchLayer, torchShapes, toTorch, transpose } from './torch-recurrent.ts'

type RecurrentModel = RNN | LSTM | GRU

const fields = ['input', 'recurrent', 'bias', 'recurrentBias'] as const

function architecture<M extends RecurrentModel>(
  kind: RecurrentKind,
  Model: new (configuration: M['configuration']) => M,
): Architecture<M> {
  return {
    modelType: kind,
    describes: (model: StoredModel): model is M => model instanceof Model,
    config: ({ configuration: { vocabulary, context, embeddingSize, hiddenSize, layers } }, { endOfText }) => ({
      architectures: [Model.name],
      model_type: kind,
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
    layout: () => ({ names: own => [own], inputsFirst: false }),
    *store({ configuration: { vocabulary, embeddingSize, hiddenSize, layers } }, weights): Generator<StoredTensor> {
      const common = { dtype: 'F32' } as const
      const embedding = weights.get('embedding.weight')!
      yield { ...common, name: 'embedding.weight', shape: [vocabulary, embeddingSize], data: embedding }
      for (let i = 0; i < layers; i++) {
        const own = Object.fromEntries(fields.map(field => [field, weights.get(`layers.${i}.${field}`)]))
        const shapes = torchShapes(kind, i === 0 ? embeddingSize : hiddenSize, hiddenSize)
        for (const [part, data] of Object.entries(toTorch(kind, own as LayerWeights)))
          yield { ...common, name: `layers.${part}_l${i}`, shape: shapes[part as keyof TorchLayer], data }
      }
      const output = transpose(weights.get('output.weight')!, vocabulary)
      yield { ...common, name: 'output.weight', shape: [vocabulary, hiddenSize], data: output }
      yield { ...common, name: 'output.bias', shape: [vocabulary], data: weights.get('output.bias')! }
    },
    async load({ configuration: { vocabulary, embeddingSize, hiddenSize, layers } }, read) {
      const weights = new Map([['embedding.weight', await read('embedding.weight', [vocabulary, embeddingSize])]])
      for (let i = 0; i < layers; i++) {
        const parts: Record<string, Float32Array> = {}
        for (const [part, shape] of Object.entries(torchShapes(kind, i === 0 ? embeddingSize : hiddenSize, hiddenSize)))
          parts[part] = await read(`layers.${part}_l${i}`, shape)
        for (const [field, data] of Object.entries(fromTorch(kind, parts as unknown as TorchLayer)))
          if (data) weights.set(`layers.${i}.${field}`, data)
      }
      weights.set('output.weight', transpose(await read('output.weight', [vocabulary, hiddenSize]), hiddenSize))
      weights.set('output.bias', await read('output.bias', [vocabulary]))
      return weights
    },
  }
}

export const recurrentArchitectures: readonly Architecture[] = [
  architecture('rnn', RNN),
  architecture('lstm', LSTM),
  architecture('gru', GRU),
]
