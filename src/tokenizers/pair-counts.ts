import { PairTable } from './pair-table.ts'
import { enlarged } from './word-table.ts'

/** Different words, written as symbols. */
export interface SymbolWords {
  /** How often each word occurs. */
  readonly counts: Float64Array
  /** Where the symbols of each word begin and end; ends move down as symbols are merged. */
  readonly starts: Int32Array
  readonly ends: Int32Array
  readonly symbols: Int32Array
}

/** The words as symbols, the counts of their adjacent pairs, and for each pair the words that hold or held it. */
export class PairCounts {
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

  constructor({ counts, starts, ends, symbols }: SymbolWords) {
    this.#wordCounts = counts
    this.#starts = starts
    this.#ends = ends
    this.#symbols = symbols
    for (let word = 0; word < starts.length; word++) {
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
