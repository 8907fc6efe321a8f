/**
 * Files of word vectors, as the published word2vec program and gensim write them: a line with the number of words and
 * their channels, then each word, a space, and its numbers, either as text in a line or as float32, little-endian.
 *
 * Tolerated, because one of them writes it: a space at the end of a line, a line break before a binary word or none, words
 * cut inside of a character, words that occur twice (the first counts), a text without its first line (GloVe).
 */
import { CheckpointError, type ErrorDetail } from '../base/errors.ts'
import { gunzip } from '../data/gzip.ts'
import { WordVectors } from '../models/word-vectors.ts'
import { type ByteChunks, readChunks, type Storage } from '../storage/storage.ts'

export type WordVectorFormat = 'text' | 'binary'

const space = 0x20
const lineFeed = 0x0a
const writtenAtOnce = 4096

/**
 * Writes vectors; a name that ends in `.gz` is packed.
 * @throws {CheckpointError} if a word has a space or a line break in it
 */
export async function writeWordVectors(
  storage: Storage,
  name: string,
  { words, channels, matrix }: Pick<WordVectors, 'words' | 'channels' | 'matrix'>,
  format: WordVectorFormat = 'binary',
): Promise<void> {
  const unfit = words.findIndex(word => word === '' || /[ \n]/.test(word))
  if (unfit >= 0) {
    const what = `Word ${unfit} of ${storage.locate(name)}`
    throw new CheckpointError({
      what,
      expected: 'a word without spaces and line breaks',
      received: JSON.stringify(words[unfit]),
    })
  }
  const encoder = new TextEncoder()
  function* pieces(): Generator<Uint8Array<ArrayBuffer>> {
    yield encoder.encode(`${words.length} ${channels}\n`)
    for (let first = 0; first < words.length; first += writtenAtOnce) {
      const piece = words.slice(first, first + writtenAtOnce)
      const row = (i: number) => matrix.subarray((first + i) * channels, (first + i + 1) * channels)
      if (format === 'text') yield encoder.encode(piece.map((word, i) => `${word} ${row(i).join(' ')}\n`).join(''))
      else
        yield binaryPiece(
          piece.map(word => encoder.encode(word)),
          row,
          channels,
        )
    }
  }
  await storage.write(name, name.endsWith('.gz') ? gzip(pieces()) : pieces())
}

function binaryPiece(
  words: readonly Uint8Array[],
  row: (i: number) => Float32Array,
  channels: number,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(words.reduce((sum, word) => sum + word.length + 2 + 4 * channels, 0))
  const view = new DataView(bytes.buffer)
  let at = 0
  for (const [i, word] of words.entries()) {
    bytes.set(word, at)
    bytes[at + word.length] = space
    at += word.length + 1
    for (const value of row(i)) {
      view.setFloat32(at, value, true)
      at += 4
    }
    bytes[at++] = lineFeed
  }
  return bytes
}

async function* gzip(pieces: Iterable<Uint8Array<ArrayBuffer>>): AsyncGenerator<Uint8Array> {
  const source = pieces[Symbol.iterator]()
  const stream = new ReadableStream<BufferSource>({
    pull(controller) {
      const next = source.next()
      if (next.done) controller.close()
      else controller.enqueue(next.value)
    },
  })
  const reader = stream.pipeThrough(new CompressionStream('gzip')).getReader()
  for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value
}

/**
 * Reads vectors; a name that ends in `.gz` is unpacked, and text is told from binary by what stands after the first word.
 *
 * @param limit - only so many words from the beginning
 * @throws {CheckpointError} if it is neither, or cut short: with the line of a text, the offset of a binary file
 * @throws {StorageError} if there is no such file
 */
export async function readWordVectors(
  storage: Storage,
  name: string,
  { limit = Number.POSITIVE_INFINITY }: { limit?: number } = {},
): Promise<WordVectors> {
  const location = storage.locate(name)
  const stored = readChunks(storage, name)
  const reader = new ByteReader(name.endsWith('.gz') ? gunzip(location, stored) : stored)
  try {
    const first = await reader.line()
    const header = /^\s*(\d+)\s+(\d+)\s*$/.exec(first ?? '')
    if (header === null) return await readText(reader, location, { first, limit })
    const [count, channels] = [Number(header[1]), Number(header[2])]
    if (count === 0 || channels === 0)
      throw malformed(location, 'a number of words and of channels in its first line', `"${first}"`)
    const isText = await looksLikeText(reader, channels)
    if (isText) return await readText(reader, location, { count, channels, limit })
    return await readBinary(reader, location, count, channels, limit)
  } finally {
    await reader.close()
  }
}

async function readBinary(
  reader: ByteReader,
  location: string,
  count: number,
  channels: number,
  limit: number,
): Promise<WordVectors> {
  const rows = Math.min(count, limit)
  const words: string[] = []
  const matrix = await matrixFor(reader, location, rows, channels)
  for (let i = 0; i < rows; i++) {
    const begin = reader.offset
    const word = await reader.word()
    const bytes = await reader.take(4 * channels)
    if (word === undefined || bytes === undefined) {
      const received = `its end at offset ${reader.offset}, after ${i}`
      const hint = 'Was it cut short?'
      throw malformed(location, `${count} words of ${channels} channels`, received, hint)
    }
    const values = new Float32Array(bytes.slice().buffer)
    const broken = values.findIndex(value => !Number.isFinite(value))
    if (broken >= 0) {
      const what = `${location}, word ${i} at offset ${begin}`
      throw malformed(what, 'finite numbers', String(values[broken]), 'Is its number of channels right?')
    }
    words.push(word)
    matrix.set(values, i * channels)
  }
  return new WordVectors(words, matrix)
}

