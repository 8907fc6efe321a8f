import { expect, test } from 'vitest'
import { Random } from '../base/random.ts'
import { WordVectors } from '../models/word-vectors.ts'
import { mapWords } from './word-map.ts'

test('finds the plane in which points lie', () => {
  // Directions that differ along two axes of five only, by 3 to 1.
  const random = new Random(1, 'map')
  const rows = Array.from({ length: 40 }, () => [1, 0.3 * random.normal(), 0, 0.1 * random.normal(), 0])
  const vectors = new WordVectors(
    rows.map((_, i) => `w${i}`),
    Float32Array.from(rows.flat()),
  )
  const { words, shown } = mapWords(vectors, Array.from(rows.keys()))
  expect(words).toHaveLength(40)
  expect(shown).toBeGreaterThan(0.93)
  // Distances on the plane are those of the directions.
  const distance = (a: number, b: number) => Math.hypot(words[a].x - words[b].x, words[a].y - words[b].y)
  const real = (a: number, b: number) => Math.sqrt(2 - 2 * vectors.similarity(a, b))
  for (const [a, b] of [
    [0, 1],
    [5, 30],
    [12, 13],
  ])
    expect(Math.abs(distance(a, b) - real(a, b))).toBeLessThan(0.1)
  const varianceOf = (of: 'x' | 'y') => words.reduce((sum, word) => sum + word[of] ** 2, 0)
  expect(varianceOf('x')).toBeGreaterThan(3 * varianceOf('y'))
  expect(words.reduce((sum, { x, y }) => sum + x * y, 0)).toBeCloseTo(0, 6)
})

test('equal vectors are one point, two words are no map', () => {
  const vectors = new WordVectors(['a', 'b', 'c'], new Float32Array(12).fill(1))
  expect(mapWords(vectors, [0, 1, 2])).toEqual({ words: ['a', 'b', 'c'].map(word => ({ word, x: 0, y: 0 })), shown: 1 })
  expect(() => mapWords(vectors, [0, 1])).toThrow('A map expected at least three words. Received 2.')
})
