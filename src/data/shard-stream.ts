/** Documents of many shards in random order, and batches of their tokens, from an exact position on. */
import { DataError } from '../base/errors.ts'
import { Random } from '../base/random.ts'
import type { Tokenizer } from '../tokenizers/tokenizer.ts'
import { type Batch, emptyBatch, type TokenDType } from './batches.ts'
import type { Shard } from './shards.ts'
import type { TextSource } from './text.ts'

/**
 * Where a stream of documents goes on. The shuffle buffer need not be stored: it is filled with the documents from
 * (shard, offset) on, and emptied in an order that follows from the seed and that place.
 */
export interface DocumentPosition {
  readonly epoch: number
  /** In the epoch's order of shards: where the buffer was filled from, and the place in it. */
  readonly shard: number
  readonly offset: number
  /** Documents that were taken out of the buffer. */
  readonly taken: number
}

export interface DocumentStreamOptions {
  readonly seed: number
  /** Documents that the shuffle buffer holds; 1 keeps their order. Default 10,000. */
  readonly bufferSize?: number
  /** Documents that are not kept are passed over; all are unless told. */
  readonly keeps?: (text: string) => boolean
}

const atBeginning: DocumentPosition = { epoch: 0, shard: 0, offset: 0, taken: 0 }

/** A document, and the position behind it. */
export interface StreamedDocument {
  readonly text: string
  readonly next: DocumentPosition
}

/**
 * Documents without end, epoch after epoch: in each the shards come in another order, and documents are drawn at random
 * from a buffer that is filled from them.
 *
 * @throws {DataError} if the shards hold no document
 */
export async function* shuffledDocuments(
  shards: readonly Shard[],
  { seed, bufferSize = 10_000, keeps = () => true }: DocumentStreamOptions,
  from: DocumentPosition = atBeginning,
): AsyncGenerator<StreamedDocument> {
  let position = from
  let isEmpty = true
  let coming: AsyncGenerator<PlacedDocument> | undefined // what follows in the present epoch
  try {
    for (;;) {
      const { epoch, shard, offset } = position
      coming ??= documentsFrom(shards, new Random(seed, `shards/${epoch}`).shuffle([...shards.keys()]), position)
      const { documents, next } = await filledBuffer(coming, bufferSize, keeps)
      if (next === undefined) coming = undefined
      const after: DocumentPosition = next ? { epoch, ...next, taken: 0 } : { ...atBeginning, epoch: epoch + 1 }
      const mixed = new Random(seed, `shards/${epoch}/${shard}/${offset}`)
      const drawn = bufferSize > 1 ? mixed.shuffle(documents) : documents
      if (position.taken > 0 && position.taken >= drawn.length) {
        const expected = `the shards as they were: more than ${position.taken} documents from there on`
        const received = String(drawn.length)
        throw new DataError({ what: `Going on in epoch ${epoch}, shard ${shard}, ${offset},`, expected, received })
      }
      for (let taken = position.taken; taken < drawn.length; taken++) {
        isEmpty = false
        yield {
          text: drawn[taken],
          next: taken + 1 < drawn.length ? { epoch, shard, offset, taken: taken + 1 } : after,
        }
      }
      if (next === undefined && isEmpty && epoch > from.epoch) {
        const received = `none in ${shards.length} ${shards.length === 1 ? 'file' : 'files'}`
        throw new DataError({ what: 'The shards', expected: 'documents', received })
      }
      position = after
    }
  } finally {
    await coming?.return(undefined)
  }
}

/** A document, and the place behind it in an epoch's order of shards. */
interface PlacedDocument {
  readonly text: string
  readonly next: Pick<DocumentPosition, 'shard' | 'offset'>
}

async function* documentsFrom(
  shards: readonly Shard[],
  order: readonly number[],
  { shard, offset }: DocumentPosition,
): AsyncGenerator<PlacedDocument> {
  for (let place = shard, begin = offset; place < order.length; place++, begin = 0)
    for await (const { text, next } of shards[order[place]].documents(begin))
      yield { text, next: { shard: place, offset: next } }
}

