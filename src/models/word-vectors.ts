import { nearest, OptionError } from '../base/errors.ts'

/** A word and how near it is. */
export interface Neighbour {
  readonly word: string
  /** The cosine of the angle between two vectors, or what an analogy's rule makes of several. */
  readonly similarity: number
}

/** What to leave out, and how much to say. */
export interface NeighbourOptions {
  /** How many to name; default 10. */
  readonly count?: number
  /** Only among so many of the most frequent words; default all. */
  readonly among?: number
}

/**
 * Words with vectors, whatever made them.
 * Shapes: V words, C channels.
 */
export class WordVectors {
  readonly words: readonly string[]
  readonly channels: number
  /** [V, C], as trained. */
  readonly matrix: Float32Array
  readonly #idOf: ReadonlyMap<string, number>
  #directions: Float32Array | undefined

  /** @param words - the most frequent first; of two equal ones the first counts */
  constructor(words: readonly string[], matrix: Float32Array) {
    this.words = words
    this.matrix = matrix
    this.channels = matrix.length / words.length
    const idOf = new Map<string, number>()
    for (let id = words.length - 1; id >= 0; id--) idOf.set(words[id], id)
    this.#idOf = idOf
  }

  /** A word's row, as it is written, else in small letters; undefined if it has none. */
  find(word: string): number | undefined {
    return this.#idOf.get(word) ?? this.#idOf.get(word.toLowerCase())
  }

  /**
   * A word's row.
   * @throws {OptionError} if it has none, with the nearest spelling
   */
  idOf(word: string): number {
    const id = this.find(word)
    if (id !== undefined) return id
    const near = nearestSpelling(word, this.words)
    throw new OptionError({
      what: `Word "${word}"`,
      expected: 'one that has a vector',
      received: `one that is not among the ${this.words.length.toLocaleString('en-US')} words`,
      hint: near === undefined ? 'It may be too rare in the text.' : `Did you mean "${near}"?`,
    })
  }

  /** [C], as trained. */
  vector(id: number): Float32Array {
    return this.matrix.subarray(id * this.channels, (id + 1) * this.channels)
  }

  /** [C]: the mean of the directions of words; those without a vector are left out, without any it is zero. */
  mean(words: readonly string[]): Float32Array {
    const mean = new Float32Array(this.channels)
    const ids = words.map(word => this.find(word)).filter(id => id !== undefined)
    for (const id of ids)
      for (let i = 0; i < this.channels; i++) mean[i] += this.directions[id * this.channels + i] / ids.length
    return mean
  }

  /** [V, C], every row of length 1 (a row of zeros stays). */
  get directions(): Float32Array {
    if (this.#directions !== undefined) return this.#directions
    const { matrix, channels } = this
    const directions = new Float32Array(matrix.length)
    for (let begin = 0; begin < matrix.length; begin += channels) {
      let square = 0
      for (let i = begin; i < begin + channels; i++) square += matrix[i] * matrix[i]
      const scale = square === 0 ? 0 : 1 / Math.sqrt(square)
      for (let i = begin; i < begin + channels; i++) directions[i] = matrix[i] * scale
    }
    this.#directions = directions
    return directions
  }

  /** The cosine between two words' vectors. */
  similarity(a: number, b: number): number {
    const { directions, channels } = this
    let sum = 0
    for (let i = 0; i < channels; i++) sum += directions[a * channels + i] * directions[b * channels + i]
    return sum
  }

  /** The cosines between a word and the first `among` words, [among]. */
  similarities(id: number, among: number = this.words.length): Float32Array {
    const { directions, channels } = this
    const own = directions.subarray(id * channels, (id + 1) * channels)
    const values = new Float32Array(Math.min(among, this.words.length))
    for (let other = 0; other < values.length; other++) {
      const begin = other * channels
      let sum = 0
      for (let i = 0; i < channels; i++) sum += own[i] * directions[begin + i]
      values[other] = sum
    }
    return values
  }

  /**
   * The words nearest to a word.
   * @throws {OptionError} if it has no vector
   */
  nearest(word: string, { count = 10, among }: NeighbourOptions = {}): Neighbour[] {
    const id = this.idOf(word)
    return this.#best(this.similarities(id, among), [id], count)
  }

  /**
   * Words that are to c as b is to a: "man" is to "king" as "woman" is to ...
   *
   * 3CosAdd: cos(x, b) − cos(x, a) + cos(x, c). Mikolov et al., Linguistic Regularities in Continuous Space Word
   * Representations, 2013. 3CosMul: cos(x, b) cos(x, c) / (cos(x, a) + 0.001), cosines moved to [0, 1]. Levy & Goldberg,
   * Linguistic Regularities in Sparse and Explicit Word Representations, 2014, section 6.
   *
   * @throws {OptionError} if one has no vector
   */
  analogy(
    [a, b, c]: readonly [string, string, string],
    { count = 10, among, rule = 'add' }: NeighbourOptions & { readonly rule?: AnalogyRule } = {},
  ): Neighbour[] {
    const ids = [a, b, c].map(word => this.idOf(word))
    const [toA, toB, toC] = ids.map(id => this.similarities(id, among))
    return this.#best(analogyScores(rule, toA, toB, toC), ids, count)
  }

  /** The highest scores, without some words. */
  #best(scores: Float32Array, without: readonly number[], count: number): Neighbour[] {
    const ids: number[] = []
    for (let id = 0; id < scores.length; id++) {
      if (without.includes(id) || (ids.length === count && scores[id] <= scores[ids[count - 1]])) continue
      let place = ids.length
      while (place > 0 && scores[ids[place - 1]] < scores[id]) place--
      ids.splice(place, 0, id)
      if (ids.length > count) ids.pop()
    }
    return ids.map(id => ({ word: this.words[id], similarity: scores[id] }))
  }
}

export type AnalogyRule = 'add' | 'multiply'

/** How well each word completes an analogy, from its cosines to a, b and c. */
export function analogyScores(
  rule: AnalogyRule,
  toA: Float32Array,
  toB: Float32Array,
  toC: Float32Array,
): Float32Array {
  const add = (_: number, i: number) => toB[i] - toA[i] + toC[i]
  const multiply = (_: number, i: number) => ((1 + toB[i]) * (1 + toC[i])) / 2 / (1 + toA[i] + 0.002)
  return new Float32Array(toA.length).map(rule === 'add' ? add : multiply)
}

/** Words that are looked through for a spelling. */
const spellings = 200_000

/** Spelled almost so, one letter the same at least; the more frequent word where two are as near. */
function nearestSpelling(word: string, words: readonly string[]): string | undefined {
  const lower = word.toLowerCase()
  const limit = Math.max(1, Math.floor(word.length / 3))
  const isNear = (candidate: string) =>
    Math.abs(candidate.length - lower.length) <= limit && Array.from(lower).some(letter => candidate.includes(letter))
  return nearest(lower, words.slice(0, spellings).filter(isNear))
}
