import { env } from 'node:process'
import { expect, test } from 'vitest'
import { memoryStorage } from '../storage/memory.ts'
import { writeText } from '../storage/storage.ts'
import { chinesePoetry, readPoems } from './chinese-poetry.ts'
import { datasetText, type FetchedFile } from './get.ts'
import { fetchDataset } from './node.ts'

async function fetched(text: string): Promise<FetchedFile> {
  const storage = memoryStorage()
  await writeText(storage, 'poems.json', text)
  return { file: chinesePoetry.files[0], storage, name: 'poems.json', location: 'poems.json' } as FetchedFile
}

async function all(files: readonly FetchedFile[]): Promise<(readonly string[])[]> {
  const poems: (readonly string[])[] = []
  for await (const poem of readPoems(files)) poems.push(poem)
  return poems
}

test('verses stand under either name; what has none is counted', async () => {
  const poems = [{ content: ['关关雎鸠'] }, { paragraphs: ['床前看月光', '疑是地上霜'] }]
  expect(await all([await fetched(JSON.stringify(poems))])).toEqual([['关关雎鸠'], ['床前看月光', '疑是地上霜']])
  const wrong = [...poems, { title: '無題' }]
  await expect(all([await fetched(JSON.stringify(wrong))])).rejects.toThrow('expected records without a problem')
})

test('as a text, each poem is a document', async () => {
  const poems = [{ content: ['关关雎鸠'] }, { paragraphs: ['床前看月光', '疑是地上霜'] }]
  const chunks: string[] = []
  for await (const chunk of datasetText(chinesePoetry, [await fetched(JSON.stringify(poems))]).chunks())
    chunks.push(chunk)
  expect(chunks.join('')).toBe('关关雎鸠\n\n床前看月光\n疑是地上霜\n\n')
})

test.skipIf(env.NACRE_DATA_MIRROR === undefined)('all poems are read', async () => {
  expect(await all(await fetchDataset(chinesePoetry, { environment: env }))).toHaveLength(13_313)
})
