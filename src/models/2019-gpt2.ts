/**
 * GPT-2: causal Transformer blocks with layer normalization moved before each sub-block and one more after the last.
 * Radford et al., Language Models are Unsupervised Multitask Learners, 2019, section 2.3.
 * Shapes: B sequences, T tokens, C channels, H heads, D = C / H channels of a head, V vocabulary.
 */
import { type CausalAttentionOptions, causalAttention, checkHeads, packedMask } from '../nn/attention.ts'
import { normal, transformerDeviation } from '../nn/initializers.ts'
import { KeyValueCache } from '../nn/key-value-cache.ts'
import { Embedding, LayerNormalization, Linear } from '../nn/layers.ts'
import type { MemorySize } from '../nn/memory.ts'
import { constant, type Tensor } from '../tensor/tensor.ts'
import type { LanguageModel, LogitsOptions } from './language-model.ts'

export interface GPT2Configuration {
  /** Different tokens. */
  readonly vocabulary: number
  /** Tokens that the model sees at once. */
  readonly context: number
  readonly channels: number
  readonly layers: number
  readonly heads: number
  /** Whether linear layers and normalizations add a bias, as the published model does. */
  readonly bias: boolean
}

/**
 * Table 2 of the paper. It names the sizes 117M, 345M, 762M and 1542M; counted with tied input and output embeddings,
 * the released weights have 124,439,808, 354,823,168, 774,030,080 and 1,557,611,200 parameters, hence the usual names.
 */
export const gpt2Sizes = {
  'gpt2-small': { published: '117M', parameters: 124_439_808, layers: 12, heads: 12, channels: 768 },
  'gpt2-medium': { published: '345M', parameters: 354_823_168, layers: 24, heads: 16, channels: 1024 },
  'gpt2-large': { published: '762M', parameters: 774_030_080, layers: 36, heads: 20, channels: 1280 },
  'gpt2-xl': { published: '1542M', parameters: 1_557_611_200, layers: 48, heads: 25, channels: 1600 },
} as const

/** What all published sizes share. */
export const gpt2Published = { vocabulary: 50_257, context: 1024, bias: true } as const

type Options = LogitsOptions<KeyValueCache>
type BlockOptions = Pick<Options, 'memory'> & CausalAttentionOptions

/** What a block is made of: GPT-3's are alike, but for biases that its folder has no place for. */
interface BlockConfiguration extends Pick<GPT2Configuration, 'channels' | 'layers' | 'heads' | 'bias'> {
  /** Whether queries, keys and values add a bias. */
  readonly projectionBias: boolean
}

export class GPT2 implements LanguageModel<KeyValueCache> {
  readonly tokenEmbedding: Embedding
  readonly positionEmbedding: Embedding
  readonly blocks: readonly Block[]
  readonly finalNormalization: LayerNormalization
  readonly #configuration: GPT2Configuration

  /**
   * @param projectionBias - whether queries, keys and values add a bias
   * @throws {OptionError} if the channels cannot be shared evenly among the heads
   */
  constructor(configuration: GPT2Configuration, projectionBias: boolean = configuration.bias) {
    const { vocabulary, context, channels, layers, heads, bias } = configuration
    checkHeads(channels, heads)
    const initialize = normal(transformerDeviation(channels))
    this.tokenEmbedding = new Embedding(vocabulary, channels, initialize)
    this.positionEmbedding = new Embedding(context, channels, initialize)
    this.blocks = Array.from({ length: layers }, () => new Block({ ...configuration, projectionBias }))
    this.finalNormalization = new LayerNormalization(channels, { bias })
    this.#configuration = configuration
  }

