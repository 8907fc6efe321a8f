/** Texts with labels, as tables keep them: for classification. */
import { DataError } from '../base/errors.ts'
import { linesOf, type TextSource } from './text.ts'

export interface LabelledText {
  readonly text: string
  /** The number of its class, from 0. */
  readonly label: number
}

/** A task of classification: texts to learn from, to choose by, and to report on. */
export interface ClassificationTask {
  /** What each label means. */
  readonly classes: readonly string[]
  readonly train: readonly LabelledText[]
  readonly validation: readonly LabelledText[]
  readonly test: readonly LabelledText[]
}

/** How a table holds labelled texts: one row, one text. */
export interface LabelledTextFormat {
  /** Between columns: a tab, where nothing is quoted, or a comma, where texts may stand in quotes (RFC 4180). */
  readonly separator: '\t' | ','
  /** Columns of the text, joined by a space: by position from 0, or by name, where the first line holds names. */
  readonly text: readonly (number | string)[]
  readonly label: number | string
  /** The labels as the table writes them, in the order of their numbers; by default what is found, sorted. */
  readonly labels?: readonly string[]
}

/** Texts and what their labels are called. */
export interface LabelledTexts {
  readonly texts: LabelledText[]
  readonly labels: readonly string[]
}

/** A row of a table, and the number of the line that it begins in. */
interface Row {
  readonly line: number
  readonly cells: readonly string[]
}

/**
 * Reads labelled texts from a table. Empty lines are left out.
 *
 * @throws {DataError} with file and line: a column is missing, a label is unknown, a text or label is empty, a quote is
 * open; or there is no text at all
 */
export async function readLabelledTexts(source: TextSource, format: LabelledTextFormat): Promise<LabelledTexts> {
  const rows = format.separator === ',' ? quotedRows(source) : plainRows(source)
  const found: { readonly text: string; readonly name: string }[] = []
  const names = new Map(format.labels?.map((name, label) => [name, label]))
  const hasNames = [...format.text, format.label].some(column => typeof column === 'string')
  let columns = hasNames ? undefined : positions(format)
  for await (const { line, cells } of rows) {
    const what = `${source.name}, line ${line},`
    if (columns === undefined) {
      columns = namedPositions(format, cells, what)
      continue
    }
    const needed = 1 + Math.max(columns.label, ...columns.text)
    if (cells.length < needed) {
      const separator = format.separator === '\t' ? 'a tab' : 'a comma'
      const expected = `at least ${needed} columns with ${separator} between them`
      throw new DataError({ what, expected, received: `${cells.length}: ${shortened(cells.join(format.separator))}` })
    }
    const text = columns.text
      .map(column => cells[column].trim())
      .filter(Boolean)
      .join(' ')
    if (text === '') throw new DataError({ what, expected: 'a text', received: 'an empty one' })
    const name = cells[columns.label].trim()
    if (name === '') throw new DataError({ what, expected: 'a label', received: 'an empty one' })
    if (format.labels !== undefined && !names.has(name)) {
      const expected = `one of the labels ${format.labels.join(', ')}`
      throw new DataError({ what, expected, received: shortened(name), hint: 'Is it the right column?' })
    }
    found.push({ text, name })
  }
  if (found.length === 0) throw new DataError({ what: source.name, expected: 'labelled texts', received: 'none' })
  const labels = format.labels ?? [...new Set(found.map(({ name }) => name))].sort()
  const numbers = new Map(labels.map((name, label) => [name, label]))
  return { texts: found.map(({ text, name }) => ({ text, label: numbers.get(name)! })), labels }
}

interface Positions {
  readonly text: readonly number[]
  readonly label: number
}

const positions = ({ text, label }: LabelledTextFormat): Positions => ({
  text: text.map(Number),
  label: Number(label),
})

function namedPositions({ text, label }: LabelledTextFormat, header: readonly string[], what: string): Positions {
  const find = (column: number | string): number => {
    const position = typeof column === 'number' ? column : header.indexOf(column)
    if (position >= 0) return position
    const received = header.map(shortened).join(', ')
    throw new DataError({ what, expected: `a column called "${column}"`, received, hint: 'Is the header missing?' })
  }
  return { text: text.map(find), label: find(label) }
}

async function* plainRows(source: TextSource): AsyncGenerator<Row> {
  let line = 0
  for await (const content of linesOf(source)) {
    line++
    if (content.trim() !== '') yield { line, cells: content.split('\t') }
  }
}

/** Rows of comma-separated cells; in quotes a cell may hold commas, line breaks and doubled quotes. */
async function* quotedRows(source: TextSource): AsyncGenerator<Row> {
  let line = 0
  let begin = 0
  let open: string[] = []
  let isOpen = false
  for await (const content of linesOf(source)) {
    line++
    if (!isOpen && content.trim() === '') continue
    if (!isOpen) begin = line
    open.push(content)
    // A cell goes on as long as its quotes are odd in number.
    if (content.split('"').length % 2 === 0) isOpen = !isOpen
    if (isOpen) continue
    yield { line: begin, cells: cellsOf(open.join('\n')) }
    open = []
  }
  if (!isOpen) return
  const what = `${source.name}, line ${begin},`
  throw new DataError({ what, expected: 'a quote that ends', received: shortened(open.join('\n')) })
}

function cellsOf(row: string): string[] {
  const cells: string[] = []
  for (let begin = 0; begin <= row.length; ) {
    const quoted = /^"((?:[^"]|"")*)"(?=,|$)/.exec(row.slice(begin))
    const end = quoted ? begin + quoted[0].length : plainEnd(row, begin)
    cells.push(quoted ? quoted[1].replaceAll('""', '"') : row.slice(begin, end))
    begin = end + 1
  }
  return cells
}

function plainEnd(row: string, begin: number): number {
  const comma = row.indexOf(',', begin)
  return comma < 0 ? row.length : comma
}

const shortened = (text: string): string => JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text)
