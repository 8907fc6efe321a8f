import { existsSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { findDataset } from '../data/catalog.ts'
import { fetchDataset } from '../data/node.ts'
import type { ScoreExample } from '../data/task.ts'
import { examplesOf, type Outcome } from '../evaluation/language-task.ts'
import { taskMetrics } from '../evaluation/task-metrics.ts'
import { analogyAccuracy, parseAnalogies } from '../evaluation/word-analogies.ts'
import { parseRatedPairs, wordSimilarity } from '../evaluation/word-similarity.ts'
import type { AnalogyRule, WordVectors } from '../models/word-vectors.ts'
import { nodeStorage } from '../storage/node.ts'
import { readText } from '../storage/storage.ts'
import { segmenterFor } from '../tokenizers/segmenter.ts'
import { padColumns } from './columns.ts'
import type { CommandContext } from './command.ts'
import type { LanguageOptions } from './evaluate-language-task.ts'
import { predictionsFile, reportMeasured } from './evaluate-report.ts'
import { openTask, taskFor } from './open-task.ts'

/** Datasets that vectors are held against where none is named. */
const benchmarks = ['word-similarities', 'word-analogies', 'chinese-analogies']

interface Benchmark {
  readonly name: string
  readonly location: string
  readonly text: string
}

/** `nacre evaluate` for word vectors: similarities and analogies, of a file or of datasets. */
export async function evaluateVectors(
  vectors: WordVectors,
  { data, mirror, rule, among }: { data?: string; mirror?: string; rule: AnalogyRule; among?: number },
  { host, note, print, report, json }: Pick<CommandContext, 'host' | 'note' | 'print' | 'report' | 'json'>,
): Promise<void> {
  for (const { name, location, text } of await openBenchmarks(data, mirror, { host, note })) {
    if (isAnalogies(text)) {
      const sections = parseAnalogies(text, location)
      const result = analogyAccuracy(vectors, sections, { rule, among })
      if (json) report({ type: 'evaluation', data: name, kind: 'analogies', rule, ...result }, '')
      print(
        `${name}: ${percent(result)} of ${result.covered} analogies that the vocabulary covers (${result.questions})`,
      )
      const width = Math.max(...result.sections.map(section => section.name.length))
      for (const section of result.sections)
        if (section.covered > 0)
          print(`  ${padColumns(section.name, width)}  ${percent(section)} of ${section.covered}`)
      continue
    }
    const result = wordSimilarity(vectors, parseRatedPairs(text, location))
    if (json) report({ type: 'evaluation', data: name, kind: 'similarities', ...result }, '')
    const value = Number.isNaN(result.spearman) ? 'none' : result.spearman.toFixed(4)
    print(`${name}: rank correlation ${value}, of ${result.covered} pairs that the vocabulary covers (${result.pairs})`)
  }
}

/** What makes a vector of a text: the mean of its words' vectors, or of a BERT's states. */
export interface TextEmbedder {
  /** How messages call it. */
  readonly kind: string
  vectorsOf(texts: readonly string[], language: 'en' | 'zh'): Promise<readonly Float32Array[]>
}

export const meanOfWords = (vectors: WordVectors): TextEmbedder => ({
  kind: 'word vectors',
  vectorsOf: async (texts, language) => {
    const segmenter = segmenterFor(language === 'zh' ? '中文' : 'text')
    return texts.map(text => vectors.mean(segmenter.segment(text)))
  },
})

/** `nacre evaluate --task` of what makes vectors of texts: how alike texts are, by the cosine between their vectors. */
export async function evaluateVectorScores(
  folder: string,
  name: string,
  embedder: TextEmbedder,
  options: Omit<LanguageOptions, 'shots' | 'batchSize'>,
  context: Pick<CommandContext, 'host' | 'note' | 'print' | 'report' | 'json'>,
): Promise<void> {
  const task = taskFor(embedder.kind, name, ['scores'])
  const write = await predictionsFile(options)
  const data = await openTask(task, options, { environment: context.host.environment, note: context.note })
  const began = performance.now()
  const examples = examplesOf(data, options) as { number: number; example: ScoreExample }[]
  const language = task.language === 'zh' ? 'zh' : 'en'
  const [ones, others] = [
    await embedder.vectorsOf(
      examples.map(({ example }) => example.text),
      language,
    ),
    await embedder.vectorsOf(
      examples.map(({ example: { second = '' } }) => second),
      language,
    ),
  ]
  const outcomes = examples.map(({ number, example: { text, second = '', score } }, i): Outcome => {
    const predictedScore = cosineSimilarity(ones[i], others[i])
    const shared = { example: number, score, predictedScore, text, second }
    return { ...shared, expected: String(score), predicted: predictedScore.toFixed(4) }
  })
  await write(outcomes)
  const seconds = (performance.now() - began) / 1000
  reportMeasured(context, {
    ...{ model: folder, task: task.name, part: options.part, seed: options.seed, examples: outcomes.length, seconds },
    reported: options.part === 'test' ? task.reported : undefined,
    metrics: taskMetrics('scores', outcomes, { seed: options.seed }),
    skipped: data.parts.skipped,
  })
}

/** 0 where one side has no direction: no word that has a vector. */
function cosineSimilarity(a: Float32Array, b: Float32Array): number {
  let [ab, aa, bb] = [0, 0, 0]
  for (const [i, value] of a.entries()) {
    ab += value * b[i]
    aa += value * value
    bb += b[i] * b[i]
  }
  return aa === 0 || bb === 0 ? 0 : ab / Math.sqrt(aa * bb)
}

/** Analogies are four words in a line; pairs are two and a number. */
function isAnalogies(text: string): boolean {
  const first = text.split(/\r?\n/).find(line => line.trim() !== '' && !line.startsWith('#') && !line.startsWith(':'))
  return text.replace(/^\ufeff/, '').startsWith(':') || first?.trim().split(/\s+/).length === 4
}

const percent = ({ correct, covered }: { correct: number; covered: number }): string =>
  covered === 0 ? 'none' : `${((100 * correct) / covered).toFixed(2)} %`

async function openBenchmarks(
  data: string | undefined,
  mirror: string | undefined,
  { host, note }: Pick<CommandContext, 'host' | 'note'>,
): Promise<Benchmark[]> {
  if (data !== undefined && existsSync(data)) {
    const path = resolve(data)
    const text = await readText(nodeStorage(dirname(path)), basename(path))
    return [{ name: basename(path), location: path, text }]
  }
  const found: Benchmark[] = []
  for (const dataset of (data === undefined ? benchmarks : [data]).map(findDataset)) {
    note(`Reading dataset ${dataset.name} ...`)
    for (const { storage, name, location, file } of await fetchDataset(dataset, {
      environment: host.environment,
      mirror,
    }))
      found.push({ name: file.name, location, text: await readText(storage, name) })
  }
  return found
}
