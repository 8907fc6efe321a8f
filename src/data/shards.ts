/** Shards: the files that a large text is kept in, read as documents from any place of theirs. */
import { DataError } from '../base/errors.ts'
import { readChunks, type Storage } from '../storage/storage.ts'
import { gunzip } from './gzip.ts'
import { type ParquetSource, parquetRecords } from './parquet-records.ts'
import { recordFile, recordFormat } from './record-files.ts'
import { brief, type DataRecord, RecordProblems, type RecordSource } from './records.ts'

/** A document of a shard. */
export interface ShardDocument {
  readonly text: string
  /** Where the next one begins: what `documents` goes on from. */
  readonly next: number
}

export interface Shard {
  readonly name: string
  /**
   * Documents from a place: 0, or a `next` of an earlier reading. In JSONL and text it is a byte (of what is unpacked), in
   * Parquet a row, elsewhere the number of the record.
   *
   * @throws {DataError} with the place, if a record has no text
   */
  documents(from: number): AsyncIterable<ShardDocument>
}

export interface ShardOptions {
  /** The field of a record that holds its text; default `text`. */
  readonly field?: string
  /** What a document of a plain text is: all of the file, what stands between empty lines, or a line; default `file`. */
  readonly textDocuments?: 'file' | 'paragraphs' | 'lines'
  /** Of JSON, CSV and TSV; all else is UTF-8. */
  readonly encoding?: string
}

/** A file of documents: JSONL, Parquet, JSON, CSV or TSV, or a text in UTF-8; but for Parquet also packed by gzip. */
export function shardOf(storage: Storage, file: string, options: ShardOptions = {}): Shard {
  const { field = 'text', textDocuments = 'file', encoding } = options
  const name = storage.locate(file)
  const format = recordFormat(file)
  if (format === 'parquet')
    return { name, documents: from => parquetDocuments(parquetRecords(storage, file), field, from) }
  if (format === 'jsonl') return { name, documents: from => jsonDocuments(storage, file, field, from) }
  if (format !== undefined)
    return { name, documents: from => recordDocuments(recordFile(storage, file, { encoding }), field, from) }
  if (textDocuments === 'file') return { name, documents: from => wholeText(storage, file, from) }
  return { name, documents: from => partsOfText(storage, file, textDocuments, from) }
}

const otherField = 'Name another field; nacre train has --field for that.'

/** The text of a record that must have one. */
function textOf({ fields, where }: DataRecord, field: string): string {
  const value = fields[field]
  if (typeof value === 'string') return value
  const received = value === undefined ? `fields ${Object.keys(fields).join(', ') || 'none'}` : brief(value)
  throw new DataError({
    what: where,
    expected: `a text in the field "${field}"`,
    received,
    hint: otherField,
  })
}

async function* jsonDocuments(
  storage: Storage,
  file: string,
  field: string,
  from: number,
): AsyncGenerator<ShardDocument> {
  const name = storage.locate(file)
  for await (const { text: line, begin, next } of linesFrom(storage, file, from)) {
    if (line.trim() === '') continue
    const where = `${name}, byte ${begin}`
    yield { text: textOf({ fields: parsedLine(line, where), where }, field), next }
  }
}

function parsedLine(line: string, where: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch {
    // Told below, as what is JSON but no object is.
  }
  throw new DataError({ what: where, expected: 'a line with a JSON object', received: brief(line) })
}

async function* parquetDocuments(source: ParquetSource, field: string, from: number): AsyncGenerator<ShardDocument> {
  const columns = await source.columns!()
  if (!columns.includes(field)) {
    const received = columns.join(', ')
    throw new DataError({ what: source.name, expected: `a column "${field}"`, received, hint: otherField })
  }
  let begin = 0
  for (const [index, count] of (await source.groups()).entries()) {
    begin += count
    if (begin <= from) continue
    for (const { fields, where, row } of await source.group(index))
      if (row >= from) yield { text: textOf({ fields, where }, field), next: row + 1 }
  }
}

async function* recordDocuments(source: RecordSource, field: string, from: number): AsyncGenerator<ShardDocument> {
  const problems = new RecordProblems()
  let next = 0
  for await (const record of source.records(problems)) {
    problems.check(source.name)
    if (next++ >= from) yield { text: textOf(record, field), next }
  }
  problems.check(source.name)
}

async function* wholeText(storage: Storage, file: string, from: number): AsyncGenerator<ShardDocument> {
  let text = ''
  let end = 0
  for await (const line of linesFrom(storage, file, from)) {
    text += line.next > line.begin + line.bytes ? `${line.text}\n` : line.text
    end = line.next
  }
  if (text.trim() !== '') yield { text, next: end }
}

async function* partsOfText(
  storage: Storage,
  file: string,
  unit: 'paragraphs' | 'lines',
  from: number,
): AsyncGenerator<ShardDocument> {
  const lines: string[] = []
  let end = from
  for await (const { text, next } of linesFrom(storage, file, from)) {
    end = next
    if (text.trim() !== '') lines.push(text)
    const isWhole = lines.length > 0 && (unit === 'lines' || text.trim() === '')
    if (isWhole) yield { text: lines.splice(0).join('\n'), next }
  }
  if (lines.length > 0) yield { text: lines.join('\n'), next: end }
}

interface Line {
  /** Without its break. */
  readonly text: string
  /** Its first byte and its bytes, the break left out; where the next line begins. */
  readonly begin: number
  readonly bytes: number
  readonly next: number
}

const lineFeed = 10
const carriageReturn = 13

/** The lines of a file from a byte on. */
async function* linesFrom(storage: Storage, file: string, from: number): AsyncGenerator<Line> {
  const name = storage.locate(file)
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  let pending: Uint8Array[] = []
  let begin = from
  const line = (parts: readonly Uint8Array[], isEnded: boolean): Line => {
    const bytes = joined(parts)
    const length = isEnded && bytes.at(-1) === carriageReturn ? bytes.length - 1 : bytes.length
    const hasMark = begin === 0 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
    try {
      const text = decoder.decode(bytes.subarray(hasMark ? 3 : 0, length))
      return { text, begin, bytes: bytes.length, next: begin + bytes.length + (isEnded ? 1 : 0) }
    } catch {
      throw new DataError({ what: `${name}, byte ${begin}`, expected: 'a line in UTF-8', received: 'other bytes' })
    }
  }
  for await (const chunk of bytesFrom(storage, file, from)) {
    let start = 0
    for (let end = chunk.indexOf(lineFeed); end >= 0; end = chunk.indexOf(lineFeed, start)) {
      const found = line([...pending, chunk.subarray(start, end)], true)
      pending = []
      start = end + 1
      yield found
      begin = found.next
    }
    if (start < chunk.length) pending.push(chunk.subarray(start))
  }
  if (pending.length > 0) yield line(pending, false)
}

/** The bytes of a file, unpacked, from one of them on. */
async function* bytesFrom(storage: Storage, file: string, from: number): AsyncGenerator<Uint8Array> {
  if (!file.endsWith('.gz')) {
    const size = await storage.size(file)
    const chunkBytes = 2 ** 20
    for (let offset = from; offset < size; offset += chunkBytes)
      yield await storage.readRange(file, offset, Math.min(chunkBytes, size - offset))
    return
  }
  let skipped = 0
  for await (const chunk of gunzip(storage.locate(file), readChunks(storage, file))) {
    const skip = Math.min(chunk.length, from - skipped)
    skipped += skip
    if (skip < chunk.length) yield chunk.subarray(skip)
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let offset = 0
  for (const part of parts) {
    bytes.set(part, offset)
    offset += part.length
  }
  return bytes
}
