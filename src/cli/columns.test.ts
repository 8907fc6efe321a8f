import { expect, test } from 'vitest'
import { columnsOf, padColumns, tableOf, wrapColumns } from './columns.ts'

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

test('tables align Chinese, and numbers to the right', () => {
  const rows = [
    ['NAME', 'SIZE', 'WHAT'],
    ['话说', '1,024', 'x'],
    ['a', '9', '分久必合'],
  ]
  expect(tableOf(rows, { right: [1] })).toBe('NAME   SIZE  WHAT\n话说  1,024  x\na         9  分久必合')
})

test.each([
  ['the quick brown fox', 9, ['the quick', 'brown fox']],
  ['an unbreakable word', 4, ['an', 'unbreakable', 'word']],
  ['天下大势，分久必合。', 10, ['天下大势，', '分久必合。']],
  ['读（GPT）和《红楼梦》', 9, ['读（GPT）', '和《红楼', '梦》']],
  ['', 10, ['']],
])('"%s" in %i columns', (text, columns, lines) => {
  expect(wrapColumns(text, columns)).toEqual(lines)
})
