import { expect, test } from 'vitest'
import { Random } from '../base/random.ts'
import { ByteLevelBPE } from './byte-level-bpe.ts'
import { trainCharacters } from './characters.ts'
import { tokenizerConfig, tokenizerFromJSON } from './huggingface.ts'
import { cl100kRule, gpt2Rule, llama3Rule, o200kRule } from './pretokenize.ts'
import { intlSegmenter, spaceSegmenter } from './segmenter.ts'
import { SentencePieceBPE, type SpaceRule } from './sentencepiece-bpe.ts'
import { trainWordBPE, trainWordPiece } from './subword-training.ts'
import { cutChunks, type DecodeOptions, encodeChunks, type Tokenizer } from './tokenizer.ts'
import { specialToken } from './tokenizer-json.ts'
import { trainWords } from './words.ts'

const alphabet = [
  ...Array.from("aàbcdeé 1２³'stlvermd  \n\r\n\t\u0085\u00a0\u3000\ufeff\u200d_-.,!?/ſK"),
  ...Array.from(
    '你好世界，。한국어かなカナ\u0301\u0300\u{1f468}\u{1f469}\u{1f1e8}\u{1d400}\u{10400}\u{16e40}\u0000\u001f\ue000\uffff',
  ),
  "'s",
  "'LL",
  '<|endoftext|>',
  '<|end|>',
]

function randomText(random: Random, length: number): string {
  return Array.from({ length }, () => alphabet[random.integer(alphabet.length)]).join('')
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}

/** A small vocabulary whose ids run against its ranks, so that one cannot stand for the other. */
function smallModel(rule = gpt2Rule): ByteLevelBPE {
  const utf8 = new TextEncoder()
  const pairs = ['he', ' t', ' the', 'an', 'é', '你', 'll', " '", '  ', '\n\n', 'a1', 'aa', 'aaaa']
  const size = 300
  const tokens: (Uint8Array | undefined)[] = Array.from({ length: size })
  for (let byte = 0; byte < 256; byte++) tokens[size - 1 - byte] = Uint8Array.of(byte)
  const ids = new Map(tokens.flatMap((bytes, id) => (bytes === undefined ? [] : [[String(bytes), id]])))
  const merges: number[] = []
  let next = size - 257
  for (const pair of pairs) {
    const bytes = utf8.encode(pair)
    for (let cut = bytes.length - 1; cut > 0; cut--) {
      const [left, right] = [bytes.slice(0, cut), bytes.slice(cut)].map(part => ids.get(String(part)))
      if (left === undefined || right === undefined) continue
      tokens[next] = bytes
      ids.set(String(bytes), next)
      merges.push(left, right, next--)
      break
    }
  }
  const addedTokens = [specialToken('<|endoftext|>', 0), specialToken('<|end|>', size)]
  return new ByteLevelBPE({ rule, tokens, merges: Int32Array.from(merges), addedTokens })
}

const tokenizers: (readonly [string, Tokenizer])[] = [
  ['gpt2', smallModel()],
  ['cl100k', smallModel(cl100kRule)],
  ['llama3', smallModel(llama3Rule)],
  ['o200k', smallModel(o200kRule)],
  ['characters', await trainCharacters(alphabet, { specialTokens: ['<|endoftext|>', '<|end|>'] })],
]

