/** Holds our tokenizers against Hugging Face tokenizers and tiktoken; see scripts/goldens/tokenization.py. */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { trainByteLevelBPE } from '../../src/tokenizers/bpe-training.ts'
import { trainCharacters } from '../../src/tokenizers/characters.ts'
import { gpt2Tokenizer } from '../../src/tokenizers/gpt2-files.ts'
import { tokenizerFromJSON } from '../../src/tokenizers/huggingface.ts'
import {
  cl100kRule,
  llama3Rule,
  o200kRule,
  phraseRule,
  pretokenize,
  qwen2Rule,
} from '../../src/tokenizers/pretokenize.ts'
import { tiktokenTokenizer } from '../../src/tokenizers/tiktoken.ts'
import { encodeChunks, type Tokenizer } from '../../src/tokenizers/tokenizer.ts'
import type { TokenizerJSON } from '../../src/tokenizers/tokenizer-json.ts'
import { characterClasses } from '../../src/tokenizers/unicode-classes.ts'
import { digest, oddText } from './odd-text.ts'

interface Golden {
  classes: string
  cases: { path?: string; seed?: number; length?: number; bytes: number; ids: Record<string, [number, string]> }[]
  atomIds: [text: string, ids: number[]][]
  special: { text: string; ids: number[] }
  training: {
    odd: {
      seeds: number[]
      length: number
      vocabularySize: number
      mergeCount: number
      merges: string
      heldOutSeed: number
      ids: string
    }
    corpora: { path: string; vocabularySize: number; mergeCount: number; merges: string }[]
  }
  phrases: [seed: number, length: number, ends: string][]
  sample: string
  byteLevelJSON: TokenizerJSON
  charactersJSON: TokenizerJSON
  characterIds: number[]
}

const golden: Golden = JSON.parse(readFileSync(join(import.meta.dirname, '../goldens/tokenizers.json'), 'utf8'))
const mirror = process.env.NACRE_DATA_MIRROR === undefined ? undefined : resolve(process.env.NACRE_DATA_MIRROR)
const reason = 'NACRE_DATA_MIRROR names no folder with tokenizers/gpt2'
const hasMirror = mirror !== undefined && existsSync(join(mirror, 'tokenizers/gpt2/encoder.json'))

function mergesOf(tokenizer: Tokenizer): { mergeCount: number; merges: string } {
  const merges = tokenizer.toJSON().model.merges as string[][]
  const lines = merges.map(merge => merge.join(' ')).join('\n')
  return { mergeCount: merges.length, merges: createHash('sha256').update(lines).digest('hex').slice(0, 32) }
}

function readText(path: string): string {
  return new TextDecoder('utf-8', { ignoreBOM: true, fatal: true }).decode(readFileSync(join(mirror!, path)))
}

async function* texts(...items: string[]): AsyncGenerator<string> {
  yield* items
}

test.each(golden.phrases)('phrases are cut as its expression cuts them: seed %i', (seed, length, ends) => {
  let end = 0
  const own = pretokenize(phraseRule, oddText(seed, length)).map(piece => (end += Array.from(piece).length))
  expect(digest(Int32Array.from(own))).toBe(ends)
})

test('each of the 1,114,112 code points has the class that Hugging Face sees', () => {
  expect(createHash('sha256').update(characterClasses()).digest('hex')).toBe(golden.classes)
})

test('merges learnt from odd text, and ids of odd text that was held out, are those of Hugging Face', async () => {
  const { seeds, length, vocabularySize, heldOutSeed, ids, mergeCount, merges } = golden.training.odd
  const corpus = seeds.map(seed => oddText(seed, length))
  const tokenizer = await trainByteLevelBPE(corpus, { vocabularySize })
  expect(mergesOf(tokenizer)).toEqual({ mergeCount, merges })
  const heldOut = oddText(heldOutSeed, length)
  expect(digest(tokenizer.encode(heldOut))).toBe(ids)
  expect(tokenizer.decode(tokenizer.encode(heldOut))).toBe(heldOut)
})

test('a byte-level tokenizer.json is written as Hugging Face writes it, and read back', async () => {
  const specialTokens = ['<|endoftext|>']
  const options = { vocabularySize: 271, specialTokens }
  const tokenizer = await trainByteLevelBPE([golden.sample.repeat(3)], options)
  const expected = structuredClone(golden.byteLevelJSON) as TokenizerJSON & { model: { vocab: Record<string, number> } }
  expected.model.vocab['<|endoftext|>'] = 270
  expect(JSON.parse(JSON.stringify(tokenizer))).toEqual(expected)
  const copy = tokenizerFromJSON(golden.byteLevelJSON)
  expect(copy.endOfText).toBe(270)
  expect(copy.encode(golden.sample)).toEqual(tokenizer.encode(golden.sample))
})

