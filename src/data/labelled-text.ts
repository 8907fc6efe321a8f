/** Texts, or pairs of texts, with what people said of them, as tables keep them: a class, or a score. */
import { DataError } from '../base/errors.ts'
import { RecordProblems } from './records.ts'
import { tableRows } from './table-records.ts'
import type { TextSource } from './text.ts'

export interface LabelledText {
  readonly text: string
  /** The second of a pair: the hypothesis of a premise, what may be a paraphrase. */
  readonly second?: string
  /** Answers to choose from: the second text is then a question, and the label the number of the right answer. */
  readonly choices?: readonly string[]
  /** The number of its class, from 0. */
  readonly label: number
}

/** A text or a pair with a number: how alike two texts are. */
export interface ScoredText extends Omit<LabelledText, 'label'> {
  readonly score: number
}

/** What is learned from, what is chosen by, and what is reported on. */
export interface TaskParts<Example> {
  readonly train: readonly Example[]
  readonly validation: readonly Example[]
  readonly test: readonly Example[]
  /** Rows that were left out because they are malformed, or because nobody agreed on their label. */
  readonly skipped?: number
}

/** A task of classification: texts to learn from, to choose by, and to report on. */
export interface ClassificationTask extends TaskParts<LabelledText> {
  /** What each label means. */
  readonly classes: readonly string[]
}

/** A task of scores. */
export interface ScoringTask extends TaskParts<ScoredText> {
  /** The lowest score and the highest. */
  readonly range: readonly [number, number]
}

/** What becomes of a malformed row: it is named in an error, or left out and counted. */
export interface ReadOptions {
  /** Default `refuse`. */
  readonly malformed?: 'refuse' | 'skip'
}

/** Which columns of a table hold the texts: one row, one text or pair. */
export interface TextColumns extends ReadOptions {
  /** Between columns: a tab, where nothing is quoted, or a comma, where texts may stand in quotes (RFC 4180). */
  readonly separator: '\t' | ','
  /** Columns of the text, joined by a space: by position from 0, or by name, where the first line holds names. */
  readonly text: readonly (number | string)[]
  /** The column of a pair's second text. */
  readonly second?: number | string
}

/** How a table holds labelled texts. */
export interface LabelledTextFormat extends TextColumns {
  readonly label: number | string
  /** The labels as the table writes them, in the order of their numbers; by default what is found, sorted. */
  readonly labels?: readonly string[]
}

/** How a table holds scored texts. */
export interface ScoredTextFormat extends TextColumns {
  readonly score: number | string
  readonly range: readonly [number, number]
}

/** Texts and what their labels are called. */
export interface LabelledTexts {
  readonly texts: LabelledText[]
  readonly labels: readonly string[]
  /** Malformed rows that were left out. */
  readonly skipped: number
}

/**
 * Reads labelled texts from a table. Empty lines are left out.
 *
 * @throws {DataError} with file and line: a column is missing, a label is unknown, a text or label is empty, a quote is
 * open; or there is no text at all
 */
export async function readLabelledTexts(source: TextSource, format: LabelledTextFormat): Promise<LabelledTexts> {
  const { rows, skipped } = await readRows(source, format, format.label, (value, what) => {
    if (format.labels !== undefined && !format.labels.includes(value)) {
      const expected = `one of the labels ${format.labels.join(', ')}`
      throw new DataError({ what, expected, received: shortened(value), hint: 'Is it the right column?' })
    }
    return value
  })
  const labels = format.labels ?? [...new Set(rows.map(({ value }) => value))].sort()
  const numbers = new Map(labels.map((name, label) => [name, label]))
  const texts = rows.map(({ value, ...texts }) => ({ ...texts, label: numbers.get(value)! }))
  return { texts, labels, skipped }
}

/**
 * Reads texts with scores from a table, as `readLabelledTexts`.
 * @throws {DataError} with file and line, also where the score is no number of the range
 */
