/**
 * Batches of sentence pairs of about one length. Shapes: B pairs, S source and T target tokens.
 * "Sentence pairs were batched together by approximate sequence length": Vaswani et al., 2017, section 5.1.
 */
import { Random } from '../base/random.ts'

/** Ids of both sides, without begin and end. */
export interface EncodedPair {
  readonly source: ArrayLike<number>
  readonly target: ArrayLike<number>
}

/** Ids that stand for no text. */
export interface MarkerIds {
  readonly begin: number
  readonly end: number
  readonly padding: number
}

/** Pairs that are computed in one shape. */
export interface LengthBucket {
  /** As `fit` names it: `B x S x T`. */
  readonly name: string
  readonly rows: number
  readonly source: number
  readonly target: number
  readonly pairs: readonly EncodedPair[]
}

/** One micro-batch: what a bucket's program is fed with. */
export interface PairBatch {
  /** [B, S]: each sentence, its end, padding. */
  readonly source: BigInt64Array
  /** [B, T]: the begin token, then the sentence. */
  readonly target: BigInt64Array
  /** [B, T]: the sentence, then its end; -1 where nothing is asked. */
  readonly answers: BigInt64Array
  /** Answers that count. */
  readonly tokens: number
}

/** A bucket's sizes from its name. */
export function bucketShape(name: string): { rows: number; source: number; target: number } {
  const [rows, source, target] = name.split('x').map(Number)
  return { rows, source, target }
}

const sourceLength = ({ source }: EncodedPair): number => source.length + 1
const targetLength = ({ target }: EncodedPair): number => target.length + 1
const longest = (pairs: readonly EncodedPair[], length: (pair: EncodedPair) => number): number =>
  pairs.reduce((most, pair) => Math.max(most, length(pair)), 0)

/** What a bucket costs: each pair costs as much as the longest. A target token passes more layers than a source token. */
const cost = (pairs: readonly EncodedPair[]): number =>
  pairs.length * (longest(pairs, sourceLength) + 2 * longest(pairs, targetLength))

/**
 * Sorts pairs into at most `count` buckets: the one whose halves spare the most padding is cut, again and again, along
 * the source's length or the target's.
 *
 * @param tokens - tokens of the longer side of a micro-batch, at most
 */
export function lengthBuckets(pairs: readonly EncodedPair[], count: number, tokens: number): LengthBucket[] {
  const parts: { pairs: readonly EncodedPair[]; cut: Cut | undefined }[] = [{ pairs, cut: bestCut(pairs) }]
  while (parts.length < count) {
    const best = parts.reduce((a, b) => ((b.cut?.saved ?? 0) > (a.cut?.saved ?? 0) ? b : a))
    if (best.cut === undefined) break
    parts.splice(parts.indexOf(best), 1, ...best.cut.halves.map(half => ({ pairs: half, cut: bestCut(half) })))
  }
  return parts.map(({ pairs: part }) => {
    const [source, target] = [longest(part, sourceLength), longest(part, targetLength)]
    const rows = Math.max(1, Math.min(part.length, Math.floor(tokens / Math.max(source, target))))
    return { name: `${rows}x${source}x${target}`, rows, source, target, pairs: part }
  })
}

interface Cut {
  readonly saved: number
  readonly halves: readonly [EncodedPair[], EncodedPair[]]
}

/** Fewer pairs than this make no bucket of their own. */
const smallest = 64

function bestCut(pairs: readonly EncodedPair[]): Cut | undefined {
  const whole = cost(pairs)
  let best: Cut | undefined
  for (const length of [sourceLength, targetLength]) {
    for (const limit of new Set(pairs.map(length))) {
      const short = pairs.filter(pair => length(pair) <= limit)
      if (short.length < smallest || pairs.length - short.length < smallest) continue
      const long = pairs.filter(pair => length(pair) > limit)
      const saved = whole - cost(short) - cost(long)
      if (saved > (best?.saved ?? 0)) best = { saved, halves: [short, long] }
    }
  }
  return best
}

/** The updates of an epoch. */
export interface PairUpdates {
  /** Updates that see every pair once. */
  readonly perEpoch: number
  /** The micro-batches of an update, 0 at first; the same whichever were asked for before. */
  update(step: number): { readonly bucket: string; readonly batches: readonly PairBatch[]; readonly tokens: number }
}

/**
 * Every pair once in each epoch, in an order of its own.
 * @param microBatches - of one bucket in one update
 */
export function pairUpdates(
  buckets: readonly LengthBucket[],
  { microBatches, markers, seed }: { microBatches: number; markers: MarkerIds; seed: number },
): PairUpdates {
  const perUpdate = ({ rows }: LengthBucket): number => rows * microBatches
  const perEpoch = buckets.reduce((sum, bucket) => sum + Math.ceil(bucket.pairs.length / perUpdate(bucket)), 0)
  let epochAt = -1
  let epoch: { bucket: LengthBucket; pairs: EncodedPair[] }[] = []
  const enter = (number: number): void => {
    if (number === epochAt) return
    const random = new Random(seed, `epoch/${number}`)
    const updates = buckets.flatMap(bucket => {
      const shuffled = random.shuffle([...bucket.pairs])
      const size = perUpdate(bucket)
      return Array.from({ length: Math.ceil(shuffled.length / size) }, (_, i) => ({
        bucket,
        pairs: shuffled.slice(i * size, (i + 1) * size),
      }))
    })
    epoch = random.shuffle(updates)
    epochAt = number
  }
  return {
    perEpoch,
    update(step) {
      enter(Math.floor(step / perEpoch))
      const { bucket, pairs } = epoch[step % perEpoch]
      const batches = Array.from({ length: Math.ceil(pairs.length / bucket.rows) }, (_, i) =>
        pairBatch(pairs.slice(i * bucket.rows, (i + 1) * bucket.rows), bucket, markers),
      )
      return { bucket: bucket.name, batches, tokens: batches.reduce((sum, { tokens }) => sum + tokens, 0) }
    },
  }
}

/** Pairs side by side; rows that are left are padding. */
export function pairBatch(
  pairs: readonly EncodedPair[],
  { rows, source, target }: { rows: number; source: number; target: number },
  { begin, end, padding }: MarkerIds,
): PairBatch {
  const batch = {
    source: new BigInt64Array(rows * source).fill(BigInt(padding)),
    target: new BigInt64Array(rows * target).fill(BigInt(padding)),
    answers: new BigInt64Array(rows * target).fill(-1n),
  }
  let tokens = 0
  for (const [row, pair] of pairs.entries()) {
    for (let i = 0; i < pair.source.length; i++) batch.source[row * source + i] = BigInt(pair.source[i])
    batch.source[row * source + pair.source.length] = BigInt(end)
    batch.target[row * target] = BigInt(begin)
    for (let i = 0; i < pair.target.length; i++) {
      batch.target[row * target + i + 1] = BigInt(pair.target[i])
      batch.answers[row * target + i] = BigInt(pair.target[i])
    }
    batch.answers[row * target + pair.target.length] = BigInt(end)
    tokens += targetLength(pair)
  }
  return { ...batch, tokens }
}
