import { expect, test } from 'vitest'
import { Random } from '../base/random.ts'
import { trainByteLevelBPE } from './bpe-training.ts'
import { byteCharacters, bytesInOrder } from './byte-alphabet.ts'
import { gpt2Rule, phraseRule, pretokenize } from './pretokenize.ts'

const utf8 = new TextEncoder()

/** The definition: counts all pairs anew before every merge. */
function trainSlowly(text: string, mergeTotal: number): string[] {
  const idOfText = new Map(bytesInOrder.map((byte, id) => [byteCharacters[byte], id]))
  let words = pretokenize(gpt2Rule, text).map(word => [...utf8.encode(word)].map(byte => byteCharacters[byte]))
  const merges: string[] = []
  while (idOfText.size < 256 + mergeTotal) {
    const counts = new Map<string, number>()
    for (const word of words) {
      for (let i = 1; i < word.length; i++) {
        const pair = `${word[i - 1]} ${word[i]}`
        counts.set(pair, (counts.get(pair) ?? 0) + 1)
      }
    }
    const ids = (pair: string): number[] => pair.split(' ').map(token => idOfText.get(token)!)
    const [best] = [...counts]
      .filter(([, count]) => count >= 2)
      .sort(([a, countA], [b, countB]) => countB - countA || ids(a)[0] - ids(b)[0] || ids(a)[1] - ids(b)[1])
    if (best === undefined) break
    const [left, right] = best[0].split(' ')
    if (!idOfText.has(left + right)) idOfText.set(left + right, idOfText.size)
    if (!merges.includes(best[0])) merges.push(best[0])
    words = words.map(word => {
      const merged: string[] = []
      for (let i = 0; i < word.length; i++) {
        const isPair = word[i] === left && word[i + 1] === right
        merged.push(isPair ? left + right : word[i])
        if (isPair) i++
      }
      return merged
    })
  }
  return merges
}

test('merges are those of the definition', async () => {
  const random = new Random(1)
  for (let round = 0; round < 8; round++) {
    const letters = round % 2 === 0 ? Array.from('ab ') : Array.from('abcé你 \n1!')
    const text = Array.from({ length: 800 }, () => letters[random.integer(letters.length)]).join('')
    const tokenizer = await trainByteLevelBPE([text], { vocabularySize: 256 + 120 })
    const merges = tokenizer.toJSON().model.merges as string[][]
    expect(merges.map(merge => merge.join(' '))).toEqual(trainSlowly(text, 120))
  }
})

test('ends when no pair is frequent enough; special tokens follow', async () => {
  const tokenizer = await trainByteLevelBPE(['abab xy'], { vocabularySize: 400, specialTokens: ['<|endoftext|>'] })
  expect(tokenizer.vocabularySize).toBe(258)
  expect(tokenizer.endOfText).toBe(257)
  expect([...tokenizer.encode('ab')]).toEqual([256])
  const none = await trainByteLevelBPE(['ab xy'], { vocabularySize: 400 })
  expect(none.vocabularySize).toBe(256)
})

test('a pre-token of a million characters', async () => {
  const text = '='.repeat(2 ** 20)
  const tokenizer = await trainByteLevelBPE([text], { vocabularySize: 300 })
  expect([...tokenizer.encode(text)]).toEqual([256 + 18, 256 + 18])
})

test('a vocabulary smaller than the bytes is an error', async () => {
  const options = { vocabularySize: 256, specialTokens: ['<|endoftext|>'] }
  await expect(trainByteLevelBPE([], options)).rejects.toThrow(/vocabularySize expected an integer of at least 257/)
})

test('phrases become tokens after their words, which stay whole in other phrases', async () => {
  const texts = Array.from({ length: 30 }, () => [
    'Tom sat in the park. ',
    'Mia sat in the hall. ',
    'Mia left the park. ',
  ]).flat()
  const options = { vocabularySize: 256 + 45, rule: phraseRule }
  const tokens = async (wordWeight: number, text: string): Promise<string[]> => {
    const tokenizer = await trainByteLevelBPE(texts, { ...options, wordWeight })
    return [...tokenizer.encode(text)].map(id => tokenizer.decode([id]))
  }
  expect(await tokens(20, 'Mia sat in the hall. ')).toEqual(['Mia', ' sat in the hall', '. '])
  const words = ['Tom', ' left', ' the hall', '. ']
  expect(await tokens(20, 'Tom left the hall. ')).toEqual(words)
  expect(await tokens(0, 'Tom left the hall. ')).toEqual(['Tom', ' left the ', 'hal', 'l', '. '])
})
