import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { loadTextClassifierFolder, saveTextClassifierFolder } from '../checkpoints/text-classifier-folder.ts'
import { fitTextVectors } from '../models/text-vectors.ts'
import { nodeRuntime } from '../runtime/node.ts'
import { memoryStorage } from '../storage/memory.ts'
import { jiebaSegmenter } from '../tokenizers/node.ts'
import { spaceSegmenter } from '../tokenizers/segmenter.ts'
import { chooseTextClassifier, classifyRows, labelledRows, trainTextClassifier } from './text-classifier.ts'

interface Golden {
  readonly documents: Readonly<Record<string, string[]>>
  readonly labels: Readonly<Record<string, number[]>>
  readonly queries: Readonly<Record<string, string>>
  readonly regressions: readonly {
    readonly language: string
    readonly l2: number
    readonly probabilities: readonly (readonly number[])[]
  }[]
}

const golden: Golden = JSON.parse(readFileSync(new URL('../../test/goldens/tfidf.json', import.meta.url), 'utf8'))
const runtime = nodeRuntime({ threads: 1 })

/** The golden documents of a language as vectors. */
function material(language: string) {
  const documents = golden.documents[language]
  const vectors = fitTextVectors(documents, { segmenter: spaceSegmenter, wordsOnly: false })
  const texts = documents.map((text, i) => ({ text, label: golden.labels[language][i] }))
  return { documents, vectors, texts, train: labelledRows(vectors, texts) }
}

describe('the loss has one minimum, and scikit-learn finds the same', () => {
  test.each(golden.regressions)('$language', async ({ language, l2, probabilities }) => {
    const { documents, vectors, train } = material(language)
    const trained = await trainTextClassifier({
      runtime,
      train,
      classes: 3,
      l2,
      epochs: 3000,
      learningRate: 0.05,
      seed: 1,
    })
    const rows = vectors.vectors([...documents, golden.queries[language]])
    const ours = await classifyRows(trained, rows, runtime)
    for (const [i, row] of probabilities.entries())
      for (const [j, probability] of row.entries()) expect(ours[i][j]).toBeCloseTo(probability, 3)
  })
})

test('the penalty that suits the validation texts best is kept', async () => {
  const { train } = material('English')
  const told: number[] = []
  const options = { runtime, train, validation: train, classes: 3, epochs: 100, seed: 1 }
  const chosen = await chooseTextClassifier({ ...options, strengths: [10, 1e-3, 1e-4], onTried: l2 => told.push(l2) })
  expect(told).toEqual([10, 1e-3, 1e-4])
  expect(chosen.l2).toBe(1e-3)
  expect(chosen.tried.map(({ accuracy }) => accuracy)[1]).toBe(1)
  await expect(chooseTextClassifier({ ...options, strengths: [] })).rejects.toThrow('expected strengths of the penalty')
})

describe('a folder', () => {
  test('comes back as the same classifier', async () => {
    const { vectors, texts, train } = material('Chinese')
    const trained = await trainTextClassifier({ runtime, train, classes: 3, l2: 1e-3, epochs: 50, seed: 1 })
    const storage = memoryStorage()
    const labels = ['bird', 'boat', 'meal']
    await saveTextClassifierFolder(storage, { ...trained, vectors, labels })
    const copy = await loadTextClassifierFolder(storage)
    expect(copy.labels).toEqual(labels)
    expect(copy.vectors.model).toEqual(vectors.model)
    const rows = copy.vectors.vectors(texts.map(({ text }) => text))
    expect(await classifyRows(copy, rows, runtime)).toEqual(await classifyRows(trained, train.rows, runtime))
  })

  test('whose segmenter needs a host, or that lacks a file, says so', async () => {
    const jieba = await jiebaSegmenter()
    const vectors = fitTextVectors(['网易杭研大厦'], { segmenter: jieba })
    const train = labelledRows(vectors, [{ text: '网易', label: 0 }])
    const trained = await trainTextClassifier({ runtime, train, classes: 2, l2: 1, epochs: 1, seed: 1 })
    const storage = memoryStorage()
    await saveTextClassifierFolder(storage, { ...trained, vectors, labels: ['a', 'b'] })
    await expect(loadTextClassifierFolder(storage)).rejects.toThrow('Give the jiebaSegmenter() of nacre/node.')
    expect((await loadTextClassifierFolder(storage, { segmenters: [jieba] })).vectors.model.segmenter).toBe(jieba)
    await storage.remove('vocabulary.txt')
    await expect(loadTextClassifierFolder(storage)).rejects.toThrow('memory:vocabulary.txt expected a file that exists')
  })
})
