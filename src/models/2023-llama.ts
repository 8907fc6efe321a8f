/**
 * Llama: causal Transformer blocks with root-mean-square normalization before each sub-block, rotary positions, gated
 * feed-forward layers (SwiGLU) and no biases; later with queries in groups that share keys and values.
 * Touvron et al., LLaMA: Open and Efficient Foundation Language Models, 2023, section 2.2; Touvron et al., Llama 2: Open
 * Foundation and Fine-Tuned Chat Models, 2023, section 2.2. Qwen 2 and 3 add what two options say.
 * Shapes: B sequences, T tokens, C channels, H heads, K heads of keys and values, D channels of a head, V vocabulary.
 */
import { OptionError } from '../base/errors.ts'
import { type CausalAttentionOptions, causalAttention, checkHeads, packedMask } from '../nn/attention.ts'
import { normal, transformerDeviation } from '../nn/initializers.ts'
import { KeyValueCache } from '../nn/key-value-cache.ts'
import { Embedding, Linear, RootMeanSquareNormalization } from '../nn/layers.ts'
import type { MemorySize } from '../nn/memory.ts'
import { type RotaryPlace, type RotaryScaling, rotaryFrequencies, rotaryTables } from '../nn/positions.ts'
import { constant, type Tensor } from '../tensor/tensor.ts'
import type { LanguageModel, LogitsOptions } from './language-model.ts'

export interface LlamaConfiguration {
  /** Different tokens. */
  readonly vocabulary: number
  /** Tokens that the model sees at once. */
  readonly context: number
  readonly channels: number
  readonly layers: number
  readonly heads: number
  /** Heads of keys and values, each for a group of queries; as many as heads: none is shared. */
  readonly keyValueHeads: number
  /** Channels of a head; channels / heads unless given. */
  readonly headSize?: number
  /** Units inside of a feed-forward layer. */
  readonly hidden: number
  /** Of the wavelengths of the rotation: 2π to 2π times this, in tokens. */
  readonly rotaryBase: number
  /** How the rotation is slowed for texts longer than those that the model began with. */
  readonly rotaryScaling?: RotaryScaling
  /** Added to the mean square before its root. */
  readonly epsilon: number
  /** Whether the logits are made by the token embedding too. */
  readonly tied: boolean
  /** Whether queries, keys and values have biases: Qwen Team, Qwen2 Technical Report, 2024, section 2.2.1. */
  readonly queryKeyValueBias?: boolean
  /** Whether queries and keys are normalized, each head by itself, before they are turned: Qwen3 Technical Report, 2025, section 2. */
  readonly queryKeyNormalization?: boolean
}

/** What all sizes share. */
export const llamaPublished = { vocabulary: 32_000, rotaryBase: 10_000 } as const

/** Channels of a head. */
export function headSizeOf({ channels, heads, headSize = channels / heads }: HeadSizes): number {
  return headSize
}

type HeadSizes = Pick<LlamaConfiguration, 'channels' | 'heads' | 'headSize'>

export type LlamaSize = Omit<LlamaConfiguration, keyof typeof llamaPublished> & { readonly parameters: number }

/** Table 2 of the first paper, which counts 6.7B, 13.0B, 32.5B and 65.2B parameters. */
const first = { context: 2048, epsilon: 1e-6, tied: false } as const
/** Table 1 of the second paper: groups in its largest model. */
const second = { context: 4096, epsilon: 1e-5, tied: false } as const
/** Karpathy's llama2.c: models of stories for small children. */
const stories = { epsilon: 1e-5, tied: true } as const

const b7 = { layers: 32, heads: 32, keyValueHeads: 32, channels: 4096, hidden: 11_008 } as const
const b13 = { layers: 40, heads: 40, keyValueHeads: 40, channels: 5120, hidden: 13_824 } as const
const b33 = { layers: 60, heads: 52, keyValueHeads: 52, channels: 6656, hidden: 17_920 } as const
const b65 = { layers: 80, heads: 64, keyValueHeads: 64, channels: 8192, hidden: 22_016 } as const
const b70 = { layers: 80, heads: 64, keyValueHeads: 8, channels: 8192, hidden: 28_672 } as const
const m15 = { context: 256, layers: 6, heads: 6, keyValueHeads: 6, channels: 288, hidden: 768 } as const
const m42 = { context: 1024, layers: 8, heads: 8, keyValueHeads: 8, channels: 512, hidden: 1376 } as const
const m110 = { context: 1024, layers: 12, heads: 12, keyValueHeads: 12, channels: 768, hidden: 2048 } as const

type LlamaSizeName = `llama-${'7b' | '13b' | '33b' | '65b'}` | 'llama2-70b' | `stories-${'15m' | '42m' | '110m'}`

