import { expect, test } from 'vitest'
import { Random } from '../base/random.ts'
import { jiebaSegmenter } from '../tokenizers/node.ts'
import { trainWordPiece } from '../tokenizers/subword-training.ts'
import { bertMarkers } from './bert-rows.ts'
import { documentsOf, type EncodedDocuments, encodeDocuments } from './documents.ts'
import { MaskedBatches, mostMasked } from './masked-batches.ts'
import { maskWords } from './masking.ts'
import { TextPairs } from './next-sentence.ts'
import { memoryText } from './text.ts'

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

test('documents end at empty lines, sentences at marks and line breaks', async () => {
  const text = 'Who came. He left!\nA line\n\n  \n他来了。他走了！她呢？\r\n\r\nEnd'
  expect(await collect(documentsOf(memoryText(text)))).toEqual([
    ['Who came.', 'He left!', 'A line'],
    ['他来了。', '他走了！', '她呢？'],
    ['End'],
  ])
  const long = await collect(documentsOf(memoryText('A line.\n'.repeat(300))))
  expect(long.map(document => document.length)).toEqual([128, 128, 44])
})

/** Every token stands for the number of its document and its place there. */
function numbered(sentences: readonly (readonly number[])[]): EncodedDocuments {
  const ids: number[] = []
  const [starts, firsts] = [[0], [0]]
  for (const [document, lengths] of sentences.entries()) {
    let place = 0
    for (const length of lengths) {
      for (let i = 0; i < length; i++) ids.push(1000 * (document + 1) + place++)
      starts.push(ids.length)
    }
    firsts.push(starts.length - 1)
  }
  return {
    ids: Int32Array.from(ids),
    begins: new Uint8Array(ids.length).fill(1),
    sentences: Int32Array.from(starts),
    documents: Int32Array.from(firsts),
  }
}
const documents = numbered([[5, 6, 7, 8, 9], [30, 4], [1], [12], [3, 3, 3, 3, 3, 3, 3, 3, 3, 3]])

test('half of the second texts follow the first in its document, the others are of another one', () => {
  const pairs = new TextPairs(documents, 32)
  let [random, rows, shorter] = [0, 0, 0]
  for (let i = 0; i < 4000; i++) {
    const { first, second, isRandom } = pairs.pair(i % pairs.count, new Random(1, `${i}`))
    const [a, b] = [first, second].map(({ start, end }) => Array.from(documents.ids.subarray(start, end)))
    expect(Math.min(a.length, b.length)).toBeGreaterThan(0)
    expect(a.length + b.length).toBeLessThanOrEqual(29)
    const documentOf = (ids: number[]) => Math.floor(ids[0] / 1000)
    expect(new Set([...a, ...b].map(id => Math.floor(id / 1000))).size).toBe(isRandom ? 2 : 1)
    expect(isRandom || b[0] > a.at(-1)!).toBe(true)
    if (documentOf(a) === 3) continue // one token has nothing behind it
    rows++
    if (isRandom) random++
    if (a.length + b.length < 10) shorter++
  }
  expect(random / rows).toBeGreaterThan(0.46)
  expect(random / rows).toBeLessThan(0.54)
  expect(shorter).toBeGreaterThan(0)
  expect(() => new TextPairs(documents, 7)).toThrow('context expected at least 8 tokens')
})

test('of 15 % of the tokens, 80 % are masked, 10 % are others and 10 % stay', () => {
  const randomIds = Int32Array.from({ length: 1000 }, (_, i) => 5000 + i)
  const counts = { masked: 0, other: 0, same: 0, all: 0 }
  for (let row = 0; row < 300; row++) {
    const ids = Int32Array.from({ length: 100 }, (_, i) => i)
    const words = Array.from({ length: 98 }, (_, i) => [i + 1, i + 2] as const)
    const options = { share: 0.15, most: 20, mask: 4000, randomIds }
    const { places, answers } = maskWords(ids, words, options, new Random(1, `${row}`))
    expect(places).toHaveLength(15)
    expect(answers).toEqual(places)
    expect(places).toEqual([...new Set(places)].sort((a, b) => a - b))
    for (const [place, id] of ids.entries()) {
      expect(places.includes(place) || id === place).toBe(true)
      if (places.includes(place)) counts[id === 4000 ? 'masked' : id >= 5000 ? 'other' : 'same']++
    }
    counts.all += places.length
  }
  expect(counts.masked / counts.all).toBeCloseTo(0.8, 1)
  expect(counts.other / counts.all).toBeCloseTo(0.1, 1)
  expect(counts.same / counts.all).toBeCloseTo(0.1, 1)
})

