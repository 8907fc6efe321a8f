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
      for await (const { cells } of tableRows(text, options)) return cells
      return []
    },
    async *records(problems) {
      let columns: readonly string[] | undefined
      for await (const { cells, line } of tableRows(text, options, problems)) {
        if (columns === undefined) columns = header(text.name, cells)
        else yield* recordOf(columns, cells, `${text.name}, line ${line}`, options, problems)
      }
    },
  }
}

function header(name: string, cells: readonly string[]): readonly string[] {
  const columns = cells.map(cell => cell.trim())
  const repeated = columns.find((column, i) => columns.indexOf(column) < i)
  // The first may have no name: pandas writes its index so.
  if (repeated === undefined && columns.length > 1 && !columns.slice(1).includes('')) return columns
  if (repeated === undefined && columns[0] !== '' && columns.length === 1) return columns
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

/** A row of a table as it stands. */
export interface TableRow {
  /** The line that it begins in, from 1. */
  readonly line: number
  readonly cells: readonly string[]
}

/** Rows that are parsed at once. */
const batchRows = 1000

/**
 * Rows in order; empty lines are left out. A row goes on in the next line where a cell in quotes is open; one that no line
 * closes is a problem of its first line alone, and the others are rows of their own.
 */
export async function* tableRows(
  text: TextSource,
  options: TableOptions,
  problems?: RecordProblems,
): AsyncGenerator<TableRow> {
  const quotes = options.quotes ?? options.separator === ','
  let batch: RawRow[] = []
  /** Lines of a row with an open cell. */
  let open: string[] = []
  let line = 0
  const take = (lines: string[]): void => {
    const waiting = lines.toReversed()
    for (let content = waiting.pop(); content !== undefined; content = waiting.pop()) {
      line++
      if (open.length === 0 && content === '') continue
      const state = quotes ? stateAfter(content, options.separator, open.length > 0) : 'closed'
      open.push(content)
      if (state === 'open') continue
      const broken = state === 'broken' && open.length > 1
      if (broken) abandon(waiting)
      else batch.push({ text: open.join('\n'), line: line - open.length + 1 })
      open = []
    }
  }
  /** The first line of the open row is what is wrong; the others are read again. */
  const abandon = (waiting: string[]): void => {
    const [first, ...rest] = open
    line -= rest.length
    batch.push({ text: first, line })
    for (const content of rest.toReversed()) waiting.push(content)
  }
  for await (const content of linesOf(text)) {
    take([content])
    if (batch.length < batchRows) continue
    yield* parsedRows(text.name, batch, { ...options, quotes }, problems)
    batch = []
  }
  while (open.length > 0) {
    const waiting: string[] = []
    abandon(waiting)
    open = []
    take(waiting.toReversed())
  }
  yield* parsedRows(text.name, batch, { ...options, quotes }, problems)
}

/** Whether a cell in quotes is open after a line, or the line is none of a table: its quotes end inside of a cell. */
function stateAfter(line: string, separator: string, isOpen: boolean): 'open' | 'closed' | 'broken' {
  let inQuotes = isOpen
  for (let i = 0; ; ) {
    if (inQuotes) {
      const quote = line.indexOf('"', i)
      if (quote < 0) return 'open'
      i = quote + 1
      if (line[i] === '"') i++
      else if (i >= line.length) return 'closed'
      else if (line[i++] !== separator) return 'broken'
      else inQuotes = false
    } else if (line[i] === '"') {
      inQuotes = true
      i++
    } else {
      i = line.indexOf(separator, i) + 1
      if (i === 0) return 'closed'
    }
  }
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
): Generator<TableRow> {
  const settings: Options = {
    delimiter: separator,
    quote: quotes ? '"' : false,
    escape: quotes ? '"' : null,
    record_delimiter: '\n',
    relax_column_count: true,
  }
  const parsed = (text: string): string[][] => parse(text, settings)
  const all = allParsed(raw, parsed)
  if (all !== undefined) {
    for (const [i, cells] of all.entries()) yield { line: raw[i].line, cells }
    return
  }
  for (const { text, line } of raw) {
    try {
      yield { line, cells: parsed(text)[0] }
    } catch (error) {
      if (!(error instanceof CsvError)) throw error
      problems?.add(`${name}, line ${line}`, 'cells of a table', `${brief(text)} (${error.code})`)
    }
  }
}

/** Undefined where some row is wrong. */
function allParsed(raw: readonly RawRow[], parsed: (text: string) => string[][]): string[][] | undefined {
  try {
    const all = parsed(raw.map(({ text }) => text).join('\n'))
    return all.length === raw.length ? all : undefined
  } catch (error) {
    if (error instanceof CsvError) return undefined
    throw error
  }
}
