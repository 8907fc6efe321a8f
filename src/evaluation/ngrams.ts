/**
 * What counting alone reaches: the baseline of every language model. Order 0 is the uniform model, 1 counts tokens, 2
 * pairs, and so on: the approximations of Shannon, A Mathematical Theory of Communication, 1948, section 3.
 *
 * Smoothed by Witten and Bell, The Zero-Frequency Problem, 1991, method C, so that nothing is impossible:
 * P(w | h) = (c(h w) + t(h) P(w | h')) / (c(h) + t(h)), where c counts, t(h) is the number of different tokens that were
 * seen after h, and h' is h without its oldest token. Below the empty history, P(w) = 1 / V.
 */
import type { TokenSource } from '../data/token-shards.ts'
import type { Predictor } from '../generation/predictor.ts'
import { PairTable } from '../tokenizers/pair-table.ts'
import { enlarged } from '../tokenizers/word-table.ts'
import type { Perplexity } from './score.ts'

/** A history is a node of a tree; the root is the empty one. */
const root = 0

/** Tokens read at once. */
const pieceLength = 65_536

export class NGrams implements Predictor {
  /** Tokens of a longest count; the last of them is the one predicted. */
  readonly order: number
  readonly vocabulary: number
  /** The node of a longer history by the node of the shorter one and the next token. */
  readonly #children = new PairTable(65_536)
  #nodes = 1
  /** How often a node's tokens came. */
  #counts = new Int32Array(1024)
  /** How many tokens came after a node, and how many different ones. */
  #followers = new Int32Array(1024)
  #types = new Int32Array(1024)
  readonly #logits: Float32Array

  /**
   * Counts the tokens of a text.
   * @param order - 0 to count nothing
   */
  constructor(source: TokenSource, { order, vocabulary }: { readonly order: number; readonly vocabulary: number }) {
    this.order = order
    this.vocabulary = vocabulary
    this.#logits = new Float32Array(vocabulary)
    const tokens = readAll(source)
    for (let end = 0; end < tokens.length; end++) {
      for (let begin = end; begin >= 0 && end - begin < order; begin--) this.#count(tokens, begin, end)
    }
  }

  /** Numbers that were counted: different stretches of at most `order` tokens. */
  get counted(): number {
    return this.#nodes - 1
  }

  /** P(token | the tokens from `begin` up to `end`), where at most the last `order` - 1 matter. */
  probability(tokens: ArrayLike<number>, end: number, token: number): number {
    let probability = 1 / this.vocabulary
    for (let length = 0; length < this.order && length <= end; length++) {
      const history = this.#node(tokens, end - length, end)
      if (history === undefined || this.#followers[history] === 0) break
      const child = this.#children.get(history, token)
      const count = child === -1 ? 0 : this.#counts[child]
      const types = this.#types[history]
      probability = (count + types * probability) / (this.#followers[history] + types)
    }
    return probability
  }

  async next(tokens: readonly number[]): Promise<Float32Array> {
    for (let token = 0; token < this.vocabulary; token++)
      this.#logits[token] = Math.log(this.probability(tokens, tokens.length, token))
    return this.#logits
  }

  /** How well the counts predict a text: every token after the first, as `perplexity` of a model. */
  perplexity(source: TokenSource): Perplexity {
    const tokens = readAll(source)
    let total = 0
    for (let i = 1; i < tokens.length; i++) total -= Math.log(this.probability(tokens, i, tokens[i]))
    const scored = tokens.length - 1
    const natsPerToken = total / scored
    return {
      tokens: scored,
      natsPerToken,
      perplexity: Math.exp(natsPerToken),
      bitsPerByte: (natsPerToken * source.length) / source.bytesOfText / Math.LN2,
    }
  }

  /** Counts the tokens from `begin` to `end`, the last included. All shorter stretches that begin there are counted. */
  #count(tokens: Int32Array, begin: number, end: number): void {
    const history = this.#node(tokens, begin, end)!
    this.#followers[history]++
    let node = this.#children.get(history, tokens[end])
    if (node === -1) {
      node = this.#nodes++
      this.#children.set(history, tokens[end], node)
      this.#types[history]++
      if (this.#nodes > this.#counts.length) {
        this.#counts = enlarged(this.#counts, this.#nodes)
        this.#followers = enlarged(this.#followers, this.#nodes)
        this.#types = enlarged(this.#types, this.#nodes)
      }
    }
    this.#counts[node]++
  }

  #node(tokens: ArrayLike<number>, begin: number, end: number): number | undefined {
    let node = root
    for (let i = begin; i < end; i++) {
      node = this.#children.get(node, tokens[i])
      if (node === -1) return undefined
    }
    return node
  }
}

function readAll(source: TokenSource): Int32Array {
  const tokens = new Int32Array(source.length)
  for (let done = 0; done < source.length; done += pieceLength) {
    const length = Math.min(pieceLength, source.length - done)
    source.read(done, length, tokens.subarray(done, done + length))
  }
  return tokens
}
