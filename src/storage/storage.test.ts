import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { memoryStorage } from './memory.ts'
import { nodeStorage } from './node.ts'
import { readChunks, readText, writeText } from './storage.ts'

const directory = mkdtempSync(join(tmpdir(), 'nacre-storage-'))
afterAll(() => rmSync(directory, { recursive: true }))

/** What every storage does; web.ts is held to it by the browser test. */
describe.each([
  ['memory', memoryStorage],
  ['node', () => nodeStorage(mkdtempSync(join(directory, 'files-')))],
])('%s', (_, create) => {
  test('reads what was written, whole or in part', async () => {
    const storage = create()
    await storage.write('a/b.bin', [new Uint8Array([1, 2]), new Uint8Array([3]), new Uint8Array([4, 5])])
    expect(await storage.read('a/b.bin')).toEqual(new Uint8Array([1, 2, 3, 4, 5]))
    expect(await storage.readRange('a/b.bin', 1, 3)).toEqual(new Uint8Array([2, 3, 4]))
    expect(await storage.readRange('a/b.bin', 5, 0)).toEqual(new Uint8Array())
    expect(await storage.size('a/b.bin')).toBe(5)
    const chunks = []
    for await (const chunk of readChunks(storage, 'a/b.bin', 2)) chunks.push([...chunk])
    expect(chunks).toEqual([[1, 2], [3, 4], [5]])
  })

  test('takes chunks as they come, and replaces', async () => {
    const storage = create()
    await writeText(storage, 'text', 'a long first text')
    await storage.write(
      'text',
      (async function* () {
        for (const word of ['one ', 'two']) yield new TextEncoder().encode(word)
      })(),
    )
    expect(await readText(storage, 'text')).toBe('one two')
    await storage.write('text', [])
    expect(await storage.size('text')).toBe(0)
  })

  test('a write that fails leaves the old file and no other', async () => {
    const storage = create()
    await writeText(storage, 'a/text', 'old')
    const failing = (async function* () {
      yield new Uint8Array(100)
      throw new RangeError('no more')
    })()
    await expect(storage.write('a/text', failing)).rejects.toThrow(RangeError)
    expect(await readText(storage, 'a/text')).toBe('old')
    expect(await storage.list()).toEqual(['a/text'])
  })

  test('appends and truncates', async () => {
    const storage = create()
    await storage.append('log/metrics.jsonl', 'Zeile 1 ü\n')
    await storage.append('log/metrics.jsonl', new TextEncoder().encode('2\n'))
    expect(await readText(storage, 'log/metrics.jsonl')).toBe('Zeile 1 ü\n2\n')
    await storage.truncate('log/metrics.jsonl', 11)
    expect(await readText(storage, 'log/metrics.jsonl')).toBe('Zeile 1 ü\n')
    await expect(storage.truncate('log/metrics.jsonl', 12)).rejects.toThrow('Was it cut short?')
  })

  test('lists, finds and removes', async () => {
    const storage = create()
    expect(await storage.list()).toEqual([])
    for (const name of ['b', 'a/c', 'a/b/d', 'ab']) await writeText(storage, name, name)
    expect(await storage.list()).toEqual(['a/b/d', 'a/c', 'ab', 'b'])
    expect(await storage.list('a')).toEqual(['a/b/d', 'a/c'])
    expect(await storage.list('nothing')).toEqual([])
    expect(await storage.exists('a/c')).toBe(true)
    expect(await storage.exists('a')).toBe(false)
    expect(await storage.exists('b/c')).toBe(false)
    await storage.remove('a/c')
    await storage.remove('a/c')
    expect(await storage.exists('a/c')).toBe(false)
  })

  test('says which file is missing or short', async () => {
    const storage = create()
    for (const attempt of [
      () => storage.read('gone.txt'),
      () => storage.size('gone.txt'),
      () => storage.readRange('gone.txt', 0, 1),
      () => storage.truncate('gone.txt', 0),
    ]) {
      await expect(attempt()).rejects.toMatchObject({
        name: 'StorageError',
        message: expect.stringMatching(/gone\.txt expected .*/),
      })
    }
    await writeText(storage, 'short', 'abc')
    await expect(storage.readRange('short', 2, 2)).rejects.toThrow(
      /short expected 2 bytes from byte 2\. Received a file of 3 bytes\. Was it cut short\?/,
    )
    await storage.write('binary', [new Uint8Array([0xff])])
    await expect(readText(storage, 'binary')).rejects.toThrow(/binary expected UTF-8 text/)
  })

  test.each(['', '/a', 'a/', 'a//b', '../a', 'a/../b', './a', 'a\\b', 'a\0'])('refuses the name %o', async name => {
    await expect(async () => create().write(name, [])).rejects.toThrow('A storage expected a relative name')
  })
})
