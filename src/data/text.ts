/** Texts of any size, read as a stream of characters and cut where the rule says. */
import { DataError, OptionError } from '../base/errors.ts'
import { readChunks, type Storage } from '../storage/storage.ts'
import { gunzip } from './gzip.ts'

/** A text that can be read again and again from its beginning. */
export interface TextSource {
  /** How people call it: a path, or what it is. */
  readonly name: string
  /** The text in pieces that never end inside of a character. Line breaks are kept as they are, CR LF too. */
  chunks(): AsyncIterable<string>
}

/** A text whose length is known. */
export interface MeasuredText extends TextSource {
  readonly codePoints: number
  /** In UTF-8, whatever the encoding of the file. */
  readonly bytes: number
}

export interface TextOptions {
  /** A label of the Encoding standard, for example utf-8, gb18030, big5, utf-16le or latin1. */
  readonly encoding?: string
  /** The file is plain gzip of the text. */
  readonly compression?: 'gzip'
}

/** A text in memory. */
export function memoryText(text: string, name = 'the text'): TextSource {
  return {
    name,
    async *chunks() {
      if (text === '') throw emptyText(name)
      yield text
    },
  }
}

/**
 * A text in a file. A byte-order mark at its beginning is left out.
 *
 * @throws {OptionError} if there is no such encoding
 * @throws {DataError} while reading, if a byte does not belong to the encoding (with its offset) or the text is empty
 */
export function fileText(
  storage: Storage,
  file: string,
  { encoding = 'utf-8', compression }: TextOptions = {},
): TextSource {
  const name = storage.locate(file)
  const standardEncoding = encodingOf(encoding)
  return {
    name,
    async *chunks() {
      const stored = readChunks(storage, file)
      const bytes = compression === 'gzip' ? gunzip(name, stored) : stored
      const decode = standardEncoding === 'utf-8' ? decodeUtf8 : decodeOther
      let isEmpty = true
      for await (const chunk of decode(name, standardEncoding, bytes)) {
        if (chunk === '') continue
        isEmpty = false
        yield chunk
      }
      if (isEmpty) throw emptyText(name)
    },
  }
}

/**
 * A text in bytes that are read once, as a standard input has them; it may be empty.
 * @throws {DataError} while reading, if a byte is not UTF-8, with its offset
 */
export function streamText(name: string, bytes: AsyncIterable<Uint8Array>): TextSource {
  return { name, chunks: () => decodeUtf8(name, 'utf-8', bytes) }
}

/** Several texts as one. */
export function joinTexts(name: string, texts: readonly TextSource[]): TextSource {
  return {
    name,
    async *chunks() {
      for (const text of texts) yield* text.chunks()
    },
  }
}

/** The lines of a text without their breaks, LF or CR LF; an empty one at the end is left out. */
export async function* linesOf(text: TextSource): AsyncGenerator<string> {
  let rest = ''
  for await (const chunk of text.chunks()) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop()!
    for (const line of lines) yield line.endsWith('\r') ? line.slice(0, -1) : line
  }
  if (rest !== '') yield rest
}

/** Reads a text once, to know its length. */
export async function measureText(text: TextSource): Promise<MeasuredText> {
  let codePoints = 0
  let bytes = 0
  for await (const chunk of text.chunks()) {
    for (let i = 0; i < chunk.length; i++) {
      const unit = chunk.charCodeAt(i)
      if (unit >= 0xdc00 && unit < 0xe000)
        bytes += 1 // the second half of a pair: 4 bytes in all, 1 character
      else {
        codePoints++
        bytes += unit < 0x80 ? 1 : unit < 0x800 ? 2 : 3
      }
    }
  }
  return { name: text.name, codePoints, bytes, chunks: () => text.chunks() }
}

/**
 * Cuts a text in two: the last `validationFraction` of its characters (code points) is for validation, the rest for
 * training. With 0.1 this is nanoGPT's `data[:int(n * 0.9)]`.
 */
export async function splitText(
  text: TextSource,
  validationFraction: number = 0.1,
): Promise<{ readonly train: MeasuredText; readonly validation: MeasuredText }> {
  const { codePoints, bytes } = await measureText(text)
  const cut = Math.floor(codePoints * (1 - validationFraction))
  const train = await measureText(part(text, 'the training part', 0, cut))
  const rest = part(text, 'the validation part', cut, codePoints)
  return { train, validation: { ...rest, codePoints: codePoints - cut, bytes: bytes - train.bytes } }
}

