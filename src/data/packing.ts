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
  /** [B, T]: number of its example in the row, or of a prefix; padding is a document of its own */
  readonly documents: BigInt64Array
  /** [B, T]: number of the prefix that it goes on from, or of its own document; none where no example shares one */
  readonly prefixes?: BigInt64Array
  /** Targets that count. */
  readonly scoredTokens: number
}

export interface PackingOptions {
  /** B at most */
  readonly batchSize: number
  /** T at most */
  readonly context: number
  readonly seed: number
  /** Examples that look for a place at once; default 4096, in order 512. */
  readonly window?: number
  /** The examples of a window come after those of the one before it, in every epoch; shuffled unless told so. */
  readonly inOrder?: boolean
}

export interface PackedExamples {
  /** B: no more rows than there are */
  readonly batchSize: number
  /** T: no more than the longest row needs, up to a multiple of 64 */
  readonly context: number
  /** Rows of an epoch, each with the examples in it. */
  readonly rows: readonly (readonly number[])[]
  /** Share of the rows' places that hold no token. */
  readonly padding: number
  /** Tokens that stand in the rows once and belong to several examples, counted for each but the first. */
  readonly sharedTokens: number
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
 * Packs examples by first fit, longest first, within windows of the examples, which are shuffled before. What examples near
 * each other begin with and do not learn, as a text that several questions are about, stands in a row once: each of them
 * sees it, and none another, so that all losses are what they are alone.
 * @throws {DataError} if there is no example of two tokens or more, or one is longer than a row
 */
export function packExamples(examples: readonly TrainingExample[], options: PackingOptions): PackedExamples {
  const { context: room, seed, inOrder = false, window = inOrder ? 512 : 4096 } = options
  if (examples.length === 0)
    throw new DataError({ what: 'The data', expected: 'examples to learn from', received: 'none' })
  refuseLonger(examples, room)
  const random = new Random(seed, 'packing')
  const groups = sharedPrefixes(examples, room)
  const order = inOrder ? groups : random.shuffle(groups)
  const rows: Group[][] = []
  for (let begin = 0; begin < order.length; begin += window) {
    const fitted = firstFit(order.slice(begin, begin + window), room)
    rows.push(...(inOrder ? random.shuffle(fitted) : fitted)) // the fullest rows would come first
  }
  if (rows.length === 0)
    throw new DataError({
      what: 'The data',
      expected: 'an example of two tokens or more',
      received: 'one token in each',
    })
  const batchSize = Math.min(options.batchSize, rows.length)
  const widths = rows.map(row => row.reduce((sum, { length }) => sum + length, 0))
  const longest = widths.reduce((most, width) => Math.max(most, width), 0)
  const context = Math.min(room, widthMultiple * Math.ceil(longest / widthMultiple))
  const epochs = inOrder ? orderedEpochs(rows.length, batchSize) : shuffledEpochs(rows.length, batchSize, seed)
  const used = widths.reduce((sum, width) => sum + width, 0)
  const sharedTokens = groups.reduce((sum, { prefix, members }) => sum + prefix * (members.length - 1), 0)
  const batchOf = (indices: readonly number[]): PackedBatch => {
    const groupsOf = indices.map(index => rows[index] ?? [])
    const { prefixes, ...batch } = filledBatch(examples, groupsOf, batchSize, context)
    return { ...batch, ...(sharedTokens > 0 && { prefixes }) }
  }
  const scoredOf = ({ isAnswer }: TrainingExample): number => isAnswer.subarray(1).reduce((sum, one) => sum + one, 0)
  const membersOf = (row: readonly Group[]): number[] => row.flatMap(({ members }) => members)
  const rowsOf = (step: number): number[] => [...epochs.batch(step)]
  return {
    ...{ batchSize, context },
    rows: rows.map(membersOf),
    padding: 1 - used / (rows.length * context),
    sharedTokens,
    scoredTokens: rows.map(row => membersOf(row).reduce((sum, index) => sum + scoredOf(examples[index]), 0)),
    rowsOf,
    batch: step => batchOf(rowsOf(step)),
    batchOf,
  }
}

function refuseLonger(examples: readonly TrainingExample[], context: number): void {
  const index = examples.findIndex(({ ids }) => lengthOf(ids) > context)
  if (index < 0) return
  const expected = `at most ${context + 1} tokens, one more than the context`
  throw new DataError({ what: `Example ${index}`, expected, received: String(examples[index].ids.length) })
}

/** Places of an example; its last token is a target alone. */
const lengthOf = (ids: Int32Array): number => ids.length - 1

/** Examples that go on from a common prefix; one alone has none. */
interface Group {
  readonly members: readonly number[]
  /** Tokens of the prefix. */
  readonly prefix: number
  /** Places that it takes. */
  readonly length: number
}

/** Few widths are compiled for data that changes a little, and products are of whole blocks. */
const widthMultiple = 64
/** A shorter prefix is not worth a place of its own. */
const shortestPrefix = 8
/** Examples with a common prefix lie at most so far from each other. */
const nearby = 32

/** Groups by their first members. */
function sharedPrefixes(examples: readonly TrainingExample[], context: number): Group[] {
  const groups: Group[] = []
  /** Where the latest group lies whose examples begin so. */
  const latest = new Map<string, number>()
  for (const [index, { ids }] of examples.entries()) {
    const length = lengthOf(ids)
    if (length < 1) continue // one token alone has nothing to be learned
    const key = ids.subarray(0, shortestPrefix).join()
    const place = latest.get(key)
    const joined = place !== undefined && joinedBy(groups[place], index, examples)
    if (joined && joined.length <= context) groups[place!] = joined
    else {
      latest.set(key, groups.length)
      groups.push({ members: [index], prefix: 0, length })
    }
  }
  return groups
}

/** The group with one example more; undefined where that has too little in common with it. */
function joinedBy({ members, prefix }: Group, index: number, examples: readonly TrainingExample[]): Group | undefined {
  if (index - members.at(-1)! > nearby) return undefined
  const [first, one] = [examples[members[0]], examples[index]]
  let common = 0
  // The last common token is each example's own, for what it predicts may be learned.
  while (
    common + 1 < Math.min(lengthOf(first.ids), lengthOf(one.ids)) &&
    first.ids[common + 1] === one.ids[common + 1] &&
    first.isAnswer[common + 1] === 0 &&
    one.isAnswer[common + 1] === 0
  )
    common++
  if (common < Math.max(shortestPrefix, prefix / 2)) return undefined
  const shared = prefix === 0 ? common : Math.min(prefix, common)
  const all = [...members, index]
  const length = all.reduce((sum, member) => sum + lengthOf(examples[member].ids) - shared, shared)
  return { members: all, prefix: shared, length }
}

/** First fit, longest first (Johnson, 1973): at most 11/9 of the fewest rows, and one more. */
function firstFit(groups: readonly Group[], context: number): Group[][] {
  const sorted = groups.toSorted((a, b) => b.length - a.length || a.members[0] - b.members[0])
  const rows: { readonly groups: Group[]; room: number }[] = []
  let firstOpen = 0 // rows before it are full
  for (const group of sorted) {
    while (firstOpen < rows.length && rows[firstOpen].room === 0) firstOpen++
    let row = firstOpen
    while (row < rows.length && rows[row].room < group.length) row++
    if (row === rows.length) rows.push({ groups: [], room: context })
    rows[row].groups.push(group)
    rows[row].room -= group.length
  }
  return rows.map(row => row.groups)
}

function filledBatch(
  examples: readonly TrainingExample[],
  rows: readonly (readonly Group[])[],
  batchSize: number,
  context: number,
): PackedBatch {
  const size = batchSize * context
  const inputs = new BigInt64Array(size)
  const targets = new BigInt64Array(size).fill(-1n)
  const positions = new BigInt64Array(size)
  const documents = new BigInt64Array(size)
  const prefixes = new BigInt64Array(size)
  let scoredTokens = 0
  let place = 0
  const put = (token: number, position: number, document: number, prefix: number): void => {
    inputs[place] = BigInt(token)
    positions[place] = BigInt(position)
    documents[place] = BigInt(document)
    prefixes[place] = BigInt(prefix)
  }
  for (let row = 0; row < batchSize; row++) {
    place = row * context
    let document = 0
    for (const { members, prefix } of rows[row] ?? []) {
      const begun = document
      const { ids: first } = examples[members[0]]
      for (let i = 0; i < prefix; i++, place++) put(first[i], i, begun, begun)
      if (prefix > 0) document++
      for (const { ids, isAnswer } of members.map(index => examples[index])) {
        for (let i = prefix; i < lengthOf(ids); i++, place++) {
          put(ids[i], i, document, prefix > 0 ? begun : document)
          if (isAnswer[i + 1] === 0) continue
          targets[place] = BigInt(ids[i + 1])
          scoredTokens++
        }
        document++
      }
    }
    const end = (row + 1) * context
    for (let position = 0; place < end; position++, place++) put(0, position, document, document)
  }
  return { inputs, targets, positions, documents, prefixes, scoredTokens }
}
