/** Records of Parquet files, read group by group: snappy, gzip, zstd, brotli and LZ4; nested columns too. */
import { type AsyncBuffer, type FileMetaData, parquetMetadataAsync, parquetReadObjects, parquetSchema } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { DataError } from '../base/errors.ts'
import type { Storage } from '../storage/storage.ts'
import { brief, type RecordSource } from './records.ts'

/** A Parquet file with random access to its rows. */
export interface ParquetSource extends RecordSource {
  /** How many rows each row group has. */
  groups(): Promise<readonly number[]>
  /** The records of one row group, from 0. */
  group(index: number): Promise<readonly ParquetRow[]>
}

/** A row that is a record. */
export interface ParquetRow {
  readonly fields: Readonly<Record<string, unknown>>
  readonly where: string
  /** In the file, from 0. */
  readonly row: number
}

/** A Parquet file's rows. */
export function parquetRecords(storage: Storage, file: string): ParquetSource {
  const name = storage.locate(file)
  let opened: Promise<{ buffer: AsyncBuffer; metadata: FileMetaData }> | undefined
  const open = () => {
    opened ??= openParquet(storage, file, name)
    return opened
  }
  const source: ParquetSource = {
    name,
    async columns() {
      const { metadata } = await open()
      return parquetSchema(metadata).children.map(({ element }) => element.name)
    },
    async groups() {
      const { metadata } = await open()
      return metadata.row_groups.map(group => Number(group.num_rows))
    },
    async group(index) {
      const { buffer, metadata } = await open()
      const counts = metadata.row_groups.map(group => Number(group.num_rows))
      const rowStart = counts.slice(0, index).reduce((sum, count) => sum + count, 0)
      const rowEnd = rowStart + counts[index]
      const options = { file: buffer, metadata, compressors, rowStart, rowEnd }
      const rows = await parquetReadObjects(options).catch((cause: unknown) => {
        const received = cause instanceof Error ? cause.message : String(cause)
        throw new DataError({ what: name, expected: 'Parquet that can be read', received }, { cause })
      })
      return rows.map((fields, i) => {
        const row = rowStart + i
        return { fields: plainValue(fields) as Record<string, unknown>, where: `${name}, row ${row + 1}`, row }
      })
    },
    async *records() {
      const { metadata } = await open()
      for (const index of metadata.row_groups.keys()) yield* await source.group(index)
    },
  }
  return source
}

async function openParquet(
  storage: Storage,
  file: string,
  name: string,
): Promise<{ buffer: AsyncBuffer; metadata: FileMetaData }> {
  const byteLength = await storage.size(file)
  const buffer: AsyncBuffer = {
    byteLength,
    async slice(start, end = byteLength) {
      const bytes = await storage.readRange(file, start, end - start)
      return bytes.slice().buffer
    },
  }
  try {
    return { buffer, metadata: await parquetMetadataAsync(buffer) }
  } catch (cause) {
    const received = cause instanceof Error ? cause.message : brief(cause)
    throw new DataError({ what: name, expected: 'a Parquet file', received, hint: 'Was it cut short?' }, { cause })
  }
}

/** Parquet's values as JSON has them: an int64 is a number, or its digits where no number is so exact; a time is its ISO text. */
function plainValue(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
  if (Array.isArray(value)) return value.map(plainValue)
  if (value instanceof Date) return value.toISOString()
  if (ArrayBuffer.isView(value)) return Array.from(value as Uint8Array, plainValue)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([field, inner]) => [field, plainValue(inner)]))
}