test('a character tokenizer.json is written as Hugging Face writes it, and read back', async () => {
  const tokenizer = await trainCharacters(texts(golden.sample))
  expect(JSON.parse(JSON.stringify(tokenizer))).toEqual(golden.charactersJSON)
  expect([...tokenizerFromJSON(golden.charactersJSON).encode(golden.sample)]).toEqual(golden.characterIds)
})

describe.skipIf(!hasMirror)(`published vocabularies${hasMirror ? '' : `, skipped: ${reason}`}`, () => {
  const gpt2 = (): Tokenizer =>
    gpt2Tokenizer(JSON.parse(readText('tokenizers/gpt2/encoder.json')), readText('tokenizers/gpt2/vocab.bpe'))
  const cl100kFile = (): string => readText('tokenizers/tiktoken/cl100k_base.tiktoken')
  const tokenizers: Record<string, () => Tokenizer> = {
    gpt2,
    cl100k: () => tiktokenTokenizer(cl100kFile(), cl100kRule, { '<|endoftext|>': 100257 }),
    llama3: () => tiktokenTokenizer(cl100kFile(), llama3Rule, { '<|endoftext|>': 100257 }),
    qwen2: () => {
      const json = tokenizers.llama3().toJSON()
      const steps = [{ type: 'Split', pattern: { Regex: qwen2Rule.patterns[0] }, behavior: 'Isolated', invert: false }]
      const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false }
      const sequence = { type: 'Sequence', pretokenizers: [...steps, byteLevel] }
      return tokenizerFromJSON({ ...json, normalizer: { type: 'NFC' }, pre_tokenizer: sequence })
    },
    o200k: () => tiktokenTokenizer(readText('tokenizers/tiktoken/o200k_base.tiktoken'), o200kRule),
  }

  test.each(Object.keys(tokenizers))('%s: ids of real and odd text are those of tiktoken and Hugging Face', name => {
    const tokenizer = tokenizers[name]()
    let bytes = 0
    for (const { path, seed, length, ids, ...source } of golden.cases) {
      if (ids[name] === undefined) continue
      const text = path === undefined ? oddText(seed!, length!) : readText(path)
      const own = tokenizer.encode(text)
      expect([path ?? seed, Buffer.byteLength(text), own.length, digest(own)]).toEqual([
        path ?? seed,
        source.bytes,
        ...ids[name],
      ])
      const written = name === 'qwen2' ? text.normalize('NFC') : text
      expect([path ?? seed, tokenizer.decode(own) === written]).toEqual([path ?? seed, true])
      bytes += source.bytes
    }
    expect(bytes).toBeGreaterThan(1e6)
  })

  test('gpt2: ids of single stretches and of special tokens', () => {
    const tokenizer = gpt2()
    for (const [text, ids] of golden.atomIds) expect([text, ...tokenizer.encode(text)]).toEqual([text, ...ids])
    const { text, ids } = golden.special
    expect([...tokenizer.encode(text, { special: true })]).toEqual(ids)
    expect(tokenizer.endOfText).toBe(50256)
    expect(tokenizer.vocabularySize).toBe(50257)
  })

  test('gpt2: a novel in chunks of 1,000 units encodes to what the whole encodes to', async () => {
    const tokenizer = gpt2()
    const text = readText('chinese_novels/xiyouji.txt').slice(0, 200_000)
    const chunks = Array.from({ length: 200 }, (_, i) => text.slice(1000 * i, 1000 * (i + 1)))
    const ids: number[] = []
    for await (const part of encodeChunks(tokenizer, chunks, { special: true })) ids.push(...part)
    expect(Int32Array.from(ids)).toEqual(tokenizer.encode(text))
  })

  test('gpt2: tokenizer.json with merges as strings and as pairs', () => {
    const tokenizer = gpt2()
    const json = JSON.parse(JSON.stringify(tokenizer))
    const text = oddText(1, 6000)
    const ids = tokenizer.encode(text)
    expect(tokenizerFromJSON(json).encode(text)).toEqual(ids)
    json.model.merges = json.model.merges.map((merge: string[]) => merge.join(' '))
    expect(tokenizerFromJSON(json).encode(text)).toEqual(ids)
  })

  test.each(golden.training.corpora)('merges learnt from $path are those of Hugging Face', async expected => {
    const { path, vocabularySize, ...merges } = expected
    const tokenizer = await trainByteLevelBPE([readText(path)], { vocabularySize })
    expect(mergesOf(tokenizer)).toEqual(merges)
  })
})
