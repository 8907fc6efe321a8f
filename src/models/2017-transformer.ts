/**
 * The Transformer: an encoder and a decoder made of attention alone.
 * Vaswani et al., Attention Is All You Need, 2017, section 3.
 * Shapes: B sentences, S source and T target tokens, C channels, H heads, D = C / H channels of a head, V vocabulary.
 */
import { attention, causalAttention, causalMask, checkHeads } from '../nn/attention.ts'
import { normal, uniform } from '../nn/initializers.ts'
import type { KeyValueCache } from '../nn/key-value-cache.ts'
import { Embedding, LayerNormalization, Linear } from '../nn/layers.ts'
import { sinusoids } from '../nn/positions.ts'
import { constant, type Tensor } from '../tensor/tensor.ts'
import type { DecoderStep, EncoderDecoder, EncoderDecoderOptions, NamedTensors } from './encoder-decoder.ts'

export interface TransformerConfiguration {
  /** Different tokens, shared by both languages. */
  readonly vocabulary: number
  /** Tokens that a sentence may have, with the one that ends it. */
  readonly context: number
  /** Width of the embeddings and of every sub-layer. */
  readonly channels: number
  /** Blocks of the encoder, and as many of the decoder. */
  readonly layers: number
  readonly heads: number
  /** Inner width of the feed-forward networks. */
  readonly hidden: number
  /** Whether the projections of the attention add a bias: the paper's do not, Marian's and PyTorch's do. */
  readonly bias: boolean
  /** The id that fills what a sentence leaves empty. */
  readonly padding: number
}

/** Table 3 of the paper; parameters as it rounds them, with the 37,000 tokens of English and German. */
export const transformerSizes = {
  'transformer-base': { parameters: '65M', layers: 6, channels: 512, hidden: 2048, heads: 8, dropout: 0.1 },
  'transformer-big': { parameters: '213M', layers: 6, channels: 1024, hidden: 4096, heads: 16, dropout: 0.3 },
} as const

export class Transformer implements EncoderDecoder {
  /** "We share the same weight matrix between the two embedding layers and the pre-softmax linear transformation." */
  readonly embedding: Embedding
  readonly encoder: readonly EncoderBlock[]
  readonly decoder: readonly DecoderBlock[]
  readonly #configuration: TransformerConfiguration

  /** @throws {OptionError} if the channels cannot be shared evenly among the heads */
  constructor(configuration: TransformerConfiguration) {
    const { vocabulary, channels, layers, heads } = configuration
    checkHeads(channels, heads)
    this.embedding = new Embedding(vocabulary, channels, normal(channels ** -0.5))
    this.encoder = Array.from({ length: layers }, () => new EncoderBlock(configuration))
    this.decoder = Array.from({ length: layers }, () => new DecoderBlock(configuration))
    this.#configuration = configuration
  }

  get configuration(): TransformerConfiguration {
    return this.#configuration
  }
  get vocabulary(): number {
    return this.#configuration.vocabulary
  }
  get context(): number {
    return this.#configuration.context
  }
  get padding(): number {
    return this.#configuration.padding
  }

  logits(source: Tensor, target: Tensor, options: EncoderDecoderOptions = {}): Tensor {
    const sourceMask = this.#paddingMask(source)
    const encoded = this.#encode(source, sourceMask, options)
    const mask = causalMask(target.shape[1])
    let x = this.#embed(target, options)
    for (const [i, block] of this.decoder.entries()) x = block.apply(x, encoded, mask, sourceMask, `${i}`, options)
    return this.#project(x) // [B, T, V]
  }

  encode(source: Tensor, length: number): { memory: NamedTensors; state: NamedTensors } {
    const [batch] = source.shape
    const { heads, channels } = this.#configuration
    const mask = this.#paddingMask(source)
    const encoded = this.#encode(source, mask, {})
    const memory: Record<string, Tensor> = { mask }
    const state: Record<string, Tensor> = {}
    const empty = constant(new Float32Array(1), [1, 1, 1, 1]).expand([batch, heads, length, channels / heads])
    for (const [i, block] of this.decoder.entries()) {
      const [keys, values] = block.crossAttention.remember(encoded)
      Object.assign(memory, { [`keys/${i}`]: keys, [`values/${i}`]: values })
      Object.assign(state, { [`keys/${i}`]: empty, [`values/${i}`]: empty })
    }
    return { memory, state }
  }

