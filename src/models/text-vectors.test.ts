import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { SparseVector } from '../data/sparse-rows.ts'
import { jiebaSegmenter } from '../tokenizers/node.ts'
import { spaceSegmenter } from '../tokenizers/segmenter.ts'
import { stopWords } from '../tokenizers/stop-words.ts'
import {
  bagOfWords,
  DocumentSearch,
  fitTextVectors,
  type TextVectorOptions,
  type TextVectors,
  textbookTfIdf,
} from './text-vectors.ts'

interface Golden {
  readonly documents: Readonly<Record<string, string[]>>
  readonly queries: Readonly<Record<string, string>>
  readonly cases: readonly {
    readonly language: string
    readonly settings: TextVectorOptions
    readonly vectors: readonly Readonly<Record<string, number>>[]
    readonly query: Readonly<Record<string, number>>
  }[]
}

const golden: Golden = JSON.parse(readFileSync(new URL('../../test/goldens/tfidf.json', import.meta.url), 'utf8'))

/** Values by term. */
const byTerm = ({ model }: TextVectors, { indices, values }: SparseVector): Record<string, number> =>
  Object.fromEntries(Array.from(indices, (place, i) => [model.terms[place], values[i]]))

describe('vectors are those of scikit-learn', () => {
  test.each(golden.cases)('$language, $settings', ({ language, settings, vectors, query }) => {
    const documents = golden.documents[language]
    const fitted = fitTextVectors(documents, { ...settings, segmenter: spaceSegmenter, wordsOnly: false })
    for (const [text, expected] of [
      ...documents.map((text, i) => [text, vectors[i]] as const),
      [golden.queries[language], query] as const,
    ]) {
      const own = byTerm(fitted, fitted.vector(text))
      expect(Object.keys(own).toSorted()).toEqual(Object.keys(expected).toSorted())
      for (const [term, value] of Object.entries(expected)) expect(own[term]).toBeCloseTo(value, 6)
    }
  })
})

test('the textbook formula: what all documents have is worth nothing', () => {
  const fitted = fitTextVectors(['a b b', 'a c', 'a b'], textbookTfIdf)
  expect(byTerm(fitted, fitted.vector('a b b c'))).toEqual({
    a: 0,
    b: expect.closeTo(2 * Math.log(3 / 2), 6),
    c: expect.closeTo(Math.log(3), 6),
  })
})

test('one-hot vectors, and a bag of words as their sum', () => {
  const fitted = fitTextVectors(['Tea with rice, rice with tea!'], bagOfWords)
  expect(byTerm(fitted, fitted.oneHot('Rice'))).toEqual({ rice: 1 })
  expect(byTerm(fitted, fitted.oneHot('coffee'))).toEqual({})
  expect(byTerm(fitted, fitted.vector('rice and rice with tea'))).toEqual({ rice: 2, with: 1, tea: 1 })
})

test('stop words, rare terms and pairs of words', () => {
  const documents = ['The heron is not in the water', 'It is not the heron']
  const options = { stopWords: stopWords.en, ngrams: 2 }
  expect(fitTextVectors(documents, options).model.terms).toEqual([
    'heron',
    'not',
    'water',
    'heron not',
    'not water',
    'not heron',
  ])
  expect(fitTextVectors(documents, { ...options, minimumDocuments: 2 }).model.terms).toEqual(['heron', 'not'])
  expect(fitTextVectors(['我们在公园里散步'], { stopWords: stopWords.zh }).model.terms).toEqual(['公园', '散步'])
  expect(() => fitTextVectors(['the'], { stopWords: stopWords.en })).toThrow(
    'fitTextVectors expected documents with terms. Received 1 documents and 0 terms. Is minimumDocuments too high',
  )
})

describe('search', () => {
  test('English', () => {
    const documents = [
      'The lighthouse keeper writes a letter every evening.',
      'Two boats bring rice and tea to the harbour.',
      'A letter about tea came from the harbour.',
    ]
    const search = new DocumentSearch(fitTextVectors(documents, { stopWords: stopWords.en }), documents)
    const found = search.search('letters and tea from the harbour')
    expect(found.map(({ index }) => index)).toEqual([2, 1])
    expect(found[0].similarity).toBeGreaterThan(found[1].similarity)
    expect(search.search(documents[0], 1)).toEqual([{ index: 0, similarity: expect.closeTo(1, 6) }])
    expect(search.search('zebra')).toEqual([])
  })

  test('Chinese', async () => {
    const documents = ['小船把大米和茶叶运到港口。', '守塔人每天晚上写一封信。', '港口来了一封关于茶叶的信。']
    const vectors = fitTextVectors(documents, { segmenter: await jiebaSegmenter(), stopWords: stopWords.zh })
    const search = new DocumentSearch(vectors, documents)
    expect(search.search('茶叶和信').map(({ index }) => index)[0]).toBe(2)
    expect(search.search('大米')).toEqual([{ index: 0, similarity: expect.any(Number) }])
  })
})
