import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import goldens from '../../test/goldens/word2vec.json' with { type: 'json' }
import { WordVectors } from '../models/word-vectors.ts'
import { memoryStorage } from '../storage/memory.ts'
import type { Storage } from '../storage/storage.ts'
import { readWordVectors, writeWordVectors } from './word-vectors.ts'

const words = ['the', 'whale', '宝玉', 'new_york']
const vectors = new WordVectors(
  words,
  Float32Array.from({ length: 12 }, (_, i) => Math.sin(i * 37.7) * 10 ** (i - 6)),
)
const bytesOf = (text: string) => new TextEncoder().encode(text)

async function stored(content: string | Uint8Array, name = 'v'): Promise<Storage> {
  const storage = memoryStorage()
  await storage.write(name, [typeof content === 'string' ? bytesOf(content) : content])
  return storage
}
const read = async (content: string | Uint8Array, limit?: number) =>
  readWordVectors(await stored(content), 'v', { limit })

test.each([
  ['vectors.bin', 'binary'],
  ['vectors.txt', 'text'],
  ['vectors.bin.gz', 'binary'],
  ['vectors.txt.gz', 'text'],
] as const)('%s: what is written is read, to the bit', async (name, format) => {
  const storage = memoryStorage()
  await writeWordVectors(storage, name, vectors, format)
  const back = await readWordVectors(storage, name)
  expect([back.words, back.matrix]).toEqual([words, vectors.matrix])
  const bytes = await storage.read(name)
  const plain = name.endsWith('.gz') ? gunzipSync(bytes) : bytes
  expect(new TextDecoder().decode(plain.subarray(0, 8))).toBe('4 3\nthe ')
})

test.each(['text', 'binary'] as const)('a %s file that gensim wrote', async format => {
  const { words: found, matrix, channels } = await read(Buffer.from(goldens[format], 'base64'))
  expect([found, channels]).toEqual([words, 3])
  for (let i = 0; i < 4; i++)
    for (let j = 0; j < 3; j++) expect(matrix[i * 3 + j]).toBeCloseTo(Math.sin(i * 37.7 + j * 1.3 + i * j), 6)
})

test('what the published program writes: a space at the end of a line, a line break behind binary numbers', async () => {
  const text = await read('2 3\n</s> 0.004003 0.004419 -0.003830 \nthe 0.1 -2e-3 3 \n')
  expect([text.words, [...text.vector(1)]]).toEqual([['</s>', 'the'], [0.1, -2e-3, 3].map(Math.fround)])
  const numbers = new Uint8Array(Float32Array.of(1, 2, 3).buffer)
  const binary = Buffer.concat([bytesOf('2 3\n</s> '), numbers, bytesOf('\nthe '), numbers, bytesOf('\n')])
  expect((await read(binary)).words).toEqual(['</s>', 'the'])
})

test('a text without its first line, words with spaces, words that occur twice, words cut inside of a character', async () => {
  expect((await read('the 1 2\nof 3 4\n')).words).toEqual(['the', 'of'])
  const spaced = await read('2 2\nnew york 1 2\nthe 3 4')
  expect([spaced.words, [...spaced.vector(0)]]).toEqual([
    ['new york', 'the'],
    [1, 2],
  ])
  const twice = await read('3 1\na 1\nb 2\na 3\n')
  expect([twice.words.length, twice.idOf('a')]).toEqual([3, 0])
  const cut = await read(Buffer.concat([bytesOf('1 2\n'), Buffer.from([0xe5, 0xae]), bytesOf(' 1 2\n')]))
  expect(cut.words).toEqual(['\ufffd'])
})

test('only so many words', async () => {
  expect((await read('3 1\na 1\nb 2\nc 3\n', 2)).words).toEqual(['a', 'b'])
  expect((await read(Buffer.from(goldens.binary, 'base64'), 3)).words).toEqual(words.slice(0, 3))
})

test.each([
  ['', /v expected word vectors\. Received an empty file/],
  ['0 3\n', /expected a number of words and of channels in its first line\. Received "0 3"/],
  ['hello world\n', /Line 1 of memory:v expected a word and 1 numbers\. Received "hello world"\. Is it a file of word/],
  ['3 2\na 1 2\nb 3 4\n', /expected 3 words, as its first line says\. Received 2, up to line 3\. Was it cut short\?/],
  ['2 2\na 1 2\nb 3\n', /Line 3 of memory:v expected a word and 2 numbers\. Received "b 3"/],
  ['2 2\na 1 2\nb 3 x\n', /Line 3 of memory:v expected a word and 2 numbers\. Received "b 3 x"/],
  [
    Buffer.from(goldens.binary, 'base64').subarray(0, 50),
    /expected 4 words of 3 channels\. Received its end at offset \d+, after 2/,
  ],
  [
    Buffer.concat([bytesOf('1 2\nthe '), new Uint8Array(Float32Array.of(1, Number.NaN).buffer)]),
    /memory:v, word 0 at offset 4 expected finite numbers\. Received NaN\. Is its number of channels right\?/,
  ],
  [`99999999999 300\n${'x'.repeat(30)}`, /expected at most 2\^33 numbers\. Received 99999999999 x 300/],
])('%j is refused', async (content, message) => {
  await expect(read(content)).rejects.toThrow(message)
})

test('a missing file, a packed one cut short, and a word that cannot be written', async () => {
  await expect(readWordVectors(memoryStorage(), 'v')).rejects.toThrow('memory:v expected a file that exists')
  const storage = memoryStorage()
  await writeWordVectors(storage, 'v.gz', vectors, 'text')
  await storage.write('v.gz', [(await storage.read('v.gz')).subarray(0, 40)])
  await expect(readWordVectors(storage, 'v.gz')).rejects.toThrow('memory:v.gz expected gzip')
  const spaced = new WordVectors(['a', 'new york'], new Float32Array(2))
  await expect(writeWordVectors(storage, 'w', spaced)).rejects.toThrow(
    'Word 1 of memory:w expected a word without spaces and line breaks. Received "new york".',
  )
})
