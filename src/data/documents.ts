/** A text as documents of sentences, in tokens, with the words that the tokens are parts of. */
import { DataError } from '../base/errors.ts'
import { isChinese } from '../tokenizers/bert-characters.ts'
import type { Segmenter } from '../tokenizers/segmenter.ts'
import type { WordPiece } from '../tokenizers/word-piece.ts'
import { linesOf, type TextSource } from './text.ts'

/** Sentences of a document at most; a longer one goes on as the next. */
const longestDocument = 128

/**
 * Documents of sentences. An empty line ends a document; a line is one sentence or several.
 * Where a sentence ends is Unicode's rule (UAX #29), which knows English and Chinese marks.
 */
export async function* documentsOf(text: TextSource): AsyncGenerator<string[]> {
  const segmenter = new Intl.Segmenter('en', { granularity: 'sentence' })
  let document: string[] = []
  for await (const line of linesOf(text)) {
    const isEnd = line.trim() === ''
    if (!isEnd) {
      for (const { segment } of segmenter.segment(line)) if (segment.trim() !== '') document.push(segment.trim())
    }
    if ((isEnd && document.length > 0) || document.length >= longestDocument) {
      yield document
      document = []
    }
  }
  if (document.length > 0) yield document
}

/** Documents in tokens, one behind the other. */
export interface EncodedDocuments {
  /** Tokens of all sentences. */
  readonly ids: Int32Array
  /** For each token whether it begins a word; a masked word is masked with all its tokens. */
  readonly begins: Uint8Array
  /** Where each sentence begins, and where the last ends. */
  readonly sentences: Int32Array
  /** The number of each document's first sentence, and how many there are in all. */
  readonly documents: Int32Array
}

/**
 * @param segmenter - finds the words of Chinese; without one, each token is a word, as first published
 * @throws {DataError} if the text has no token
 */
export async function encodeDocuments(
  documents: AsyncIterable<readonly string[]> | Iterable<readonly string[]>,
  tokenizer: WordPiece,
  segmenter?: Segmenter,
): Promise<EncodedDocuments> {
  const ids: number[] = []
  const begins: number[] = []
  const sentences: number[] = [0]
  const firsts: number[] = [0]
  for await (const document of documents) {
    for (const sentence of document) {
      encodeSentence(sentence, tokenizer, segmenter, ids, begins)
      if (ids.length > sentences.at(-1)!) sentences.push(ids.length)
    }
    if (sentences.length - 1 > firsts.at(-1)!) firsts.push(sentences.length - 1)
  }
  if (ids.length === 0) throw new DataError({ what: 'The text', expected: 'sentences', received: 'none' })
  const [allIds, allBegins] = [Int32Array.from(ids), Uint8Array.from(begins)]
  return { ids: allIds, begins: allBegins, sentences: Int32Array.from(sentences), documents: Int32Array.from(firsts) }
}

function encodeSentence(
  sentence: string,
  tokenizer: WordPiece,
  segmenter: Segmenter | undefined,
  ids: number[],
  begins: number[],
): void {
  const words = tokenizer.words(sentence)
  const boundaries = segmenter && wordBoundaries(segmenter.segment(sentence), tokenizer)
  let offset = 0
  let wasChinese = false
  for (const word of words) {
    const chinese = isChinese(word.codePointAt(0)!)
    const isBegun = chinese && wasChinese && boundaries?.has(offset) === false
    for (const [i, id] of tokenizer.pieces(word).entries()) {
      ids.push(id)
      begins.push(segmenter === undefined || (i === 0 && !isBegun) ? 1 : 0)
    }
    offset += word.length
    wasChinese = chinese
  }
}

/** Where words begin, counted in characters as they are read, white space left out. */
function wordBoundaries(segments: readonly string[], tokenizer: WordPiece): ReadonlySet<number> {
  const boundaries = new Set<number>()
  let offset = 0
  for (const segment of segments) {
    boundaries.add(offset)
    for (const word of tokenizer.words(segment)) offset += word.length
  }
  return boundaries
}
