import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it, test } from 'vitest'
import { memoryStorage } from '../storage/memory.ts'
import { nodeStorage } from '../storage/node.ts'
import { trainCharacters } from '../tokenizers/characters.ts'
import { namesShards, openShards } from './node.ts'
import {
  type DocumentPosition,
  shuffledDocuments,
  type TokenPosition,
  textOfShards,
  tokenStream,
} from './shard-stream.ts'
import { type Shard, type ShardOptions, shardOf } from './shards.ts'

const goldens = nodeStorage(new URL('../../test/goldens/records', import.meta.url).pathname)
const jsonl = (names: readonly string[]) => names.map(text => `${JSON.stringify({ text })}\n`).join('')
const named = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => `${prefix}${i} 你好`)

const contents: Record<string, string | Uint8Array> = {
  'a.jsonl': `${jsonl(named('a', 7))}\n\n`,
  'b.jsonl.gz': gzipSync(jsonl(named('b', 11))),
  'c.csv': `text,other\n${named('c', 5).join(',x\n')},x\n`,
  'd.txt': `${named('d', 4).join('\r\n\n\n')}`,
  'e.json': JSON.stringify(named('e', 3).map(text => ({ text }))),
}
const storage = memoryStorage(contents)
const shards = Object.keys(contents).map(name => shardOf(storage, name, { textDocuments: 'paragraphs' }))
const everything = ['a', 'b', 'c', 'd', 'e'].flatMap((prefix, i) => named(prefix, [7, 11, 5, 4, 3][i]))

async function all(shard: Shard, from = 0) {
  const found = []
  for await (const document of shard.documents(from)) found.push(document)
  return found
}

describe('a shard', () => {
  it.each(shards.map(shard => [shard.name, shard] as const))('%s goes on from any place', async (_, shard) => {
    const whole = await all(shard)
    expect(whole.length).toBeGreaterThan(2)
    expect(everything).toEqual(expect.arrayContaining(whole.map(({ text }) => text)))
    for (const [i, { next }] of whole.entries()) expect(await all(shard, next)).toEqual(whole.slice(i + 1))
  })

  it('of Parquet goes on from any row, in any of its groups', async () => {
    const shard = shardOf(goldens, 'zstd.parquet', { field: 'note' })
    await expect(all(shard)).rejects.toThrow('zstd.parquet, row 1 expected a text in the field "note". Received null.')
    const texts: string[] = []
    for await (const { text, next } of shard.documents(3)) {
      texts.push(`${text}@${next}`)
      if (texts.length === 3) break
    }
    expect(texts).toEqual(['@4', 'a@5', 'b@6'])
    await expect(all(shardOf(goldens, 'zstd.parquet'))).rejects.toThrow(
      'zstd.parquet expected a column "text". Received id, messages, score, note. Name another field; nacre train has --field for that.',
    )
  })

  it.each<[ShardOptions['textDocuments'], string[]]>([
    ['file', ['one\ntwo\n\nthree\n']],
    ['paragraphs', ['one\ntwo', 'three']],
    ['lines', ['one', 'two', 'three']],
  ])('of text is cut into documents by %s', async (textDocuments, texts) => {
    const text = memoryStorage({ 'a.txt': '\ufeffone\ntwo\n\nthree\n', 'empty.txt': '\n' })
    expect((await all(shardOf(text, 'a.txt', { textDocuments }))).map(document => document.text)).toEqual(texts)
    expect(await all(shardOf(text, 'empty.txt', { textDocuments }))).toEqual([])
  })

  it.each([
    ['{"text": "a"}\n{"text": 5}\n', 'byte 14 expected a text in the field "text". Received 5.'],
    ['{"text": "a"}\n{"body": "b"}\n', 'byte 14 expected a text in the field "text". Received fields body.'],
    ['{"text": \n', 'byte 0 expected a line with a JSON object.'],
    ['["text"]\n', 'byte 0 expected a line with a JSON object.'],
  ])('names the place of %s', async (text, message) => {
    await expect(all(shardOf(memoryStorage({ 'a.jsonl': text }), 'a.jsonl'))).rejects.toThrow(message)
  })
})

async function take(count: number, bufferSize: number, from?: DocumentPosition, seed = 1) {
  const found: { text: string; next: DocumentPosition }[] = []
  for await (const document of shuffledDocuments(shards, { seed, bufferSize }, from)) {
    found.push(document)
    if (found.length === count) break
  }
  return found
}

