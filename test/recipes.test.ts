/** Every recipe of the registry runs in its quick form; what `nacre reproduce` has recorded is what the page shows. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { learn } from '../recipes/char-shakespeare.ts'
import { recipe as entropy } from '../recipes/entropy.ts'
import { recipes } from '../recipes/index.ts'
import { wasBegun } from '../recipes/resume.ts'
import { recordedRecipes, reproductionsPage } from '../src/cli/results.ts'
import { findDataset, memoryStorage, type Storage, stateFile } from '../src/index.ts'
import { fetchDataset, nodeRuntime, nodeStorage } from '../src/node.ts'

/** One thread does not wait for another where the cores are busy with other tests. */
const runtime = nodeRuntime({ threads: 1 })
const root = join(import.meta.dirname, '..')
const mirror = process.env.NACRE_DATA_MIRROR
const loaded = await Promise.all(recipes.map(async entry => ({ entry, recipe: (await entry.load()).recipe })))
const all = loaded.map(({ recipe }) => recipe)

describe.each(loaded)('$entry.name', ({ entry, recipe }) => {
  test('is described', () => {
    expect(recipe.name).toBe(entry.name)
    expect(recipe.title.en).toMatch(/\w/)
    expect(recipe.title.zh).toMatch(/\p{Script=Han}/u)
    expect(recipe.seeds).toBeGreaterThan(0)
    const names = recipe.measures.map(measure => measure.name)
    expect([...new Set(names)]).toEqual(names)
    for (const dataset of recipe.datasets) expect(findDataset(dataset).name).toBe(dataset)
  })

  test('runs in quick form', async context => {
    if (recipe.datasets.length > 0 && !mirror)
      context.skip(`NACRE_DATA_MIRROR is not set: ${recipe.datasets.join(', ')}`)
    const asked: string[] = []
    const lines: string[] = []
    const measured = await recipe.run({
      seed: 1,
      quick: true,
      explain: true,
      runtime,
      dataset: name => {
        asked.push(name)
        return fetchDataset(findDataset(name), { mirror })
      },
      print: text => lines.push(text),
      save: async (name, content) => {
        expect(name).toMatch(/^[\w./-]+$/)
        expect(content.length).toBeGreaterThan(0)
      },
      folder: () => memoryStorage(),
    })
    expect(recipe.datasets).toEqual(expect.arrayContaining(asked))
    for (const { name } of recipe.measures) expect(measured, name).toHaveProperty(name, expect.any(Number))
    for (const number of Object.values(measured)) expect(number).toSatisfy(Number.isFinite)
  })
})

/** Text of the test's own: the recipe learns it as it would learn Shakespeare. */
const sentences = [
  'The quick brown fox jumps over the lazy dog.',
  'Pack my box with five dozen liquor jugs.',
  '敏捷的棕色狐狸跳过了懒狗。',
]

test('the character recipe learns in a few steps', async () => {
  const text = Array.from({ length: 400 }, (_, i) => sentences[(i * 7) % sentences.length]).join('\n')
  expect(await learn(runtime, text, { seed: 1, steps: 60, learningRate: 3e-3 })).toBeLessThan(1)
})

test('a recipe that was killed in a training goes on as if nothing had happened', async () => {
  const start = (folders: Map<string, Storage>, kept?: () => void, signal?: AbortSignal) =>
    entropy.run({
      ...{ seed: 1, quick: true, explain: false, runtime, signal },
      dataset: () => Promise.reject(new Error('it needs none')),
      print: () => {},
      save: async () => {},
      folder: name => {
        const storage = folders.get(name) ?? memoryStorage()
        folders.set(name, storage)
        const write = storage.write.bind(storage)
        storage.write = async (file, chunks) => {
          await write(file, chunks)
          if (file === stateFile) kept?.()
        }
        return storage
      },
    })
  const folders = new Map<string, Storage>()
  const killed = new AbortController()
  await expect(start(folders, () => killed.abort(), killed.signal)).rejects.toThrow(/abort/i)
  const left = await Promise.all([...folders.values()].map(storage => storage.exists(stateFile)))
  expect(left.filter(Boolean)).toHaveLength(1)

  const [resumed, whole] = [await start(folders), await start(new Map())]
  expect(resumed).toEqual(whole)
})

test('a folder of a training with other options is kept, and told', async () => {
  const storage = memoryStorage()
  expect(await wasBegun(storage, { steps: 4 })).toBe(false)
  const options = { steps: 4, teacher: undefined, resume: false }
  await storage.write('training/options.json', [new TextEncoder().encode(JSON.stringify({ options }))])
  expect(await wasBegun(storage, { resume: true, limit: undefined, steps: 4 })).toBe(true)
  await expect(wasBegun(storage, { steps: 5, limit: 3 })).rejects.toThrow(
    /expected the options of this recipe, to go on. Received a training with steps 4, limit null. Take another --out/,
  )
})

test('docs/reproductions.md is what docs/results gives; if not: node scripts/reproductions.ts', async () => {
  const recorded = await recordedRecipes(nodeStorage(root), all)
  expect(readFileSync(join(root, 'docs/reproductions.md'), 'utf8')).toBe(reproductionsPage(recorded))
})

test('every recorded result belongs to a recipe and to its measures', async () => {
  const files = (await nodeStorage(join(root, 'docs/results')).list()).map(name => name.replace(/\.json$/, ''))
  const recorded = await recordedRecipes(nodeStorage(root), all)
  expect(recorded.map(({ recipe }) => recipe.name).toSorted()).toEqual(files.toSorted())
  for (const { recipe, results } of recorded) {
    const measures = recipe.measures.map(({ name }) => name)
    for (const run of results.runs) expect(measures).toEqual(expect.arrayContaining(Object.keys(run.measures)))
  }
})
