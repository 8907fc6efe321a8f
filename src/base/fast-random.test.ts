import { expect, test } from 'vitest'
import { FastRandom } from './fast-random.ts'
import { Random } from './random.ts'

/** The published rule, in arithmetic without bits of 32. */
function* reference(state: bigint[]): Generator<number> {
  const mask = 0xffffffffn
  const turned = (x: bigint, k: bigint) => ((x << k) | (x >> (32n - k))) & mask
  for (;;) {
    yield Number((turned((state[1] * 5n) & mask, 7n) * 9n) & mask)
    const t = (state[1] << 9n) & mask
    state[2] ^= state[0]
    state[3] ^= state[1]
    state[1] ^= state[2]
    state[0] ^= state[3]
    state[2] ^= t
    state[3] = turned(state[3], 11n)
  }
}

test('is xoshiro128**, seeded by Random', () => {
  const seeds = new Random(7, 'a stream')
  const numbers = reference(Array.from({ length: 4 }, () => BigInt(seeds.uint32())))
  const random = new FastRandom(7, 'a stream')
  for (let i = 0; i < 3000; i++) expect([i, random.uint32()]).toEqual([i, numbers.next().value])
})

test('seeds and streams differ', () => {
  const first = (seed: number, stream: string) => new FastRandom(seed, stream).uint32()
  expect(new Set([first(1, 'a'), first(2, 'a'), first(1, 'b')]).size).toBe(3)
  expect(first(1, 'a')).toBe(first(1, 'a'))
})
