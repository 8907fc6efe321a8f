import { expect, test } from 'vitest'
import goldens from '../../test/goldens/word2vec.json' with { type: 'json' }
import { fetchDataset } from '../data/node.ts'
import { chineseAnalogies, wordAnalogies, wordSimilarities } from '../data/word-benchmarks.ts'
import { WordVectors } from '../models/word-vectors.ts'
import { readText } from '../storage/storage.ts'
import { spearman } from './correlation.ts'
import { analogyAccuracy, parseAnalogies } from './word-analogies.ts'
import { parseRatedPairs, wordSimilarity } from './word-similarity.ts'

const vectors = new WordVectors(
  Array.from({ length: 300 }, (_, i) => `w${i}`),
  Float32Array.from({ length: 2400 }, (_, at) => {
    const [i, j] = [Math.floor(at / 8), at % 8]
    return Math.sin(i * 37.7 + j * 1.3 + i * j)
  }),
)

test('as many analogies are right as gensim counts', () => {
  const text = `: all\n${goldens.questions.map(question => question.join(' ')).join('\n')}\n`
  const result = analogyAccuracy(vectors, parseAnalogies(text, 'f'))
  expect(result).toMatchObject({ correct: goldens.correct, covered: goldens.answered, questions: 60 })
  expect(result.accuracy).toBe(goldens.correct / goldens.answered)
  const fewer = analogyAccuracy(vectors, parseAnalogies(text, 'f'), { among: 100 })
  expect(fewer.covered).toBeLessThan(result.covered)
})

test("the rank correlation is scipy's", () => {
  const text = goldens.pairs.map(pair => pair.join('\t')).join('\n')
  const result = wordSimilarity(vectors, parseRatedPairs(text, 'f'))
  expect(result).toMatchObject({ covered: 100, pairs: 100 })
  expect(result.spearman).toBeCloseTo(goldens.spearman, 5)
  expect(spearman([1, 2, 3, 4], [10, 20, 20, 40])).toBeCloseTo(0.9486832980505138, 12)
  expect([spearman([1, 2, 3], [4, 5, 6]), spearman([1, 2], [2, 1])]).toEqual([1, -1])
  expect(spearman([1, 2], [3, 3])).toBeNaN()
})

test('words without vectors leave a question out', () => {
  const sections = parseAnalogies(': one\nw1 w2 w3 w4\nw1 w2 w3 whale\n\n: two\r\nno no no no\r\n', 'f')
  const result = analogyAccuracy(vectors, sections)
  expect(result.sections.map(({ name, covered, questions }) => [name, covered, questions])).toEqual([
    ['one', 1, 2],
    ['two', 0, 1],
  ])
  expect(analogyAccuracy(vectors, [sections[1]]).accuracy).toBeNaN()
  expect(wordSimilarity(vectors, [{ words: ['w1', 'whale'], score: 1 }])).toMatchObject({ covered: 0, pairs: 1 })
})

test('a line that is no question, no pair', () => {
  expect(() => parseAnalogies(': a\na b c d\na b c\n', 'q.txt')).toThrow(
    'Line 3 of q.txt expected four words, or ": " and the name of a section. Received "a b c".',
  )
  expect(parseRatedPairs('# heading\nword1\tword2\tscore\na\tb\t1\nc\td\t2.5\t9\n', 'p')).toHaveLength(2)
  expect(() => parseRatedPairs('a b 1\na b\n', 'p.txt')).toThrow(
    'Line 2 of p.txt expected two words and a score. Received "a b".',
  )
  expect(() => parseRatedPairs('a b 1\na b x\n', 'p.txt')).toThrow('Line 2 of p.txt')
})

const mirror = process.env.NACRE_DATA_MIRROR
const reason = mirror ? '' : ' (skipped: NACRE_DATA_MIRROR names no folder of datasets)'

test.skipIf(!mirror)(`the public benchmarks are read whole${reason}`, async () => {
  const read = async (dataset: typeof wordAnalogies, parse: (text: string, location: string) => readonly unknown[]) => {
    const files = await fetchDataset(dataset)
    return Promise.all(files.map(async ({ storage, name, location }) => parse(await readText(storage, name), location)))
  }
  const count = (text: string, location: string) => parseAnalogies(text, location).flatMap(({ questions }) => questions)
  expect((await read(wordAnalogies, count)).map(({ length }) => length)).toEqual([19_544])
  expect((await read(chineseAnalogies, count)).map(({ length }) => length)).toEqual([10_177, 7636])
  expect((await read(wordSimilarities, parseRatedPairs)).map(({ length }) => length)).toEqual([353, 999, 3000])
})
