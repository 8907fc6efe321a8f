import { OptionError } from '../base/errors.ts'
import type { Storage } from '../storage/storage.ts'
import { jsonLineRecords, jsonRecords } from './json-records.ts'
import { parquetRecords } from './parquet-records.ts'
import type { RecordSource } from './records.ts'
import { tableRecords } from './table-records.ts'
import { fileText, type TextOptions, type TextSource } from './text.ts'

/** Kinds of files that hold records, by the endings of their names. */
const formats: Readonly<Record<string, RecordFormat>> = {
  jsonl: 'jsonl',
  ndjson: 'jsonl',
  json: 'json',
  csv: 'csv',
  tsv: 'tsv',
  tab: 'tsv',
  parquet: 'parquet',
}

export type RecordFormat = 'jsonl' | 'json' | 'csv' | 'tsv' | 'parquet'

export interface RecordFileOptions extends TextOptions {
  /** By default what the name ends in says. */
  readonly format?: RecordFormat
  /** Whether the cells of a table with tabs may stand in quotes; those with commas always may. */
  readonly quotes?: boolean
}

/** The format that a file's name promises, packed or not; undefined for another file. */
export function recordFormat(name: string): RecordFormat | undefined {
  const ending = /\.(\w+)(?:\.gz)?$/.exec(name.toLowerCase())?.[1]
  return ending !== undefined && Object.hasOwn(formats, ending) ? formats[ending] : undefined
}

/**
 * A file of records: JSONL, JSON, CSV, TSV or Parquet; all but Parquet, which packs its columns itself, also as gzip.
 * @throws {OptionError} if the name does not say what it is, or Parquet is packed again
 */
export function recordFile(storage: Storage, file: string, options: RecordFileOptions = {}): RecordSource {
  const name = storage.locate(file)
  const format = options.format ?? recordFormat(file)
  if (format === undefined) {
    const expected = `a file of records: ${[...Object.keys(formats)].map(ending => `.${ending}`).join(', ')}`
    throw new OptionError({ what: name, expected, received: 'another name', hint: 'What does the file hold?' })
  }
  const compression = options.compression ?? (file.endsWith('.gz') ? 'gzip' : undefined)
  if (format !== 'parquet') {
    return textRecords(fileText(storage, file, { encoding: options.encoding, compression }), format, options.quotes)
  }
  if (compression === undefined) return parquetRecords(storage, file)
  throw new OptionError({ what: name, expected: 'Parquet as it is', received: 'gzip of it', hint: 'Unpack it first.' })
}

/** Records of a text. */
export function textRecords(
  text: TextSource,
  format: Exclude<RecordFormat, 'parquet'>,
  quotes?: boolean,
): RecordSource {
  if (format === 'jsonl') return jsonLineRecords(text)
  if (format === 'json') return jsonRecords(text)
  return tableRecords(text, format === 'csv' ? { separator: ',' } : { separator: '\t', quotes })
}