  step({ previous, parents, position, memory, state }: DecoderStep): { logits: Tensor; state: NamedTensors } {
    const { channels, context } = this.#configuration
    const [, , length] = state['keys/0'].shape
    const positions = constant([...Array(length).keys()], [1, 1, length, 1], 'int64')
    const written = positions.equal(position.reshape([1, 1, 1, 1])) // [1, 1, L, 1]
    const later = positions.greater(position.reshape([1, 1, 1, 1])).reshape([1, 1, 1, length])
    const mask = later.where(-3.4028234663852886e38, 0) // [1, 1, 1, L]
    const embedded = this.embedding.apply(previous).mul(Math.sqrt(channels)) // [N, C]
    let x = embedded.add(sinusoids(context, channels).gather(position)).reshape([-1, 1, channels]) // [N, 1, C]
    const next: Record<string, Tensor> = {}
    for (const [i, block] of this.decoder.entries()) {
      const [past, known] = [state, memory].map(named => [named[`keys/${i}`], named[`values/${i}`]] as const)
      const result = block.step(x, { past, parents, written, mask, known, sourceMask: memory.mask })
      Object.assign(next, { [`keys/${i}`]: result.keys, [`values/${i}`]: result.values })
      x = result.x
    }
    return { logits: this.#project(x).reshape([-1, this.vocabulary]), state: next }
  }

  #encode(source: Tensor, mask: Tensor, options: EncoderDecoderOptions): Tensor {
    let x = this.#embed(source, options)
    for (const [i, block] of this.encoder.entries()) x = block.apply(x, mask, `${i}`, options)
    return x // [B, S, C]
  }

  /** "In the embedding layers, we multiply those weights by √d_model", and positions are added. */
  #embed(ids: Tensor, { dropout }: EncoderDecoderOptions): Tensor {
    const { channels } = this.#configuration
    const x = this.embedding.apply(ids).mul(Math.sqrt(channels)).add(sinusoids(ids.shape[1], channels)) // [B, T, C]
    return dropout ? dropout.apply(x) : x
  }

  #project(x: Tensor): Tensor {
    return x.matmul(this.embedding.table, { transposeB: true })
  }

  /** 0 for a word, -∞ for padding: [B, 1, 1, S]. */
  #paddingMask(source: Tensor): Tensor {
    const [batch, tokens] = source.shape
    return source.equal(this.padding).where(-3.4028234663852886e38, 0).reshape([batch, 1, 1, tokens])
  }
}

/** "The output of each sub-layer is LayerNorm(x + Sublayer(x))", with dropout on the sub-layer. Section 3.1, 5.4. */
export const addAndNormalize = (
  x: Tensor,
  y: Tensor,
  norm: LayerNormalization,
  { dropout }: Pick<EncoderDecoderOptions, 'dropout'>,
): Tensor => norm.apply(x.add(dropout ? dropout.apply(y) : y))

class EncoderBlock {
  readonly attention: SelfAttention
  readonly attentionNormalization: LayerNormalization
  readonly feedForward: FeedForward
  readonly feedForwardNormalization: LayerNormalization

  constructor(configuration: TransformerConfiguration) {
    this.attention = new SelfAttention(configuration)
    this.attentionNormalization = new LayerNormalization(configuration.channels)
    this.feedForward = new FeedForward(configuration)
    this.feedForwardNormalization = new LayerNormalization(configuration.channels)
  }

  apply(x: Tensor, mask: Tensor, name: string, options: EncoderDecoderOptions): Tensor {
    const attended = this.attention.apply(x, mask, `encoder/${name}`, options)
    const y = addAndNormalize(x, attended, this.attentionNormalization, options)
    return addAndNormalize(y, this.feedForward.apply(y), this.feedForwardNormalization, options)
  }
}

class DecoderBlock {
  readonly attention: SelfAttention
  readonly attentionNormalization: LayerNormalization
  readonly crossAttention: CrossAttention
  readonly crossNormalization: LayerNormalization
  readonly feedForward: FeedForward
  readonly feedForwardNormalization: LayerNormalization

  constructor(configuration: TransformerConfiguration) {
    this.attention = new SelfAttention(configuration)
    this.attentionNormalization = new LayerNormalization(configuration.channels)
    this.crossAttention = new CrossAttention(configuration)
    this.crossNormalization = new LayerNormalization(configuration.channels)
    this.feedForward = new FeedForward(configuration)
    this.feedForwardNormalization = new LayerNormalization(configuration.channels)
  }