export const llamaSizes: Readonly<Record<LlamaSizeName, LlamaSize>> = {
  'llama-7b': { ...first, ...b7, parameters: 6_738_415_616 },
  'llama-13b': { ...first, ...b13, parameters: 13_015_864_320 },
  'llama-33b': { ...first, ...b33, parameters: 32_528_943_616 },
  'llama-65b': { ...first, ...b65, parameters: 65_285_660_672 },
  'llama2-70b': { ...second, ...b70, parameters: 68_976_648_192 },
  'stories-15m': { ...stories, ...m15, parameters: 15_191_712 },
  'stories-42m': { ...stories, ...m42, parameters: 41_689_600 },
  'stories-110m': { ...stories, ...m110, parameters: 109_529_856 },
}

/**
 * Units of a feed-forward layer: "2/3 4d instead of 4d as in PaLM", rounded up to a multiple of 256 as published, of 32
 * in models of less than 1,024 channels as llama2.c does.
 */
export function llamaHidden(channels: number): number {
  const multiple = channels < 1024 ? 32 : 256
  return multiple * Math.ceil((8 * channels) / 3 / multiple)
}

type Options = LogitsOptions<KeyValueCache>
type BlockOptions = Pick<Options, 'memory'> & CausalAttentionOptions & { readonly place: RotaryPlace }

export class Llama implements LanguageModel<KeyValueCache> {
  readonly embedding: Embedding
  readonly blocks: readonly Block[]
  readonly finalNormalization: RootMeanSquareNormalization
  /** Left out where the embedding makes the logits too. */
  readonly output?: Linear
  readonly #configuration: LlamaConfiguration

  /** @throws {OptionError} if the channels cannot be shared evenly among the heads, or the heads among the groups */
  constructor(configuration: LlamaConfiguration) {
    const { vocabulary, channels, layers, heads, keyValueHeads, headSize, epsilon, tied } = configuration
    if (headSize === undefined) checkHeads(channels, heads)
    checkGroups(configuration)
    const initialize = normal(transformerDeviation(channels))
    this.embedding = new Embedding(vocabulary, channels, initialize)
    this.blocks = Array.from({ length: layers }, () => new Block(configuration))
    this.finalNormalization = new RootMeanSquareNormalization(channels, epsilon)
    if (!tied) this.output = new Linear(channels, vocabulary, { bias: false, initialize })
    this.#configuration = { ...configuration, keyValueHeads }
  }

  get configuration(): LlamaConfiguration {
    return this.#configuration
  }
  get context(): number {
    return this.#configuration.context
  }
  get reach(): number {
    return this.context
  }
  get vocabulary(): number {
    return this.#configuration.vocabulary
  }

  memory(size: MemorySize): KeyValueCache {
    return new KeyValueCache(size, this.context)
  }

