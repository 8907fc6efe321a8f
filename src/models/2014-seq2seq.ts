/**
 * Sequence to sequence: an encoder reads the source into a context vector z, a decoder writes the target from it.
 * Sutskever, Vinyals and Le, Sequence to Sequence Learning with Neural Networks, 2014; Cho et al., Learning Phrase
 * Representations using RNN Encoder-Decoder, 2014. With attention z becomes another vector for each word:
 * Bahdanau, Cho and Bengio, Neural Machine Translation by Jointly Learning to Align and Translate, 2015, section 3.
 *
 * The encoder reads in both directions, so Sutskever's reversed source is one half of it. Attention asks with the first
 * of two decoder layers and feeds the second (Wu et al., 2016, section 3.1): all steps of a layer are then one recurrence.
 * Shapes: B sentences, S source and T target tokens, C channels, V vocabulary; K beams of a sentence, N = B K.
 */
import { OptionError } from '../base/errors.ts'
import { normal, uniform } from '../nn/initializers.ts'
import { Embedding, Linear } from '../nn/layers.ts'
import { type RecurrentLayer, recurrentLayer } from '../nn/recurrent.ts'
import { Parameter, type Tensor } from '../tensor/tensor.ts'
import type { DecoderStep, EncoderDecoder, EncoderDecoderOptions, NamedTensors } from './encoder-decoder.ts'

export interface Seq2SeqConfiguration {
  /** Different tokens, shared by both sides. */
  readonly vocabulary: number
  /** Tokens that a sentence may have, with the one that ends it. */
  readonly context: number
  /** Width of the embeddings and units of every recurrent layer. */
  readonly channels: number
  /** Layers of the encoder; the decoder has two. */
  readonly layers: number
  readonly cell: 'lstm' | 'gru'
  /** Whether the decoder looks back at the source, or knows z alone. */
  readonly attention: boolean
  /** The id that fills what a sentence leaves empty. */
  readonly padding: number
}

/** What the papers trained, on 12 million pairs (Sutskever: section 3.4; Cho: section 4.1) and 348 million words. */
export const seq2seqSizes = {
  'sutskever-2014': { cell: 'lstm', layers: 4, channels: 1000, attention: false },
  'cho-2014': { cell: 'gru', layers: 1, channels: 1000, attention: false },
  'bahdanau-2015': { cell: 'gru', layers: 1, channels: 1000, attention: true },
} as const

export class Seq2Seq implements EncoderDecoder {
  readonly embedding: Embedding
  readonly encoder: readonly EncoderLayer[]
  /** From the encoder's last states to z. */
  readonly summary: Linear
  /** From z to the first states of the decoder. */
  readonly first: Linear
  readonly decoder: readonly [RecurrentLayer & object, RecurrentLayer & object]
  readonly attention?: AdditiveAttention
  /** From state, context and word before to the next word's embedding. */
  readonly readout: Linear
  readonly #configuration: Seq2SeqConfiguration

  /** @throws {OptionError} if the channels are odd: each direction of the encoder has half of them */
  constructor(configuration: Seq2SeqConfiguration) {
    const { vocabulary, channels, layers, cell, attention } = configuration
    if (channels % 2 !== 0)
      throw new OptionError({ what: 'channels', expected: 'an even number', received: String(channels) })
    const initialize = uniform(Math.sqrt(3 / channels))
    this.embedding = new Embedding(vocabulary, channels, normal(channels ** -0.5))
    this.encoder = Array.from({ length: layers }, () => new EncoderLayer(cell, channels))
    this.summary = new Linear(channels, channels, { initialize })
    const lower = recurrentLayer(cell, channels, channels)
    this.first = new Linear(channels, 2 * lower.states.length * channels, { initialize })
    this.decoder = [lower, recurrentLayer(cell, 2 * channels, channels)]
    if (attention) this.attention = new AdditiveAttention(channels)
    this.readout = new Linear(3 * channels, channels, { initialize })
    this.#configuration = configuration
  }

  get configuration(): Seq2SeqConfiguration {
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
    const { memory, state } = this.#read(source, options)
    const [batch, tokens] = target.shape
    const words = this.#embed(target, options) // [T, B, C]
    const [lower, upper] = this.decoder
    const asked = lower.apply(words, { state: statesOf(lower, 0, state) }).outputs // [T, B, C]
    const context = this.#context(asked.permute([1, 0, 2]), memory, options.attentions).permute([1, 0, 2]) // [T, B, C]
    const written = upper.apply(asked.concat([context], 2), { state: statesOf(upper, 1, state) }).outputs
    const read = this.#readOut(written, context, words, options) // [T, B, C]
    return this.#project(read.permute([1, 0, 2])).reshape([batch, tokens, this.vocabulary])
  }

  encode(source: Tensor): { memory: NamedTensors; state: NamedTensors } {
    return this.#read(source, {})
  }

