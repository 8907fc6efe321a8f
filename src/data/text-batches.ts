/** Labelled texts of different lengths in batches of few shapes: each text goes into the shortest bucket that holds it. */
import { OptionError } from '../base/errors.ts'
import type { Random } from '../base/random.ts'

export interface EncodedText {
  readonly ids: ArrayLike<number>
  /** More sequences of the same example, as many in every text: a pair turned round, the other answers of a choice. */
  readonly others?: readonly ArrayLike<number>[]
  /** The number of its class, from 0. */
  readonly label: number
  /** Whether it lost tokens, as it was longer than the context. */
  readonly isCut?: boolean
  /** In its place, where a model gives several answers: one each, -1 where none counts. */
  readonly answers?: ArrayLike<number>
}

export interface TextBatch {
  /** T: tokens of the longest text that fits. */
  readonly length: number
  /** [B R, T], filled with 0; R sequences of a text follow one another */
  readonly ids: BigInt64Array
  /** [B R]; 1 in rows without a text */
  readonly lengths: BigInt64Array
  /** [B], or [B, A] where a row has several answers; -1 in rows without a text */
  readonly labels: BigInt64Array
  readonly labelsShape: readonly number[]
  /** Which texts stand in the rows. */
  readonly texts: readonly number[]
}

export interface TextBatchOptions {
  readonly batchSize: number
  /** Lengths of the buckets, ascending; a longer text is cut at the last. */
  readonly buckets: readonly number[]
  /** A, the answers of a row of so many tokens, where it has several. */
  readonly answersOf?: (length: number) => number
}

/** Every text once, in order of their buckets; with a random source, texts and batches are shuffled. */
export function textBatches(
  texts: readonly EncodedText[],
  { batchSize, buckets, answersOf }: TextBatchOptions,
  random?: Random,
): TextBatch[] {
  if (buckets.length === 0 || buckets.some((length, i) => length < 1 || length <= (buckets[i - 1] ?? 0))) {
    const received = buckets.join(', ') || 'none'
    throw new OptionError({ what: 'buckets', expected: 'ascending lengths of at least 1', received })
  }
  const order = [...texts.keys()]
  if (random) random.shuffle(order)
  const members = new Map<number, number[]>(buckets.map(length => [length, []]))
  for (const index of order) {
    const tokens = Math.max(...sequencesOf(texts[index]).map(({ length }) => length))
    members.get(buckets.find(length => tokens <= length) ?? buckets.at(-1)!)!.push(index)
  }
  const batches: TextBatch[] = []
  for (const [length, indices] of members) {
    for (let begin = 0; begin < indices.length; begin += batchSize)
      batches.push(batchOf(texts, indices.slice(begin, begin + batchSize), length, batchSize, answersOf?.(length)))
  }
  return random ? random.shuffle(batches) : batches
}

function batchOf(
  texts: readonly EncodedText[],
  indices: readonly number[],
  length: number,
  batchSize: number,
  answers?: number,
): TextBatch {
  const sequences = 1 + (texts[indices[0]].others?.length ?? 0)
  const ids = new BigInt64Array(batchSize * sequences * length)
  const lengths = new BigInt64Array(batchSize * sequences).fill(1n)
  const width = answers ?? 1
  const labels = new BigInt64Array(batchSize * width).fill(-1n)
  for (const [row, index] of indices.entries()) {
    for (const [j, own] of sequencesOf(texts[index]).entries()) {
      const at = row * sequences + j
      const count = Math.min(own.length, length)
      for (let i = 0; i < count; i++) ids[at * length + i] = BigInt(own[i])
      lengths[at] = BigInt(Math.max(1, count))
    }
    const own = answersOfText(texts[index])
    for (let i = 0; i < Math.min(width, own.length); i++) labels[row * width + i] = BigInt(own[i])
  }
  const labelsShape = answers === undefined ? [batchSize] : [batchSize, answers]
  return { length, ids, lengths, labels, labelsShape, texts: indices }
}

/** What is to be answered of a text. */
export const answersOfText = ({ label, answers }: EncodedText): ArrayLike<number> => answers ?? [label]

const sequencesOf = ({ ids, others = [] }: EncodedText): ArrayLike<number>[] => [ids, ...others]

/** Lengths of the buckets of texts, up to the longest text or what is read of it. */
export function textBuckets(texts: readonly EncodedText[], context: number): number[] {
  const longest = texts.reduce((most, text) => Math.max(most, ...sequencesOf(text).map(({ length }) => length)), 1)
  return lengthsUpTo(Math.min(longest, context))
}

/** 8, then ever twice as much, and the last. */
export function lengthsUpTo(last: number): number[] {
  const lengths: number[] = []
  for (let length = 8; length < last; length *= 2) lengths.push(length)
  return [...lengths, last]
}
