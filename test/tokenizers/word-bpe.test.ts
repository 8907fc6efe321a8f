/** Holds GPT-1's byte pair encoding of words against transformers; see scripts/goldens/word_bpe.py. */
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { tokenizerFromJSON } from '../../src/tokenizers/huggingface.ts'
import { trainWordBPE } from '../../src/tokenizers/subword-training.ts'
import { gptTokenizer } from '../../src/tokenizers/word-bpe.ts'
import { digest, oddText } from './odd-text.ts'

interface Golden {
  readonly cases: { path?: string; seed?: number; length?: number; ids: [count: number, digest: string] }[]
  readonly texts: [text: string, ids: number[]][]
  readonly training: { path: string; vocabularySize: number; alphabetSize: number; tokens: string[] }
  readonly small: object
}

const golden: Golden = JSON.parse(readFileSync(join(import.meta.dirname, '../goldens/word-bpe.json'), 'utf8'))
const mirror = process.env.NACRE_DATA_MIRROR === undefined ? undefined : resolve(process.env.NACRE_DATA_MIRROR)
const hasMirror = mirror !== undefined && existsSync(join(mirror, 'tokenizers/gpt1/vocab_40000.bpe'))
const reason = 'NACRE_DATA_MIRROR names no folder with tokenizers/gpt1'
const readText = (path: string): string => readFileSync(join(mirror!, path), 'utf8')

test('tokenizer.json is written as transformers writes it, but for a post-processor that does nothing, and read back', () => {
  const json = JSON.parse(JSON.stringify(tokenizerFromJSON(golden.small)))
  expect(json).toEqual({ ...golden.small, post_processor: null })
})

test('files that do not belong together are refused', () => {
  expect(() => gptTokenizer({ a: 0 }, '')).toThrow('encoder_bpe_40000.json expected a token <unk>. Received 1 tokens')
  const merges = '#version: 0.2\na b</w>\n'
  const expected =
    'merges expected merges of two tokens to a third, all in the vocabulary. Received "a b</w>" at rank 0.'
  expect(() => gptTokenizer({ '<unk>': 0, a: 1, 'b</w>': 2 }, merges)).toThrow(expected)
  const tokenizer = gptTokenizer({ '<unk>': 0, a: 1, 'b</w>': 2, 'ab</w>': 3 }, merges)
  expect(Array.from(tokenizer.encode('AB ba cab'))).toEqual([3, 0, 0, 0, 3])
  expect(tokenizer.decode([3, 1, 2, 3])).toBe('ab ab ab')
})

describe.skipIf(!hasMirror)(`the published vocabulary${hasMirror ? '' : `, skipped: ${reason}`}`, () => {
  const load = () =>
    gptTokenizer(
      JSON.parse(readText('tokenizers/gpt1/encoder_bpe_40000.json')),
      readText('tokenizers/gpt1/vocab_40000.bpe'),
    )

  test('ids are those of transformers', () => {
    const tokenizer = load()
    expect(tokenizer.vocabularySize).toBe(40_478)
    for (const [text, ids] of golden.texts) expect([text, [...tokenizer.encode(text)]]).toEqual([text, ids])
    for (const { path, seed, length, ids } of golden.cases) {
      const own = tokenizer.encode(path === undefined ? oddText(seed!, length!) : readText(path), { special: true }) // a text writes <unk>
      expect([path, seed, own.length, digest(own)]).toEqual([path, seed, ...ids])
    }
  })

  test('training on a play finds the pieces that Hugging Face finds', async () => {
    const { path, vocabularySize, alphabetSize, tokens } = golden.training
    const trained = await trainWordBPE([readText(path)], { vocabularySize, alphabetSize })
    const own = Array.from({ length: trained.vocabularySize }, (_, id) => trained.token(id)).sort()
    expect(own).toEqual([...tokens].sort())
  })
})
