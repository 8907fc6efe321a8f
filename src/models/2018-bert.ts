/**
 * BERT: an encoder that looks at a text from both sides, and learns by filling in masked words and by telling whether one
 * sentence follows another.
 * Devlin et al., BERT: Pre-training of Deep Bidirectional Transformers for Language Understanding, 2018, section 3.
 * Shapes: B rows, T tokens, C channels, H heads, D = C / H channels of a head, V vocabulary.
 */
import { attention, checkHeads } from '../nn/attention.ts'
import { normal, transformerDeviation, zeros } from '../nn/initializers.ts'
import { Embedding, LayerNormalization, Linear } from '../nn/layers.ts'
import { constant, Parameter, type Tensor } from '../tensor/tensor.ts'
import type { EncodeTextInput, EncodeTextOptions, MaskedLanguageModel } from './masked-language-model.ts'

export interface BERTConfiguration {
  /** Different tokens. */
  readonly vocabulary: number
  /** Tokens that the model sees at once. */
  readonly context: number
  readonly channels: number
  readonly layers: number
  readonly heads: number
  /** Inner width of the feed-forward networks; four times the channels as published. */
  readonly hidden: number
}

/**
 * Base and Large: section 3 of the paper, which rounds them to 110M and 340M. The others: Turc et al., Well-Read Students
 * Learn Better, 2019, table 1. Parameters with both heads and the 30,522 tokens of English, as transformers counts them.
 */
export const bertSizes = {
  'bert-tiny': { published: '4.4M', parameters: 4_433_468, layers: 2, heads: 2, channels: 128, hidden: 512 },
  'bert-mini': { published: '11.3M', parameters: 11_267_900, layers: 4, heads: 4, channels: 256, hidden: 1024 },
  'bert-small': { published: '29.1M', parameters: 29_058_876, layers: 4, heads: 8, channels: 512, hidden: 2048 },
  'bert-medium': { published: '41.7M', parameters: 41_668_412, layers: 8, heads: 8, channels: 512, hidden: 2048 },
  'bert-base': { published: '110M', parameters: 110_106_428, layers: 12, heads: 12, channels: 768, hidden: 3072 },
  'bert-large': { published: '340M', parameters: 336_226_108, layers: 24, heads: 16, channels: 1024, hidden: 4096 },
} as const

/** What all published sizes share; the Chinese vocabulary has 21,128 tokens. */
export const bertPublished = { vocabulary: 30_522, context: 512 } as const

export class BERT implements MaskedLanguageModel {
  readonly tokenEmbedding: Embedding
  readonly positionEmbedding: Embedding
  /** "We add a learned embedding to every token indicating whether it belongs to sentence A or sentence B." */
  readonly segmentEmbedding: Embedding
  readonly embeddingNormalization: LayerNormalization
  readonly blocks: readonly Block[]
  /** What is made of the first token's state. */
  readonly pooler: Linear
  readonly maskHead: MaskHead
  readonly nextHead: Linear
  readonly #configuration: BERTConfiguration

  /** @throws {OptionError} if the channels cannot be shared evenly among the heads */
  constructor(configuration: BERTConfiguration) {
    const { vocabulary, context, channels, layers, heads } = configuration
    checkHeads(channels, heads)
    const initialize = normal(transformerDeviation(channels))
    this.tokenEmbedding = new Embedding(vocabulary, channels, initialize)
    this.positionEmbedding = new Embedding(context, channels, initialize)
    this.segmentEmbedding = new Embedding(2, channels, initialize)
    this.embeddingNormalization = new LayerNormalization(channels, { epsilon })
    this.blocks = Array.from({ length: layers }, () => new Block(configuration))
    this.pooler = new Linear(channels, channels, { initialize })
    this.maskHead = new MaskHead(configuration)
    this.nextHead = new Linear(channels, 2, { initialize })
    this.#configuration = configuration
  }

  get configuration(): BERTConfiguration {
    return this.#configuration
  }
  get vocabulary(): number {
    return this.#configuration.vocabulary
  }
  get context(): number {
    return this.#configuration.context
  }
  /** After the embeddings, and three times in each block. */
  get dropoutPlaces(): number {
    return 1 + 3 * this.#configuration.layers
  }

  encode({ ids, segments, lengths }: EncodeTextInput, options: EncodeTextOptions = {}): Encoded {
    const [batch, tokens] = ids.shape
    const places = constant([...Array(tokens).keys()], [tokens], 'int64')
    const padding = places.reshape([1, tokens]).greaterOrEqual(lengths.reshape([batch, 1])) // [B, T]
    const mask = padding.where(-3.4028234663852886e38, 0).reshape([batch, 1, 1, tokens])
    const segmented = this.tokenEmbedding.apply(ids).add(this.segmentEmbedding.apply(segments)) // [B, T, C]
    const x = this.embeddingNormalization.apply(segmented.add(this.positionEmbedding.apply(places)))
    let states = options.dropout?.apply(x) ?? x
    for (const [i, block] of this.blocks.entries()) states = block.apply(states, mask, `${i}`, options)
    const first = states.slice(1, 0, 1).reshape([batch, -1]) // [B, C]
    return { states, pooled: this.pooler.apply(first).tanh() }
  }

  maskLogits(states: Tensor, positions: Tensor): Tensor {
    const rows = states.reshape([-1, states.shape[2]]).gather(positions) // [N, C]
    return this.maskHead.apply(rows, this.tokenEmbedding.table)
  }

