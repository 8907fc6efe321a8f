/** JSON lines: one record, an object, in each line. */
import { DataError } from '../base/errors.ts'
import type { ReadOptions } from './labelled-text.ts'
import { linesOf, type TextSource } from './text.ts'

/** The fields of one line. */
export interface JsonRecord {
  /** A text that is not empty. */
  text(field: string): string
  /** Texts, at least `least` of them. */
  texts(field: string, least: number): readonly string[]
  /** A value, undefined where there is none. */
  value(field: string): unknown
  /** An error that names file and line. */
  fault(expected: string, received: string): DataError
}

/**
 * What `parse` makes of each line; it leaves out one by returning undefined. Empty lines are left out, too.
 * @throws {DataError} with file and line: it is no object, or `parse` finds fault with it; or there is no record at all
 */
export async function readJsonLines<T>(
  source: TextSource,
  parse: (record: JsonRecord) => T | undefined,
  { malformed = 'refuse' }: ReadOptions = {},
): Promise<{ readonly records: T[]; readonly skipped: number }> {
  const records: T[] = []
  let skipped = 0
  let line = 0
  for await (const content of linesOf(source)) {
    line++
    if (content.trim() === '') continue
    try {
      const record = parse(recordOf(content, `${source.name}, line ${line},`))
      if (record === undefined) skipped++
      else records.push(record)
    } catch (error) {
      if (malformed === 'refuse' || !(error instanceof DataError)) throw error
      skipped++
    }
  }
  if (records.length === 0) throw new DataError({ what: source.name, expected: 'JSON lines', received: 'none' })
  return { records, skipped }
}

function recordOf(content: string, what: string): JsonRecord {
  let fields: unknown
  try {
    fields = JSON.parse(content)
  } catch {
    throw new DataError({ what, expected: 'JSON', received: shown(content) })
  }
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields))
    throw new DataError({ what, expected: 'a JSON object', received: shown(content) })
  const value = (field: string): unknown => (Object.hasOwn(fields, field) ? Object(fields)[field] : undefined)
  const fault = (expected: string, received: string) => new DataError({ what, expected, received })
  return {
    value,
    fault,
    text: field => {
      const found = value(field)
      if (typeof found === 'string' && found.trim() !== '') return found
      throw fault(`a text "${field}"`, found === undefined ? 'none' : shown(JSON.stringify(found)))
    },
    texts: (field, least) => {
      const found = value(field)
      const are = Array.isArray(found) && found.length >= least && found.every(item => typeof item === 'string')
      if (are) return found
      throw fault(`${least} or more texts "${field}"`, found === undefined ? 'none' : shown(JSON.stringify(found)))
    },
  }
}

const shown = (text: string): string => (text.length > 60 ? `${text.slice(0, 57)}...` : text)
