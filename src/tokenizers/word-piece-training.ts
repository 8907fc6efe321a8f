/**
 * Learns a vocabulary of WordPiece. Which pieces Google's own trainer joins was never published with its program; as
 * Hugging Face's WordPieceTrainer does, the most frequent adjacent pair is joined again and again.
 */
import { OptionError } from '../base/errors.ts'
import { afterLastBoundary, bertWords } from './bert-characters.ts'
import { PairCounts } from './pair-counts.ts'
import { cutChunks } from './tokenizer.ts'
import { specialToken } from './tokenizer-json.ts'
import { bertTokens, longestWord, WordPiece } from './word-piece.ts'

export interface WordPieceTrainingOptions {
  /** Tokens in all, with BERT's five and other special ones. Fewer come out where the corpus has no more pairs. */
  readonly vocabularySize: number
  /** Whether text is read in small letters and without accents; default true. */
  readonly lowercase?: boolean
  /** Different characters at most, the frequent ones; the rest is unknown. Default 6,000, enough for Chinese. */
  readonly alphabetSize?: number
  /** A pair that is rarer is not joined; default 2. */
  readonly minimumFrequency?: number
  /** Names of special tokens beside BERT's own; they take the highest ids. */
  readonly specialTokens?: readonly string[]
}

/**
 * Trains a tokenizer: BERT's own tokens, then characters by their code points, characters inside of words as they first
 * come, pieces in the order in which they were joined. Of pairs that are equally frequent the one of the lowest ids is
 * joined first.
 *
 * @throws {OptionError} if the vocabulary has no room for the characters
 */
export async function trainWordPiece(
  chunks: AsyncIterable<string> | Iterable<string>,
  options: WordPieceTrainingOptions,
): Promise<WordPiece> {
  const { vocabularySize, lowercase = true, alphabetSize = 6000, minimumFrequency = 2, specialTokens = [] } = options
  const reading = { lowercase, stripAccents: lowercase, splitChinese: true }
  const words = new Map<string, number>()
  for await (const part of cutChunks(text => afterLastBoundary(text, reading), chunks)) {
    for (const word of bertWords(part.toWellFormed(), reading)) words.set(word, (words.get(word) ?? 0) + 1)
  }
  const own = Object.values(bertTokens)
  const others = specialTokens.filter(name => !own.some(known => known === name))
  const tokens = [...own, ...frequentCharacters(words, alphabetSize)]
  const ids = new Map(tokens.map((token, id) => [token as string, id]))
  const size = vocabularySize - others.length
  const pairs = new PairCounts(innerSymbols(words, ids))
  if (ids.size > size) {
    throw new OptionError({
      what: 'vocabularySize',
      expected: `at least ${ids.size + others.length}: ${own.length + others.length} special tokens, and the characters`,
      received: String(vocabularySize),
      hint: 'Or take fewer characters (alphabetSize).',
    })
  }
  const texts = [...ids.keys()]
  while (ids.size < size) {
    const pair = pairs.popMostFrequent()
    if (pair === undefined || pair.count < Math.max(1, minimumFrequency)) break
    const text = texts[pair.left] + texts[pair.right].slice(2)
    // Two pairs may lead to the same piece, "a" + "##bc" and "ab" + "##c": they share a token.
    const joined = ids.get(text) ?? texts.push(text) - 1
    ids.set(text, joined)
    pairs.merge(pair.index, joined)
  }
  const addedTokens = [...own, ...others].map((name, i) =>
    specialToken(name, i < own.length ? i : ids.size + i - own.length),
  )
  return new WordPiece({ ...reading, tokens: ids, addedTokens })
}

/** The most frequent characters, by their code points. */
function frequentCharacters(words: ReadonlyMap<string, number>, most: number): string[] {
  const counts = new Map<string, number>()
  for (const [word, count] of words)
    for (const character of word) counts.set(character, (counts.get(character) ?? 0) + count)
  const byCodePoint = (a: string, b: string) => a.codePointAt(0)! - b.codePointAt(0)!
  const frequent = [...counts].sort((a, b) => b[1] - a[1] || byCodePoint(a[0], b[0])).slice(0, most)
  return frequent.map(([character]) => character).sort(byCodePoint)
}

/** Each word as its characters, those behind the first with ##; what is new among those is added to `ids`. */
function innerSymbols(
  words: ReadonlyMap<string, number>,
  ids: Map<string, number>,
): ConstructorParameters<typeof PairCounts>[0] {
  const counts = Float64Array.from(words.values())
  const [starts, ends] = [new Int32Array(words.size), new Int32Array(words.size)]
  const symbols: number[] = []
  let number = 0
  for (const word of words.keys()) {
    starts[number] = symbols.length
    const characters = Array.from(word)
    if (characters.length <= longestWord) {
      for (const [i, character] of characters.entries()) {
        if (!ids.has(character)) continue
        const symbol = i === 0 ? character : `##${character}`
        if (!ids.has(symbol)) ids.set(symbol, ids.size)
        symbols.push(ids.get(symbol)!)
      }
    }
    ends[number++] = symbols.length
  }
  return { counts, starts, ends, symbols: Int32Array.from(symbols) }
}
