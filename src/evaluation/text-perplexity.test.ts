import { expect, test } from 'vitest'
import { tinyLanguageModel } from '../../test/tiny-language-model.ts'
import { measureText, memoryText, type TextSource } from '../data/text.ts'
import { memoryTokens } from '../data/token-shards.ts'
import { trainByteLevelBPE } from '../tokenizers/bpe-training.ts'
import { trainCharacters } from '../tokenizers/characters.ts'
import { perplexity } from './score.ts'
import { textPerplexity } from './text-perplexity.ts'

const text = '话说天下大势，分久必合，合久必分。To be, or not to be. '.repeat(7)

/** The text in pieces of some characters. */
const cut = (size: number): TextSource => ({
  name: 'the text',
  async *chunks() {
    for (let i = 0; i < text.length; i += size) yield text.slice(i, i + size)
  },
})

test('a text that comes in pieces has the perplexity of its tokens', async () => {
  for (const tokenizer of [await trainCharacters([text]), await trainByteLevelBPE([text], { vocabularySize: 280 })]) {
    const scored = { ...tinyLanguageModel({ vocabulary: tokenizer.vocabularySize, context: 8 }), tokenizer }
    const bytes = new TextEncoder().encode(text).length
    const expected = await perplexity(scored, memoryTokens(tokenizer.encode(text), bytes))
    for (const [size, batchSize] of [
      [1, 1],
      [10, 3],
      [1000, 8],
      [1000, 100],
    ]) {
      const result = await textPerplexity(scored, await measureText(cut(size)), { batchSize })
      expect(result.tokens).toBe(expected.tokens)
      expect(result.natsPerToken).toBeCloseTo(expected.natsPerToken, 5)
      expect(result.bitsPerByte).toBeCloseTo(expected.bitsPerByte, 5)
    }
  }
})

test('progress goes up to the whole', async () => {
  const tokenizer = await trainCharacters([text])
  const scored = { ...tinyLanguageModel({ vocabulary: tokenizer.vocabularySize, context: 8 }), tokenizer }
  const shares: number[] = []
  await textPerplexity(scored, await measureText(cut(30)), { batchSize: 2, onProgress: share => shares.push(share) })
  expect(shares.length).toBeGreaterThan(10)
  expect(shares).toEqual([...shares].sort((a, b) => a - b))
  expect(shares.at(-1)).toBe(1)
})

test('one token cannot be scored, nor a character that the vocabulary lacks', async () => {
  const tokenizer = await trainCharacters([text])
  const scored = { ...tinyLanguageModel({ vocabulary: tokenizer.vocabularySize, context: 8 }), tokenizer }
  const of = async (content: string) => textPerplexity(scored, await measureText(memoryText(content)))
  await expect(of('话')).rejects.toThrow('the text expected at least 2 tokens. Received 1.')
  await expect(of('话说魏')).rejects.toThrow('"魏" (U+9B4F)')
})