describe('a stream of shuffled documents', () => {
  it.each([1, 4, 1000])('has every document once in an epoch, with a buffer of %i', async bufferSize => {
    const found = (await take(2 * everything.length, bufferSize)).map(({ text }) => text)
    const epochs = [found.slice(0, everything.length), found.slice(everything.length)]
    for (const epoch of epochs) expect(epoch.toSorted()).toEqual(everything.toSorted())
    expect(epochs[0]).not.toEqual(epochs[1])
    expect((await take(30, bufferSize, undefined, 2)).map(({ text }) => text)).not.toEqual(found.slice(0, 30))
  })

  it.each([1, 4, 1000])('goes on from any position, with a buffer of %i', async bufferSize => {
    const whole = await take(80, bufferSize)
    for (let i = 0; i < 70; i += 3)
      expect(await take(9, bufferSize, structuredClone(whole[i].next))).toEqual(whole.slice(i + 1, i + 10))
  })

  it('refuses shards without documents, and shards that have become others', async () => {
    const empty = shuffledDocuments([shardOf(memoryStorage({ 'a.txt': '' }), 'a.txt')], { seed: 1 })
    await expect(empty.next()).rejects.toThrow('The shards expected documents. Received none in 1 file.')
    await expect(take(1, 4, { epoch: 0, shard: 4, offset: 0, taken: 90 })).rejects.toThrow(
      'expected the shards as they were',
    )
  })

  it('is a text, the same at every reading, each document ended by an empty line', async () => {
    const source = textOfShards('mine', shards, { seed: 1, bufferSize: 4 })
    const read = async () => {
      let text = ''
      for await (const chunk of source.chunks()) text += chunk
      return text
    }
    const text = await read()
    expect(await read()).toBe(text)
    expect(text.split('\n\n').slice(0, -1).toSorted()).toEqual(everything.toSorted())
  })
})

describe('a stream of tokens', async () => {
  const characters = (await trainCharacters(everything)).withSpecialTokens(['<|endoftext|>'])
  const options = { tokenizer: characters, batchSize: 2, context: 9, seed: 1, bufferSize: 4 }

  it('is the documents one after another, each with its end', async () => {
    const stream = tokenStream(shards, options)
    const ids: bigint[] = []
    for (let step = 0; step < 40; step++) {
      const { inputs, targets } = await stream.batch()
      ids.push(...inputs)
      expect(targets.slice(0, -1)).toEqual(inputs.slice(1))
    }
    const documents = await take(140, 4)
    const expected = documents.flatMap(({ text }) => [...characters.encode(text), characters.endOfText!])
    expect(ids.map(Number)).toEqual(expected.slice(0, ids.length))
    await stream.close()
  })

  it('that was killed goes on bit for bit, in the middle of a shard and of a document', async () => {
    const whole = tokenStream(shards, options)
    const batches = []
    const positions: TokenPosition[] = []
    for (let step = 0; step < 60; step++) {
      positions.push(JSON.parse(JSON.stringify(whole.position)))
      batches.push(await whole.batch())
    }
    expect(positions.filter(({ tokens }) => tokens > 0).length).toBeGreaterThan(40)
    expect(new Set(positions.map(({ epoch }) => epoch)).size).toBeGreaterThan(2)
    for (let step = 0; step < 55; step += 3) {
      const resumed = tokenStream(shards, options, positions[step])
      for (let i = step; i < step + 4; i++) {
        expect(resumed.position).toEqual(positions[i])
        expect(await resumed.batch()).toEqual(batches[i])
      }
    }
  })
})

test('shards are named by folder, pattern or list', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'nacre-shards-'))
  mkdirSync(join(folder, 'more'))
  for (const name of ['b.jsonl', 'a.jsonl', 'c+1.txt', 'more/d.jsonl', 'ignored.bin'])
    writeFileSync(join(folder, name), '{"text": "x"}\n')
  const names = async (data: string) =>
    (await openShards(data)).map(({ name }) => name.slice(folder.length + 1).replaceAll('\\', '/'))
  try {
    expect(await names(folder)).toEqual(['a.jsonl', 'b.jsonl', 'c+1.txt', 'more/d.jsonl'])
    expect(await names(join(folder, '*.jsonl'))).toEqual(['a.jsonl', 'b.jsonl'])
    expect(await names(join(folder, '**', '*.jsonl'))).toEqual(['a.jsonl', 'b.jsonl', 'more/d.jsonl'])
    expect(await names(join(folder, 'c+?.txt'))).toEqual(['c+1.txt'])
    expect(await names(`${join(folder, 'b.jsonl')},${join(folder, 'c+1.txt')}`)).toEqual(['b.jsonl', 'c+1.txt'])
    await expect(openShards(join(folder, '*.parquet'))).rejects.toThrow(
      'expected a folder, a pattern or files that are there',
    )
    const asked = [folder, join(folder, 'a.jsonl'), `${folder}/*.x`, join(folder, 'c+1.txt'), 'no-such-thing']
    expect(asked.map(namesShards)).toEqual([true, true, true, false, false])
  } finally {
    rmSync(folder, { recursive: true })
  }
})
