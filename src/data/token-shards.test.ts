import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { memoryStorage } from '../storage/memory.ts'
import { nodeStorage } from '../storage/node.ts'
import { openTokens } from './node.ts'
import {
  fingerprint,
  fingerprintOfAll,
  jsonParts,
  loadTokens,
  memoryTokens,
  readTokensHeader,
  writeTokens,
} from './token-shards.ts'

const directory = mkdtempSync(join(tmpdir(), 'nacre-tokens-'))
afterAll(() => rmSync(directory, { recursive: true }))

test.each([
  [256, 'uint8', 1],
  [257, 'uint16', 2],
  [65536, 'uint16', 2],
  [65537, 'uint32', 4],
])('%i tokens are stored as %s, and read alike from memory and file', async (vocabularySize, dtype, bytesPerToken) => {
  const storage = nodeStorage(directory)
  const ids = Array.from({ length: 1000 }, (_, i) => (i * 7919) % vocabularySize)
  const name = `training/v${vocabularySize}`
  async function* pieces() {
    for (let i = 0; i < ids.length; i += 64) yield Int32Array.from(ids.slice(i, i + 64))
  }
  const header = await writeTokens(storage, name, pieces(), { vocabularySize, tokenizer: 'abc', bytesOfText: 4000 })
  expect(header).toEqual({
    format: 'nacre-tokens',
    version: 1,
    dtype,
    count: 1000,
    bytesOfText: 4000,
    vocabularySize,
    tokenizer: 'abc',
  })
  expect(await readTokensHeader(storage, name)).toEqual(header)
  expect(await storage.size(`${name}.bin`)).toBe(1000 * bytesPerToken)
  using file = await openTokens(directory, name)
  for (const source of [file, await loadTokens(storage, name), memoryTokens(ids, 4000)]) {
    expect([source.length, source.bytesOfText]).toEqual([1000, 4000])
    for (const [offset, length] of [
      [0, 1000],
      [1, 3],
      [998, 2],
      [5, 0],
    ]) {
      const narrow = new Int32Array(length)
      const wide = new BigInt64Array(length + 1).fill(-1n)
      source.read(offset, length, narrow)
      source.read(offset, length, wide.subarray(0, length))
      expect([...narrow]).toEqual(ids.slice(offset, offset + length))
      expect([...wide]).toEqual([...ids.slice(offset, offset + length).map(BigInt), -1n])
    }
  }
})

test('an id outside of the vocabulary is refused, and nothing is left behind', async () => {
  const storage = memoryStorage()
  const text = { vocabularySize: 10, tokenizer: '', bytesOfText: 1 }
  await expect(
    writeTokens(
      storage,
      't',
      [
        [1, 2],
        [3, 10],
      ],
      text,
    ),
  ).rejects.toThrow('Token 3 of t expected ids from 0 to 9. Received 10.')
  expect(await storage.list()).toEqual([])
})

test('a token file that is not whole is refused', async () => {
  const storage = memoryStorage()
  const text = { vocabularySize: 300, tokenizer: '', bytesOfText: 1 }
  await writeTokens(storage, 't', [[1, 2, 3]], text)
  await storage.truncate('t.bin', 5)
  await expect(loadTokens(storage, 't')).rejects.toThrow('memory:t.bin expected 6 bytes. Received 5.')
  await storage.append('u.json', '{"format":"other"}')
  await expect(loadTokens(storage, 'u')).rejects.toThrow('memory:u.json expected the header of a token file.')
  await expect(loadTokens(storage, 'v')).rejects.toThrow('memory:v.json expected a file that exists.')
})

test('reading beyond the end says so', async () => {
  await writeTokens(nodeStorage(directory), 'short', [[1, 2]], { vocabularySize: 3, tokenizer: '', bytesOfText: 1 })
  using file = await openTokens(directory, 'short')
  expect(() => file.read(1, 2, new Int32Array(2))).toThrow('short.bin expected 2 tokens from 1 of 2.')
})

test('a fingerprint is SHA-256', async () => {
  expect(await fingerprint('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  const items = [{ text: '你好' }, [1, null], 'a']
  expect([...jsonParts(items)].join('')).toBe(JSON.stringify(items))
  expect([...jsonParts([])].join('')).toBe('[]')
  expect(await fingerprintOfAll(jsonParts(items))).toBe(await fingerprint(JSON.stringify(items)))
  const stretches = await Promise.all([4, 5, 400].map(stretch => fingerprintOfAll(['abc', 'de', 'f'], stretch)))
  expect(new Set(stretches).size).toBe(3)
})