/** The pieces of a few words and the characters that make them up, all bytes, and a run of spaces. */
function sentencePieces(spaces: SpaceRule): SentencePieceBPE {
  const words = ['he', '▁t', 'the', '▁the', 'an', '你好', 'll', '▁▁', '▁▁▁▁', "▁'", 'aa', 'aaaa', '世界']
  const characters = [...new Set(words.join(''))]
  const bytes = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`)
  const names = ['<unk>', '<|endoftext|>', ...bytes, ...words, ...characters]
  const pieces = new Map(names.map((name, id) => [name, id]))
  const merges = words.flatMap(word => {
    const cuts = Array.from({ length: word.length - 1 }, (_, i) => [word.slice(0, i + 1), word.slice(i + 1), word])
    return cuts.map(cut => cut.map(piece => pieces.get(piece) ?? -1)).filter(ids => !ids.includes(-1))
  })
  const addedTokens = [
    specialToken('<unk>', 0),
    specialToken('<|endoftext|>', 1),
    specialToken('<|end|>', names.length),
  ]
  const model = { pieces, merges: Int32Array.from(merges.flat()), spaces, addedTokens, unknown: '<unk>' }
  return new SentencePieceBPE({ ...model, strips: spaces.prefix !== 'never' })
}

const sentencePieceTokenizers: (readonly [string, Tokenizer])[] = [
  ['sentencepiece', sentencePieces({ prefix: 'always', doubled: true, split: false })],
  ['sentencepiece, first', sentencePieces({ prefix: 'first', doubled: false, split: false })],
  ['sentencepiece, never', sentencePieces({ prefix: 'never', doubled: false, split: true })],
]

/** Those that keep all but white space and unknown words: their promises begin after the first test. */
const specialTokens = ['<|endoftext|>', '<|end|>']
const wordText = `a é ${randomText(new Random(9), 5000)}`
const all: (readonly [string, Tokenizer])[] = [
  ...tokenizers,
  ...sentencePieceTokenizers,
  ['words', await trainWords([wordText], { segmenter: spaceSegmenter, specialTokens, lineBreaks: true })],
  ['word-piece', await trainWordPiece([wordText], { vocabularySize: 400, specialTokens, lowercase: false })],
  ['word-bpe', await trainWordBPE([wordText], { vocabularySize: 400, specialTokens, lowercase: false })],
  ['words-zh', await trainWords([wordText], { segmenter: intlSegmenter('zh'), specialTokens, lowercase: true })],
]

test.each(tokenizers)('%s: text comes back from its ids, whole and streamed', (_, tokenizer) => {
  const random = new Random(1)
  for (let round = 0; round < 500; round++) {
    const text = randomText(random, random.integer(60))
    for (const special of [false, true]) {
      const ids = tokenizer.encode(text, { special })
      expect(tokenizer.decode(ids)).toBe(text)
      const decoder = tokenizer.decoder()
      const pieces = [...ids].map(id => decoder.push(id))
      expect(pieces.join('')).not.toContain('\ufffd')
      expect(pieces.join('') + decoder.end()).toBe(text)
    }
  }
})

test.each(sentencePieceTokenizers)('%s: a text comes back from its ids, a part of one too', (name, tokenizer) => {
  const random = new Random(7)
  for (let round = 0; round < 500; round++) {
    const text = `a${randomText(random, random.integer(60))}` // a first space may be the one before every text
    const ids = tokenizer.encode(text)
    expect([name, tokenizer.decode(ids)]).toEqual([name, text])
    const part = tokenizer.encode(` ${text}`, { continues: true })
    expect(tokenizer.decode(part, { continues: true })).toBe(` ${text}`)
  }
})

test.each(all)('%s: any ids decode to the same text, whole and streamed', (_, tokenizer) => {
  const random = new Random(2)
  const valid = Array.from({ length: tokenizer.vocabularySize }, (_, id) => id).filter(id => {
    try {
      return tokenizer.bytes(id).length > 0
    } catch {
      return false
    }
  })
  for (let round = 0; round < 500; round++) {
    const ids = Array.from({ length: random.integer(30) }, () => valid[random.integer(valid.length)])
    for (const special of [false, true]) {
      const decoder = tokenizer.decoder({ special })
      const streamed = ids.map(id => decoder.push(id)).join('') + decoder.end()
      expect(streamed).toBe(tokenizer.decode(ids, { special }))
    }
  }
})

test.each(all)('%s: chunks encode to what the whole encodes to, wherever they are cut', async (_, tokenizer) => {
  const random = new Random(3)
  for (let round = 0; round < 500; round++) {
    const text = randomText(random, 1 + random.integer(80))
    const chunks: string[] = []
    for (let start = 0; start < text.length; ) {
      const end = start + 1 + random.integer(12)
      chunks.push(text.slice(start, end))
      start = end
    }
    for (const special of [false, true]) {
      const parts = await collect(encodeChunks(tokenizer, chunks, { special }))
      expect(parts.flatMap(part => [...part])).toEqual([...tokenizer.encode(text, { special })])
    }
  }
})

test.each(all)('%s: a text may be cut at its last cut, whatever follows', (_, tokenizer) => {
  const random = new Random(4)
  for (let round = 0; round < 2000; round++) {
    const before = randomText(random, 1 + random.integer(12))
    const whole = before + randomText(random, random.integer(6))
    const cut = tokenizer.lastCut(before, { special: true })
    const parts = [whole.slice(0, cut), whole.slice(cut)].flatMap((part, i) => [
      ...tokenizer.encode(part, { special: true, continues: i > 0 && cut > 0 }),
    ])
    expect(parts).toEqual([...tokenizer.encode(whole, { special: true })])
  }
})

test.each(all)('%s: tokenizer.json comes back as the same tokenizer', (_, tokenizer) => {
  const json = JSON.parse(JSON.stringify(tokenizer))
  const copy = tokenizerFromJSON(json, tokenizerConfig(tokenizer))
  expect(copy.kind).toBe(tokenizer.kind)
  expect(copy.vocabularySize).toBe(tokenizer.vocabularySize)
  expect(copy.endOfText).toBe(tokenizer.endOfText)
  expect(copy.specialTokens).toEqual(tokenizer.specialTokens)
  expect(JSON.parse(JSON.stringify(copy))).toEqual(json)
  const text = randomText(new Random(5), 500)
  expect(copy.encode(text, { special: true })).toEqual(tokenizer.encode(text, { special: true }))
})

test.each(all)('%s: special tokens are read only if asked, and can be left out', (_, tokenizer) => {
  const text = 'a<|endoftext|>é<|end|>'
  const ids = tokenizer.encode(text, { special: true })
  expect(tokenizer.encode(text)).not.toContain(tokenizer.endOfText)
  expect([...ids].filter(id => id === tokenizer.endOfText)).toHaveLength(1)
  const shown = (options?: DecodeOptions) => tokenizer.decode(ids, options).replaceAll(' ', '')
  expect(shown({ special: false })).toBe('aé')
  expect(shown()).toBe(text)
})

test.each(all)('%s: special tokens can be added; names that are there keep their ids', (_, tokenizer) => {
  const extended = tokenizer.withSpecialTokens(['<|user|>', '<|endoftext|>', '<|user|>', '<|assistant|>'])
  const size = tokenizer.vocabularySize
  expect(extended.vocabularySize).toBe(size + 2)
  expect(extended.endOfText).toBe(tokenizer.endOfText)
  expect([...extended.encode('<|user|>a<|assistant|>', { special: true })]).toEqual([
    size,
    ...tokenizer.encode('<|endoftext|>a', { special: true }).slice(1),
    size + 1,
  ])
  expect(tokenizer.specialTokens.has('<|user|>')).toBe(false)
})

test.each(all)('%s: what the vocabulary has is made special under its own id, and loads again', (_, tokenizer) => {
  const [id] = tokenizer.encode('é')
  const extended = tokenizer.withSpecialTokens([tokenizer.decode([id]) || 'é'])
  const [[name, special]] = [...extended.specialTokens].filter(([name]) => !tokenizer.specialTokens.has(name))
  expect(extended.vocabularySize).toBe(tokenizer.vocabularySize + (special < tokenizer.vocabularySize ? 0 : 1))
  const again = tokenizerFromJSON(JSON.parse(JSON.stringify(extended.toJSON())))
  expect(again.vocabularySize).toBe(extended.vocabularySize)
  expect([...again.encode(name, { special: true })]).toEqual([special])
  expect([...again.encode('é')]).toEqual([...tokenizer.encode('é')])
})

test.each(all)('%s: an id outside of the vocabulary is an error', (_, tokenizer) => {
  expect(() => tokenizer.decode([tokenizer.vocabularySize])).toThrow(/expected ids of its vocabulary/)
  expect(() => tokenizer.bytes(-1)).toThrow(/Received -1/)
})

test('more words than the cache holds', () => {
  const tokenizer = smallModel()
  const text = Array.from({ length: 150_000 }, (_, i) => ` the${i % 70_000}aa`).join('')
  expect(tokenizer.decode(tokenizer.encode(text)) === text).toBe(true)
  expect(tokenizer.encode(' the69999aa')).toEqual(smallModel().encode(' the69999aa'))
})

test('a long stretch without a safe cut arrives in linear time', async () => {
  const chunks = Array.from({ length: 20_000 }, () => 'ab')
  const tokenizer = smallModel()
  const parts = await collect(encodeChunks(tokenizer, chunks))
  expect(parts).toHaveLength(1)
  expect(tokenizer.decode(parts[0])).toHaveLength(40_000)
})

test('a long chunk is cut into shorter ones, at places where any text can be cut', async () => {
  const text = '你好 🙂 '.repeat(500_000)
  const parts = await collect(cutChunks(part => part.lastIndexOf(' ') + 1, [text]))
  expect(parts.length).toBeGreaterThan(2)
  expect(parts.every(part => part.endsWith(' ') && part.length < 1.1e6)).toBe(true)
  expect(parts.join('') === text).toBe(true)
})
