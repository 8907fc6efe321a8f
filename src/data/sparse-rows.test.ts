import { expect, test } from 'vitest'
import { cosine, dot, length, SparseRows, sparseVector } from './sparse-rows.ts'

const a = sparseVector(
  new Map([
    [7, 2],
    [1, 3],
  ]),
)
const b = sparseVector(
  new Map([
    [2, 5],
    [7, 4],
  ]),
)

test('places are ascending; products and lengths are those of the dense vectors', () => {
  expect([...a.indices]).toEqual([1, 7])
  expect([...a.values]).toEqual([3, 2])
  expect(dot(a, b)).toBe(8)
  expect(length(a)).toBeCloseTo(Math.sqrt(13), 12)
  expect(cosine(a, b)).toBeCloseTo(8 / Math.sqrt(13 * 41), 12)
  expect(cosine(a, sparseVector(new Map()))).toBe(0)
})

test('rows, empty ones too', () => {
  const rows = new SparseRows(9, [a, sparseVector(new Map()), b])
  expect([rows.count, rows.width]).toEqual([3, 9])
  expect([...rows.offsets]).toEqual([0, 2, 2, 4])
  expect(rows.row(0)).toEqual(a)
  expect(rows.row(1).indices).toHaveLength(0)
  expect(rows.row(2)).toEqual(b)
})
