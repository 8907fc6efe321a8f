import type { TextSource } from '../../data/text.ts'
import { isWord, type Segmenter, spaceSegmenter } from '../../tokenizers/segmenter.ts'

/** A text as words, which can be read again and again. */
export interface WordSource {
  readonly name: string
  /** In pieces of any length; {@link sentenceBreak} stands between two sentences. */
  words(): AsyncIterable<readonly string[]>
}

export const sentenceBreak = ''

export interface WordOptions {
  /** Marks are left out, unless it is {@link spaceSegmenter}, which takes whatever stands between spaces. */
  readonly segmenter: Segmenter
  /** Where a sentence ends: at each line, at each empty line, nowhere. */
  readonly sentences: 'lines' | 'paragraphs' | 'none'
  readonly lowercase: boolean
}

/** A line longer than this is taken in parts. */
const longLine = 2 ** 16
const pieceLength = 4096

/** The words of a text. */
export function textWords(text: TextSource, { segmenter, sentences, lowercase }: WordOptions): WordSource {
  const keepsAll = segmenter === spaceSegmenter
  return {
    name: text.name,
    async *words() {
      let piece: string[] = []
      for await (const { line, ends } of lines(text)) {
        const before = piece.length
        for (const word of segmenter.segment(lowercase ? line.toLowerCase() : line))
          if (keepsAll || isWord(word)) piece.push(word)
        const isBreak = sentences === 'lines' ? ends : sentences === 'paragraphs' && ends && piece.length === before
        if (isBreak) piece.push(sentenceBreak)
        if (piece.length < pieceLength) continue
        yield piece
        piece = []
      }
      if (piece.length > 0) yield piece
    },
  }
}

/** Lines, or parts of long ones; `ends` where a line ends. */
async function* lines(text: TextSource): AsyncGenerator<{ readonly line: string; readonly ends: boolean }> {
  let pending = ''
  for await (const chunk of text.chunks()) {
    const parts = (pending + chunk).split('\n')
    pending = parts.pop()!
    for (const line of parts) yield { line, ends: true }
    if (pending.length <= longLine) continue
    const cut = lastCut(pending)
    if (cut > 0) yield { line: pending.slice(0, cut), ends: false }
    pending = pending.slice(cut)
  }
  if (pending !== '') yield { line: pending, ends: true }
}

/** Where a long line may be cut: behind its last space, else behind its last mark, else nowhere until it is very long. */
function lastCut(line: string): number {
  for (const cut of [/\s/gu, /\p{P}/gu]) {
    const from = Math.max(0, line.length - 1024)
    const last = [...line.slice(from).matchAll(cut)].at(-1)
    if (last !== undefined) return from + last.index + last[0].length
  }
  return line.length > 16 * longLine ? line.length : 0
}
