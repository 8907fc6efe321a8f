/** Batches of windows over token ids. Shapes: B windows, T tokens of context. */
import { type TypedArrays, zeros } from '../base/dtype.ts'
import { DataError } from '../base/errors.ts'
import { Random } from '../base/random.ts'
import type { TokenArray, TokenSource } from './token-shards.ts'

/** Types that a model takes token ids in. */
export type TokenDType = 'int32' | 'int64'

/** Inputs and, one token later, what should follow each. */
export interface Batch<D extends TokenDType = 'int64'> {
  /** [B, T] */
  readonly inputs: TypedArrays[D]
  /** [B, T]; -1 marks a position that does not count */
  readonly targets: TypedArrays[D]
}

export interface WindowOptions<D extends TokenDType = 'int64'> {
  readonly source: TokenSource
  /** B */
  readonly batchSize: number
  /** T */
  readonly context: number
  /** int64 unless told */
  readonly dtype?: D
  /** What the source is, for messages. */
  readonly name?: string
}

/** Batches by number. */
export interface RandomWindows<D extends TokenDType = 'int64'> {
  /** The batch of a step, the same whichever steps were asked for before. */
  batch(step: number): Batch<D>
}

/**
 * Windows that begin anywhere with equal probability, as in nanoGPT's `get_batch`.
 * @throws {DataError} if the source has no window of context + 1 tokens
 */
export function randomWindows<D extends TokenDType = 'int64'>({
  source,
  batchSize,
  context,
  dtype = 'int64' as D,
  name = 'The text',
  seed,
}: WindowOptions<D> & { readonly seed: number }): RandomWindows<D> {
  checkLength(source, context + 1, name)
  const starts = source.length - context
  const drawsPerBatch = 2 * batchSize // Random.integer takes two numbers
  return {
    batch(step) {
      const random = new Random(seed, 'data', step * drawsPerBatch)
      const batch = emptyBatch(batchSize * context, dtype)
      for (let row = 0; row < batchSize; row++) {
        readWindow(source, random.integer(starts), context, batch, row * context)
      }
      return batch
    },
  }
}

/** Every batch of an evaluation, in order. */
export interface SequentialWindows<D extends TokenDType = 'int64'> extends Iterable<Batch<D>> {
  /** How many batches there are. */
  readonly length: number
  /** Targets that count: every token but the first, which has nothing before it. */
  readonly scoredTokens: number
  batch(index: number): Batch<D>
}

/**
 * Windows side by side, so that every token after the first is a target exactly once. What the last window and the last
 * batch lack is filled with input 0 and target -1, so all batches have one shape.
 * @throws {DataError} if the source has fewer than 2 tokens
 */
export function sequentialWindows<D extends TokenDType = 'int64'>({
  source,
  batchSize,
  context,
  dtype = 'int64' as D,
  name = 'The text',
}: WindowOptions<D>): SequentialWindows<D> {
  checkLength(source, 2, name)
  const scoredTokens = source.length - 1
  const tokensPerBatch = batchSize * context
  const length = Math.ceil(scoredTokens / tokensPerBatch)
  const batch = (index: number) => {
    const filled = emptyBatch(tokensPerBatch, dtype)
    const begin = index * tokensPerBatch
    const count = Math.min(tokensPerBatch, scoredTokens - begin)
    readWindow(source, begin, count, filled, 0)
    if (filled.targets instanceof Int32Array) filled.targets.fill(-1, count)
    else filled.targets.fill(-1n, count)
    return filled
  }
  return {
    length,
    scoredTokens,
    batch,
    *[Symbol.iterator]() {
      for (let index = 0; index < length; index++) yield batch(index)
    },
  }
}

/** Inputs from `begin`, targets one token later, to the same place of the batch. */
export function readWindow(
  source: TokenSource,
  begin: number,
  length: number,
  { inputs, targets }: { readonly inputs: TokenArray; readonly targets: TokenArray },
  place: number,
): void {
  source.read(begin, length, inputs.subarray(place, place + length))
  source.read(begin + 1, length, targets.subarray(place, place + length))
}

export function emptyBatch<D extends TokenDType>(length: number, dtype: D): Batch<D> {
  return { inputs: zeros(dtype, length), targets: zeros(dtype, length) }
}

export function checkLength(source: TokenSource, tokens: number, name: string): void {
  if (source.length >= tokens) return
  const shorter = source.length > 1 && tokens > 2 ? ` or --context ${source.length - 1}` : ''
  throw new DataError({
    what: name,
    expected: tokens > 2 ? `at least ${tokens} tokens, one more than the context` : `at least ${tokens} tokens`,
    received: String(source.length),
    hint: `Use a longer text${shorter}.`,
  })
}