  apply(
    x: Tensor,
    encoded: Tensor,
    mask: Tensor,
    sourceMask: Tensor,
    name: string,
    options: EncoderDecoderOptions,
  ): Tensor {
    const attended = this.attention.apply(x, mask, `decoder/${name}`, options)
    const y = addAndNormalize(x, attended, this.attentionNormalization, options)
    const known = this.crossAttention.remember(encoded)
    const crossed = this.crossAttention.apply(y, known, sourceMask, `cross/${name}`, options)
    const z = addAndNormalize(y, crossed, this.crossNormalization, options)
    return addAndNormalize(z, this.feedForward.apply(z), this.feedForwardNormalization, options)
  }

  /** The same for one token of each beam, x [N, 1, C], with the keys and values of the tokens before. */
  step(x: Tensor, cached: CachedStep): { x: Tensor; keys: Tensor; values: Tensor } {
    const [attended, keys, values] = this.attention.step(x, cached)
    const y = addAndNormalize(x, attended, this.attentionNormalization, {})
    const [sentences] = cached.sourceMask.shape
    const beams = y.reshape([sentences, -1, y.shape[2]]) // the beams of a sentence look at the source together: [B, K, C]
    const crossed = this.crossAttention.apply(beams, cached.known, cached.sourceMask, '', {}).reshape(x.shape)
    const z = addAndNormalize(y, crossed, this.crossNormalization, {})
    return { x: addAndNormalize(z, this.feedForward.apply(z), this.feedForwardNormalization, {}), keys, values }
  }
}

type KeysAndValues = readonly [keys: Tensor, values: Tensor]

interface CachedStep {
  /** Of the tokens before: [N, H, L, D]. */
  readonly past: KeysAndValues
  readonly parents: Tensor
  /** True where the new token is written: [1, 1, L, 1]. */
  readonly written: Tensor
  /** -∞ after the new token: [1, 1, 1, L]. */
  readonly mask: Tensor
  /** Of the source: [B, H, S, D]. */
  readonly known: KeysAndValues
  readonly sourceMask: Tensor
}

/** Glorot and Bengio, 2010: uniform, for matrices [inputs, outputs] of which several may lie side by side. */
const glorot = (inputs: number, outputs: number) => uniform(Math.sqrt(6 / (inputs + outputs)))

/** [B, T, n C] as n tensors [B, H, T, D]. */
function toHeads(x: Tensor, count: number, heads: number): Tensor[] {
  const [batch, tokens, channels] = x.shape
  const each = channels / count / heads
  if (count === 1) return [x.reshape([batch, tokens, heads, each]).permute([0, 2, 1, 3])]
  return x
    .reshape([batch, tokens, count, heads, each])
    .permute([2, 0, 3, 1, 4]) // [n, B, H, T, D]
    .split(Array(count).fill(1), 0)
    .map(part => part.reshape([batch, heads, tokens, each]))
}

/** [B, H, T, D] as [B, T, C]. */
const fromHeads = (y: Tensor): Tensor => y.permute([0, 2, 1, 3]).reshape([y.shape[0], y.shape[2], -1])

/** Attention whose weights are kept where somebody asks for them. */
function attend(
  q: Tensor,
  [k, v]: KeysAndValues,
  mask: Tensor,
  name: string,
  attentions: EncoderDecoderOptions['attentions'],
): Tensor {
  if (attentions === undefined) return attention(q, k, v, mask)
  const weights = q.matmul(k, { transposeB: true, scale: 1 / Math.sqrt(q.shape[3]) }).maskedSoftmax(mask) // [B, H, T, S]
  attentions.set(name, weights)
  return weights.matmul(v)
}

/** Multi-head attention of a sequence to itself. Section 3.2.2. */
export class SelfAttention {
  /** Queries, keys and values side by side. */
  readonly project: Linear
  readonly output: Linear
  readonly #heads: number

  constructor({ channels, heads, bias }: Pick<TransformerConfiguration, 'channels' | 'heads' | 'bias'>) {
    const initialize = glorot(channels, channels)
    this.project = new Linear(channels, 3 * channels, { bias, initialize })
    this.output = new Linear(channels, channels, { bias, initialize })
    this.#heads = heads
  }

