/**
 * A text as token ids in a file: `NAME.bin` holds them little-endian in 1, 2 or 4 bytes each, as nanoGPT's `train.bin`
 * does; `NAME.json` says how many there are and which tokenizer made them, and is written last.
 */
import { DataError } from '../base/errors.ts'
import { readText, type Storage, writeText } from '../storage/storage.ts'

/** Token ids by position, wherever they are kept. */
export interface TokenSource {
  readonly length: number
  /** Bytes of the text in UTF-8, for bits per byte. */
  readonly bytesOfText: number
  /** Copies `length` ids from `offset` to the beginning of `target`. */
  read(offset: number, length: number, target: TokenArray): void
}

/** Arrays that a model takes token ids in. */
export type TokenArray = Int32Array | BigInt64Array

/** Arrays that token ids are stored in. */
export type StoredTokens = Uint8Array | Uint16Array | Uint32Array

export type StoredDType = 'uint8' | 'uint16' | 'uint32'

const arrays = { uint8: Uint8Array, uint16: Uint16Array, uint32: Uint32Array } as const

/** What `NAME.json` says. */
export interface TokensHeader {
  readonly format: 'nacre-tokens'
  readonly version: 1
  readonly dtype: StoredDType
  readonly count: number
  readonly bytesOfText: number
  readonly vocabularySize: number
  /** {@link fingerprint} of the tokenizer's JSON. */
  readonly tokenizer: string
}

/** Ids in memory. */
export function memoryTokens(ids: ArrayLike<number>, bytesOfText: number): TokenSource {
  return {
    length: ids.length,
    bytesOfText,
    read: (offset, length, target) => copyTokens(ids, offset, length, target),
  }
}

/**
 * Writes ids as they come; memory is bounded by one piece.
 *
 * @param name - without an ending, for example `training/train`
 * @throws {DataError} if an id is not in the vocabulary
 */
export async function writeTokens(
  storage: Storage,
  name: string,
  ids: Iterable<ArrayLike<number>> | AsyncIterable<ArrayLike<number>>,
  text: Pick<TokensHeader, 'vocabularySize' | 'tokenizer' | 'bytesOfText'>,
): Promise<TokensHeader> {
  const { vocabularySize } = text
  const dtype = vocabularySize <= 2 ** 8 ? 'uint8' : vocabularySize <= 2 ** 16 ? 'uint16' : 'uint32'
  let count = 0
  async function* chunks() {
    for await (const piece of ids) {
      const stored = new arrays[dtype](piece.length)
      for (let i = 0; i < piece.length; i++) {
        const id = piece[i]
        if (!(id >= 0 && id < vocabularySize)) {
          const expected = `ids from 0 to ${vocabularySize - 1}`
          throw new DataError({ what: `Token ${count + i} of ${name}`, expected, received: String(id) })
        }
        stored[i] = id
      }
      count += piece.length
      yield new Uint8Array(stored.buffer)
    }
  }
  await storage.remove(`${name}.json`) // from here on the old tokens are gone
  await storage.write(`${name}.bin`, chunks())
  const header: TokensHeader = { format: 'nacre-tokens', version: 1, dtype, count, ...text }
  await writeText(storage, `${name}.json`, `${JSON.stringify(header, null, 2)}\n`)
  return header
}

/**
 * The header of a token file, checked against the size of the file.
 * @throws {DataError} if it is not a whole token file
 */
export async function readTokensHeader(storage: Storage, name: string): Promise<TokensHeader> {
  const location = storage.locate(`${name}.json`)
  const hint = 'Remove it, and it will be written again.'
  const header = parseHeader(await readText(storage, `${name}.json`))
  if (header === undefined) throw new DataError({ what: location, expected: 'the header of a token file', hint })
  const size = await storage.size(`${name}.bin`)
  const expected = header.count * storedBytes(header.dtype)
  if (size !== expected) {
    const what = storage.locate(`${name}.bin`)
    throw new DataError({ what, expected: `${expected} bytes`, received: String(size), hint })
  }
  return header
}

/** The tokens of a file, all in memory; node.ts reads them from the file. */
export async function loadTokens(storage: Storage, name: string): Promise<TokenSource> {
  const { dtype, bytesOfText } = await readTokensHeader(storage, name)
  return memoryTokens(storedTokens(dtype, await storage.read(`${name}.bin`)), bytesOfText)
}

/** Bytes of one stored id. */
export function storedBytes(dtype: StoredDType): number {
  return arrays[dtype].BYTES_PER_ELEMENT
}

/** Bytes of a token file as ids; the bytes must be aligned. */
export function storedTokens(dtype: StoredDType, { buffer, byteOffset, byteLength }: Uint8Array): StoredTokens {
  const create: new (buffer: ArrayBufferLike, byteOffset: number, length: number) => StoredTokens = arrays[dtype]
  return new create(buffer, byteOffset, byteLength / storedBytes(dtype))
}

/** SHA-256 of a text in hexadecimal, to tell whether a tokenizer is the one that made some tokens. */
export async function fingerprint(content: string | Uint8Array<ArrayBuffer>): Promise<string> {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
  const digest = await crypto.subtle.digest('SHA-256', bytes)
  return Array.from(new Uint8Array(digest), byte => byte.toString(16).padStart(2, '0')).join('')
}

/** Letters that are hashed at once; a string has at most some 500 million. */
const hashedLetters = 2 ** 26

/** SHA-256 of texts one after another, in hex digits; where they are long, of the digests of their stretches. */
export async function fingerprintOfAll(parts: Iterable<string>, stretch: number = hashedLetters): Promise<string> {
  const digests: string[] = []
  let text = ''
  for (const part of parts) {
    if (text.length + part.length > stretch && text !== '') {
      digests.push(await fingerprint(text))
      text = ''
    }
    text += part
  }
  const last = await fingerprint(text)
  return digests.length === 0 ? last : fingerprint([...digests, last].join('\n'))
}

/** A list as JSON, item by item, for one that is too long for one string. */
export function* jsonParts(items: Iterable<unknown>): Generator<string, void, undefined> {
  let separator = '['
  for (const item of items) {
    yield `${separator}${JSON.stringify(item)}`
    separator = ','
  }
  yield separator === '[' ? '[]' : ']'
}

/**
 * Copies ids to the beginning of a target. An int64 is written as two int32, the low one first as on every machine that
 * ONNX Runtime knows, which spares making a BigInt of each.
 */
export function copyTokens(ids: ArrayLike<number>, offset: number, length: number, target: TokenArray): void {
  if (target instanceof Int32Array) {
    for (let i = 0; i < length; i++) target[i] = ids[offset + i]
    return
  }
  const halves = new Int32Array(target.buffer, target.byteOffset, 2 * length)
  for (let i = 0; i < length; i++) {
    halves[2 * i] = ids[offset + i]
    halves[2 * i + 1] = 0
  }
}

function parseHeader(text: string): TokensHeader | undefined {
  try {
    const header: TokensHeader = JSON.parse(text)
    const { format, version, dtype, count } = header
    const isHeader = format === 'nacre-tokens' && version === 1 && Object.hasOwn(arrays, dtype) && count >= 0
    return isHeader ? header : undefined
  } catch {
    return undefined
  }
}
