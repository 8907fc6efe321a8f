/** Shards that a run learns from as they are read: what it holds out of them, and what it reads from which place on. */
import { DataError } from '../base/errors.ts'
import { isHeldOut } from '../data/held-out-documents.ts'
import { shuffledDocuments, type TokenPosition, type TokenStream, tokenStream } from '../data/shard-stream.ts'
import type { Shard } from '../data/shards.ts'
import { fingerprint, writeTokens } from '../data/token-shards.ts'
import type { Storage } from '../storage/storage.ts'
import type { Tokenizer } from '../tokenizers/tokenizer.ts'

export interface RunStreamOptions {
  readonly seed: number
  readonly shuffleBuffer: number
  /** Share of the documents that are held out. */
  readonly validationFraction: number
}

/** Tokens of held-out documents that are kept: validations on the way score some of them, the last one all. */
const mostHeldOut = 2 ** 18
/** Tokens by which the bytes of a token are measured. */
const measuredTokens = 2 ** 16

/** Tokens of a document, with the one that ends it, if there is such a token. */
function documentIds(tokenizer: Tokenizer, text: string): Int32Array {
  const ids = tokenizer.encode(text)
  return tokenizer.endOfText === undefined ? ids : Int32Array.of(...ids, tokenizer.endOfText)
}

const byteCount = (text: string): number => new TextEncoder().encode(text).length

/**
 * Writes the tokens of held-out documents into the folder of a run.
 * @throws {DataError} if no document is held out
 */
export async function writeHeldOut(
  storage: Storage,
  name: string,
  shards: readonly Shard[],
  tokenizer: Tokenizer,
  { seed, shuffleBuffer, validationFraction }: RunStreamOptions,
): Promise<void> {
  const pieces: Int32Array[] = []
  let [tokens, bytes] = [0, 0]
  for await (const { text, next } of shuffledDocuments(shards, { seed, bufferSize: shuffleBuffer })) {
    if (isHeldOut(text, validationFraction)) {
      const ids = documentIds(tokenizer, text)
      pieces.push(ids)
      tokens += ids.length
      bytes += byteCount(text)
    }
    if (tokens >= mostHeldOut || next.epoch > 0) break
  }
  if (tokens === 0) {
    const hint = 'Raise --validation-fraction, or hold out none: --validation-fraction 0'
    throw new DataError({ what: 'The shards', expected: 'documents to hold out', received: 'none', hint })
  }
  const source = await fingerprint(JSON.stringify(tokenizer.toJSON()))
  const about = { vocabularySize: tokenizer.vocabularySize, tokenizer: source, bytesOfText: bytes }
  await writeTokens(storage, name, pieces, about)
}

/** Bytes of text for each token, measured on the first documents. */
export async function bytesPerToken(
  shards: readonly Shard[],
  tokenizer: Tokenizer,
  { seed }: RunStreamOptions,
): Promise<number> {
  let [tokens, bytes] = [0, 0]
  for await (const { text, next } of shuffledDocuments(shards, { seed, bufferSize: 256 })) {
    tokens += documentIds(tokenizer, text).length
    bytes += byteCount(text)
    if (tokens >= measuredTokens || next.epoch > 0) break
  }
  return bytes / Math.max(1, tokens)
}

/** Batches of all documents but the held-out ones, from a place on. */
export function openStream(
  shards: readonly Shard[],
  tokenizer: Tokenizer,
  { seed, shuffleBuffer, validationFraction }: RunStreamOptions,
  { batchSize, context }: { readonly batchSize: number; readonly context: number },
  from?: TokenPosition,
): TokenStream {
  const keeps = (text: string): boolean => !isHeldOut(text, validationFraction)
  return tokenStream(shards, { tokenizer, batchSize, context, seed, bufferSize: shuffleBuffer, keeps }, from)
}

/** What a stream is made of: its files by their names, wherever they lie. */
export const streamIdentity = (shards: readonly Shard[]): Promise<string> =>
  fingerprint(JSON.stringify(shards.map(({ name }) => name.replace(/^.*[/\\]/, ''))))