test('whole words: pieces of English words, Chinese words by a segmenter', async () => {
  const tokenizer = await trainWordPiece(['abc abc d 我来到北京清华大学3', 'a b c'], {
    vocabularySize: 40,
    minimumFrequency: 99,
  })
  const encode = async (withSegmenter: boolean) =>
    encodeDocuments([['abc我来到北京清华大学，d3']], tokenizer, withSegmenter ? await jiebaSegmenter() : undefined)
  const { ids, begins } = await encode(true)
  expect(Array.from(ids, id => tokenizer.token(id)).join(' ')).toBe('a ##b ##c 我 来 到 北 京 清 华 大 学 [UNK] [UNK]')
  expect(begins.join('')).toBe('10011010100011')
  expect((await encode(false)).begins.join('')).toBe('11111111111111')
  const chosen = maskWords(
    ids.slice(),
    [
      [0, 3],
      [3, 4],
      [4, 6],
      [6, 8],
      [8, 12],
    ],
    { share: 0.3, most: 9, mask: 4, randomIds: ids },
    new Random(3, 'x'),
  )
  for (const [start, end] of [
    [0, 3],
    [4, 6],
    [6, 8],
    [8, 12],
  ]) {
    const inside = chosen.places.filter(place => place >= start && place < end).length
    expect([0, end - start]).toContain(inside)
  }
  await expect(encodeDocuments([['\u0000']], tokenizer)).rejects.toThrow('The text expected sentences')
})

const markers = { padding: 0, unknown: 1, first: 2, separator: 3, mask: 4 }
const settings = {
  ...{ documents, markers, context: 32, batchSize: 4, microBatchSize: 2, seed: 5 },
  masking: { share: 0.15, most: mostMasked(32, 0.15), mask: markers.mask, randomIds: Int32Array.of(7, 8) },
}

test('rows: [CLS] A [SEP] B [SEP], places and answers; the same step is the same batch, another has other masks', () => {
  const batches = new MaskedBatches(settings)
  const update = batches.update(21)
  expect(new MaskedBatches(settings).update(21)).toEqual(update)
  expect(batches.update(22)).not.toEqual(update)
  expect(update).toHaveLength(2)
  for (const { length, ids, segments, lengths, positions, answers, next, asked } of update) {
    expect([8, 16, 24, 32]).toContain(length)
    expect(positions).toHaveLength(2 * 5)
    expect(Array.from(answers).filter(answer => answer >= 0n)).toHaveLength(asked)
    for (let i = 0; i < asked; i++) expect(Number(answers[i])).toBeGreaterThanOrEqual(1000)
    for (let row = 0; row < 2; row++) {
      const own = Array.from(ids.subarray(row * length, (row + 1) * length), Number)
      const end = Number(lengths[row])
      expect([own[0], own[end - 1]]).toEqual([2, 3])
      expect(own.filter(id => id === 3)).toHaveLength(2)
      expect(own.slice(end).every(id => id === 0)).toBe(true)
      const split = own.indexOf(3) + 1
      const expected = own.map((_, place) => (place >= split && place < end ? 1 : 0))
      expect(Array.from(segments.subarray(row * length, (row + 1) * length), Number)).toEqual(expected)
      expect([0n, 1n]).toContain(next[row])
    }
  }
})

test('held-out rows come once, the same each time; rows that are left over are empty', () => {
  const batches = new MaskedBatches({ ...settings, microBatchSize: 4 })
  const all = [...batches.held(Infinity)]
  expect(all.reduce((sum, { rows }) => sum + rows, 0)).toBe(batches.count)
  expect([...batches.held(Infinity)]).toEqual(all)
  expect([...batches.held(1)]).toEqual(all.slice(0, 1))
  expect(batches.count % 4).toBe(2)
  expect(all.at(-1)!.next[2]).toBe(-1n)
})

test('a vocabulary without [MASK]', () => {
  expect(() => bertMarkers({ specialTokens: new Map([['[PAD]', 0]]) })).toThrow(
    'The tokenizer expected a special token [UNK]. Received [PAD].',
  )
})
