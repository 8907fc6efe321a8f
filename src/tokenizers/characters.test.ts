import { expect, test } from 'vitest'
import { CharacterTokenizer, trainCharacters } from './characters.ts'

test('ids follow code points, as in nanoGPT; special tokens come after', async () => {
  const tokenizer = await trainCharacters(['ba\n', '\u{1f600}\uffff', 'é b'], { specialTokens: ['<|endoftext|>'] })
  expect([...tokenizer.encode('\n abé\uffff\u{1f600}')]).toEqual([0, 1, 2, 3, 4, 5, 6])
  expect(tokenizer.endOfText).toBe(7)
  expect(tokenizer.vocabularySize).toBe(8)
})

test('a chunk may end inside of a character', async () => {
  const tokenizer = await trainCharacters(['a\ud83d', '\ude00'])
  expect([...tokenizer.encode('\u{1f600}a')]).toEqual([1, 0])
  expect(tokenizer.vocabularySize).toBe(2)
})

test('a character that the vocabulary lacks is an error that names it', async () => {
  const tokenizer = await trainCharacters(['abc'])
  expect(() => tokenizer.encode('ab€')).toThrow(
    'CharacterTokenizer expected characters that its vocabulary has. Received "€" (U+20AC) at index 2. Train on a corpus',
  )
})

test('an entry that is not one character is an error', () => {
  expect(() => new CharacterTokenizer({ characters: new Map([['ab', 0]]) })).toThrow(/Received "ab"/)
})