/** The characters from `begin` up to `end`. */
function part(text: TextSource, name: string, begin: number, end: number): TextSource {
  return {
    name: `${name} of ${text.name}`,
    async *chunks() {
      let position = 0
      for await (const chunk of text.chunks()) {
        if (position >= end) return
        const first = unitIndex(chunk, begin - position)
        const last = unitIndex(chunk, end - position)
        if (last > first) yield chunk.slice(first, last)
        position += codePointCount(chunk)
      }
    },
  }
}

/** Where in a chunk its nth character begins, in UTF-16 units; within the chunk. */
function unitIndex(chunk: string, codePoints: number): number {
  if (codePoints >= chunk.length) return chunk.length
  let index = 0
  for (let seen = 0; seen < codePoints && index < chunk.length; seen++) index += isLead(chunk.charCodeAt(index)) ? 2 : 1
  return index
}

function codePointCount(chunk: string): number {
  let count = chunk.length
  for (let i = 0; i < chunk.length; i++) if (isLead(chunk.charCodeAt(i))) count--
  return count
}

/** The first half of a surrogate pair. */
function isLead(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00
}

/** The standard name of an encoding. */
function encodingOf(label: string): string {
  try {
    return new TextDecoder(label).encoding
  } catch (cause) {
    const expected = 'a label of the Encoding standard'
    const hint = 'For example utf-8, gb18030, big5, utf-16le, shift_jis or latin1.'
    throw new OptionError({ what: 'Option --encoding', expected, received: `"${label}"`, hint }, { cause })
  }
}

async function* decodeUtf8(name: string, _: string, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  let pending = new Uint8Array()
  let offset = 0
  const decode = (bytes: Uint8Array) => {
    try {
      const text = decoder.decode(bytes)
      return offset === 0 && text.startsWith('\ufeff') ? text.slice(1) : text
    } catch {
      const at = invalidUtf8(bytes)
      const byte = bytes[at].toString(16).toUpperCase().padStart(2, '0')
      const mark =
        offset === 0 && ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff))
      const hint = mark
        ? `It begins like UTF-16: try --encoding utf-16${bytes[0] === 0xff ? 'le' : 'be'}.`
        : 'Name its encoding with --encoding, for example gb18030, big5, utf-16le or latin1.'
      throw new DataError({ what: name, expected: 'UTF-8', received: `byte 0x${byte} at offset ${offset + at}`, hint })
    }
  }
  for await (const chunk of chunks) {
    const bytes = pending.length === 0 ? chunk : joined(pending, chunk)
    const end = completeLength(bytes)
    yield decode(bytes.subarray(0, end))
    pending = bytes.slice(end)
    offset += end
  }
  yield decode(pending)
}

async function* decodeOther(name: string, encoding: string, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding, { fatal: true })
  const sliceBytes = 2 ** 12
  let offset = 0
  const decode = (bytes: Uint8Array, stream: boolean) => {
    try {
      return decoder.decode(bytes, { stream })
    } catch {
      const received = `a byte that is not, between offsets ${offset} and ${offset + bytes.length}`
      throw new DataError({ what: name, expected: encoding, received, hint: 'Is --encoding another one?' })
    }
  }
  for await (const chunk of chunks) {
    // Small slices, because the decoder does not say where it stopped.
    const texts: string[] = []
    for (let begin = 0; begin < chunk.length; begin += sliceBytes) {
      const slice = chunk.subarray(begin, begin + sliceBytes)
      texts.push(decode(slice, true))
      offset += slice.length
    }
    yield texts.join('')
  }
  yield decode(new Uint8Array(), false)
}

/** How many of the bytes form whole characters; the rest is the beginning of one. */
function completeLength(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]
    if (byte < 0x80) return bytes.length
    if (byte >= 0xc0) return sequenceLength(byte) > back ? bytes.length - back : bytes.length
  }
  return bytes.length
}

function sequenceLength(lead: number): number {
  return lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1
}

/** The index of the first byte that begins no character (Unicode 16, table 3-7); the length when all is well. */
export function invalidUtf8(bytes: Uint8Array): number {
  for (let i = 0; i < bytes.length; ) {
    const lead = bytes[i]
    const length = sequenceLength(lead)
    if (length === 1 ? lead >= 0x80 : lead < 0xc2 || lead > 0xf4 || i + length > bytes.length) return i
    // The second byte rules out long forms, surrogates and what lies beyond U+10FFFF.
    const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80
    const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf
    for (let j = 1; j < length; j++) {
      const byte = bytes[i + j]
      if (byte < (j === 1 ? low : 0x80) || byte > (j === 1 ? high : 0xbf)) return i
    }
    i += length
  }
  return bytes.length
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(a.length + b.length)
  bytes.set(a)
  bytes.set(b, a.length)
  return bytes
}

function emptyText(name: string): DataError {
  return new DataError({ what: name, expected: 'a text', received: 'an empty file', hint: 'Is the path right?' })
}