/** As many documents as the buffer holds, and where the next ones begin; what is left of an epoch, where it ends. */
async function filledBuffer(
  coming: AsyncGenerator<PlacedDocument>,
  bufferSize: number,
  keeps: (text: string) => boolean,
): Promise<{ documents: string[]; next?: PlacedDocument['next'] }> {
  const documents: string[] = []
  for (;;) {
    const { done, value } = await coming.next()
    if (done) return { documents }
    if (!keeps(value.text)) continue
    documents.push(value.text)
    if (documents.length === bufferSize) return { documents, next: value.next }
  }
}

/** The documents of one epoch as a text, each ended by an empty line. */
export function textOfShards(name: string, shards: readonly Shard[], options: DocumentStreamOptions): TextSource {
  return {
    name,
    async *chunks() {
      for await (const { text, next } of shuffledDocuments(shards, options)) {
        yield `${text.replace(/\n+$/, '')}\n\n`
        if (next.epoch > 0) return
      }
    },
  }
}

/** Where a stream of tokens goes on: in which document, and after how many of its tokens. */
export interface TokenPosition extends DocumentPosition {
  readonly tokens: number
}

export interface TokenStreamOptions<D extends TokenDType = 'int64'> extends DocumentStreamOptions {
  readonly tokenizer: Tokenizer
  /** B */
  readonly batchSize: number
  /** T */
  readonly context: number
  /** int64 unless told */
  readonly dtype?: D
}

/** Batches of windows over the tokens of shuffled documents. */
export interface TokenStream<D extends TokenDType = 'int64'> {
  /** Where the next batch begins: JSON, to be kept with a checkpoint. */
  readonly position: TokenPosition
  /** Windows one after another: the last target of one is the first input of the next. */
  batch(): Promise<Batch<D>>
  close(): Promise<void>
}

/**
 * Tokens of shuffled documents, made on the way, each document ended by the token that ends one, if there is such a
 * token. From the position that a stream had, another gives the same batches, bit for bit.
 */
export function tokenStream<D extends TokenDType = 'int64'>(
  shards: readonly Shard[],
  { tokenizer, batchSize, context, dtype = 'int64' as D, ...options }: TokenStreamOptions<D>,
  from: TokenPosition = { ...atBeginning, tokens: 0 },
): TokenStream<D> {
  const { tokens: skipped, ...start } = from
  const documents = shuffledDocuments(shards, options, start)
  let present: { readonly ids: Int32Array; readonly position: DocumentPosition; readonly next: DocumentPosition } = {
    ids: new Int32Array(skipped),
    position: start,
    next: start,
  }
  let used = skipped
  let first = true
  const advance = async (): Promise<void> => {
    const result = await documents.next()
    if (result.done) return // it has no end
    const { text, next } = result.value
    const ids = tokenizer.encode(text)
    const whole = tokenizer.endOfText === undefined ? ids : Int32Array.of(...ids, tokenizer.endOfText)
    present = { ids: whole, position: present.next, next }
    used = first ? skipped : 0
    first = false
  }
  /** The next token, or the one at hand again. */
  const token = async (): Promise<number> => {
    while (first || used >= present.ids.length) await advance()
    return present.ids[used]
  }
  const size = batchSize * context
  return {
    get position() {
      return { ...present.position, tokens: used }
    },
    async batch() {
      const batch = emptyBatch(size, dtype)
      const ids = new Int32Array(size + 1)
      for (let i = 0; i < size; i++) {
        ids[i] = await token()
        used++
      }
      ids[size] = await token()
      fill(batch.inputs, ids, 0)
      fill(batch.targets, ids, 1)
      return batch
    },
    async close() {
      await documents.return(undefined)
    },
  }
}

function fill(target: Int32Array | BigInt64Array, ids: Int32Array, offset: number): void {
  if (target instanceof Int32Array) target.set(ids.subarray(offset, offset + target.length))
  else for (let i = 0; i < target.length; i++) target[i] = BigInt(ids[offset + i])
}
