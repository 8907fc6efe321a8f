import { CheckpointError } from '../base/errors.ts'
import { headSizeOf, Llama, type LlamaConfiguration, llamaPublished, llamaTensorNames } from '../models/2023-llama.ts'
import type { RotaryScaling } from '../nn/positions.ts'
import type { Architecture, Config, ConfigReader } from './architecture.ts'
import { fromStored, type PartNames, storedParts, theirNames, toStored } from './stored-parts.ts'

const names: PartNames = llamaTensorNames.map(([ours, theirs]) => [ours, [theirs]])
const parts = (model: Llama) => storedParts(model, names, ['embedding'])

/** A model of this form in transformers: the class, and what it has that Llama has not. */
interface Form {
  readonly modelType: string
  readonly className: string
  readonly own: Pick<LlamaConfiguration, 'queryKeyValueBias' | 'queryKeyNormalization'>
  /** What its config.json says besides, and must say where it says something. */
  readonly fixed: Readonly<Record<string, boolean>>
  /** Fields that other models of the class may have. */
  readonly absent?: readonly string[]
  /** Fields that another class has another default for than ours: they must be there. */
  readonly required?: readonly string[]
}

function architecture({ modelType, className, own, fixed, absent = [], required = [] }: Form): Architecture<Llama> {
  const { queryKeyValueBias = false, queryKeyNormalization = false } = own
  return {
    modelType,
    describes: (model): model is Llama =>
      model instanceof Llama &&
      (model.configuration.queryKeyValueBias ?? false) === queryKeyValueBias &&
      (model.configuration.queryKeyNormalization ?? false) === queryKeyNormalization,
    config: ({ configuration }, { beginOfText, endOfText }) => ({
      architectures: [className],
      model_type: modelType,
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
      ...fixed,
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
      const optional = (field: string, otherwise: number): number =>
        required.includes(field) || config.optional(field) !== undefined ? config.integer(field) : otherwise
      const headSize = optional('head_dim', channels / heads)
      config.onlyIf('hidden_act', ['silu'])
      for (const [field, value] of Object.entries(fixed)) config.onlyIf(field, [value])
      for (const field of absent) config.onlyIf(field, [null])
      return new Llama({
        vocabulary: config.integer('vocab_size'),
        context: config.integer('max_position_embeddings'),
        channels,
        layers: config.integer('num_hidden_layers'),
        heads,
        keyValueHeads: optional('num_key_value_heads', heads),
        ...(headSize !== channels / heads && { headSize }),
        hidden: config.integer('intermediate_size'),
        ...rotationOf(config),
        epsilon: config.positive('rms_norm_eps', 1e-6),
        tied: config.optional('tie_word_embeddings') ? config.boolean('tie_word_embeddings') : false,
        ...own,
      })
    },
    layout: () => ({ names: name => theirNames(name, names), inputsFirst: false }),
    store: (model, weights) => toStored(parts(model), weights),
    load: (model, read) => fromStored(model, parts(model), ({ name, shape }) => read(name, shape)),
  }
}

/** transformers' `LlamaForCausalLM`. */
export const llama: Architecture<Llama> = architecture({
  modelType: 'llama',
  className: 'LlamaForCausalLM',
  own: {},
  fixed: { attention_bias: false, mlp_bias: false },
  absent: ['sliding_window'],
})

/** transformers' `Qwen2ForCausalLM`, which Qwen 2.5 is too. */
export const qwen2: Architecture<Llama> = architecture({
  modelType: 'qwen2',
  className: 'Qwen2ForCausalLM',
  own: { queryKeyValueBias: true },
  fixed: { use_sliding_window: false },
  required: ['num_key_value_heads'],
})

/** transformers' `Qwen3ForCausalLM`. */
export const qwen3: Architecture<Llama> = architecture({
  modelType: 'qwen3',
  className: 'Qwen3ForCausalLM',
  own: { queryKeyNormalization: true },
  fixed: { attention_bias: false, use_sliding_window: false },
  required: ['num_key_value_heads', 'head_dim'],
})

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
