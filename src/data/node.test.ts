import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, expect, test } from 'vitest'
import { nodeStorage } from '../storage/node.ts'
import { randomWindows } from './batches.ts'
import { catalog, findDataset } from './catalog.ts'
import { datasetText } from './get.ts'
import { cacheDirectory, fetchDataset, openText, openTokens } from './node.ts'
import { measureText, splitText } from './text.ts'
import { writeTokens } from './token-shards.ts'

const directory = mkdtempSync(join(tmpdir(), 'nacre-data-'))
afterAll(() => rmSync(directory, { recursive: true }))
const mirror = process.env.NACRE_DATA_MIRROR
const needsMirror = mirror ? '' : ' (skipped: set NACRE_DATA_MIRROR)'

test('a text by its path, packed or not', async () => {
  writeFileSync(join(directory, 'a.txt'), '不')
  writeFileSync(join(directory, 'a.txt.gz'), gzipSync('不'))
  for (const name of ['a.txt', 'a.txt.gz'])
    expect(await measureText(await openText(join(directory, name)))).toMatchObject({ codePoints: 1, bytes: 3 })
})

test('a path that is no text', async () => {
  const path = (name: string) => join(directory, name)
  writeFileSync(path('empty.txt'), '')
  mkdirSync(path('folder'))
  await expect(openText(path('gone.txt'))).rejects.toThrow(/gone\.txt expected a file that exists\. Received none\./)
  await expect(openText(path('no/gone.txt'))).rejects.toThrow(/gone\.txt expected a file that exists\. Received none\./)
  await expect(openText(path('empty.txt'))).rejects.toThrow(/empty\.txt expected a text\. Received an empty file\./)
  await expect(openText(path('folder'))).rejects.toThrow(/folder expected a file\. Received a directory/)
  await expect(openText(path('a.txt'), { encoding: 'no' })).rejects.toMatchObject({ name: 'OptionError' })
})

test('a large token file needs no large memory', async () => {
  const piece = new Uint16Array(2 ** 20).map((_, i) => i % 1000)
  const text = { vocabularySize: 1000, tokenizer: '', bytesOfText: 1 }
  const before = process.memoryUsage().rss
  async function* pieces() {
    for (let i = 0; i < 120; i++) yield piece // 240 MB
  }
  await writeTokens(nodeStorage(directory), 'large', pieces(), text)
  using source = await openTokens(directory, 'large')
  const windows = randomWindows({ source, batchSize: 16, context: 256, seed: 1 })
  for (let step = 0; step < 200; step++) windows.batch(step)
  expect(process.memoryUsage().rss - before).toBeLessThan(150e6)
})

test('where the cache is', () => {
  expect(cacheDirectory({ NACRE_CACHE: '/c', XDG_CACHE_HOME: '/x' }, 'linux')).toBe('/c')
  expect(cacheDirectory({ XDG_CACHE_HOME: '/x' }, 'linux')).toBe(join('/x', 'nacre'))
  expect(cacheDirectory({}, 'linux')).toMatch(/[\\/]\.cache[\\/]nacre$/)
  expect(cacheDirectory({}, 'darwin')).toMatch(/Library[\\/]Caches[\\/]nacre$/)
  expect(cacheDirectory({ LOCALAPPDATA: '/l' }, 'win32')).toBe(join('/l', 'nacre', 'Cache'))
})

test.skipIf(!mirror)(`the mirror holds what the catalog describes${needsMirror}`, async () => {
  for (const dataset of catalog) {
    const files = await fetchDataset(dataset, { mirror })
    expect(files.map(({ file, from }) => [file.name, from])).toEqual(dataset.files.map(file => [file.name, 'mirror']))
  }
})

test.skipIf(!mirror)(`tinyshakespeare is cut as nanoGPT cuts it${needsMirror}`, async () => {
  const dataset = findDataset('tinyshakespeare')
  const { train, validation } = await splitText(datasetText(dataset, await fetchDataset(dataset, { mirror })))
  expect([train.codePoints, validation.codePoints]).toEqual([1_003_854, 111_540])
})
