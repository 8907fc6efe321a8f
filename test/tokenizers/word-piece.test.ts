/** Holds WordPiece against Hugging Face tokenizers and transformers; see scripts/goldens/word_piece.py. */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { bertPair, bertText } from '../../src/data/bert-rows.ts'
import { characterClasses, normalize } from '../../src/tokenizers/bert-characters.ts'
import { tokenizerFromJSON } from '../../src/tokenizers/huggingface.ts'
import { trainWordPiece } from '../../src/tokenizers/subword-training.ts'
import { type WordPiece, wordPieceVocabulary } from '../../src/tokenizers/word-piece.ts'
import { digest, oddText } from './odd-text.ts'

type Names = 'uncased' | 'uncased-cased' | 'chinese' | 'chinese-cased'
interface Golden {
  readonly classes: string
  readonly normalized: { readonly lowercase: string; readonly cased: string }
  readonly cases: {
    readonly path?: string
    readonly seed?: number
    readonly length?: number
    readonly ids: Record<Names, [number, string]>
  }[]
  readonly texts: [text: string, ids: Record<Names, number[]>][]
  readonly pair: { readonly texts: [string, string] } & Record<
    'uncased' | 'chinese',
    { readonly ids: number[]; readonly segments: number[]; readonly single: number[] }
  >
  readonly training: { path: string; vocabularySize: number; alphabetSize: number; tokens: string[] }
  readonly small: object
  readonly published: object
}

const golden: Golden = JSON.parse(readFileSync(join(import.meta.dirname, '../goldens/word-piece.json'), 'utf8'))
const mirror = process.env.NACRE_DATA_MIRROR === undefined ? undefined : resolve(process.env.NACRE_DATA_MIRROR)
const reason = 'NACRE_DATA_MIRROR names no folder with tokenizers/bert'
const hasMirror = mirror !== undefined && existsSync(join(mirror, 'tokenizers/bert/bert-base-chinese-vocab.txt'))
const readText = (path: string): string => readFileSync(join(mirror!, path), 'utf8')
const hash = (text: string): string => createHash('sha256').update(text).digest('hex')

test('each code point has the class that Hugging Face sees, and is normalized as there', () => {
  expect(hash(Array.from(characterClasses(), found => '.RWCMP'[found]).join(''))).toBe(golden.classes)
  const codePoints = Array.from({ length: 0x110000 }, (_, i) => i).filter(code => code < 0xd800 || code > 0xdfff)
  const text = codePoints.map(code => String.fromCodePoint(code)).join('|')
  for (const lowercase of [true, false]) {
    const normalized = normalize(text, { lowercase, stripAccents: lowercase, splitChinese: true })
    expect(hash(normalized).slice(0, 32)).toBe(golden.normalized[lowercase ? 'lowercase' : 'cased'])
  }
})

test('tokenizer.json is written as Hugging Face writes it, and read back', () => {
  const small = tokenizerFromJSON(golden.small) as WordPiece
  const json = JSON.parse(JSON.stringify(small))
  expect({ ...json, decoder: null }).toEqual(golden.small)
})

describe.skipIf(!hasMirror)(`published vocabularies${hasMirror ? '' : `, skipped: ${reason}`}`, () => {
  const load = (name: string, lowercase: boolean) =>
    wordPieceVocabulary(readText(`tokenizers/bert/bert-base-${name}-vocab.txt`), { lowercase })
  const tokenizers: Record<Names, () => WordPiece> = {
    uncased: () => load('uncased', true),
    'uncased-cased': () => load('uncased', false),
    chinese: () => load('chinese', true),
    'chinese-cased': () => load('chinese', false),
  }

  test.each(Object.keys(tokenizers) as Names[])('%s: ids of real, mixed and odd text', name => {
    const tokenizer = tokenizers[name]()
    for (const [text, ids] of golden.texts) expect([text, ...tokenizer.encode(text)]).toEqual([text, ...ids[name]])
    for (const { path, seed, length, ids } of golden.cases) {
      const own = tokenizer.encode(path === undefined ? oddText(seed!, length!) : readText(path))
      expect([path ?? seed, own.length, digest(own)]).toEqual([path ?? seed, ...ids[name]])
    }
  })

  test.each(['uncased', 'chinese'] as const)('%s: a text and a pair with what stands around them', name => {
    const tokenizer = tokenizers[name]()
    const [first, second] = golden.pair.texts.map(text => tokenizer.encode(text, { special: true }))
    const pair = bertPair(tokenizer, first, second)
    expect([[...pair.ids], [...pair.segments]]).toEqual([golden.pair[name].ids, golden.pair[name].segments])
    expect([...bertText(tokenizer, first).ids]).toEqual(golden.pair[name].single)
  })

  test('the tokenizer.json of the English vocabulary is that of transformers', () => {
    expect(JSON.parse(JSON.stringify(tokenizers.uncased()))).toMatchObject(golden.published)
  })

  test('a vocabulary learned from Shakespeare is that of Hugging Face', async () => {
    const { path, tokens, ...sizes } = golden.training
    const tokenizer = await trainWordPiece([readText(path)], sizes)
    expect(Array.from({ length: sizes.vocabularySize }, (_, id) => tokenizer.token(id)).sort()).toEqual(tokens.sort())
  })
})
