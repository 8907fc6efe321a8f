import { expect, test } from 'vitest'
import { countScripts, foreignScript, scriptsOf } from './scripts.ts'

test('letters are counted by script; the rest belongs to none', () => {
  expect([...countScripts(['Ein Mann, 3 Äpfel!', '你好 πr²', 'አ'])]).toEqual([
    ['Latin', 13],
    ['Han', 2],
    ['Greek', 1],
    ['another', 1],
  ])
})

test('a text is written in the scripts that are no accident', () => {
  expect(scriptsOf(['我喜欢吃比萨。'.repeat(40), 'OK', 'и'])).toEqual(['Han', 'Latin'])
})

test('a script that was never learned', () => {
  expect(foreignScript('Привет, κόσμε', ['Latin'])).toBe('Cyrillic')
  expect(foreignScript('Привет, world', ['Latin'])).toBeUndefined()
  expect(foreignScript('「astronomy」和「astrology」有什麼區別？', ['Han'])).toBeUndefined()
  expect(foreignScript('Hallo 世界', ['Latin'])).toBeUndefined()
  expect(foreignScript('12 + 3 = 15', ['Han'])).toBeUndefined()
})
