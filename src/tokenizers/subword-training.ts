/**
 * Learns the pieces of words: the most frequent adjacent pair of symbols is joined again and again. Sennrich et al., Neural
 * Machine Translation of Rare Words with Subword Units, 2016, section 3.2; it is also how Hugging Face's WordPieceTrainer
 * does it, because which pieces Google's own trainer joins was never published with its program.
 */
import { OptionError } from '../base/errors.ts'
import { AddedTokens } from './added-tokens.ts'
import { afterLastBoundary, type BertReading, bertWords } from './bert-characters.ts'
import { PairCounts, type SymbolWords } from './pair-counts.ts'
import { cutChunks } from './tokenizer.ts'
import { unknownToken, WordBPE, wordEnd } from './word-bpe.ts'
import { bertTokens, longestWord, WordPiece } from './word-piece.ts'

export interface SubwordTrainingOptions {
  /** Tokens in all, with the tokenizer's own and other special ones. Fewer come out where the corpus has no more pairs. */
  readonly vocabularySize: number
  /** Whether text is read in small letters and without accents; default true. */
  readonly lowercase?: boolean
  /** Different characters at most, the frequent ones; the rest is unknown. Default 6,000, enough for Chinese. */
  readonly alphabetSize?: number
  /** A pair that is rarer is not joined; default 2. */
  readonly minimumFrequency?: number
  /** Names of special tokens beside the tokenizer's own; they take the highest ids. */
  readonly specialTokens?: readonly string[]
}

type Chunks = AsyncIterable<string> | Iterable<string>

/**
 * Trains WordPiece: BERT's own tokens, then characters by their code points, characters inside of words as they first come,
 * pieces in the order in which they were joined. Of pairs that are equally frequent the one of the lowest ids is joined first.
 *
 * @throws {OptionError} if the vocabulary has no room for the characters
 */
export async function trainWordPiece(chunks: Chunks, options: SubwordTrainingOptions): Promise<WordPiece> {
  const { merges: _, ...model } = await learn(chunks, options, {
    own: Object.values(bertTokens),
    symbol: (character, isFirst) => (isFirst ? character : `##${character}`),
    join: (left, right) => left + right.slice(2),
  })
  return new WordPiece(model)
}

/**
 * Trains GPT-1's byte pair encoding of words: <unk>, characters by their code points, characters that end words as they
 * first come, and the merges.
 *
 * @throws {OptionError} if the vocabulary has no room for the characters
 */
export async function trainWordBPE(chunks: Chunks, options: SubwordTrainingOptions): Promise<WordBPE> {
  return new WordBPE(
    await learn(chunks, options, {
      own: [unknownToken],
      symbol: (character, _, isLast) => (isLast ? character + wordEnd : character),
      join: (left, right) => left + right,
    }),
  )
}

/** How a kind of pieces is written. */
interface Scheme {
  /** Tokens that stand for no text. */
  readonly own: readonly string[]
  readonly symbol: (character: string, isFirst: boolean, isLast: boolean) => string
  readonly join: (left: string, right: string) => string
}

async function learn(chunks: Chunks, options: SubwordTrainingOptions, { own, symbol, join }: Scheme) {
  const { vocabularySize, lowercase = true, alphabetSize = 6000, minimumFrequency = 2, specialTokens = [] } = options
  const reading: BertReading = { lowercase, stripAccents: lowercase, splitChinese: true }
  const words = new Map<string, number>()
  for await (const part of cutChunks(text => afterLastBoundary(text, reading), chunks)) {
    for (const word of bertWords(part.toWellFormed(), reading)) words.set(word, (words.get(word) ?? 0) + 1)
  }
  const others = specialTokens.filter(name => !own.includes(name))
  const ids = new Map([...own, ...frequentCharacters(words, alphabetSize)].map((token, id) => [token, id]))
  const size = vocabularySize - others.length
  const pairs = new PairCounts(asSymbols(words, ids, symbol))
  if (ids.size > size) {
    throw new OptionError({
      what: 'vocabularySize',
      expected: `at least ${ids.size + others.length}: ${own.length + others.length} special tokens, and the characters`,
      received: String(vocabularySize),
      hint: 'Or take fewer characters (alphabetSize).',
    })
  }
  const texts = [...ids.keys()]
  const merges: number[] = []
  const isMerged = new Set<number>()
  while (ids.size < size) {
    const pair = pairs.popMostFrequent()
    if (pair === undefined || pair.count < Math.max(1, minimumFrequency)) break
    const text = join(texts[pair.left], texts[pair.right])
    // Two pairs may lead to the same piece, "a" + "bc" and "ab" + "c": they share a token.
    const joined = ids.get(text) ?? texts.push(text) - 1
    ids.set(text, joined)
    pairs.merge(pair.index, joined)
    if (isMerged.has(pair.index)) continue
    isMerged.add(pair.index)
    merges.push(pair.left, pair.right, joined)
  }
  const addedTokens = new AddedTokens([]).extended([...own, ...others], ids.size, name => ids.get(name))
  return { ...reading, tokens: ids, addedTokens, merges: Int32Array.from(merges) }
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

/** Each word as its symbols; what is new among those is added to `ids`. */
function asSymbols(
  words: ReadonlyMap<string, number>,
  ids: Map<string, number>,
  symbolOf: Scheme['symbol'],
): SymbolWords {
  const known = new Set(ids.keys())
  const counts = Float64Array.from(words.values())
  const [starts, ends] = [new Int32Array(words.size), new Int32Array(words.size)]
  const symbols: number[] = []
  let number = 0
  for (const word of words.keys()) {
    starts[number] = symbols.length
    const characters = Array.from(word)
    if (characters.length <= longestWord) {
      for (const [i, character] of characters.entries()) {
        if (!known.has(character)) continue
        const symbol = symbolOf(character, i === 0, i === characters.length - 1)
        if (!ids.has(symbol)) ids.set(symbol, ids.size)
        symbols.push(ids.get(symbol)!)
      }
    }
    ends[number++] = symbols.length
  }
  return { counts, starts, ends, symbols: Int32Array.from(symbols) }
}
