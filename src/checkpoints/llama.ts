import { CheckpointError } from '../base/errors.ts'
import { headSizeOf, Llama, type LlamaConfiguration, llamaPublished, llamaTensorNames } from '../models/2023-llama.ts'
import type { RotaryScaling } from '../nn/positions.ts'
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
    head_dim: headSizeOf(configuration),
    hidden_act: 'silu',
    rms_norm_eps: configuration.epsilon,
    rope_theta: configuration.rotaryBase,
    rope_scaling: configuration.rotaryScaling === undefined ? null : storedScaling(configuration.rotaryScaling),
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
    const headSize = config.optional('head_dim') ? config.integer('head_dim') : channels / heads
    config.onlyIf('hidden_act', ['silu'])
    config.onlyIf('attention_bias', [false])
    config.onlyIf('mlp_bias', [false])
    config.onlyIf('sliding_window', [null])
    return new Llama({
      vocabulary: config.integer('vocab_size'),
      context: config.integer('max_position_embeddings'),
      channels,
      layers: config.integer('num_hidden_layers'),
      heads,
      keyValueHeads: config.optional('num_key_value_heads') ? config.integer('num_key_value_heads') : heads,
      ...(headSize !== channels / heads && { headSize }),
      hidden: config.integer('intermediate_size'),
      ...rotationOf(config),
      epsilon: config.positive('rms_norm_eps', 1e-6),
      tied: config.optional('tie_word_embeddings') ? config.boolean('tie_word_embeddings') : false,
    })
  },
  layout: () => ({ names: own => theirNames(own, names), inputsFirst: false }),
  store: (model, weights) => toStored(parts(model), weights),
  load: (model, read) => fromStored(model, parts(model), ({ name, shape }) => read(name, shape)),
}

/** transformers 5 writes `rope_parameters` where those before wrote `rope_theta` and `rope_scaling`. */
function rotationOf(config: ConfigReader): Pick<LlamaConfiguration, 'rotaryBase' | 'rotaryScaling'> {
  const base = config.positive('rope_theta', llamaPublished.rotaryBase)
  const parameters = config.object('rope_parameters')
  const scaling = parameters ?? config.object('rope_scaling')
  const rotaryScaling = scaling && scalingOf(scaling)
  return { rotaryBase: parameters?.positive('rope_theta', base) ?? base, ...(rotaryScaling && { rotaryScaling }) }
}

function scalingOf(config: ConfigReader): RotaryScaling | undefined {
  const field =
    config.optional('rope_type') === undefined && config.optional('type') !== undefined ? 'type' : 'rope_type'
  const kind = config.optional(field) === undefined ? 'default' : config.oneOf(field, ['default', 'linear', 'llama3'])
  config.onlyIf('partial_rotary_factor', [null, 1])
  if (kind === 'default') return undefined
  const factor = config.positive('factor')
  if (kind === 'linear') return { kind, factor }
  const [lowFrequencyFactor, highFrequencyFactor] = [
    config.positive('low_freq_factor'),
    config.positive('high_freq_factor'),
  ]
  if (highFrequencyFactor <= lowFrequencyFactor)
    throw new CheckpointError({
      what: `${config.location}, field "high_freq_factor",`,
      expected: `a number above "low_freq_factor" (${lowFrequencyFactor})`,
      received: String(highFrequencyFactor),
    })
  const context = config.integer('original_max_position_embeddings')
  return { kind, factor, lowFrequencyFactor, highFrequencyFactor, context }
}

/** With `type` too: releases before transformers 4.43 know no other name. */
function storedScaling(scaling: RotaryScaling): Config {
  const { kind, factor } = scaling
  if (kind === 'linear') return { rope_type: kind, type: kind, factor }
  return {
    rope_type: kind,
    factor,
    low_freq_factor: scaling.lowFrequencyFactor,
    high_freq_factor: scaling.highFrequencyFactor,
    original_max_position_embeddings: scaling.context,
  }
}
