import { expect, test } from 'vitest'
import { FastRandom } from '../../base/fast-random.ts'
import { AliasTable } from './alias-table.ts'

test.each([[[1]], [[1, 1]], [[5, 0, 1, 2.5, 40]], [Array.from({ length: 1000 }, (_, i) => 1 / (i + 1))]])(
  'draws follow the weights (case %#)',
  weights => {
    const draws = 200_000
    const random = new FastRandom(3, 'alias')
    const table = new AliasTable(weights)
    const drawn = new Int32Array(weights.length)
    for (let i = 0; i < draws; i++) drawn[table.draw(random)]++
    const sum = weights.reduce((a, b) => a + b)
    let chiSquared = 0
    let never = 0
    for (const [i, weight] of weights.entries()) {
      const expected = (draws * weight) / sum
      if (expected === 0) never += drawn[i]
      else chiSquared += (drawn[i] - expected) ** 2 / expected
    }
    expect(never).toBe(0)
    // Mean k - 1, deviation the root of 2 (k - 1): five deviations are one in a million.
    const freedom = weights.length - 1
    expect(chiSquared).toBeLessThanOrEqual(freedom + 5 * Math.sqrt(2 * freedom))
  },
)