/** Room for what the first line promises, if the file can be so long. */
async function matrixFor(reader: ByteReader, location: string, rows: number, channels: number): Promise<Float32Array> {
  await reader.fill(1)
  const hint = 'Is the first line right?'
  if (rows * channels > 2 ** 33) throw malformed(location, 'at most 2^33 numbers', `${rows} x ${channels}`, hint)
  try {
    return new Float32Array(rows * channels)
  } catch {
    throw malformed(location, 'as many numbers as there is memory for', `${rows} x ${channels}`, 'Read fewer words.')
  }
}

async function readText(
  reader: ByteReader,
  location: string,
  { first, count, limit, ...known }: { first?: string; count?: number; channels?: number; limit: number },
): Promise<WordVectors> {
  let channels = known.channels
  const words: string[] = []
  const rows: Float32Array[] = []
  let number = first === undefined ? 1 : 0
  for (let line = first ?? (await reader.line()); line !== undefined; line = await reader.line()) {
    number++
    if (words.length >= Math.min(limit, count ?? limit)) break
    const fields = line.trimEnd().split(' ')
    if (line.trim() === '') continue
    channels ??= fields.length - 1
    // A word may hold spaces: the numbers are the last fields.
    const values = fields.slice(-channels).map(Number)
    const isWhole = channels > 0 && fields.length > channels && values.every(Number.isFinite)
    if (!isWhole || fields.slice(-channels).includes('')) {
      const hint = number === 1 ? 'Is it a file of word vectors?' : undefined
      const shown = line.length > 60 ? `${line.slice(0, 60)}...` : line
      const expected = `a word and ${Math.max(1, channels)} numbers`
      throw malformed(`Line ${number} of ${location}`, expected, JSON.stringify(shown), hint)
    }
    words.push(fields.slice(0, -channels).join(' '))
    rows.push(Float32Array.from(values))
  }
  if (words.length === 0 || channels === undefined) throw malformed(location, 'word vectors', 'an empty file')
  if (count !== undefined && words.length < Math.min(count, limit)) {
    const hint = 'Was it cut short?'
    throw malformed(location, `${count} words, as its first line says`, `${words.length}, up to line ${number}`, hint)
  }
  const matrix = new Float32Array(words.length * channels)
  for (const [i, row] of rows.entries()) matrix.set(row, i * channels)
  return new WordVectors(words, matrix)
}

/** Whether numbers in letters follow the first word: the whole line's, or all that is seen of a very long one. */
async function looksLikeText(reader: ByteReader, channels: number): Promise<boolean> {
  const window = 2 ** 16
  await reader.fill(window)
  const begin = new TextDecoder('latin1').decode(reader.ahead(window)).replace(/^\n+/, '')
  const end = begin.indexOf('\n')
  if (end < 0 && begin.length === window) return /^.{0,1000}? [-+\d.eE ]{200}/.test(begin)
  const fields = begin
    .slice(0, end < 0 ? undefined : end)
    .trimEnd()
    .split(' ')
  return (
    fields.length > channels && fields.slice(-channels).every(field => field !== '' && Number.isFinite(Number(field)))
  )
}

/** Bytes that come in pieces, by lines, words and lengths. */
class ByteReader {
  readonly #chunks: AsyncIterator<Uint8Array>
  readonly #decoder = new TextDecoder()
  #pending: Uint8Array = new Uint8Array()
  #at = 0
  #ended = false
  /** Of the next byte, in the unpacked file. */
  offset = 0

  constructor(chunks: ByteChunks) {
    this.#chunks = (async function* () {
      yield* chunks
    })()
  }

  /** Has so many bytes ahead, or all that are left; false at the end. */
  async fill(bytes: number): Promise<boolean> {
    while (this.#pending.length - this.#at < bytes && !this.#ended) {
      const { value, done } = await this.#chunks.next()
      if (done) this.#ended = true
      else {
        const rest = this.#pending.subarray(this.#at)
        this.#pending = new Uint8Array(rest.length + value.length)
        this.#pending.set(rest)
        this.#pending.set(value, rest.length)
        this.#at = 0
      }
    }
    return this.#pending.length - this.#at >= bytes
  }

  /** At most so many bytes that {@link ByteReader.fill} has brought, without taking them. */
  ahead(bytes: number): Uint8Array {
    return this.#pending.subarray(this.#at, this.#at + bytes)
  }

  async take(bytes: number): Promise<Uint8Array | undefined> {
    if (!(await this.fill(bytes))) return undefined
    const taken = this.ahead(bytes)
    this.#at += bytes
    this.offset += bytes
    return taken
  }

  /** What stands before a line feed, or before the end; undefined where nothing does. */
  async line(): Promise<string | undefined> {
    return this.#until(lineFeed, true)
  }

  /** What stands before a space; line feeds before it are left out. */
  async word(): Promise<string | undefined> {
    while ((await this.fill(1)) && this.#pending[this.#at] === lineFeed) await this.take(1)
    return this.#until(space, false)
  }

  async #until(mark: number, mayEnd: boolean): Promise<string | undefined> {
    for (let length = 0; ; ) {
      const index = this.#pending.indexOf(mark, this.#at + length)
      if (index >= 0) {
        const bytes = await this.take(index - this.#at + 1)
        return this.#decoder.decode(bytes!.subarray(0, -1))
      }
      length = this.#pending.length - this.#at
      if (await this.fill(length + 1)) continue
      if (!mayEnd || length === 0) return undefined
      return this.#decoder.decode(await this.take(length))
    }
  }

  async close(): Promise<void> {
    await this.#chunks.return?.()
  }
}

function malformed(what: string, expected: string, received: string, hint?: string): CheckpointError {
  const detail: ErrorDetail = { what, expected, received, hint }
  return new CheckpointError(detail)
}