  step({ previous, parents, memory, state }: DecoderStep): { logits: Tensor; state: NamedTensors } {
    const beams = Object.fromEntries(Object.entries(state).map(([name, rows]) => [name, rows.gather(parents)]))
    const [count] = previous.shape
    const { channels } = this.#configuration
    const words = this.#embed(previous.reshape([count, 1]), {}) // [1, N, C]
    const [lower, upper] = this.decoder
    const asked = lower.apply(words, { state: statesOf(lower, 0, beams) })
    const sentences = Object.values(memory)[0].shape[0]
    const context = this.#context(asked.outputs.reshape([sentences, -1, channels]), memory).reshape([
      1,
      count,
      channels,
    ])
    const written = upper.apply(asked.outputs.concat([context], 2), { state: statesOf(upper, 1, beams) })
    const logits = this.#project(this.#readOut(written.outputs, context, words, {})).reshape([count, this.vocabulary])
    return { logits, state: { ...named(lower, 0, asked.state), ...named(upper, 1, written.state) } }
  }

  /** The encoder: what the decoder may look at, and the states that it begins with. */
  #read(source: Tensor, options: EncoderDecoderOptions): { memory: NamedTensors; state: NamedTensors } {
    const [batch, tokens] = source.shape
    const { channels } = this.#configuration
    const isPadding = source.equal(this.padding).cast('float32') // [B, S]
    const padding = isPadding.transpose().reshape([tokens, batch, 1])
    let x = this.#embed(source, options) // [S, B, C]
    let last = x
    for (const layer of this.encoder) [x, last] = layer.apply(x, padding)
    const z = this.summary.apply(last.reshape([batch, channels])).tanh() // [B, C]
    const [lower, upper] = this.decoder
    const parts = this.first.apply(z).tanh() // [B, n C], one part for each state of each layer
    const split = parts.split(Array<number>(2 * lower.states.length).fill(channels), 1)
    const state = {
      ...named(lower, 0, split.slice(0, lower.states.length)),
      ...named(upper, 1, split.slice(lower.states.length)),
    }
    if (!this.attention) return { memory: { z }, state }
    const encoded = (options.dropout?.apply(x) ?? x).permute([1, 0, 2]) // [B, S, C]
    const mask = isPadding.mul(-1e30).reshape([batch, 1, tokens])
    return { memory: { mask, encoded, keys: this.attention.keys.apply(encoded) }, state }
  }

  /** What the decoder knows of the source at each of its steps: [B, T, C]. */
  #context(asked: Tensor, { z, mask, encoded, keys }: NamedTensors, attentions?: Map<string, Tensor>): Tensor {
    const [batch, tokens, channels] = asked.shape
    if (!this.attention) return z.reshape([batch, 1, channels]).expand([batch, tokens, channels])
    const weights = this.attention.weights(asked, keys, mask) // [B, T, S]
    attentions?.set('cross/0', weights.reshape([batch, 1, tokens, keys.shape[1]]))
    return weights.matmul(encoded)
  }

  #readOut(written: Tensor, context: Tensor, words: Tensor, { dropout }: EncoderDecoderOptions): Tensor {
    const read = this.readout.apply(written.concat([context, words], 2)).tanh()
    return dropout?.apply(read) ?? read
  }

  /** Ids [B, T] as vectors in the order of time: [T, B, C]. */
  #embed(ids: Tensor, { dropout }: EncoderDecoderOptions): Tensor {
    const x = this.embedding.apply(ids.transpose()).mul(Math.sqrt(this.#configuration.channels))
    return dropout?.apply(x) ?? x
  }

  #project(x: Tensor): Tensor {
    return x.matmul(this.embedding.table, { transposeB: true })
  }
}

const stateName = (layer: number, state: string): string => `${layer}/${state}`

const statesOf = ({ states }: RecurrentLayer, layer: number, all: NamedTensors): Tensor[] =>
  states.map(name => all[stateName(layer, name)])

const named = ({ states }: RecurrentLayer, layer: number, values: readonly Tensor[]): Record<string, Tensor> =>
  Object.fromEntries(states.map((name, i) => [stateName(layer, name), values[i]]))

/** Reads in both directions, with half of the channels each. */
class EncoderLayer {
  readonly forward: RecurrentLayer & object
  readonly backward: RecurrentLayer & object

  constructor(cell: 'lstm' | 'gru', channels: number) {
    this.forward = recurrentLayer(cell, channels, channels / 2)
    this.backward = recurrentLayer(cell, channels, channels / 2)
  }

  /**
   * @param x - [S, B, C]
   * @param padding - [S, B, 1]
   * @returns h of both directions [S, B, C], and what each said after its last word [1, B, C]
   */
  apply(x: Tensor, padding: Tensor): [outputs: Tensor, last: Tensor] {
    const [tokens, batch] = x.shape
    const forward = this.forward.apply(x, { padding }).outputs
    const backward = this.backward.apply(x, { padding, reverse: true }).outputs
    // The last word is the one before which there is no padding and behind which there is.
    const word = padding.neg().add(1)
    const next =
      tokens === 1 ? word.zeros([1, batch, 1]) : word.slice(0, 1, tokens).concat([word.zeros([1, batch, 1])], 0)
    const ending = forward.mul(word.sub(next)).sum([0], true) // [1, B, C / 2]
    return [forward.concat([backward], 2), ending.concat([backward.slice(0, 0, 1)], 2)]
  }
}

/** e = vᵀ tanh(W s + U h). Bahdanau et al., 2015, appendix A.1.2. */
class AdditiveAttention {
  /** U: done once for each source. */
  readonly keys: Linear
  /** W */
  readonly query: Linear
  /** v: [C, 1] */
  readonly score: Parameter

  constructor(channels: number) {
    const initialize = uniform(Math.sqrt(3 / channels))
    this.keys = new Linear(channels, channels, { initialize })
    this.query = new Linear(channels, channels, { bias: false, initialize })
    this.score = new Parameter([channels, 1], initialize)
  }

  /** How much each step [B, T, C] looks at each source token [B, S, C]: [B, T, S]. */
  weights(asked: Tensor, keys: Tensor, mask: Tensor): Tensor {
    const [batch, tokens, channels] = asked.shape
    const source = keys.shape[1]
    const queries = this.query.apply(asked).reshape([batch, tokens, 1, channels])
    const sums = queries.add(keys.reshape([batch, 1, source, channels])).tanh() // [B, T, S, C]
    return sums.matmul(this.score).reshape([batch, tokens, source]).maskedSoftmax(mask)
  }
}
