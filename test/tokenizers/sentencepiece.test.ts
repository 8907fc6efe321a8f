/** BPE that falls back to bytes: ids and texts of Hugging Face's tokenizers. */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { env } from 'node:process'
import { describe, expect, test } from 'vitest'
import { readLlama2cTokenizer } from '../../src/checkpoints/llama2c.ts'
import { tokenizerFromJSON } from '../../src/tokenizers/huggingface.ts'
import { encodeChunks, promptIds, type Tokenizer } from '../../src/tokenizers/tokenizer.ts'
import { readGolden } from '../engine/golden-values.ts'
import { digest, oddText } from './odd-text.ts'

interface Source {
  readonly path?: string
  readonly seed?: number
  readonly text?: string
  readonly length?: number
  readonly ids: Record<string, [count: number, digest: string]>
  readonly texts: Record<string, string>
}

const golden = readGolden<{
  readonly cases: Source[]
  readonly decoded: {
    readonly name: string
    readonly special?: string
    readonly ids: number[]
    readonly text?: string
  }[]
  readonly stories260kMerges: string
  readonly files: Record<string, Record<string, unknown>>
}>('sentencepiece.json')
const mirror = env.NACRE_DATA_MIRROR ?? ''
const isThere = env.NACRE_DATA_MIRROR !== undefined && existsSync(join(mirror, 'weights/stories260K'))

const hash = (bytes: string) => createHash('sha256').update(bytes).digest('hex').slice(0, 32)
const counted = (ids: Int32Array): [number, string] => [ids.length, digest(ids)]
const textOf = ({ path, seed, text, length }: Source): string => {
  if (path === undefined) return text ?? oddText(seed!, length!)
  return Array.from(readFileSync(join(mirror, path), 'utf8'))
    .slice(0, length)
    .join('')
}

function expectGolden(name: string, tokenizer: Tokenizer, sources: readonly Source[]): void {
  for (const source of sources) {
    const ids = tokenizer.encode(textOf(source))
    const about = source.path ?? source.seed ?? source.text
    expect([about, counted(ids)]).toEqual([about, source.ids[name]])
    expect([about, hash(tokenizer.decode(ids))]).toEqual([about, source.texts[name]])
  }
  const given = golden.decoded.filter(one => one.name === name)
  expect(given.map(({ ids, special }) => (special === undefined ? tokenizer.decode(ids) : undefined))).toEqual(
    given.map(({ text }) => text),
  )
  const special = given.filter(one => one.special !== undefined)
  expect(special.map(one => [...tokenizer.encode(one.special!, { special: true })])).toEqual(
    special.map(({ ids }) => ids),
  )
}

describe.each(Object.entries(golden.files))('%s', (name, file) => {
  test('ids and texts of short and odd texts, of any ids, of special tokens', () => {
    const tokenizer = tokenizerFromJSON(file)
    expectGolden(
      name,
      tokenizer,
      golden.cases.filter(({ path }) => path === undefined),
    )
    expect(JSON.parse(JSON.stringify(tokenizer))).toEqual(file)
  })

  test.skipIf(!isThere)('ids and texts of documents in English and Chinese, whole and in chunks', async () => {
    const tokenizer = tokenizerFromJSON(file)
    const documents = golden.cases.filter(({ path }) => path !== undefined)
    expectGolden(name, tokenizer, documents)
    const text = textOf(documents[1])
    const chunks = Array.from({ length: Math.ceil(text.length / 999) }, (_, i) => text.slice(999 * i, 999 * (i + 1)))
    const parts: number[] = []
    for await (const part of encodeChunks(tokenizer, chunks)) parts.push(...part)
    expect(counted(Int32Array.from(parts))).toEqual(documents[1].ids[name])
  })
})

test.skipIf(!isThere)('the tokenizer of stories260K, from the file of llama2.c', () => {
  const name = 'tok512.bin'
  const bytes = readFileSync(join(mirror, 'weights/stories260K', name))
  const tokenizer = readLlama2cTokenizer({ name, bytes }, 512)
  const { merges } = JSON.parse(JSON.stringify(tokenizer)).model as { merges: string[][] }
  expect(hash(merges.map(merge => merge.join(' ')).join('\n'))).toBe(golden.stories260kMerges)
  expectGolden('stories260k', tokenizer, golden.cases)
})

test.each([
  [{ decoder: { type: 'ByteLevel' } }, 'tokenizer.json, decoder expected Replace, ByteFallback, Fuse and Strip'],
  [{ normalizer: { type: 'NFKC' } }, 'tokenizer.json, normalizer expected Prepend and Replace, or a Metaspace'],
  [{ pre_tokenizer: { type: 'Whitespace' }, normalizer: null }, 'tokenizer.json, pre_tokenizer expected Prepend'],
])('what is not done is refused: %o', (changes, message) => {
  expect(() => tokenizerFromJSON({ ...golden.files.normalizer, ...changes })).toThrow(message)
})

test('merges that lead to no piece are refused', () => {
  const { model } = golden.files.normalizer as { model: { merges: string[][] } }
  const merges = [...model.merges, ['q', 'never']]
  expect(() => tokenizerFromJSON({ ...golden.files.normalizer, model: { ...model, merges } })).toThrow(
    'merges expected merges of two tokens to a third, all in the vocabulary. Received ["q","never"]',
  )
})

test('a text that a model is given begins with <s>, where the file says so', () => {
  const tokenizer = tokenizerFromJSON(golden.files.normalizer)
  expect(tokenizer.beginOfText).toBe(1)
  expect(promptIds(tokenizer, 'To be')).toEqual([1, ...tokenizer.encode('To be')])
  const without = tokenizerFromJSON({ ...golden.files.normalizer, post_processor: null })
  expect(promptIds(without, 'To be')).toEqual([...tokenizer.encode('To be')])
})