  get configuration(): GPT2Configuration {
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

  /** Tokens that a layer sees, the query's own and those right before it; undefined where it sees all of them. */
  protected bandOf(_layer: number): number | undefined {
    return undefined
  }

  states(ids: Tensor, { dropout, memory, packing, recompute, lastOnly = false }: Options = {}): Tensor {
    const [, tokens] = ids.shape
    const positions = packing?.positions ?? memory?.positions ?? constant([...Array(tokens).keys()], [tokens], 'int64')
    let x = this.tokenEmbedding.apply(ids).add(this.positionEmbedding.apply(positions)) // [B, T, C]
    if (dropout) x = dropout.apply(x)
    for (const [layer, block] of this.blocks.entries()) {
      const band = this.bandOf(layer)
      const mask = packing && packedMask(packing, band)
      x = block.apply(recompute ? x.keep() : x, { dropout, memory, band, mask })
    }
    if (lastOnly) x = x.slice(1, tokens - 1, tokens) // [B, 1, C]
    return this.finalNormalization.apply(x)
  }

  project(states: Tensor): Tensor {
    return states.matmul(this.tokenEmbedding.table, { transposeB: true }) // [B, T, V]
  }

  logits(ids: Tensor, options?: Options): Tensor {
    return this.project(this.states(ids, options))
  }
}

/** x + attention(normalize(x)), then x + feed-forward(normalize(x)). */
class Block {
  readonly attentionNormalization: LayerNormalization
  readonly attention: SelfAttention
  readonly feedForwardNormalization: LayerNormalization
  readonly feedForward: FeedForward

  constructor(configuration: BlockConfiguration) {
    const { channels, bias } = configuration
    this.attentionNormalization = new LayerNormalization(channels, { bias })
    this.attention = new SelfAttention(configuration)
    this.feedForwardNormalization = new LayerNormalization(channels, { bias })
    this.feedForward = new FeedForward(configuration)
  }

  apply(x: Tensor, options: BlockOptions): Tensor {
    const drop = (y: Tensor) => options.dropout?.apply(y) ?? y
    const attended = x.add(drop(this.attention.apply(this.attentionNormalization.apply(x), options)))
    return attended.add(drop(this.feedForward.apply(this.feedForwardNormalization.apply(attended))))
  }
}

/** "Scale the weights of residual layers at initialization by 1 / √N, where N is the number of residual layers." */
const residual = ({ channels, layers }: BlockConfiguration) =>
  normal(transformerDeviation(channels) / Math.sqrt(2 * layers))

class SelfAttention {
  /** Queries, keys and values side by side. */
  readonly project: Linear
  readonly output: Linear
  readonly #heads: number

  constructor(configuration: BlockConfiguration) {
    const { channels, heads, bias, projectionBias } = configuration
    const initialize = normal(transformerDeviation(channels))
    this.project = new Linear(channels, 3 * channels, { bias: projectionBias, initialize })
    this.output = new Linear(channels, channels, { bias, initialize: residual(configuration) })
    this.#heads = heads
  }

  apply(x: Tensor, { dropout, memory, mask, band }: BlockOptions): Tensor {
    const [batch, tokens, channels] = x.shape
    const heads = this.#heads
    const projected = this.project.apply(x) // [B, T, 3C]
    if (memory) {
      const [q, k, v] = projected.split([channels, channels, channels], 2)
      return this.output.apply(memory.attend(q, k, v, heads, band))
    }
    const [q, k, v] = projected
      .reshape([batch, tokens, 3, heads, channels / heads])
      .permute([2, 0, 3, 1, 4]) // [3, B, H, T, D]
      .split([1, 1, 1], 0)
      .map(part => part.reshape([batch, heads, tokens, channels / heads]))
    const y = causalAttention(q, k, v, { dropout, mask, band }) // [B, H, T, D]
    return this.output.apply(y.permute([0, 2, 1, 3]).reshape(x.shape))
  }
}

class FeedForward {
  readonly expand: Linear
  readonly contract: Linear

  constructor(configuration: BlockConfiguration) {
    const { channels, bias } = configuration
    this.expand = new Linear(channels, 4 * channels, { bias, initialize: normal(transformerDeviation(channels)) })
    this.contract = new Linear(4 * channels, channels, { bias, initialize: residual(configuration) })
  }

  apply(x: Tensor): Tensor {
    return this.contract.apply(this.expand.apply(x).gelu('tanh')) // [B, T, 4C] inside
  }
}

/** Our names on the left, transformers' (`GPT2LMHeadModel`) on the right. */
export const gpt2TensorNames: readonly (readonly [string, string])[] = [
  ['tokenEmbedding', 'transformer.wte'],
  ['positionEmbedding', 'transformer.wpe'],
  ['blocks', 'transformer.h'],
  ['attentionNormalization', 'ln_1'],
  ['attention.project', 'attn.c_attn'],
  ['attention.output', 'attn.c_proj'],
  ['feedForwardNormalization', 'ln_2'],
  ['feedForward.expand', 'mlp.c_fc'],
  ['feedForward.contract', 'mlp.c_proj'],
  ['finalNormalization', 'transformer.ln_f'],
]
