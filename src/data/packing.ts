/** Several examples in one row of the context, so that little of it is padding. Shapes: B rows, T tokens. */
import { DataError } from '../base/errors.ts'
import { Random } from '../base/random.ts'
import { orderedEpochs, shuffledEpochs } from './epochs.ts'

/** Tokens, and which of them are to be learned. */
export interface TrainingExample {
  readonly ids: Int32Array
  /** 1 for a token of an answer, 0 for one that is only read. */
  readonly isAnswer: Uint8Array
}

/** Rows of examples side by side; each token after an example's first is a target, as far as it is of an answer. */
export interface PackedBatch {
  /** [B, T]; 0 where a row is not full */
  readonly inputs: BigInt64Array
  /** [B, T]; -1 where nothing is learned */
  readonly targets: BigInt64Array
  /** [B, T]: index of each token in its own example */
  readonly positions: BigInt64Array
  /** [B, T]: number of its example in the row; padding is a document of its own */
  readonly documents: BigInt64Array
  /** Targets that count. */
  readonly scoredTokens: number
}

export interface PackingOptions {
  /** B */
  readonly batchSize: number
  /** T */
  readonly context: number
  readonly seed: number
  /** Examples that look for a place at once; default 4096, in order 512. */
  readonly window?: number
  /** The examples of a window come after those of the one before it, in every epoch; shuffled unless told so. */
  readonly inOrder?: boolean
}

export interface PackedExamples {
  /** Rows of an epoch, each with the examples in it. */
  readonly rows: readonly (readonly number[])[]
  /** Share of the rows' places that hold no token. */
  readonly padding: number
  /** Targets that count in each row. */
  readonly scoredTokens: readonly number[]
  /** The rows of a step, a function of its number: in another order in every epoch. */
  rowsOf(step: number): readonly number[]
  /** Their batch. */
  batch(step: number): PackedBatch
  /** A batch of these rows, for evaluation; rows beyond the last are padding. */
  batchOf(rows: readonly number[]): PackedBatch
}

/**
 * Packs examples by first fit, longest first, within windows of the examples, which are shuffled before.
 * @throws {DataError} if there is no example, or one is longer than a row
 */
export function packExamples(examples: readonly TrainingExample[], options: PackingOptions): PackedExamples {
  const { batchSize, context, seed, inOrder = false, window = inOrder ? 512 : 4096 } = options
  if (examples.length === 0)
    throw new DataError({ what: 'The data', expected: 'examples to learn from', received: 'none' })
  const lengths = examples.map(({ ids }) => ids.length - 1) // the last token is a target alone
  const random = new Random(seed, 'packing')
  const order = inOrder ? [...examples.keys()] : random.shuffle([...examples.keys()])
  const rows: number[][] = []
  for (let begin = 0; begin < order.length; begin += window) {
    const fitted = firstFit(order.slice(begin, begin + window), lengths, context)
    rows.push(...(inOrder ? random.shuffle(fitted) : fitted)) // the fullest rows would come first
  }
  const epochs = inOrder ? orderedEpochs(rows.length, batchSize) : shuffledEpochs(rows.length, batchSize, seed)
  const used = lengths.reduce((sum, length) => sum + Math.max(0, length), 0)
  const batchOf = (indices: readonly number[]): PackedBatch =>
    filledBatch(
      examples,
      indices.map(index => rows[index] ?? []),
      batchSize,
      context,
    )
  const scoredOf = ({ isAnswer }: TrainingExample): number => isAnswer.subarray(1).reduce((sum, one) => sum + one, 0)
  const rowsOf = (step: number): number[] => [...epochs.batch(step)]
  return {
    rows,
    padding: 1 - used / (rows.length * context),
    scoredTokens: rows.map(row => row.reduce((sum, index) => sum + scoredOf(examples[index]), 0)),
    rowsOf,
    batch: step => batchOf(rowsOf(step)),
    batchOf,
  }
}

/** First fit, longest first (Johnson, 1973): at most 11/9 of the fewest rows, and one more. */
function firstFit(indices: readonly number[], lengths: readonly number[], context: number): number[][] {
  const sorted = indices.toSorted((a, b) => lengths[b] - lengths[a] || a - b)
  const rows: { readonly examples: number[]; room: number }[] = []
  let firstOpen = 0 // rows before it are full
  for (const index of sorted) {
    const length = lengths[index]
    if (length < 1) continue // one token alone has nothing to be learned
    if (length > context) {
      const expected = `at most ${context + 1} tokens, one more than the context`
      throw new DataError({ what: `Example ${index}`, expected, received: String(length + 1) })
    }
    while (firstOpen < rows.length && rows[firstOpen].room === 0) firstOpen++
    let row = firstOpen
    while (row < rows.length && rows[row].room < length) row++
    if (row === rows.length) rows.push({ examples: [], room: context })
    rows[row].examples.push(index)
    rows[row].room -= length
  }
  return rows.map(row => row.examples)
}

function filledBatch(
  examples: readonly TrainingExample[],
  rows: readonly (readonly number[])[],
  batchSize: number,
  context: number,
): PackedBatch {
  const size = batchSize * context
  const inputs = new BigInt64Array(size)
  const targets = new BigInt64Array(size).fill(-1n)
  const positions = new BigInt64Array(size)
  const documents = new BigInt64Array(size)
  let scoredTokens = 0
  for (let row = 0; row < batchSize; row++) {
    let place = row * context
    const members = rows[row] ?? []
    for (const [document, index] of members.entries()) {
      const { ids, isAnswer } = examples[index]
      for (let i = 0; i + 1 < ids.length; i++, place++) {
        inputs[place] = BigInt(ids[i])
        positions[place] = BigInt(i)
        documents[place] = BigInt(document)
        if (isAnswer[i + 1] === 0) continue
        targets[place] = BigInt(ids[i + 1])
        scoredTokens++
      }
    }
    const end = (row + 1) * context
    for (let position = 0n; place < end; position++, place++) {
      positions[place] = position
      documents[place] = BigInt(members.length)
    }
  }
  return { inputs, targets, positions, documents, scoredTokens }
}
