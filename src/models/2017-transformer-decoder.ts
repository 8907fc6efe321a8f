/**
 * The decoder of the Transformer alone, as a language model: with no source there is nothing for its cross-attention to
 * look at, so each block is causal self-attention and a feed-forward network, both followed by a normalization.
 * Vaswani et al., Attention Is All You Need, 2017, section 3; the decoder alone is Liu et al., Generating Wikipedia by
 * Summarizing Long Sequences, 2018, section 4.2. Embeddings, positions and first weights are those of the paper.
 * Shapes: B sequences, T tokens, C channels, V vocabulary.
 */
import { checkHeads, packedMask } from '../nn/attention.ts'
import { normal } from '../nn/initializers.ts'
import { KeyValueCache } from '../nn/key-value-cache.ts'
import { Embedding, LayerNormalization } from '../nn/layers.ts'
import type { MemorySize } from '../nn/memory.ts'
import { sinusoids } from '../nn/positions.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { addAndNormalize, FeedForward, SelfAttention } from './2017-transformer.ts'
import type { LanguageModel, LogitsOptions } from './language-model.ts'

export interface TransformerDecoderConfiguration {
  /** Different tokens. */
  readonly vocabulary: number
  /** Tokens that the model sees at once. */
  readonly context: number
  readonly channels: number
  readonly layers: number
  readonly heads: number
  /** Inner width of the feed-forward networks; the paper's is four times the channels. */
  readonly hidden: number
}

type Options = LogitsOptions<KeyValueCache>

export class TransformerDecoder implements LanguageModel<KeyValueCache> {
  readonly embedding: Embedding
  readonly blocks: readonly Block[]
  readonly #configuration: TransformerDecoderConfiguration

  /** @throws {OptionError} if the channels cannot be shared evenly among the heads */
  constructor(configuration: TransformerDecoderConfiguration) {
    const { vocabulary, channels, layers, heads } = configuration
    checkHeads(channels, heads)
    this.embedding = new Embedding(vocabulary, channels, normal(channels ** -0.5))
    this.blocks = Array.from({ length: layers }, () => new Block(configuration))
    this.#configuration = configuration
  }

  get configuration(): TransformerDecoderConfiguration {
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
    const [, tokens] = ids.shape
    const { channels } = this.#configuration
    const at = packing?.positions ?? memory?.positions
    const positions = at ? sinusoids(this.context, channels).gather(at) : sinusoids(tokens, channels)
    const mask = packing && packedMask(packing)
    let x = this.embedding.apply(ids).mul(Math.sqrt(channels)).add(positions) // [B, T, C]
    if (dropout) x = dropout.apply(x)
    for (const block of this.blocks) x = block.apply(recompute ? x.keep() : x, { dropout, memory, mask })
    return lastOnly ? x.slice(1, tokens - 1, tokens) : x // or [B, 1, C]
  }

  project(states: Tensor): Tensor {
    return states.matmul(this.embedding.table, { transposeB: true }) // [B, T, V]
  }

  logits(ids: Tensor, options?: Options): Tensor {
    return this.project(this.states(ids, options))
  }
}

class Block {
  readonly attention: SelfAttention
  readonly attentionNormalization: LayerNormalization
  readonly feedForward: FeedForward
  readonly feedForwardNormalization: LayerNormalization

  constructor(configuration: TransformerDecoderConfiguration) {
    this.attention = new SelfAttention({ ...configuration, bias: false })
    this.attentionNormalization = new LayerNormalization(configuration.channels)
    this.feedForward = new FeedForward(configuration)
    this.feedForwardNormalization = new LayerNormalization(configuration.channels)
  }

  apply(x: Tensor, { dropout, memory, mask }: Options & { readonly mask?: Tensor }): Tensor {
    const y = addAndNormalize(x, this.attention.causal(x, { memory, mask }), this.attentionNormalization, { dropout })
    return addAndNormalize(y, this.feedForward.apply(y), this.feedForwardNormalization, { dropout })
  }
}
