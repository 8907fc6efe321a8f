/** Text in columns of a terminal, where Chinese characters and most emoji are two columns wide. */

const wide =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Bopomofo}\p{Emoji_Presentation}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]/u
const none = /[\p{Mn}\p{Me}\p{Cf}]/u

/** Columns that a text takes. */
export function columnsOf(text: string): number {
  let columns = 0
  for (const character of text) columns += none.test(character) ? 0 : wide.test(character) ? 2 : 1
  return columns
}

/** The text with spaces behind it, as wide as told. */
export function padColumns(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - columnsOf(text)))
}

/** Rows in aligned columns, the last one as wide as it is; columns of `right` end under each other. */
export function tableOf(
  rows: readonly (readonly string[])[],
  { right = [] }: { right?: readonly number[] } = {},
): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map(row => columnsOf(row[column]))))
  const padded = (cell: string, column: number) =>
    right.includes(column) ? ' '.repeat(widths[column] - columnsOf(cell)) + cell : padColumns(cell, widths[column])
  return rows.map(row => row.map(padded).join('  ').trimEnd()).join('\n')
}

/** Breaks a text into lines of at most so many columns: at spaces, and between the characters of Chinese. */
export function wrapColumns(text: string, columns: number): string[] {
  const lines: string[] = []
  let line = ''
  // One Chinese character, with the punctuation that stays beside it; or a word; each with the spaces behind it.
  const pieces = text.match(/[（《「『]*\p{Script=Han}[，。、；：！？）》」』]*\s*|[^\s\p{Script=Han}]+\s*/gu) ?? []
  for (const piece of pieces) {
    if (line !== '' && columnsOf(line + piece.trimEnd()) > columns) {
      lines.push(line.trimEnd())
      line = ''
    }
    line += piece
  }
  return [...lines, line.trimEnd()]
}
