import { expect, test } from 'vitest'
import { Random } from '../base/random.ts'
import { mergeByHeap, mergeByScanning, mergeSymbols } from './merging.ts'
import { PairTable } from './pair-table.ts'

/** The definition: the leftmost pair of the lowest rank, until there is none. */
function mergeSlowly(symbols: number[], ranks: PairTable, merged: Int32Array): number[] {
  for (;;) {
    const pairs = symbols.slice(1).map((right, i) => ranks.get(symbols[i], right))
    const lowest = Math.min(...pairs.filter(rank => rank >= 0))
    if (lowest === Number.POSITIVE_INFINITY) return symbols
    symbols = symbols.toSpliced(pairs.indexOf(lowest), 2, merged[lowest])
  }
}

test('scanning and heap give what the definition gives', () => {
  const random = new Random(1)
  for (let round = 0; round < 400; round++) {
    const ranks = new PairTable()
    const merged = new Int32Array(30)
    // Any order of ranks, also one in which a merge makes room for a lower one.
    for (let rank = 0; rank < 30; rank++) {
      ranks.set(random.integer(12), random.integer(12), rank)
      merged[rank] = random.integer(12)
    }
    const symbols = Array.from({ length: 1 + random.integer(60) }, () => random.integer(8))
    const expected = mergeSlowly(symbols, ranks, merged)
    for (const merge of [mergeByScanning, mergeByHeap]) {
      const own = Int32Array.from(symbols)
      const length = merge(own, own.length, ranks, merged)
      expect([...own.subarray(0, length)]).toEqual(expected)
    }
  }
})

test('a pre-token of a million bytes takes no more than seconds', () => {
  const ranks = new PairTable()
  const merged = Int32Array.from({ length: 16 }, (_, rank) => rank + 1)
  for (let rank = 0; rank < 16; rank++) ranks.set(rank, rank, rank)
  const symbols = new Int32Array(2 ** 20)
  expect(mergeSymbols(symbols, symbols.length, ranks, merged)).toBe(16)
  expect([...symbols.subarray(0, 16)]).toEqual(Array.from({ length: 16 }, () => 16))
})

test('a pair table keeps what was set last, through growth', () => {
  const [random, table, expected] = [new Random(2), new PairTable(), new Map<string, number>()]
  for (let value = 0; value < 5000; value++) {
    const [left, right] = [random.integer(100), random.integer(100)]
    table.set(left, right, value)
    expected.set(`${left} ${right}`, value)
  }
  expect(table.size).toBe(expected.size)
  for (let left = 0; left < 100; left++) {
    for (let right = 0; right < 100; right++) {
      expect(table.get(left, right)).toBe(expected.get(`${left} ${right}`) ?? -1)
    }
  }
})
