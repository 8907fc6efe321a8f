/** Batches for the pre-training of BERT: sentence pairs of like lengths, with words masked anew at every step. */
import { Random } from '../base/random.ts'
import type { BertMarkers } from './bert-rows.ts'
import type { EncodedDocuments } from './documents.ts'
import { shuffledEpochs } from './epochs.ts'
import { type MaskingOptions, maskWords } from './masking.ts'
import { type TextPair, TextPairs } from './next-sentence.ts'

export interface MaskedBatch {
  /** Rows, B. */
  readonly rows: number
  /** Tokens of a row, T. */
  readonly length: number
  /** [B, T], filled with [PAD] */
  readonly ids: BigInt64Array
  /** [B, T] */
  readonly segments: BigInt64Array
  /** [B] */
  readonly lengths: BigInt64Array
  /** [N] places that are asked for: row × T + place; 0 where fewer are */
  readonly positions: BigInt64Array
  /** [N] what stood there; -1 where nothing is asked for */
  readonly answers: BigInt64Array
  /** [B] 0 where the second text follows the first, 1 where it does not; -1 in rows without a pair */
  readonly next: BigInt64Array
  /** Places that are asked for. */
  readonly asked: number
}

export interface MaskedBatchOptions {
  readonly documents: EncodedDocuments
  readonly markers: BertMarkers
  /** Tokens of a row. */
  readonly context: number
  /** Rows of an update. */
  readonly batchSize: number
  /** Rows that are computed at once; a divisor of the batch. */
  readonly microBatchSize: number
  readonly masking: MaskingOptions
  readonly seed: number
}

/** Updates whose pairs are sorted by length together. */
const windowBatches = 16

export class MaskedBatches {
  readonly #options: MaskedBatchOptions
  readonly #pairs: TextPairs
  #window = -1
  #batches: TextPair[][] = []

  /** @throws {OptionError} if a row has no room for two texts */
  constructor(options: MaskedBatchOptions) {
    this.#options = options
    this.#pairs = new TextPairs(options.documents, options.context)
  }

  /** Pairs of an epoch. */
  get count(): number {
    return this.#pairs.count
  }

  /** The micro-batches of an update, 0 at first, all of one length: a function of its number and the seed alone. */
  update(step: number): readonly MaskedBatch[] {
    const { microBatchSize, seed } = this.#options
    const window = Math.floor(step / windowBatches)
    if (window !== this.#window) {
      this.#batches = this.#windowBatches(window)
      this.#window = window
    }
    const pairs = this.#batches[step % windowBatches]
    const random = new Random(seed, `masks/${step}`)
    const rows = pairs.map(pair => this.#row(pair, random))
    const length = this.#length(rows)
    const batches: MaskedBatch[] = []
    for (let i = 0; i < rows.length; i += microBatchSize)
      batches.push(this.#batch(rows.slice(i, i + microBatchSize), length))
    return batches
  }

  /**
   * Batches of pairs drawn with a seed of their own, the same each time: what a model is validated with.
   * @param most - batches at most
   */
  *held(most: number): Generator<MaskedBatch> {
    const { microBatchSize, seed } = this.#options
    const order = new Random(seed, 'held/order').shuffle([...Array(this.count).keys()])
    const end = Math.min(this.count, most * microBatchSize)
    for (let i = 0; i < end; i += microBatchSize) {
      const rows = order.slice(i, Math.min(end, i + microBatchSize)).map(index => {
        const random = new Random(seed, `held/${index}`)
        return this.#row(this.#pairs.pair(index, random), random)
      })
      yield this.#batch(rows, this.#length(rows))
    }
  }

  /** Pairs of several updates, those of like lengths in one batch. */
  #windowBatches(window: number): TextPair[][] {
    const { batchSize, seed } = this.#options
    const size = windowBatches * batchSize
    const indices = Array.from(shuffledEpochs(this.count, size, seed).batch(window))
    const pairs = indices.map((index, i) => this.#pairs.pair(index, new Random(seed, `pairs/${window * size + i}`)))
    const lengthOf = ({ first, second }: TextPair) => first.end - first.start + second.end - second.start
    pairs.sort((a, b) => lengthOf(a) - lengthOf(b))
    const batches = Array.from({ length: windowBatches }, (_, i) => pairs.slice(i * batchSize, (i + 1) * batchSize))
    return new Random(seed, `windows/${window}`).shuffle(batches)
  }

  /** Lengths are quarters of the context: each is a graph of its own. */
  #length(rows: readonly MaskedRow[]): number {
    const longest = rows.reduce((most, { ids }) => Math.max(most, ids.length), 0)
    const { context } = this.#options
    const quarter = Math.ceil(context / 4)
    return Math.min(context, Math.ceil(longest / quarter) * quarter)
  }

  #row({ first, second, isRandom }: TextPair, random: Random): MaskedRow {
    const { documents, markers, masking } = this.#options
    const [a, b] = [first, second].map(({ start, end }) => documents.ids.subarray(start, end))
    const ids = new Int32Array(a.length + b.length + 3)
    const split = a.length + 2
    ids.set([markers.first])
    ids.set(a, 1)
    ids.set([markers.separator], split - 1)
    ids.set(b, split)
    ids.set([markers.separator], ids.length - 1)
    const words = [...wordsOf(documents, first, 1), ...wordsOf(documents, second, split)]
    return { ids, split, isRandom, ...maskWords(ids, words, masking, random) }
  }

  #batch(rows: readonly MaskedRow[], length: number): MaskedBatch {
    const { markers, microBatchSize: count, masking } = this.#options
    const ids = new BigInt64Array(count * length).fill(BigInt(markers.padding))
    const segments = new BigInt64Array(count * length)
    const lengths = new BigInt64Array(count).fill(1n)
    const next = new BigInt64Array(count).fill(-1n)
    const positions = new BigInt64Array(count * masking.most)
    const answers = new BigInt64Array(count * masking.most).fill(-1n)
    let asked = 0
    for (const [i, row] of rows.entries()) {
      for (let place = 0; place < row.ids.length; place++) ids[i * length + place] = BigInt(row.ids[place])
      segments.fill(1n, i * length + row.split, i * length + row.ids.length)
      lengths[i] = BigInt(row.ids.length)
      next[i] = row.isRandom ? 1n : 0n
      for (const [j, place] of row.places.entries()) {
        positions[asked] = BigInt(i * length + place)
        answers[asked++] = BigInt(row.answers[j])
      }
    }
    return { rows: rows.length, length, ids, segments, lengths, positions, answers, next, asked }
  }
}

interface MaskedRow {
  readonly ids: Int32Array
  /** Where the second segment begins. */
  readonly split: number
  readonly isRandom: boolean
  readonly places: readonly number[]
  readonly answers: readonly number[]
}

/** First and last place of each word of a stretch, where the stretch begins at `offset` of a row. */
function wordsOf(
  { begins }: EncodedDocuments,
  { start, end }: { start: number; end: number },
  offset: number,
): [number, number][] {
  const words: [number, number][] = []
  for (let i = start; i < end; i++) {
    if (begins[i] === 1 || words.length === 0) words.push([i - start + offset, i - start + offset + 1])
    else words.at(-1)![1]++
  }
  return words
}

/** Tokens of a row that are asked for at most: the share of all, rounded up. */
export const mostMasked = (context: number, share: number): number => Math.max(1, Math.ceil(context * share))
