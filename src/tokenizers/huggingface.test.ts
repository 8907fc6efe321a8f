import { expect, test } from 'vitest'
import { trainByteLevelBPE } from './bpe-training.ts'
import { trainCharacters } from './characters.ts'
import { tokenizerConfig, tokenizerFromJSON } from './huggingface.ts'
import { o200kRule } from './pretokenize.ts'
import { tiktokenTokenizer } from './tiktoken.ts'
import { specialToken } from './tokenizer-json.ts'

const trained = await trainByteLevelBPE(['hello hello <b> there <b>'], { vocabularySize: 262 })
interface EditableJSON {
  model: { vocab: Record<string, number>; merges: unknown[]; ignore_merges: boolean }
  pre_tokenizer: object
  added_tokens: unknown[]
}
const parsed = (): EditableJSON => JSON.parse(JSON.stringify(trained))

test.each<[name: string, change: (json: EditableJSON) => unknown, message: RegExp]>([
  ['no object', () => 'text', /tokenizer.json expected a JSON object. Received "text"/],
  [
    'Unigram',
    json => Object.assign(json.model, { type: 'Unigram' }),
    /model.type expected BPE, WordPiece or WordLevel. Received "Unigram"/,
  ],
  ['a normalizer', json => Object.assign(json, { normalizer: { type: 'NFKC' } }), /normalizer expected null or NFC/],
  ['dropout', json => Object.assign(json.model, { dropout: 0.1 }), /model.dropout expected null. Received 0.1/],
  [
    'SentencePiece',
    json => Object.assign(json.model, { byte_fallback: true }),
    /pre_tokenizer expected Prepend and Replace, or a Metaspace, of "▁"/,
  ],
  [
    'an expression',
    json => Object.assign(json.pre_tokenizer, { type: 'Whitespace' }),
    /pre_tokenizer expected ByteLevel, or/,
  ],
  [
    'a prefix space',
    json => Object.assign(json.pre_tokenizer, { add_prefix_space: true }),
    /add_prefix_space expected false/,
  ],
  ['a merge of nothing', json => json.model.merges.push('q q'), /Received "q q" at rank 5/],
  ['an id twice', json => Object.assign(json.model.vocab, { qq: 7 }), /a different id .*Received "qq": 7/],
  ['a huge id', json => Object.assign(json.model.vocab, { qq: 1e12 }), /Received "qq": 1000000000000/],
  ['words', json => Object.assign(json.model.vocab, { 你: 262 }), /byte-level alphabet. Received token 262, "你"/],
  ['whole words only', json => json.added_tokens.push({ ...specialToken('x', 262), single_word: true }), /single_word/],
])('%s is an error', (_, change, message) => {
  const json = parsed()
  const result = change(json)
  expect(() => tokenizerFromJSON(typeof result === 'string' ? result : json)).toThrow(message)
})

test('added tokens: longest first, white space beside them, and ordinary ones always', () => {
  const json = parsed()
  json.added_tokens.push(
    specialToken('<b>', 262),
    specialToken('<b> t', 263),
    { ...specialToken('[mask]', 264), lstrip: true },
    { ...specialToken('<think>', 265), special: false },
  )
  const tokenizer = tokenizerFromJSON(json)
  expect([...tokenizer.encode('<b> t<b>', { special: true })]).toEqual([263, 262])
  expect([...tokenizer.encode('h \n [mask] ', { special: true })]).toEqual([
    ...trained.encode('h'),
    264,
    ...trained.encode(' '),
  ])
  expect([...tokenizer.encode('<think>')]).toEqual([265])
  expect(tokenizer.encode('<b>')).toEqual(trained.encode('<b>'))
})

test('the name of the token that ends a document comes from tokenizer_config.json', async () => {
  const tokenizer = await trainCharacters('ab', { specialTokens: ['<bos>', '<end>'] })
  expect(tokenizer.endOfText).toBeUndefined()
  const json = JSON.parse(JSON.stringify(tokenizer))
  const copy = tokenizerFromJSON(json, { eos_token: { content: '<end>' } })
  expect(copy.endOfText).toBe(3)
  expect(tokenizerConfig(copy, { maximumLength: 64 })).toEqual({
    tokenizer_class: 'PreTrainedTokenizerFast',
    clean_up_tokenization_spaces: false,
    bos_token: '<end>',
    eos_token: '<end>',
    model_max_length: 64,
  })
  expect(() => tokenizerFromJSON(json, { eos_token: '</s>' })).toThrow(/endOfText expected the name of a special token/)
})

test('a token called __proto__ survives', async () => {
  const tokenizer = await trainByteLevelBPE(['__proto__'.repeat(50)], { vocabularySize: 270 })
  const json = JSON.parse(JSON.stringify(tokenizer))
  expect(tokenizerFromJSON(json).encode('__proto__ x')).toEqual(tokenizer.encode('__proto__ x'))
})

test('ignore_merges takes a pre-token that is a token whole', () => {
  const json = parsed()
  json.model.vocab.xyz = 262
  expect(tokenizerFromJSON(json).encode('xyz')).toHaveLength(3)
  json.model.ignore_merges = true
  expect([...tokenizerFromJSON(json).encode('xyz')]).toEqual([262])
})

test('a word that is a token is one, though no merges of a .tiktoken file lead to it', () => {
  const bytes = Array.from({ length: 256 }, (_, i) => `${btoa(String.fromCharCode(i))} ${i}`)
  const tokenizer = tiktokenTokenizer([...bytes, `${btoa('abc')} 256`].join('\n'), o200kRule)
  expect([...tokenizer.encode('abc ab')]).toEqual([256, 32, 97, 98]) // as the library tiktoken has it
})

test('a .tiktoken file', () => {
  const lines = Array.from({ length: 256 }, (_, byte) => `${btoa(String.fromCharCode(255 - byte))} ${byte}`)
  const file = `${[...lines, `${btoa('bc')} 256`, `${btoa('ab')} 257`, `${btoa('abc')} 258`].join('\n')}\n`
  const tokenizer = tiktokenTokenizer(file, o200kRule, { '<|endoftext|>': 260 })
  expect([...tokenizer.encode('abc ab')]).toEqual([258, 255 - 32, 257])
  expect(tokenizer.vocabularySize).toBe(261)
  expect(tokenizerFromJSON(JSON.parse(JSON.stringify(tokenizer))).encode('abc ab')).toEqual(tokenizer.encode('abc ab'))
  expect(() => tiktokenTokenizer('a=b', o200kRule)).toThrow(/on line 1/)
})
