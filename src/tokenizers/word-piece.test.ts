import { expect, test } from 'vitest'
import { tokenizerConfig, tokenizerFromJSON } from './huggingface.ts'
import { trainWordPiece } from './subword-training.ts'
import { WordPiece, wordPieceVocabulary } from './word-piece.ts'

const vocabulary = [
  '[PAD]',
  '[UNK]',
  '[CLS]',
  '[SEP]',
  '[MASK]',
  'un',
  '##aff',
  '##able',
  'the',
  '你',
  '好',
  '，',
  ',',
  'a',
]
const tokenizer = wordPieceVocabulary(`${vocabulary.join('\n')}\n`)
const shown = (text: string, special = false) =>
  Array.from(tokenizer.encode(text, { special }), id => tokenizer.token(id)).join(' ')

test('added tokens are found in the text as it is read, unless they stand apart from that', () => {
  const json = JSON.parse(JSON.stringify(tokenizer.toJSON()))
  const flags = { single_word: false, lstrip: false, rstrip: false, special: false }
  json.added_tokens.push(
    { ...flags, id: 14, content: 'Covid', normalized: true },
    { ...flags, id: 15, content: 'Raw', normalized: false },
    { ...flags, id: 16, content: '\u0301', normalized: true },
  )
  const read = tokenizerFromJSON(json)
  // As Hugging Face's tokenizers has them.
  expect([...read.encode('A cövid,COVIDa raw Raw')]).toEqual([13, 14, 12, 14, 13, 1, 15])
})

test('longest pieces first; a word that cannot be written whole is unknown', () => {
  expect(shown('UNAFFABLE,Thé')).toBe('un ##aff ##able , the')
  expect(shown('unaffablex a')).toBe('[UNK] a')
  expect(shown('你好\u0000，unable')).toBe('你 好 ， un ##able')
  expect(shown('a'.repeat(101))).toBe('[UNK]')
})

test('the name of a special token is one only if asked', () => {
  expect(shown('the [MASK]')).toBe('the [UNK] [UNK] [UNK]')
  expect(shown('the [MASK]', true)).toBe('the [MASK]')
})

test('decoding writes English with spaces and Chinese without', () => {
  const decoded = (text: string) => tokenizer.decode(tokenizer.encode(text))
  expect(decoded('The unaffable, a你 好，the')).toBe('the unaffable, a你好，the')
})

test('vocab.txt that is none', () => {
  expect(() => wordPieceVocabulary('a\nb\n')).toThrow('vocab.txt expected a line [PAD]. Received 2 lines without')
  expect(() => wordPieceVocabulary('a\nb\na\n')).toThrow('Received "a" twice')
  expect(() => new WordPiece({ tokens: new Map(), lowercase: true, stripAccents: true, splitChinese: true })).toThrow(
    'WordPiece expected a vocabulary with [UNK]',
  )
})

test('training joins what is frequent, in any chunks; the alphabet can be bounded', async () => {
  const text = 'low lower lowest low 你好你好 low lower. Lów'
  const trained = await trainWordPiece([text], { vocabularySize: 40 })
  expect(Array.from(trained.encode('lowest'), id => trained.token(id)).join(' ')).toMatch(/^low/)
  expect(trained.decode(trained.encode('Lower, 你好.'))).toBe('lower [UNK]你好.')
  const parts = await trainWordPiece(Array.from(text), { vocabularySize: 40 })
  expect(parts.toJSON()).toEqual(trained.toJSON())
  const small = await trainWordPiece([text], { vocabularySize: 40, alphabetSize: 3 })
  expect(small.decode(small.encode('lower low'))).toBe('[UNK] low')
  await expect(trainWordPiece([text], { vocabularySize: 9 })).rejects.toThrow('vocabularySize expected at least ')
})

test('tokenizer.json that asks for something else is refused', () => {
  const json = JSON.parse(JSON.stringify(tokenizer))
  expect(tokenizerConfig(tokenizer)).toMatchObject({ tokenizer_class: 'BertTokenizer', mask_token: '[MASK]' })
  const changed = (field: string, value: object) => ({ ...json, [field]: { ...json[field], ...value } })
  for (const [field, value, message] of [
    ['normalizer', { type: 'NFC' }, 'normalizer expected BertNormalizer'],
    ['normalizer', { clean_text: false }, 'normalizer.clean_text expected true'],
    ['pre_tokenizer', { type: 'Whitespace' }, 'pre_tokenizer expected BertPreTokenizer'],
    ['model', { continuing_subword_prefix: '@@' }, 'continuing_subword_prefix expected "##"'],
    ['model', { unk_token: '<unk>' }, 'model.unk_token expected [UNK]'],
    ['model', { max_input_chars_per_word: 50 }, 'max_input_chars_per_word expected 100'],
  ] as const)
    expect(() => tokenizerFromJSON(changed(field, value))).toThrow(message)
})
