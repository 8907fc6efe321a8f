import { DataError } from '../base/errors.ts'
import type { PairTable } from './pair-table.ts'
import { describe } from './tokenizer-json.ts'

/**
 * Merges the symbols of one pre-token in place: again and again the adjacent pair of the lowest rank, the leftmost of
 * equals, until no pair has a rank. Sennrich et al., Neural Machine Translation of Rare Words with Subword Units, 2016,
 * section 3.2.
 *
 * @param symbols - token ids; the result is in front
 * @param ranks - the rank of each pair that can be merged
 * @param merged - the token that a pair of each rank becomes
 * @returns how many symbols are left
 */
export function mergeSymbols(symbols: Int32Array, length: number, ranks: PairTable, merged: Int32Array): number {
  return length <= longestScanned
    ? mergeByScanning(symbols, length, ranks, merged)
    : mergeByHeap(symbols, length, ranks, merged)
}

/**
 * The ids of left, right and merged of each merge, in the order of their ranks.
 *
 * @param merges - `left right` (as tokenizer.json was written until 2024) or `[left, right]`
 * @throws {DataError} if they are no list, or a merge is not of two tokens to a third
 */
export function mergeTriples(tokens: ReadonlyMap<string, number>, merges: unknown): Int32Array {
  const what = 'merges'
  if (!Array.isArray(merges)) throw new DataError({ what, expected: 'a list', received: describe(merges) })
  const triples = new Int32Array(3 * merges.length)
  for (const [rank, merge] of (merges as unknown[]).entries()) {
    const [left, right, ...rest] = typeof merge === 'string' ? merge.split(' ') : Array.isArray(merge) ? merge : []
    const ids = [left, right, `${left}${right}`].map(token => tokens.get(token))
    if (rest.length > 0 || ids.includes(undefined)) {
      const expected = 'merges of two tokens to a third, all in the vocabulary'
      throw new DataError({ what, expected, received: `${describe(merge)} at rank ${rank}` })
    }
    triples.set(ids as number[], 3 * rank)
  }
  return triples
}

/** The lines of a file of merges, one for each rank. */
export function mergeLines(text: string): string[] {
  return text.split('\n').filter((line, i) => line !== '' && !(i === 0 && line.startsWith('#version')))
}

/** Looks for the lowest rank anew after every merge: O(n²), the fastest for words. */
export function mergeByScanning(symbols: Int32Array, length: number, ranks: PairTable, merged: Int32Array): number {
  const pairRanks = length <= scratch.length ? scratch : new Int32Array(length)
  for (let i = 0; i + 1 < length; i++) pairRanks[i] = rankOf(ranks, symbols[i], symbols[i + 1])
  for (;;) {
    let lowest = none
    let position = -1
    for (let i = 0; i + 1 < length; i++) {
      if (pairRanks[i] < lowest) {
        lowest = pairRanks[i]
        position = i
      }
    }
    if (position === -1) return length
    symbols[position] = merged[lowest]
    length--
    for (let i = position + 1; i < length; i++) {
      symbols[i] = symbols[i + 1]
      pairRanks[i] = pairRanks[i + 1]
    }
    if (position > 0) pairRanks[position - 1] = rankOf(ranks, symbols[position - 1], symbols[position])
    if (position + 1 < length) pairRanks[position] = rankOf(ranks, symbols[position], symbols[position + 1])
  }
}

/** Keeps the pairs in a heap by rank and position: O(n log n), for runs of thousands of characters. */
export function mergeByHeap(symbols: Int32Array, length: number, ranks: PairTable, merged: Int32Array): number {
  const next = Int32Array.from({ length }, (_, i) => i + 1)
  const previous = Int32Array.from({ length }, (_, i) => i - 1)
  const pairRanks = new Int32Array(length).fill(none)
  const heap = new NumberHeap()
  const measure = (left: number): void => {
    const right = next[left]
    pairRanks[left] = right < length ? rankOf(ranks, symbols[left], symbols[right]) : none
    if (pairRanks[left] !== none) heap.push(pairRanks[left] * 2 ** 28 + left)
  }
  for (let i = 0; i < length; i++) measure(i)
  for (let entry = heap.pop(); entry !== undefined; entry = heap.pop()) {
    const rank = Math.floor(entry / 2 ** 28)
    const left = entry % 2 ** 28
    if (pairRanks[left] !== rank) continue
    const right = next[left]
    symbols[left] = merged[rank]
    pairRanks[right] = none
    next[left] = next[right]
    if (next[left] < length) previous[next[left]] = left
    measure(left)
    if (previous[left] >= 0) measure(previous[left])
  }
  let count = 0
  for (let i = 0; i < length; i = next[i]) symbols[count++] = symbols[i]
  return count
}

/** Above every rank. */
const none = 0x7fffffff
const longestScanned = 200
const scratch = new Int32Array(longestScanned)

function rankOf(ranks: PairTable, left: number, right: number): number {
  const rank = ranks.get(left, right)
  return rank === -1 ? none : rank
}

/** A binary heap of numbers, the lowest on top. */
class NumberHeap {
  readonly #items: number[] = []

  push(item: number): void {
    const items = this.#items
    let i = items.length
    items.push(item)
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (items[parent] <= item) break
      items[i] = items[parent]
      i = parent
    }
    items[i] = item
  }

  pop(): number | undefined {
    const items = this.#items
    const top = items[0]
    const item = items.pop()
    if (item === undefined || items.length === 0) return top
    let i = 0
    for (let child = 1; child < items.length; child = 2 * i + 1) {
      if (child + 1 < items.length && items[child + 1] < items[child]) child++
      if (items[child] >= item) break
      items[i] = items[child]
      i = child
    }
    items[i] = item
    return top
  }
}
