import { CheckpointError } from '../base/errors.ts'
import { elementCount, type Shape } from '../base/shape.ts'
import { GPT3, gpt3TensorNames } from '../models/2020-gpt3.ts'
import { transformerDeviation } from '../nn/initializers.ts'
import type { Architecture, ConfigReader } from './architecture.ts'
import type { StoredTensor } from './safetensors.ts'
import { fromStored, type StoredPart, storedParts, theirNames, toStored } from './stored-parts.ts'

/** Kinds of attention there; every second layer is local. */
const kinds = ['global', 'local'] as const
const kindOf = (layer: number): string => kinds[layer % 2]

const parts = (model: GPT3): StoredPart[] =>
  storedParts(model, gpt3TensorNames, ['tokenEmbedding', 'positionEmbedding'])

/** There scores are not divided by √D: the queries are. */
const isQuery = (name: string): boolean => /\.q_proj\b/.test(name)
const rootOf = ({ configuration: { channels, heads } }: GPT3): number => Math.sqrt(channels / heads)
const factorOf = (model: GPT3, name: string): number => (isQuery(name) ? 1 / rootOf(model) : 1)
const scaled = (data: Float32Array, factor: number): Float32Array => data.map(value => value * factor)

/**
 * transformers' `GPTNeoForCausalLM`, whose layers are global and local by turns, as GPT-3's are. It always has biases but
 * for queries, keys and values: those of a model without are written as zeros.
 */
export const gptNeo: Architecture<GPT3> = {
  modelType: 'gpt_neo',
  describes: model => model instanceof GPT3,
  config: ({ configuration: { vocabulary, context, channels, layers, heads, bias, band } }, { endOfText }) => ({
    architectures: ['GPTNeoForCausalLM'],
    model_type: 'gpt_neo',
    vocab_size: vocabulary,
    max_position_embeddings: context,
    hidden_size: channels,
    intermediate_size: 4 * channels,
    num_layers: layers,
    num_heads: heads,
    attention_types: attentionTypes(layers),
    window_size: band,
    activation_function: 'gelu_new',
    layer_norm_epsilon: 1e-5,
    initializer_range: transformerDeviation(channels),
    attention_dropout: 0,
    embed_dropout: 0,
    resid_dropout: 0,
    tie_word_embeddings: true,
    bos_token_id: endOfText ?? null,
    eos_token_id: endOfText ?? null,
    dtype: 'float32',
    nacre: { bias },
  }),
  create: config => {
    const channels = config.integer('hidden_size')
    const layers = config.integer('num_layers')
    config.onlyIf('activation_function', ['gelu_new', 'gelu_pytorch_tanh'])
    config.onlyIf('layer_norm_epsilon', [1e-5])
    config.onlyIf('intermediate_size', [null, 4 * channels])
    config.onlyIf('tie_word_embeddings', [true])
    checkKinds(config, layers)
    return new GPT3({
      vocabulary: config.integer('vocab_size'),
      context: config.integer('max_position_embeddings'),
      ...{ channels, layers, heads: config.integer('num_heads') },
      bias: config.bias(),
      band: config.integer('window_size'),
    })
  },
  layout: model => ({
    names: own => theirNames(own, gpt3TensorNames),
    inputsFirst: false,
    factor: name => factorOf(model, name),
  }),
  *store(model, weights) {
    const shapes = new Map<string, Shape>()
    for (const tensor of toStored(parts(model), weights)) {
      shapes.set(tensor.name, tensor.shape)
      const factor = factorOf(model, tensor.name)
      yield factor === 1 ? tensor : { ...tensor, data: scaled(tensor.data, factor) }
    }
    if (!model.configuration.bias) yield* missingBiases(shapes)
  },
  load: (model, read) =>
    fromStored(model, parts(model), async part => {
      const data = await read(part.name, part.shape)
      return isQuery(part.name) ? scaled(data, rootOf(model)) : data
    }),
}

/** Pairs of both, and one more of an odd number. */
function attentionTypes(layers: number): [readonly string[], number][] {
  const pairs = Math.floor(layers / 2)
  const last = layers % 2 === 1 ? [[[kinds[0]], 1] as [string[], number]] : []
  return [...(pairs > 0 ? [[kinds, pairs] as [readonly string[], number]] : []), ...last]
}

/** @throws {CheckpointError} if the layers are not global and local by turns */
function checkKinds(config: ConfigReader, layers: number): void {
  const given = config.optional('attention_types')
  const expected = Array.from({ length: layers }, (_, layer) => kindOf(layer))
  const isItem = (item: unknown): item is [string[], number] =>
    Array.isArray(item) && Array.isArray(item[0]) && Number.isInteger(item[1]) && item[1] >= 0 && item[1] <= layers
  const found = Array.isArray(given) && given.every(isItem) ? given : []
  const all = found.flatMap(([own, count]) => Array<string[]>(count).fill(own).flat())
  if (all.join() === expected.join()) return
  const what = `${config.location}, field "attention_types",`
  const received = JSON.stringify(given ?? 'none').slice(0, 80)
  throw new CheckpointError({ what, expected: 'layers that are global and local by turns', received })
}

function* missingBiases(shapes: ReadonlyMap<string, Shape>): Generator<StoredTensor> {
  for (const [name, [size]] of shapes) {
    if (/\.(wte|wpe|[qkv]_proj)\./.test(name)) continue
    const shape = [size]
    const data = new Float32Array(elementCount(shape))
    yield { name: name.replace(/weight$/, 'bias'), dtype: 'F32', shape, data }
  }
}
