/** Records of tables: CSV as RFC 4180 has it, and tables with tabs. The first line names the columns. */
import { CsvError, type Options, parse } from 'csv-parse/browser/esm/sync'
import { DataError } from '../base/errors.ts'
import { brief, type DataRecord, type RecordProblems, type RecordSource } from './records.ts'
import { linesOf, type TextSource } from './text.ts'

export interface TableOptions {
  /** Between the cells. */
  readonly separator: ',' | '\t'
  /**
   * Whether a cell may stand in quotes, and then hold separators, line breaks and doubled quotes. By default with
   * commas; tables with tabs are mostly written without.
   */
  readonly quotes?: boolean
}

/** A table's rows as records of its columns. */
export function tableRecords(text: TextSource, options: TableOptions): RecordSource {
  return {
    name: text.name,
    async columns() {
      for await (const { cells } of rows(text, options)) return cells
      return []
    },
    async *records(problems) {
      let columns: readonly string[] | undefined
      for await (const { cells, line } of rows(text, options, problems)) {
        if (columns === undefined) columns = header(text.name, cells)
        else yield* recordOf(columns, cells, `${text.name}, line ${line}`, options, problems)
      }
    },
  }
}

function header(name: string, cells: readonly string[]): readonly string[] {
  const columns = cells.map(cell => cell.trim())
  const repeated = columns.find((column, i) => columns.indexOf(column) < i)
  if (repeated === undefined && !columns.includes('')) return columns
  throw new DataError({
    what: `${name}, line 1`,
    expected: 'a different name for each column',
    received: columns.map(brief).join(', '),
    hint: 'Is the header missing?',
  })
}

function* recordOf(
  columns: readonly string[],
  cells: readonly string[],
  where: string,
  { separator }: TableOptions,
  problems: RecordProblems,
): Generator<DataRecord> {
  if (cells.length === columns.length) {
    yield { fields: Object.fromEntries(columns.map((column, i) => [column, cells[i]])), where }
    return
  }
  const hint = separator === '\t' && cells.some(cell => cell.startsWith('"')) ? ' (are its cells quoted?)' : ''
  problems.add(where, `${columns.length} cells, as the header has`, `${cells.length}${hint}: ${brief(cells)}`)
}

interface Row {
  /** The line that it begins in, from 1. */
  readonly line: number
  readonly cells: readonly string[]
}

/** Rows that are parsed at once. */
const batchRows = 1000

/** Rows in order; empty lines are left out. A cell in quotes is open as long as their number is odd. */
async function* rows(text: TextSource, options: TableOptions, problems?: RecordProblems): AsyncGenerator<Row> {
  const quotes = options.quotes ?? options.separator === ','
  let batch: RawRow[] = []
  let open: string | undefined
  let begin = 1
  let line = 0
  for await (const content of linesOf(text)) {
    line++
    if (open === undefined && content === '') continue
    if (open === undefined) begin = line
    const row: string = open === undefined ? content : `${open}\n${content}`
    const staysOpen = quotes && content.split('"').length % 2 === (open === undefined ? 0 : 1)
    open = staysOpen ? row : undefined
    if (!staysOpen) batch.push({ text: row, line: begin })
    if (batch.length < batchRows) continue
    yield* parsedRows(text.name, batch, { ...options, quotes }, problems)
    batch = []
  }
  if (open !== undefined) batch.push({ text: open, line: begin })
  yield* parsedRows(text.name, batch, { ...options, quotes }, problems)
}

interface RawRow {
  readonly text: string
  readonly line: number
}

/** All rows at once; where one is wrong, which the parser does not find its way out of, each for itself. */
function* parsedRows(
  name: string,
  raw: readonly RawRow[],
  { separator, quotes }: TableOptions,
  problems?: RecordProblems,
): Generator<Row> {
  const settings: Options = {
    delimiter: separator,
    quote: quotes ? '"' : false,
    escape: quotes ? '"' : null,
    record_delimiter: '\n',
    relax_column_count: true,
  }
  const parsed = (text: string): string[][] => parse(text, settings)
  try {
    const all = parsed(raw.map(({ text }) => text).join('\n'))
    for (const [i, cells] of all.entries()) yield { line: raw[i].line, cells }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    for (const { text, line } of raw) {
      try {
        yield { line, cells: parsed(text)[0] }
      } catch (cause) {
        if (!(cause instanceof CsvError)) throw cause
        problems?.add(`${name}, line ${line}`, 'cells of a table', `${brief(text)} (${cause.code})`)
      }
    }
  }
}
