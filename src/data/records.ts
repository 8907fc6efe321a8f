/** Records: what data files hold one after another, each with named fields, and what is wrong with some of them. */
import { DataError } from '../base/errors.ts'
import type { ReadOptions } from './labelled-text.ts'

/** One record of a file. */
export interface DataRecord {
  readonly fields: Readonly<Record<string, unknown>>
  /** Where it stands, for people: `my.jsonl, line 3`. */
  readonly where: string
}

/** A file of records, which can be read again and again from its beginning. */
export interface RecordSource {
  /** How people call it: its path. */
  readonly name: string
  /** Names of its columns, where the format has them apart from the records. */
  columns?(): Promise<readonly string[]>
  /**
   * The records in order, as they come. What is no record is counted in `problems` and left out.
   * @throws {DataError} if the file cannot be read any further
   */
  records(problems: RecordProblems): AsyncIterable<DataRecord>
}

/** Everything wrong with some records, counted before any training begins. */
export class RecordProblems {
  readonly #shown: string[] = []
  #count = 0

  get count(): number {
    return this.#count
  }

  /** The first few, each with its place. */
  get first(): readonly string[] {
    return this.#shown
  }

  /** @param where - `my.jsonl, line 3` */
  add(where: string, expected: string, received: string): void {
    if (this.#count++ < shownProblems) this.#shown.push(`${where}: expected ${expected}, received ${received}`)
  }

  /**
   * @param what - what was read, for the message
   * @throws {DataError} if there is any problem: the first few and how many in all
   */
  check(what: string): void {
    if (this.#count === 0) return
    const more = this.#count - this.#shown.length
    const rest = more > 0 ? `\n  and ${more} more` : ''
    throw new DataError({
      what,
      expected: 'records without a problem',
      received: `${this.#count} ${this.#count === 1 ? 'problem' : 'problems'}:\n  ${this.#shown.join('\n  ')}${rest}\n`,
      hint: 'Mend them, or skip such records.',
    })
  }
}

const shownProblems = 5

/** A value in a few words, for messages. */
export function brief(value: unknown): string {
  if (value === undefined) return 'nothing'
  const text = JSON.stringify(value) ?? typeof value
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}

/** Whether a value is a JSON object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Every record of several files, file after file. */
export async function* readRecords(
  sources: readonly RecordSource[],
  problems: RecordProblems,
): AsyncGenerator<DataRecord> {
  for (const source of sources) yield* source.records(problems)
}

/** A record, and what is asked of its fields. */
export interface AskedRecord {
  /** A text that is not empty. */
  text(field: string): string
  /** Texts, at least `least` of them. */
  texts(field: string, least: number): readonly string[]
  /** A value, undefined where there is none. */
  value(field: string): unknown
  /** What is wrong with the record: to be thrown. */
  fault(expected: string, received: string): DataError
}

/**
 * What `parse` makes of each record; it leaves out one by returning undefined.
 * @throws {DataError} if some records are none, or `parse` finds fault with them, all of which are counted; or there is no
 *   record at all
 */
export async function parseRecords<T>(
  source: RecordSource,
  parse: (record: AskedRecord) => T | undefined,
  { malformed = 'refuse' }: ReadOptions = {},
): Promise<{ readonly records: T[]; readonly skipped: number }> {
  const problems = new RecordProblems()
  const records: T[] = []
  let leftOut = 0
  for await (const record of source.records(problems)) {
    try {
      const parsed = parse(askedRecord(record))
      if (parsed === undefined) leftOut++
      else records.push(parsed)
    } catch (error) {
      if (!(error instanceof DataError)) throw error
      problems.add(record.where, error.expected, error.received ?? 'something else')
    }
  }
  if (malformed === 'refuse') problems.check(source.name)
  if (records.length === 0) throw new DataError({ what: source.name, expected: 'records', received: 'none' })
  return { records, skipped: leftOut + problems.count }
}

function askedRecord({ fields, where }: DataRecord): AskedRecord {
  const value = (field: string): unknown => (Object.hasOwn(fields, field) ? fields[field] : undefined)
  const fault = (expected: string, received: string) => new DataError({ what: where, expected, received })
  return {
    value,
    fault,
    text: field => {
      const found = value(field)
      if (typeof found === 'string' && found.trim() !== '') return found
      throw fault(`a text "${field}"`, brief(found))
    },
    texts: (field, least) => {
      const found = value(field)
      const are = Array.isArray(found) && found.length >= least && found.every(item => typeof item === 'string')
      if (are) return found
      throw fault(`${least} or more texts "${field}"`, brief(found))
    },
  }
}
