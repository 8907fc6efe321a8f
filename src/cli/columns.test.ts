import { expect, test } from 'vitest'
import { columnsOf, padColumns } from './columns.ts'

test.each([
  ['', 0],
  ['ROMEO:', 6],
  ['话说', 4],
  ['，。「」', 8],
  ['Ａ', 2],
  ['ひらカナ한', 10],
  ['𠀀', 2],
  ['😀', 2],
  ['é', 1],
  ['e\u0301', 1],
  ['…—×', 3],
])('"%s" takes %i columns', (text, columns) => {
  expect(columnsOf(text)).toBe(columns)
})

test('padded texts are equally wide', () => {
  expect(padColumns('话', 4)).toBe('话  ')
  expect(padColumns('abcde', 4)).toBe('abcde')
})
