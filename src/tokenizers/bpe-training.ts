/**
 * Learns the merges of byte-level byte pair encoding: again and again the most frequent adjacent pair of symbols becomes
 * a new symbol. Sennrich et al., Neural Machine Translation of Rare Words with Subword Units, 2016, section 3.2.
 * Different pre-tokens are counted once, and each merge visits only the words that hold its pair.
 */
import { OptionError } from '../base/errors.ts'
import { AddedTokens } from './added-tokens.ts'
import { bytesInOrder, bytesToText } from './byte-alphabet.ts'
import { ByteLevelBPE, tokenId } from './byte-level-bpe.ts'
import { PairCounts, type SymbolWords } from './pair-counts.ts'
import { gpt2Rule, type PretokenizationRule } from './pretokenize.ts'
import { enlarged, WordTable } from './word-table.ts'

export interface BPETrainingOptions {
  /** Tokens in all: 256 bytes, merges and special tokens. Fewer come out where the corpus has no more pairs. */
  readonly vocabularySize: number
  /** Names of special tokens; they take the highest ids. */
  readonly specialTokens?: readonly string[]
  /** Default {@link gpt2Rule}. */
  readonly rule?: PretokenizationRule
  /**
   * Where pre-tokens are phrases: how much more than a phrase each of its words counts, as {@link gpt2Rule} cuts them; 0
   * unless given. So words are whole before phrases are made of them (Liu et al., SuperBPE, 2025, section 2).
   */
  readonly wordWeight?: number
  /** A pair that is rarer is not merged; default 2. */
  readonly minimumFrequency?: number
  /** Called after every merge. */
  readonly onMerge?: (mergeCount: number, mergeTotal: number) => void
}

/**
 * Trains a tokenizer. Of pairs that are equally frequent the one of the lowest ids is merged first, so the merges are
 * those of Hugging Face's BpeTrainer.
 *
 * @param texts - each is a text of its own; of a file that arrives in chunks make texts with
 *   `cutChunks(lastSafeCut, chunks)`
 * @throws {OptionError} if the vocabulary has no room for bytes and special tokens
 */
export async function trainByteLevelBPE(
  texts: AsyncIterable<string> | Iterable<string>,
  options: BPETrainingOptions,
): Promise<ByteLevelBPE> {
  const { vocabularySize, specialTokens = [], rule = gpt2Rule, wordWeight = 0, minimumFrequency = 2, onMerge } = options
  const mergeTotal = vocabularySize - 256 - specialTokens.length
  if (!Number.isInteger(mergeTotal) || mergeTotal < 0) {
    const expected = `an integer of at least ${256 + specialTokens.length}: 256 bytes and the special tokens`
    throw new OptionError({ what: 'vocabularySize', expected, received: String(vocabularySize) })
  }
  const counter = new WordCounter()
  for await (const text of texts) {
    for (const [start, end] of cuts(rule, text)) {
      counter.add(text, start, end)
      if (wordWeight === 0) continue
      const phrase = text.slice(start, end)
      for (const [from, to] of cuts(gpt2Rule, phrase)) counter.add(phrase, from, to, wordWeight)
    }
  }
  const tokens = bytesInOrder.map(byte => Uint8Array.of(byte))
  const merges = learnMerges(tokens, new PairCounts(byteSymbols(counter)), { mergeTotal, minimumFrequency, onMerge })
  const addedTokens = new AddedTokens([]).extended(specialTokens, tokens.length, name => tokenId(tokens, name))
  return new ByteLevelBPE({ rule, tokens, merges, addedTokens })
}

/** Appends to `tokens`, and gives the merges as triples of ids. */
function learnMerges(
  tokens: Uint8Array[],
  pairs: PairCounts,
  options: { mergeTotal: number; minimumFrequency: number; onMerge?: BPETrainingOptions['onMerge'] },
): Int32Array {
  const merges: number[] = []
  const size = tokens.length + options.mergeTotal
  const ids = new Map(tokens.map((bytes, id) => [bytesToText(bytes), id]))
  const isMerged = new Set<number>()
  while (tokens.length < size) {
    const pair = pairs.popMostFrequent()
    if (pair === undefined || pair.count < Math.max(1, options.minimumFrequency)) break
    const bytes = new Uint8Array(tokens[pair.left].length + tokens[pair.right].length)
    bytes.set(tokens[pair.left])
    bytes.set(tokens[pair.right], tokens[pair.left].length)
    const text = bytesToText(bytes)
    // Two pairs may lead to the same bytes, "a" + "bc" and "ab" + "c": they share a token.
    const merged = ids.get(text) ?? tokens.push(bytes) - 1
    ids.set(text, merged)
    pairs.merge(pair.index, merged)
    if (isMerged.has(pair.index)) continue
    isMerged.add(pair.index)
    merges.push(pair.left, pair.right, merged)
    options.onMerge?.(merges.length / 3, options.mergeTotal)
  }
  return Int32Array.from(merges)
}

/** Beginning and end of each pre-token. */
function* cuts(rule: PretokenizationRule, text: string): Generator<[start: number, end: number]> {
  for (let start = 0, end = 0; start < text.length; start = end) {
    end = rule.end(text, start)
    yield [start, end]
  }
}

/** How often each pre-token occurs. */
class WordCounter {
  readonly words: WordTable = new WordTable(2 ** 16)
  counts: Float64Array = new Float64Array(2 ** 16)

  add(text: string, start: number, end: number, times = 1): void {
    let word = this.words.find(text, start, end)
    if (word < 0) word = this.words.insert(text, start, end, word)
    if (word >= this.counts.length) this.counts = enlarged(this.counts, word + 1)
    this.counts[word] += times
  }
}

/** Each word as the symbols of its UTF-8 bytes. */
function byteSymbols({ words, counts }: WordCounter): SymbolWords {
  const utf8 = new TextEncoder()
  const idOfByte = Int32Array.from({ length: 256 }, (_, byte) => bytesInOrder.indexOf(byte))
  const [starts, ends] = [new Int32Array(words.size), new Int32Array(words.size)]
  let symbols = new Int32Array(words.unitCount + 16)
  let length = 0
  for (let word = 0; word < words.size; word++) {
    const bytes = utf8.encode(words.word(word))
    if (length + bytes.length > symbols.length) symbols = enlarged(symbols, length + bytes.length)
    starts[word] = length
    for (const byte of bytes) symbols[length++] = idOfByte[byte]
    ends[word] = length
  }
  return { counts, starts, ends, symbols }
}