  states(ids: Tensor, { dropout, memory, packing, recompute, lastOnly = false }: Options = {}): Tensor {
    const { context, rotaryBase, rotaryScaling } = this.#configuration
    const [, tokens] = ids.shape
    // One number where the tokens follow one another: the position of the first.
    const positions = packing?.positions ?? memory?.positions.slice(0, 0, 1) ?? constant([0], [1], 'int64')
    const frequencies = rotaryFrequencies(headSizeOf(this.#configuration), rotaryBase, rotaryScaling)
    const place = { positions, ...rotaryTables(memory?.length ?? Math.min(tokens, context), frequencies) }
    const mask = packing && packedMask(packing)
    let x = this.embedding.apply(ids) // [B, T, C]
    if (dropout) x = dropout.apply(x)
    for (const block of this.blocks) x = block.apply(recompute ? x.keep() : x, { dropout, memory, mask, place })
    if (lastOnly) x = x.slice(1, tokens - 1, tokens) // [B, 1, C]
    return this.finalNormalization.apply(x)
  }

  project(states: Tensor): Tensor {
    return this.output?.apply(states) ?? states.matmul(this.embedding.table, { transposeB: true }) // [B, T, V]
  }

  logits(ids: Tensor, options?: Options): Tensor {
    return this.project(this.states(ids, options))
  }
}

/** x + attention(normalize(x)), then x + feed-forward(normalize(x)). */
class Block {
  readonly attentionNormalization: RootMeanSquareNormalization
  readonly attention: SelfAttention
  readonly feedForwardNormalization: RootMeanSquareNormalization
  readonly feedForward: FeedForward

  constructor(configuration: LlamaConfiguration) {
    const { channels, epsilon } = configuration
    this.attentionNormalization = new RootMeanSquareNormalization(channels, epsilon)
    this.attention = new SelfAttention(configuration)
    this.feedForwardNormalization = new RootMeanSquareNormalization(channels, epsilon)
    this.feedForward = new FeedForward(configuration)
  }

  apply(x: Tensor, options: BlockOptions): Tensor {
    const drop = (y: Tensor) => options.dropout?.apply(y) ?? y
    const attended = x.add(drop(this.attention.apply(this.attentionNormalization.apply(x), options)))
    return attended.add(drop(this.feedForward.apply(this.feedForwardNormalization.apply(attended))))
  }
}

/** The papers do not say how weights begin: as GPT-2's do, layers before a sum smaller. */
function linear(
  inputs: number,
  outputs: number,
  { channels, layers }: LlamaConfiguration,
  { bias = false, beforeSum = false }: { bias?: boolean; beforeSum?: boolean } = {},
): Linear {
  const deviation = transformerDeviation(channels) / (beforeSum ? Math.sqrt(2 * layers) : 1)
  return new Linear(inputs, outputs, { bias, initialize: normal(deviation) })
}

class SelfAttention {
  readonly query: Linear
  readonly key: Linear
  readonly value: Linear
  readonly queryNormalization?: RootMeanSquareNormalization
  readonly keyNormalization?: RootMeanSquareNormalization
  readonly output: Linear
  readonly #heads: number
  readonly #headSize: number

  constructor(configuration: LlamaConfiguration) {
    const { channels, heads, keyValueHeads, epsilon, queryKeyValueBias: bias, queryKeyNormalization } = configuration
    const headSize = headSizeOf(configuration)
    this.query = linear(channels, headSize * heads, configuration, { bias })
    this.key = linear(channels, headSize * keyValueHeads, configuration, { bias })
    this.value = linear(channels, headSize * keyValueHeads, configuration, { bias })
    if (queryKeyNormalization) {
      this.queryNormalization = new RootMeanSquareNormalization(headSize, epsilon)
      this.keyNormalization = new RootMeanSquareNormalization(headSize, epsilon)
    }
    this.output = linear(headSize * heads, channels, configuration, { beforeSum: true })
    this.#heads = heads
    this.#headSize = headSize
  }

  apply(x: Tensor, { dropout, memory, mask, place: { positions, cosines, sines } }: BlockOptions): Tensor {
    const [batch, tokens] = x.shape
    const perHead = (part: Tensor, normalization?: RootMeanSquareNormalization): Tensor =>
      normalization?.apply(part.reshape([batch, tokens, -1, this.#headSize])).reshape(part.shape) ?? part
    const q = perHead(this.query.apply(x), this.queryNormalization).rotary(positions, cosines, sines) // [B, T, H D]
    const k = perHead(this.key.apply(x), this.keyNormalization).rotary(positions, cosines, sines) // [B, T, K D]
    const v = this.value.apply(x)
    if (memory) return this.output.apply(memory.attend(q, k, v, this.#heads))
    const byHeads = (part: Tensor) => part.reshape([batch, tokens, -1, this.#headSize]).permute([0, 2, 1, 3]) // [B, H or K, T, D]
    const y = causalAttention(byHeads(q), byHeads(k), byHeads(v), { dropout, mask }) // [B, H, T, D]
    return this.output.apply(y.permute([0, 2, 1, 3]).reshape([batch, tokens, -1]))
  }
}

/** (swish(x W_gate) ⊙ x W_expand) W_contract. Shazeer, GLU Variants Improve Transformer, 2020. */
class FeedForward {
  readonly gate: Linear
  readonly expand: Linear
  readonly contract: Linear

  constructor(configuration: LlamaConfiguration) {
    const { channels, hidden } = configuration
    this.gate = linear(channels, hidden, configuration)
    this.expand = linear(channels, hidden, configuration)
    this.contract = linear(hidden, channels, configuration, { beforeSum: true })
  }

  apply(x: Tensor): Tensor {
    return this.contract.apply(this.gate.apply(x).swiglu(this.expand.apply(x)))
  }
}

/** @throws {OptionError} if heads cannot be grouped, or the channels of a head do not come in pairs */
function checkGroups(configuration: LlamaConfiguration): void {
  const { channels, heads, keyValueHeads, headSize } = configuration
  if (heads % keyValueHeads !== 0) {
    const expected = `a divisor of heads (${heads})`
    throw new OptionError({ what: 'keyValueHeads', expected, received: String(keyValueHeads) })
  }
  if (headSizeOf(configuration) % 2 === 0) return
  if (headSize !== undefined)
    throw new OptionError({
      what: 'headSize',
      expected: 'an even number, for channels are rotated in pairs',
      received: String(headSize),
    })
  throw new OptionError({
    what: 'channels',
    expected: 'an even number of channels in each head, which are rotated in pairs',
    received: `${channels} channels in ${heads} heads`,
    hint: `Try ${2 * heads * Math.max(1, Math.round(channels / heads / 2))}.`,
  })
}

/** Our names on the left, transformers' (`LlamaForCausalLM`) on the right, whose matrices are [outputs, inputs]. */
export const llamaTensorNames: readonly (readonly [string, string])[] = [
  ['embedding', 'model.embed_tokens'],
  ['blocks', 'model.layers'],
  ['attentionNormalization', 'input_layernorm'],
  ['attention.queryNormalization', 'self_attn.q_norm'],
  ['attention.keyNormalization', 'self_attn.k_norm'],
  ['attention.query', 'self_attn.q_proj'],
  ['attention.key', 'self_attn.k_proj'],
  ['attention.value', 'self_attn.v_proj'],
  ['attention.output', 'self_attn.o_proj'],
  ['feedForwardNormalization', 'post_attention_layernorm'],
  ['feedForward.gate', 'mlp.gate_proj'],
  ['feedForward.expand', 'mlp.up_proj'],
  ['feedForward.contract', 'mlp.down_proj'],
  ['finalNormalization', 'model.norm'],
  ['output', 'lm_head'],
]
