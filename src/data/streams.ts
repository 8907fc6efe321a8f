/** Batches for models that carry a state from window to window. Shapes: B streams, T tokens of a window. */
import {
  type Batch,
  checkLength,
  emptyBatch,
  readWindow,
  type SequentialWindows,
  sequentialWindows,
  type TokenDType,
  type WindowOptions,
} from './batches.ts'

/** Batches by number, each the continuation of the one before. */
export interface RingStreams<D extends TokenDType = 'int64'> {
  batch(step: number): Batch<D>
}

/**
 * Streams that read the text as a ring: B readers begin at equal distances, and each goes on from step to step without
 * end. The windows of a step follow those of the step before in every row, so a state can be carried.
 * Williams and Peng, An Efficient Gradient-Based Algorithm for On-Line Training of Recurrent Networks, 1990.
 * @throws {DataError} if the source has no window of context + 1 tokens
 */
export function ringStreams<D extends TokenDType = 'int64'>({
  source,
  batchSize,
  context,
  dtype = 'int64' as D,
  name = 'The text',
}: WindowOptions<D>): RingStreams<D> {
  checkLength(source, context + 1, name)
  const ring = source.length - 1 // places of an input that has a target
  return {
    batch(step) {
      const batch = emptyBatch(batchSize * context, dtype)
      for (let row = 0; row < batchSize; row++) {
        let begin = (Math.floor((row * ring) / batchSize) + step * context) % ring
        for (let done = 0; done < context; ) {
          const count = Math.min(context - done, ring - begin)
          readWindow(source, begin, count, batch, row * context + done)
          done += count
          begin = 0
        }
      }
      return batch
    },
  }
}

/**
 * The batches of an evaluation, whose state is carried from batch to batch: a text in B contiguous stretches, one for each row. A row but the first begins one window before its stretch, with
 * targets of -1: its state is warm when its first target counts. Every token after the first is a target exactly once.
 * @throws {DataError} if the source has fewer than 2 tokens
 */
export function parallelStreams<D extends TokenDType = 'int64'>({
  source,
  batchSize,
  context,
  dtype = 'int64' as D,
  name = 'The text',
}: WindowOptions<D>): SequentialWindows<D> {
  checkLength(source, 2, name)
  const scoredTokens = source.length - 1
  // The first row counts in all of its windows, each of the others in all but the first.
  const windows = Math.ceil(scoredTokens / context)
  const length = Math.ceil((windows + batchSize - 1) / batchSize)
  const batch = (index: number): Batch<D> => {
    const filled = emptyBatch(batchSize * context, dtype)
    const none = filled.targets instanceof Int32Array ? -1 : -1n
    filled.targets.fill(none as never)
    for (let row = 0; row < batchSize; row++) {
      const begin = (row * (length - 1) + index) * context
      const count = Math.min(context, scoredTokens - begin)
      if (count <= 0) continue
      const place = row * context
      readWindow(source, begin, count, filled, place)
      if (row > 0 && index === 0) filled.targets.fill(none as never, place, place + count)
    }
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

/** The windows that score a text, in order: side by side, or in streams for a model that carries a state. */
export function evaluationWindows(options: WindowOptions, carriesState: boolean): SequentialWindows {
  return carriesState ? parallelStreams(options) : sequentialWindows(options)
}