export async function readScoredTexts(
  source: TextSource,
  format: ScoredTextFormat,
): Promise<{ readonly texts: ScoredText[]; readonly skipped: number }> {
  const [low, high] = format.range
  const { rows, skipped } = await readRows(source, format, format.score, (value, what) => {
    const score = Number(value)
    if (score >= low && score <= high) return score
    const hint = 'Is it the right column?'
    throw new DataError({ what, expected: `a score from ${low} to ${high}`, received: shortened(value), hint })
  })
  return { texts: rows.map(({ value, ...texts }) => ({ ...texts, score: value })), skipped }
}

/** Texts of a table, each with what `readValue` makes of one more column. */
async function readRows<V>(
  source: TextSource,
  format: TextColumns,
  valueColumn: number | string,
  readValue: (cell: string, what: string) => V,
): Promise<{ rows: { text: string; second?: string; value: V }[]; skipped: number }> {
  const { separator, malformed = 'refuse' } = format
  const named = [...format.text, ...(format.second === undefined ? [] : [format.second]), valueColumn]
  let columns = named.some(column => typeof column === 'string') ? undefined : named.map(Number)
  /** Cells of a row, where the first row says so. */
  let width: number | undefined
  const rows: { text: string; second?: string; value: V }[] = []
  const problems = new RecordProblems()
  let skipped = 0
  for await (const { line, cells } of tableRows(source, { separator }, problems)) {
    const what = `${source.name}, line ${line},`
    if (cells.length === 1 && cells[0].trim() === '') continue
    if (columns === undefined) {
      columns = namedPositions(named, cells, what)
      width = cells.length
      continue
    }
    try {
      checkWidth(cells, width, format, what)
      rows.push(readRow(columns, cells, format, what, readValue))
    } catch (error) {
      if (malformed === 'refuse') problems.check(source.name) // what was wrong before
      if (malformed === 'refuse' || !(error instanceof DataError)) throw error
      skipped++
    }
  }
  if (malformed === 'refuse') problems.check(source.name)
  skipped += problems.count
  if (rows.length === 0) throw new DataError({ what: source.name, expected: 'labelled texts', received: 'none' })
  return { rows, skipped }
}

/** A cell too many or too few would make a label of a part of a text. */
function checkWidth(
  cells: readonly string[],
  width: number | undefined,
  { separator }: TextColumns,
  what: string,
): void {
  if (width === undefined || cells.length === width) return
  const hint = separator === ',' ? 'A text with commas stands in quotes.' : undefined
  const received = `${cells.length}: ${shortened(cells.join(separator))}`
  throw new DataError({ what, expected: `${width} cells, as the header has`, received, hint })
}

/** @param columns - of the text, of the second text, if there is one, and of the value */
function readRow<V>(
  columns: readonly number[],
  cells: readonly string[],
  { separator, second }: TextColumns,
  what: string,
  readValue: (cell: string, what: string) => V,
): { text: string; second?: string; value: V } {
  const needed = 1 + Math.max(...columns)
  if (cells.length < needed) {
    const expected = `at least ${needed} columns with ${separator === '\t' ? 'a tab' : 'a comma'} between them`
    throw new DataError({ what, expected, received: `${cells.length}: ${shortened(cells.join(separator))}` })
  }
  const trimmed = columns.map(column => cells[column].trim())
  const value = trimmed.pop()!
  const other = second === undefined ? undefined : trimmed.pop()
  const text = trimmed.filter(Boolean).join(' ')
  if (text === '') throw new DataError({ what, expected: 'a text', received: 'an empty one' })
  if (other === '') throw new DataError({ what, expected: 'a second text', received: 'an empty one' })
  if (value === '') throw new DataError({ what, expected: 'a label', received: 'an empty one' })
  return { text, ...(other !== undefined && { second: other }), value: readValue(value, what) }
}

function namedPositions(columns: readonly (number | string)[], header: readonly string[], what: string): number[] {
  return columns.map(column => {
    const position = typeof column === 'number' ? column : header.indexOf(column)
    if (position >= 0) return position
    const received = header.map(shortened).join(', ')
    throw new DataError({ what, expected: `a column called "${column}"`, received, hint: 'Is the header missing?' })
  })
}

const shortened = (text: string): string => JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text)
