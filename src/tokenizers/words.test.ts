import { expect, test } from 'vitest'
import { tokenizerConfig, tokenizerFromJSON } from './huggingface.ts'
import { jiebaSegmenter } from './node.ts'
import { intlSegmenter, spaceSegmenter } from './segmenter.ts'
import { trainWords, WordTokenizer } from './words.ts'

test('frequent words first, rare ones unknown, special ones last', async () => {
  const tokenizer = await trainWords(['b a a c', ' c c d\n a <unk>'], {
    segmenter: spaceSegmenter,
    minimumCount: 2,
    specialTokens: ['<pad>'],
  })
  expect([...tokenizer.encode('a c c d <unk> a')]).toEqual([1, 2, 2, 0, 0, 1])
  expect(tokenizer.unknown).toBe(0)
})

test('chunks may end inside of a word; words are as many as allowed', async () => {
  const text = 'the film is the film of the year'
  const whole = await trainWords([text], { vocabularySize: 4, specialTokens: ['</s>'] })
  const parts = await trainWords(Array.from(text), { vocabularySize: 4, specialTokens: ['</s>'] })
  expect(parts.toJSON()).toEqual(whole.toJSON())
  expect([...whole.encode('the film year')]).toEqual([1, 2, 0])
  expect([whole.vocabularySize, whole.endOfText]).toEqual([4, 3])
  const full = await trainWords([text], { vocabularySize: 3, specialTokens: ['<a>', '<b>', '<c>'] })
  expect(full.vocabularySize).toBe(4)
  const named = await trainWords(['the <eos> film <eos>'], { segmenter: spaceSegmenter, specialTokens: ['<eos>'] })
  expect([...named.encode('film <eos>', { special: true })]).toEqual([2, 3])
})

test('English comes back with spaces, Chinese without, lines as lines', async () => {
  const english = await trainWords(['Good films, bad films\nAll'], { lowercase: true, lineBreaks: true })
  expect(english.segmenter.name).toBe('intl-en')
  expect(english.decode(english.encode('All GOOD films,\nbad plays'))).toBe('all good films ,\nbad <unk>')
  const chinese = await trainWords(['我来到北京清华大学'])
  expect(chinese.segmenter.name).toBe('intl-zh')
  expect(chinese.words('我来到北京')).toEqual(['我', '来到', '北京'])
  expect(chinese.decode(chinese.encode('北京来到我'))).toBe('北京来到我')
})

test('the segmenter is named beside tokenizer.json; one that needs a host must be given', async () => {
  const jieba = await jiebaSegmenter()
  const tokenizer = await trainWords(['他来到了网易杭研大厦'], { segmenter: jieba })
  const [json, config] = [JSON.parse(JSON.stringify(tokenizer)), tokenizerConfig(tokenizer)]
  expect(config.segmenter).toBe('jieba')
  expect(() => tokenizerFromJSON(json, config)).toThrow('Give the jiebaSegmenter() of nacre/node.')
  const copy = tokenizerFromJSON(json, config, { segmenters: [jieba] })
  expect([...copy.encode('网易杭研大厦')]).toEqual([...tokenizer.encode('网易杭研大厦')])
})

test('a vocabulary without its unknown word, and a normalizer that is not known', async () => {
  const words = new Map([['a', 0]])
  expect(() => new WordTokenizer({ words, segmenter: intlSegmenter('en'), unknown: '[UNK]' })).toThrow(
    'WordTokenizer expected a vocabulary with its unknown word. Received none called [UNK].',
  )
  const json = (await trainWords(['a'])).toJSON()
  expect(() => tokenizerFromJSON({ ...json, normalizer: { type: 'NFD' } })).toThrow('normalizer expected null or Low')
  expect(() => tokenizerFromJSON({ ...json, model: { ...json.model, unk_token: null } })).toThrow('the unknown word')
})
