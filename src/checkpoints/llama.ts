import { Llama, llamaPublished, llamaTensorNames } from '../models/2023-llama.ts'
import type { Architecture, Config, ConfigReader } from './architecture.ts'
import { fromStored, type PartNames, storedParts, theirNames, toStored } from './stored-parts.ts'

const names: PartNames = llamaTensorNames.map(([ours, theirs]) => [ours, [theirs]])
const parts = (model: Llama) => storedParts(model, names, ['embedding'])

/** transformers' `LlamaForCausalLM`. */
export const llama: Architecture<Llama> = {
  modelType: 'llama',
  describes: model => model instanceof Llama,
  config: ({ configuration }, { beginOfText, endOfText }) => ({
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    vocab_size: configuration.vocabulary,
    max_position_embeddings: configuration.context,
    hidden_size: configuration.channels,
    intermediate_size: configuration.hidden,
    num_hidden_layers: configuration.layers,
    num_attention_heads: configuration.heads,
    num_key_value_heads: configuration.keyValueHeads,
    head_dim: configuration.channels / configuration.heads,
    hidden_act: 'silu',
    rms_norm_eps: configuration.epsilon,
    rope_theta: configuration.rotaryBase,
    rope_scaling: null,
    attention_bias: false,
    mlp_bias: false,
    attention_dropout: 0,
    initializer_range: 0.02,
    tie_word_embeddings: configuration.tied,
    bos_token_id: beginOfText ?? endOfText ?? null,
    eos_token_id: endOfText ?? null,
    dtype: 'float32',
  }),
  create: config => {
    const channels = config.integer('hidden_size')
    const heads = config.integer('num_attention_heads')
    config.onlyIf('hidden_act', ['silu'])
    config.onlyIf('rope_scaling', [null])
    config.onlyIf('attention_bias', [false])
    config.onlyIf('mlp_bias', [false])
    config.onlyIf('head_dim', [null, channels / heads])
    config.onlyIf('sliding_window', [null])
    return new Llama({
      vocabulary: config.integer('vocab_size'),
      context: config.integer('max_position_embeddings'),
      channels,
      layers: config.integer('num_hidden_layers'),
      heads,
      keyValueHeads: config.optional('num_key_value_heads') ? config.integer('num_key_value_heads') : heads,
      hidden: config.integer('intermediate_size'),
      rotaryBase: rotaryBaseOf(config),
      epsilon: config.positive('rms_norm_eps', 1e-6),
      tied: config.optional('tie_word_embeddings') ? config.boolean('tie_word_embeddings') : false,
    })
  },
  layout: () => ({ names: own => theirNames(own, names), inputsFirst: false }),
  store: (model, weights) => toStored(parts(model), weights),
  load: (model, read) => fromStored(model, parts(model), ({ name, shape }) => read(name, shape)),
}

/** transformers 5 writes `rope_parameters` where those before wrote `rope_theta` and `rope_scaling`. */
function rotaryBaseOf(config: ConfigReader): number {
  const given = config.optional('rope_parameters')
  if (typeof given !== 'object' || given === null) return config.positive('rope_theta', llamaPublished.rotaryBase)
  const parameters = config.inside('rope_parameters', given as Config)
  parameters.onlyIf('rope_type', ['default'])
  return parameters.positive('rope_theta', config.positive('rope_theta', llamaPublished.rotaryBase))
}
