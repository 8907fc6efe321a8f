/**
 * GPT: the Transformer's decoder with learned positions, first taught to predict text, then fine-tuned for a task.
 * Radford et al., Improving Language Understanding by Generative Pre-Training, 2018, section 3.1 and "Model
 * specifications" of section 4.1. The inputs of its tasks (section 3.3) are in `fine-tuning.ts`.
 * Shapes: B sequences, T tokens, C channels, H heads, D = C / H channels of a head, V vocabulary.
 */
import { type CausalAttentionOptions, causalAttention, checkHeads, packedMask } from '../nn/attention.ts'
import { normal, transformerDeviation } from '../nn/initializers.ts'
import { KeyValueCache } from '../nn/key-value-cache.ts'
import { Embedding, LayerNormalization, Linear } from '../nn/layers.ts'
import type { MemorySize } from '../nn/memory.ts'
import { constant, type Tensor } from '../tensor/tensor.ts'
import type { LanguageModel, LogitsOptions } from './language-model.ts'

export interface GPTConfiguration {
  /** Different tokens. */
  readonly vocabulary: number
  /** Tokens that the model sees at once. */
  readonly context: number
  readonly channels: number
  readonly layers: number
  readonly heads: number
}

/**
 * The published model: "a 12-layer decoder-only transformer with masked self-attention heads (768 dimensional states and
 * 12 attention heads)", 3072 inside of the feed-forward networks, contexts of 512 tokens, 40,000 merges, whose vocabulary
 * has 40,478 tokens. The paper names no number of parameters; these are its released weights.
 */
export const gptPublished = {
  vocabulary: 40_478,
  context: 512,
  layers: 12,
  heads: 12,
  channels: 768,
  parameters: 116_534_784,
} as const

type Options = LogitsOptions<KeyValueCache>
type BlockOptions = Pick<Options, 'memory'> & CausalAttentionOptions

export class GPT implements LanguageModel<KeyValueCache> {
  readonly tokenEmbedding: Embedding
  readonly positionEmbedding: Embedding
  readonly blocks: readonly Block[]
  readonly #configuration: GPTConfiguration

  /** @throws {OptionError} if the channels cannot be shared evenly among the heads */
  constructor(configuration: GPTConfiguration) {
    const { vocabulary, context, channels, layers, heads } = configuration
    checkHeads(channels, heads)
    const initialize = normal(transformerDeviation(channels))
    this.tokenEmbedding = new Embedding(vocabulary, channels, initialize)
    this.positionEmbedding = new Embedding(context, channels, initialize)
    this.blocks = Array.from({ length: layers }, () => new Block(configuration))
    this.#configuration = configuration
  }

  get configuration(): GPTConfiguration {
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

  /** h_0 = U W_e + W_p, h_l = transformer_block(h_{l-1}): [B, T, C]. */
  states(ids: Tensor, { dropout, memory, packing, recompute, lastOnly = false }: Options = {}): Tensor {
    const [, tokens] = ids.shape
    const positions = packing?.positions ?? memory?.positions ?? constant([...Array(tokens).keys()], [tokens], 'int64')
    const mask = packing && packedMask(packing)
    let x = this.tokenEmbedding.apply(ids).add(this.positionEmbedding.apply(positions)) // [B, T, C]
    if (dropout) x = dropout.apply(x)
    for (const block of this.blocks) x = block.apply(recompute ? x.keep() : x, { dropout, memory, mask })
    return lastOnly ? x.slice(1, tokens - 1, tokens) : x // or [B, 1, C]
  }

  /** P(u) = softmax(h_n W_eᵀ). */
  project(states: Tensor): Tensor {
    return states.matmul(this.tokenEmbedding.table, { transposeB: true }) // [B, T, V]
  }

  logits(ids: Tensor, options?: Options): Tensor {
    return this.project(this.states(ids, options))
  }
}

/** normalize(x + attention(x)), then normalize(x + feed-forward(x)), as in the Transformer of 2017. */
class Block {
  readonly attention: SelfAttention
  readonly attentionNormalization: LayerNormalization
  readonly feedForward: FeedForward
  readonly feedForwardNormalization: LayerNormalization

  constructor(configuration: GPTConfiguration) {
    this.attention = new SelfAttention(configuration)
    this.attentionNormalization = new LayerNormalization(configuration.channels)
    this.feedForward = new FeedForward(configuration)
    this.feedForwardNormalization = new LayerNormalization(configuration.channels)
  }

  apply(x: Tensor, options: BlockOptions): Tensor {
    const drop = (y: Tensor) => options.dropout?.apply(y) ?? y
    const attended = this.attentionNormalization.apply(x.add(drop(this.attention.apply(x, options))))
    return this.feedForwardNormalization.apply(attended.add(drop(this.feedForward.apply(attended))))
  }
}

class SelfAttention {
  /** Queries, keys and values side by side. */
  readonly project: Linear
  readonly output: Linear
  readonly #heads: number

  constructor(configuration: GPTConfiguration) {
    const { channels, heads } = configuration
    const initialize = normal(transformerDeviation(channels))
    this.project = new Linear(channels, 3 * channels, { initialize })
    this.output = new Linear(channels, channels, { initialize })
    this.#heads = heads
  }

  apply(x: Tensor, { dropout, memory, mask }: BlockOptions): Tensor {
    const [batch, tokens, channels] = x.shape
    const heads = this.#heads
    const projected = this.project.apply(x) // [B, T, 3C]
    if (memory) {
      const [q, k, v] = projected.split([channels, channels, channels], 2)
      return this.output.apply(memory.attend(q, k, v, heads))
    }
    const [q, k, v] = projected
      .reshape([batch, tokens, 3, heads, channels / heads])
      .permute([2, 0, 3, 1, 4]) // [3, B, H, T, D]
      .split([1, 1, 1], 0)
      .map(part => part.reshape([batch, heads, tokens, channels / heads]))
    const y = causalAttention(q, k, v, { dropout, mask }) // [B, H, T, D]
    return this.output.apply(y.permute([0, 2, 1, 3]).reshape(x.shape))
  }
}

class FeedForward {
  readonly expand: Linear
  readonly contract: Linear

  constructor(configuration: GPTConfiguration) {
    const { channels } = configuration
    const initialize = normal(transformerDeviation(channels))
    this.expand = new Linear(channels, 4 * channels, { initialize })
    this.contract = new Linear(4 * channels, channels, { initialize })
  }

  apply(x: Tensor): Tensor {
    return this.contract.apply(this.expand.apply(x).gelu('tanh')) // [B, T, 4C] inside
  }
}

/** Our names on the left, transformers' (`OpenAIGPTLMHeadModel`) on the right. */
export const gptTensorNames: readonly (readonly [string, string])[] = [
  ['tokenEmbedding', 'transformer.tokens_embed'],
  ['positionEmbedding', 'transformer.positions_embed'],
  ['blocks', 'transformer.h'],
  ['attentionNormalization', 'ln_1'],
  ['attention.project', 'attn.c_attn'],
  ['attention.output', 'attn.c_proj'],
  ['feedForwardNormalization', 'ln_2'],
  ['feedForward.expand', 'mlp.c_fc'],
  ['feedForward.contract', 'mlp.c_proj'],
]
