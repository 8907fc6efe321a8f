/** Words with tags, as the tasks of CoNLL keep them: a word and its tag in each line, an empty line after each sentence. */
import type { RecordProblems } from './records.ts'
import { linesOf, type TextSource } from './text.ts'

/** A sentence; B-PER begins the name of a person, I-PER goes on with it, O is no name. */
export interface TaggedWords {
  readonly words: readonly string[]
  /** As many. */
  readonly tags: readonly string[]
}

/**
 * Reads sentences: in each line a word first, its tag last, tabs or spaces between (CoNLL-2003 has two columns more). Lines
 * of `-DOCSTART-` and comments of CoNLL-U are left out; a line without a tag is a problem, and its sentence is left out.
 */
export async function readTaggedWords(text: TextSource, problems: RecordProblems): Promise<TaggedWords[]> {
  const sentences: TaggedWords[] = []
  let rows: string[][] = []
  let isBroken = false
  const end = (): void => {
    if (rows.length > 0 && !isBroken)
      sentences.push({ words: rows.map(([word]) => word), tags: rows.map(cells => cells.at(-1)!) })
    rows = []
    isBroken = false
  }
  let line = 0
  for await (const content of linesOf(text)) {
    line++
    const cells = content.trim().split(/\s+/)
    if (cells[0] === '') end()
    else if (cells[0] === '-DOCSTART-' || isComment(content, cells)) continue
    else if (cells.length > 1) rows.push(cells)
    else {
      problems.add(`${text.name}, line ${line}`, 'a word and its tag', JSON.stringify(content))
      isBroken = true
    }
  }
  end()
  return sentences
}

/** A line of CoNLL-U that holds no word; a number sign may be a word too, with its tag behind it. */
function isComment(line: string, cells: readonly string[]): boolean {
  return line.startsWith('# ') && (cells.length !== 2 || cells[1] === 'newdoc' || cells[1] === 'newpar')
}

/** Part of a sentence with a name: tags from `first` up to `end`. */
export interface TaggedStretch {
  readonly kind: string
  readonly first: number
  readonly end: number
}

/** The names of a sentence, as conlleval counts them: one begins at B-, or where the kind changes. */
export function stretchesOfTags(tags: readonly string[]): TaggedStretch[] {
  const found: TaggedStretch[] = []
  let open: { kind: string; first: number } | undefined
  for (const [i, tag] of [...tags, 'O'].entries()) {
    const [, mark, kind] = /^([BIES])-(.+)$/.exec(tag) ?? []
    if (open !== undefined && (mark === undefined || mark === 'B' || mark === 'S' || kind !== open.kind)) {
      found.push({ ...open, end: i })
      open = undefined
    }
    if (mark !== undefined) open ??= { kind, first: i }
  }
  return found
}
