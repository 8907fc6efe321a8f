import { describe, expect, test } from 'vitest'
import type { TextSource } from '../../data/text.ts'
import { intlSegmenter, spaceSegmenter } from '../../tokenizers/segmenter.ts'
import { joinPhrases, learnPhrases, phrasedWords } from './phrases.ts'
import { Counter, countWords, encodeWords, parseWordCounts } from './vocabulary.ts'
import { textWords, type WordOptions, type WordSource } from './words.ts'

const options: WordOptions = { segmenter: intlSegmenter('zh'), sentences: 'lines', lowercase: true }

/** A text that comes in chunks of some length. */
function chunked(text: string, length = text.length): TextSource {
  return {
    name: 'a text',
    async *chunks() {
      for (let begin = 0; begin < text.length; begin += length) yield text.slice(begin, begin + length)
    },
  }
}

async function collect<T>(pieces: AsyncIterable<Iterable<T>>): Promise<T[]> {
  const all: T[] = []
  for await (const piece of pieces) all.push(...piece)
  return all
}

const words = (text: string, more: Partial<WordOptions> = {}, length?: number) =>
  collect(textWords(chunked(text, length), { ...options, ...more }).words())

const source = (text: string): WordSource => textWords(chunked(text), { ...options, segmenter: spaceSegmenter })

describe('words of a text', () => {
  test('English and Chinese, without marks, in small letters', async () => {
    const [first, second] = ['call me ishmael 宝玉 和 林黛玉 看花', '3 whales'].map(line => line.split(' '))
    expect(await words('Call me Ishmael. 宝玉和林黛玉看花。\r\n3 whales!')).toEqual([...first, '', ...second, ''])
  })

  test('between spaces, as they are', async () => {
    const spaced = { segmenter: spaceSegmenter, lowercase: false }
    expect(await words(' The,\tWhale  new_york \n', spaced)).toEqual(['The,', 'Whale', 'new_york', ''])
  })

  test('sentences end at lines, at empty lines, or nowhere', async () => {
    const text = 'a b\nc\n\nd\n'
    expect(await words(text)).toEqual(['a', 'b', '', 'c', '', '', 'd', ''])
    expect(await words(text, { sentences: 'paragraphs' })).toEqual(['a', 'b', 'c', '', 'd'])
    expect(await words(text, { sentences: 'none' })).toEqual(['a', 'b', 'c', 'd'])
  })

  test.each([1, 7, 1000])('the same, however it is cut (%i)', async length => {
    const text = `${'to be or not '.repeat(30)}\n${'天下大势 '.repeat(20)}\n`
    expect(await words(text, {}, length)).toEqual(await words(text))
  })

  test('a line of megabytes is read in parts, cut between words', async () => {
    const text = 'whale ishmael '.repeat(100_000)
    expect(await words(text, { segmenter: spaceSegmenter }, 65_537)).toEqual(
      Array.from<unknown, string>({ length: 200_000 }, (_, i) => (i % 2 === 0 ? 'whale' : 'ishmael')).concat(''),
    )
  })
})

describe('vocabulary', () => {
  test('frequent words first, rare ones left out, sentences kept apart', async () => {
    const text = source('b a b\nrare\n\na b c c\n')
    const vocabulary = await countWords(text, { minimumCount: 2 })
    expect(vocabulary).toEqual({ words: ['b', 'a', 'c'], counts: Int32Array.of(3, 2, 2) })
    expect(await collect(encodeWords(text, vocabulary))).toEqual([0, 1, 0, 3, 1, 0, 2, 2, 3])
    expect((await countWords(text, { minimumCount: 1, maximumVocabulary: 2 })).words).toEqual(['b', 'a'])
  })

  test('too little to learn from', async () => {
    await expect(countWords(source('a a a b'), { minimumCount: 2 })).rejects.toThrow(
      'a text expected at least two words that occur 2 times or more. Received 1 among 4 words. ' +
        'Take a longer text, or a smaller --minimum-count.',
    )
  })

  test('a crowded counter forgets what is rare', () => {
    const counter = new Counter(100)
    for (let i = 0; i < 1000; i++) {
      counter.add(`once ${i}`)
      counter.add('often')
    }
    expect([...counter.entries()].length).toBeLessThan(100)
    expect(counter.get('often')).toBe(1000)
  })

  test('a damaged file of counts is named with its line', () => {
    expect(parseWordCounts('the 3\n宝玉 2\n', 'f')).toEqual({ words: ['the', '宝玉'], counts: Int32Array.of(3, 2) })
    expect(() => parseWordCounts('the 3\nof\n', 'vocabulary.txt')).toThrow(
      'Line 2 of vocabulary.txt expected a word, a space and its count. Received "of".',
    )
  })
})

describe('phrases', () => {
  const text = `${'new york is not york and new is not old\n'.repeat(8)}${'i love new york times\n'.repeat(8)}`

  test('pairs score as word2phrase has them', async () => {
    // 120 words; new 24, york 24, "new york" 16: (16 - 3) / 24 / 24 * 120 = 2.71; is not: (16 - 3) / 16 / 16 * 120 = 6.09.
    const at = async (threshold: number) =>
      (await learnPhrases(source(text), { minimumCount: 3, threshold })).has('new york')
    expect([await at(2.7), await at(2.71)]).toEqual([true, false])
    expect(await learnPhrases(source(text), { minimumCount: 3, threshold: 6 })).toContain('is not')
    expect(await learnPhrases(source(text), { minimumCount: 17, threshold: 0.1 })).toEqual(new Set())
  })

  test('are joined from the left, within a sentence', async () => {
    const phrases = new Set(['a b', 'b c', 'c a'])
    expect(await collect(joinPhrases(source('a b c a\nb x c\na b'), phrases).words())).toEqual([
      ...['a_b', 'c_a', '', 'b', 'x', 'c', '', 'a_b', ''],
    ])
  })

  test('a second pass finds longer ones', async () => {
    const joined = await phrasedWords(source('new york times reads x y z\n'.repeat(20)), 2, {
      minimumCount: 2,
      threshold: 6,
    })
    expect(new Set(await collect(joined.words()))).toContain('new_york_times_reads')
  })
})
