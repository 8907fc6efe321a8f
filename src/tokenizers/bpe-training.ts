/**
 * Learns the merges of byte-level byte pair encoding: again and again the most frequent adjacent pair of symbols becomes
 * a new symbol. Sennrich et al., Neural Machine Translation of Rare Words with Subword Units, 2016, section 3.2.
 * Different pre-tokens are counted once, and each merge visits only the words that hold its pair.
 */
import { OptionError } from '../base/errors.ts'
import { bytesInOrder, bytesToText } from './byte-alphabet.ts'
import { ByteLevelBPE } from './byte-level-bpe.ts'
import { PairTable } from './pair-table.ts'
import { gpt2Rule, type PretokenizationRule } from './pretokenize.ts'
import { specialToken } from './tokenizer-json.ts'
import { enlarged, WordTable } from './word-table.ts'

export interface BPETrainingOptions {
  /** Tokens in all: 256 bytes, merges and special tokens. Fewer come out where the corpus has no more pairs. */
  readonly vocabularySize: number
  /** Names of special tokens; they take the highest ids. */
  readonly specialTokens?: readonly string[]
  /** Default {@link gpt2Rule}. */
  readonly rule?: PretokenizationRule
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
  { vocabularySize, specialTokens = [], rule = gpt2Rule, minimumFrequency = 2, onMerge }: BPETrainingOptions,
): Promise<ByteLevelBPE> {
  const mergeTotal = vocabularySize - 256 - specialTokens.length
  if (!Number.isInteger(mergeTotal) || mergeTotal < 0) {
    const expected = `an integer of at least ${256 + specialTokens.length}: 256 bytes and the special tokens`
    throw new OptionError({ what: 'vocabularySize', expected, received: String(vocabularySize) })
  }
  const counter = new WordCounter(rule)
  for await (const text of texts) counter.add(text)
  const tokens = bytesInOrder.map(byte => Uint8Array.of(byte))
  const merges = learnMerges(tokens, new PairCounts(counter), { mergeTotal, minimumFrequency, onMerge })
  const addedTokens = specialTokens.map((name, i) => specialToken(name, tokens.length + i))
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

/** How often each pre-token occurs. */
class WordCounter {
  readonly words: WordTable = new WordTable(2 ** 16)
  counts: Float64Array = new Float64Array(2 ** 16)
  readonly #rule: PretokenizationRule

  constructor(rule: PretokenizationRule) {
    this.#rule = rule
  }

  add(text: string): void {
    for (let start = 0, end = 0; start < text.length; start = end) {
      end = this.#rule.end(text, start)
      let word = this.words.find(text, start, end)
      if (word < 0) word = this.words.insert(text, start, end, word)
      if (word >= this.counts.length) this.counts = enlarged(this.counts, word + 1)
      this.counts[word]++
    }
  }
}

/** The words as symbols, the counts of their adjacent pairs, and for each pair the words that hold or held it. */
class PairCounts {
  readonly #wordCounts: Float64Array
  readonly #starts: Int32Array
  readonly #ends: Int32Array
  readonly #symbols: Int32Array
  readonly #table: PairTable = new PairTable(2 ** 16)
  #lefts: Int32Array = new Int32Array(2 ** 16)
  #rights: Int32Array = new Int32Array(2 ** 16)
  #counts: Float64Array = new Float64Array(2 ** 16)
  /** Linked lists of words: the first entry of each pair, and for each entry its word and the next entry. */
  #first: Int32Array = new Int32Array(2 ** 16)
  #entryWords: Int32Array = new Int32Array(2 ** 16)
  #entryNext: Int32Array = new Int32Array(2 ** 16)
  #entryCount = 0
  readonly #heap: PairHeap = new PairHeap((a, b) => this.#precedes(a, b))
  /** Pairs that became more frequent in the merge at hand. */
  readonly #grown: Set<number> = new Set()

  constructor({ words, counts }: WordCounter) {
    const utf8 = new TextEncoder()
    const idOfByte = Int32Array.from({ length: 256 }, (_, byte) => bytesInOrder.indexOf(byte))
    this.#wordCounts = counts
    this.#starts = new Int32Array(words.size)
    this.#ends = new Int32Array(words.size)
    let symbols = new Int32Array(words.unitCount + 16)
    let length = 0
    for (let word = 0; word < words.size; word++) {
      const bytes = utf8.encode(words.word(word))
      if (length + bytes.length > symbols.length) symbols = enlarged(symbols, length + bytes.length)
      this.#starts[word] = length
      for (const byte of bytes) symbols[length++] = idOfByte[byte]
      this.#ends[word] = length
    }
    this.#symbols = symbols
    for (let word = 0; word < words.size; word++) {
      for (let i = this.#starts[word] + 1; i < this.#ends[word]; i++) this.#add(symbols[i - 1], symbols[i], word)
    }
    this.#pushGrown()
  }

  /** Takes the most frequent pair, of equals the one of the lowest ids. */
  popMostFrequent(): { index: number; left: number; right: number; count: number } | undefined {
    for (;;) {
      const top = this.#heap.pop()
      if (top === undefined) return undefined
      const index = top.pair
      const count = this.#counts[index]
      if (top.count === count) return { index, left: this.#lefts[index], right: this.#rights[index], count }
      // Counts in the heap are upper bounds; they are mended when they come to the top.
      if (count > 0) this.#heap.push(count, index)
    }
  }

  /** Replaces a pair by its merged symbol in every word. */
  merge(pair: number, merged: number): void {
    let entry = this.#first[pair]
    this.#first[pair] = -1
    for (; entry !== -1; entry = this.#entryNext[entry]) this.#mergeInWord(this.#entryWords[entry], pair, merged)
    this.#counts[pair] = 0
    this.#grown.delete(pair)
    this.#pushGrown()
  }

  #mergeInWord(word: number, pair: number, merged: number): void {
    const symbols = this.#symbols
    const left = this.#lefts[pair]
    const right = this.#rights[pair]
    const start = this.#starts[word]
    const end = this.#ends[word]
    let write = start
    for (let read = start; read < end; read++) {
      if (symbols[read] !== left || read + 1 === end || symbols[read + 1] !== right) {
        symbols[write++] = symbols[read]
        continue
      }
      if (write > start) {
        this.#remove(symbols[write - 1], left, word)
        this.#add(symbols[write - 1], merged, word)
      }
      if (read + 2 < end) {
        this.#remove(right, symbols[read + 2], word)
        this.#add(merged, symbols[read + 2], word)
      }
      symbols[write++] = merged
      read++
    }
    this.#ends[word] = write
  }

  #remove(left: number, right: number, word: number): void {
    this.#counts[this.#table.get(left, right)] -= this.#wordCounts[word]
  }

  #add(left: number, right: number, word: number): void {
    let pair = this.#table.get(left, right)
    if (pair === -1) pair = this.#insert(left, right)
    this.#counts[pair] += this.#wordCounts[word]
    this.#grown.add(pair)
    const first = this.#first[pair]
    if (first !== -1 && this.#entryWords[first] === word) return
    const entry = this.#entryCount++
    if (entry === this.#entryWords.length) {
      this.#entryWords = enlarged(this.#entryWords, entry + 1)
      this.#entryNext = enlarged(this.#entryNext, entry + 1)
    }
    this.#entryWords[entry] = word
    this.#entryNext[entry] = first
    this.#first[pair] = entry
  }

  #insert(left: number, right: number): number {
    const pair = this.#table.size
    this.#table.set(left, right, pair)
    if (pair === this.#lefts.length) {
      this.#lefts = enlarged(this.#lefts, pair + 1)
      this.#rights = enlarged(this.#rights, pair + 1)
      this.#counts = enlarged(this.#counts, pair + 1)
      this.#first = enlarged(this.#first, pair + 1)
    }
    this.#lefts[pair] = left
    this.#rights[pair] = right
    this.#first[pair] = -1
    return pair
  }

  #pushGrown(): void {
    for (const pair of this.#grown) if (this.#counts[pair] > 0) this.#heap.push(this.#counts[pair], pair)
    this.#grown.clear()
  }

  #precedes(a: number, b: number): boolean {
    return this.#lefts[a] < this.#lefts[b] || (this.#lefts[a] === this.#lefts[b] && this.#rights[a] < this.#rights[b])
  }
}

