import { expect, test } from 'vitest'
import { datasetText } from './get.ts'
import { parse, write } from './small-world/grammar.ts'
import { grammarOf } from './small-world/kinds.ts'
import {
  smallWorld,
  smallWorldEntropy,
  smallWorldExamples,
  smallWorldLogProbability,
  smallWorldTextKinds,
} from './small-world.ts'
import { smallWorldChinese, smallWorldEnglish } from './small-world-text.ts'

const languages = ['en', 'zh'] as const
const cases = smallWorldTextKinds.flatMap(kind => languages.map(language => ({ kind, language })))
const bytes = (text: string) => new TextEncoder().encode(text).length

test.each(cases)('$kind, $language: the seed decides the text', async ({ kind, language }) => {
  const world = smallWorld({ seed: 7, language, kind, documents: 20 })
  const texts = [...world.documents()]
  expect([...smallWorld({ seed: 7, language, kind, documents: 20 }).documents()]).toEqual(texts)
  expect(world.document(13)).toBe(texts[13])
  expect(world.length).toBe(20)
  const chunks: string[] = []
  for await (const chunk of world.chunks()) chunks.push(chunk)
  expect(chunks.join('')).toBe(texts.join(''))
  expect(new Set(texts).size).toBeGreaterThan(15)
  expect([...smallWorld({ seed: 8, language, kind, documents: 20 }).documents()]).not.toEqual(texts)
  for (const text of texts) expect(text).toMatch(/^\S(.|\n)*[^\n]\n\n$/)
})

test.each(cases)('$kind, $language: -log2 P of samples is the entropy, within the error of sampling', c => {
  const { bitsPerDocument, bytesPerDocument, bitsPerByte } = smallWorldEntropy(c.kind, c.language)
  expect(bitsPerByte).toBe(bitsPerDocument / bytesPerDocument)
  const documents = 1500
  const texts = [...smallWorld({ seed: 3, ...c, documents }).documents()]
  const bits = texts.map(text => -smallWorldLogProbability(text, c.kind, c.language)) // by parsing
  for (const [values, expected] of [
    [bits, bitsPerDocument],
    [texts.map(bytes), bytesPerDocument],
  ] as const) {
    const mean = values.reduce((sum, value) => sum + value, 0) / documents
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / documents
    expect(variance).toBeGreaterThan(0)
    expect(Math.abs(mean - expected) / Math.sqrt(variance / documents)).toBeLessThan(4)
  }
})

test.each(cases)('$kind, $language: every text has one derivation', ({ kind, language }) => {
  const grammar = grammarOf(kind)
  for (const text of smallWorld({ seed: 5, language, kind, documents: 300 }).documents()) {
    const found = parse(grammar, text, language)
    expect([text, found.length]).toEqual([text, 1])
    expect(write(found[0].derivation, language)).toBe(text)
  }
})

test('the same seed tells the same story in both languages', () => {
  const [en, zh] = languages.map(language => smallWorld({ seed: 1, language, kind: 'story', documents: 300 }))
  for (let i = 0; i < 300; i++) {
    const log = smallWorldLogProbability(en.document(i), 'story', 'en')
    expect(smallWorldLogProbability(zh.document(i), 'story', 'zh')).toBeCloseTo(log, 9)
  }
  for (const { en: english, zh: chinese } of smallWorldExamples({ seed: 1, language: 'en', kind: 'translation' })) {
    expect(english).toMatch(/^[A-Z][A-Za-z ,]*\.$/)
    expect(chinese).toMatch(/^[\u4e00-\u9fff，]*。$/)
  }
})

test('several documents add up', () => {
  const [a, b] = [...smallWorld({ seed: 1, language: 'en', kind: 'story', documents: 2 }).documents()]
  const log = (text: string) => smallWorldLogProbability(text, 'story', 'en')
  expect(log(a + b)).toBeCloseTo(log(a) + log(b), 9)
})

test('what the grammar cannot write is refused', () => {
  const text = smallWorld({ seed: 1, language: 'en', kind: 'story' }).document(0)
  const log = (given: string) => () => smallWorldLogProbability(given, 'story', 'en')
  expect(log(text)).not.toThrow()
  expect(log(text.trimEnd())).toThrow('The story grammar of the small world expected a text that it can write')
  expect(log(`${text}x`)).toThrow('Received "x"')
  expect(log('')).toThrow('Received ""')
  expect(log('To be, or not to be.\n\n')).toThrow('Received "To be, or not to be.')
})

test('the datasets of the catalog are mixed text', async () => {
  for (const language of languages) {
    const dataset = language === 'en' ? smallWorldEnglish : smallWorldChinese
    let text = ''
    for await (const chunk of datasetText(dataset, []).chunks()) text += chunk
    expect(text.startsWith(smallWorld({ seed: 1, language, kind: 'mixed' }).document(0))).toBe(true)
    expect(bytes(text)).toBeGreaterThan(1e6)
  }
})

test('wrong options', () => {
  const world = { seed: 1, language: 'en', kind: 'story' } as const
  expect(() => smallWorld({ ...world, kind: 'stry' as 'story' })).toThrow('Did you mean "story"?')
  expect(() => [...smallWorldExamples({ ...world, kind: 'mixed' as 'story' })]).toThrow('Unknown kind')
  expect(() => smallWorld({ ...world, language: 'de' as 'en' })).toThrow('Known: en, zh.')
  expect(() => smallWorld({ ...world, documents: 0 })).toThrow('documents expected at least 1. Received 0.')
})