  nextLogits(pooled: Tensor): Tensor {
    return this.nextHead.apply(pooled)
  }
}

type Encoded = ReturnType<MaskedLanguageModel['encode']>

/** Of all layer normalizations, as in the authors' program. */
const epsilon = 1e-12

/** normalize(x + attention(x)), then normalize(x + feed-forward(x)), as in the Transformer of 2017. */
class Block {
  readonly attention: SelfAttention
  readonly attentionNormalization: LayerNormalization
  readonly feedForward: FeedForward
  readonly feedForwardNormalization: LayerNormalization

  constructor(configuration: BERTConfiguration) {
    this.attention = new SelfAttention(configuration)
    this.attentionNormalization = new LayerNormalization(configuration.channels, { epsilon })
    this.feedForward = new FeedForward(configuration)
    this.feedForwardNormalization = new LayerNormalization(configuration.channels, { epsilon })
  }

  apply(x: Tensor, mask: Tensor, name: string, options: EncodeTextOptions): Tensor {
    const drop = (y: Tensor) => options.dropout?.apply(y) ?? y
    const attended = this.attentionNormalization.apply(x.add(drop(this.attention.apply(x, mask, name, options))))
    return this.feedForwardNormalization.apply(attended.add(drop(this.feedForward.apply(attended))))
  }
}

/** Every token looks at every token of its row. */
class SelfAttention {
  /** Queries, keys and values side by side. */
  readonly project: Linear
  readonly output: Linear
  readonly #heads: number

  constructor(configuration: BERTConfiguration) {
    const { channels, heads } = configuration
    const initialize = normal(transformerDeviation(configuration.channels))
    this.project = new Linear(channels, 3 * channels, { initialize })
    this.output = new Linear(channels, channels, { initialize })
    this.#heads = heads
  }

  apply(x: Tensor, mask: Tensor, name: string, { dropout, attentions }: EncodeTextOptions): Tensor {
    const [batch, tokens, channels] = x.shape
    const heads = this.#heads
    const [q, k, v] = this.project
      .apply(x)
      .reshape([batch, tokens, 3, heads, channels / heads])
      .permute([2, 0, 3, 1, 4]) // [3, B, H, T, D]
      .split([1, 1, 1], 0)
      .map(part => part.reshape([batch, heads, tokens, channels / heads]))
    attentions?.set(name, q.matmul(k, { transposeB: true, scale: (channels / heads) ** -0.5 }).maskedSoftmax(mask))
    const y = attention(q, k, v, mask, dropout) // [B, H, T, D]
    return this.output.apply(y.permute([0, 2, 1, 3]).reshape(x.shape))
  }
}

class FeedForward {
  readonly expand: Linear
  readonly contract: Linear

  constructor(configuration: BERTConfiguration) {
    const { channels, hidden } = configuration
    const initialize = normal(transformerDeviation(configuration.channels))
    this.expand = new Linear(channels, hidden, { initialize })
    this.contract = new Linear(hidden, channels, { initialize })
  }

  apply(x: Tensor): Tensor {
    return this.contract.apply(this.expand.apply(x).gelu())
  }
}

/** What a masked token was: a layer, then the token embeddings as the output matrix, and a bias for each token. */
class MaskHead {
  readonly transform: Linear
  readonly normalization: LayerNormalization
  readonly bias: Parameter

  constructor(configuration: BERTConfiguration) {
    const { channels, vocabulary } = configuration
    this.transform = new Linear(channels, channels, {
      initialize: normal(transformerDeviation(configuration.channels)),
    })
    this.normalization = new LayerNormalization(channels, { epsilon })
    this.bias = new Parameter([vocabulary], zeros)
  }

  /** @param x - [N, C]; returns [N, V] */
  apply(x: Tensor, embeddings: Tensor): Tensor {
    const transformed = this.normalization.apply(this.transform.apply(x).gelu())
    return transformed.matmul(embeddings, { transposeB: true }).add(this.bias)
  }
}

/**
 * Our names on the left, transformers' (`BertForPreTraining`) on the right. Its matrices are [outputs, inputs]; what we
 * keep side by side it keeps apart, in this order.
 */
export const bertTensorNames: readonly (readonly [ours: string, theirs: readonly string[]])[] = [
  ['tokenEmbedding', ['bert.embeddings.word_embeddings']],
  ['positionEmbedding', ['bert.embeddings.position_embeddings']],
  ['segmentEmbedding', ['bert.embeddings.token_type_embeddings']],
  ['embeddingNormalization', ['bert.embeddings.LayerNorm']],
  ['blocks', ['bert.encoder.layer']],
  ['attention.project', ['attention.self.query', 'attention.self.key', 'attention.self.value']],
  ['attention.output', ['attention.output.dense']],
  ['attentionNormalization', ['attention.output.LayerNorm']],
  ['feedForward.expand', ['intermediate.dense']],
  ['feedForward.contract', ['output.dense']],
  ['feedForwardNormalization', ['output.LayerNorm']],
  ['pooler', ['bert.pooler.dense']],
  ['maskHead.transform', ['cls.predictions.transform.dense']],
  ['maskHead.normalization', ['cls.predictions.transform.LayerNorm']],
  ['maskHead.bias', ['cls.predictions.bias']],
  ['nextHead', ['cls.seq_relationship']],
]