  apply(x: Tensor, mask: Tensor, name: string, { attentions }: EncoderDecoderOptions): Tensor {
    const [q, k, v] = toHeads(this.project.apply(x), 3, this.#heads)
    return this.output.apply(fromHeads(attend(q, [k, v], mask, name, attentions)))
  }

  /** Each token looks at itself and at those before it, which may lie in a cache, or where a mask lets it. */
  causal(x: Tensor, { memory, mask }: { readonly memory?: KeyValueCache; readonly mask?: Tensor } = {}): Tensor {
    if (memory) {
      const [q, k, v] = this.project.apply(x).split(Array<number>(3).fill(x.shape[2]), 2)
      return this.output.apply(memory.attend(q, k, v, this.#heads))
    }
    const [q, k, v] = toHeads(this.project.apply(x), 3, this.#heads)
    return this.output.apply(fromHeads(causalAttention(q, k, v, { mask })))
  }

  step(x: Tensor, { past, parents, written, mask }: CachedStep): [y: Tensor, keys: Tensor, values: Tensor] {
    const [q, k, v] = toHeads(this.project.apply(x), 3, this.#heads) // [N, H, 1, D]
    const keys = written.where(k, past[0].gather(parents)) // [N, H, L, D]
    const values = written.where(v, past[1].gather(parents))
    return [this.output.apply(fromHeads(attention(q, keys, values, mask))), keys, values]
  }
}

/** Multi-head attention of the target to the encoded source: queries from the decoder, keys and values from the encoder. */
class CrossAttention {
  readonly query: Linear
  /** Keys and values side by side. */
  readonly keyValue: Linear
  readonly output: Linear
  readonly #heads: number

  constructor({ channels, heads, bias }: TransformerConfiguration) {
    const initialize = glorot(channels, channels)
    this.query = new Linear(channels, channels, { bias, initialize })
    this.keyValue = new Linear(channels, 2 * channels, { bias, initialize })
    this.output = new Linear(channels, channels, { bias, initialize })
    this.#heads = heads
  }

  /** Keys and values of the source: [B, H, S, D]. */
  remember(encoded: Tensor): KeysAndValues {
    const [keys, values] = toHeads(this.keyValue.apply(encoded), 2, this.#heads)
    return [keys, values]
  }

  apply(x: Tensor, known: KeysAndValues, mask: Tensor, name: string, { attentions }: EncoderDecoderOptions): Tensor {
    const [q] = toHeads(this.query.apply(x), 1, this.#heads)
    return this.output.apply(fromHeads(attend(q, known, mask, name, attentions)))
  }
}

/** max(0, x W1 + b1) W2 + b2. Section 3.3. */
export class FeedForward {
  readonly expand: Linear
  readonly contract: Linear

  constructor({ channels, hidden }: Pick<TransformerConfiguration, 'channels' | 'hidden'>) {
    const initialize = glorot(channels, hidden)
    this.expand = new Linear(channels, hidden, { initialize })
    this.contract = new Linear(hidden, channels, { initialize })
  }

  apply(x: Tensor): Tensor {
    return this.contract.apply(this.expand.apply(x).relu())
  }
}

/**
 * Our names on the left, transformers' (`MarianMTModel`) on the right. Its matrices are [outputs, inputs]; what we keep
 * side by side it keeps apart, in this order.
 */
export const transformerTensorNames: readonly (readonly [ours: string, theirs: readonly string[]])[] = [
  ['embedding', ['model.shared']],
  ['encoder.', ['model.encoder.layers.']],
  ['decoder.', ['model.decoder.layers.']],
  ['attention.project', ['self_attn.q_proj', 'self_attn.k_proj', 'self_attn.v_proj']],
  ['attention.output', ['self_attn.out_proj']],
  ['attentionNormalization', ['self_attn_layer_norm']],
  ['crossAttention.query', ['encoder_attn.q_proj']],
  ['crossAttention.keyValue', ['encoder_attn.k_proj', 'encoder_attn.v_proj']],
  ['crossAttention.output', ['encoder_attn.out_proj']],
  ['crossNormalization', ['encoder_attn_layer_norm']],
  ['feedForward.expand', ['fc1']],
  ['feedForward.contract', ['fc2']],
  ['feedForwardNormalization', ['final_layer_norm']],
]