/** A binary heap, the highest count on top, of equals the pair that precedes. */
class PairHeap {
  readonly #counts: number[] = []
  readonly #pairs: number[] = []
  readonly #precedes: (a: number, b: number) => boolean

  constructor(precedes: (a: number, b: number) => boolean) {
    this.#precedes = precedes
  }

  push(count: number, pair: number): void {
    let i = this.#pairs.length
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (!this.#isAbove(count, pair, parent)) break
      this.#put(i, this.#counts[parent], this.#pairs[parent])
      i = parent
    }
    this.#put(i, count, pair)
  }

  pop(): { count: number; pair: number } | undefined {
    if (this.#pairs.length === 0) return undefined
    const top = { count: this.#counts[0], pair: this.#pairs[0] }
    const count = this.#counts.pop()!
    const pair = this.#pairs.pop()!
    const length = this.#pairs.length
    if (length === 0) return top
    let i = 0
    for (let child = 1; child < length; child = 2 * i + 1) {
      if (child + 1 < length && this.#isAbove(this.#counts[child + 1], this.#pairs[child + 1], child)) child++
      if (this.#isAbove(count, pair, child)) break
      this.#put(i, this.#counts[child], this.#pairs[child])
      i = child
    }
    this.#put(i, count, pair)
    return top
  }

  #put(i: number, count: number, pair: number): void {
    this.#counts[i] = count
    this.#pairs[i] = pair
  }

  #isAbove(count: number, pair: number, i: number): boolean {
    return count > this.#counts[i] || (count === this.#counts[i] && this.#precedes(pair, this.#pairs[i]))
  }
}
