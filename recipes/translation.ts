/** What the recipes of translation share: learn from pairs, then translate the test, by beam search. */
import {
  loadTranslatorFolder,
  memoryStorage,
  type PairTask,
  type SavedTranslator,
  type SentencePair,
  settleTranslationOptions,
  type TranslationRunOptions,
  trainTranslationRun,
  translateTexts,
} from '../src/index.ts'
import type { RecipeContext } from './recipe.ts'

export interface Plan {
  readonly modelName: 'transformer' | 'seq2seq'
  readonly options: Partial<TranslationRunOptions>
}

export interface Translated {
  readonly saved: SavedTranslator
  readonly hypotheses: readonly string[]
  readonly references: readonly string[]
  /** In nats per token, of the mean weights on the pairs held out to choose by. */
  readonly validationLoss: number
  readonly translatingSeconds: number
}

/** Sizes and steps that are done in seconds: the path is the same. */
const quickOptions = {
  ...{ steps: 6, evaluateEvery: 3, saveEvery: 6, buckets: 2, batchTokens: 256, microBatchTokens: 128, layers: 1 },
  ...{ channels: 16, hidden: 16, heads: 2, vocabulary: 300, context: 64 },
} as const

/** Trains on a task with the recipe's seed; translates one of its tests. */
export async function learnAndTranslate(
  { seed, quick, runtime, print, signal }: RecipeContext,
  task: PairTask,
  test: readonly SentencePair[],
  { modelName, options }: Plan,
): Promise<Translated> {
  const isShort = ({ source, target }: SentencePair) => source.length < 45 && target.length < 45
  const shorten = (pairs: readonly SentencePair[], count: number) =>
    quick ? pairs.filter(isShort).slice(0, count) : pairs
  const storage = memoryStorage()
  const run = trainTranslationRun({
    modelName,
    storage,
    options: settleTranslationOptions(modelName, { ...options, seed, ...(quick && quickOptions) }),
    runtime,
    train: shorten(task.train, 130),
    validation: shorten(task.validation, 8),
    signal,
  })
  let validationLoss = Number.NaN
  for await (const event of run) {
    if (event.type !== 'validation') continue
    validationLoss = event.loss
    print(`${modelName}, step ${event.step}: validation loss ${event.loss.toFixed(4)} nats per token`)
  }
  const saved = await loadTranslatorFolder(storage)
  const pairs = shorten(test, 3)
  const started = performance.now()
  const translations = await translateTexts(
    saved,
    runtime,
    pairs.map(({ source }) => source),
    quick ? { beams: 2 } : { beams: 4, lengthPenalty: 0.6 },
  )
  const translatingSeconds = (performance.now() - started) / 1000
  print(`${pairs.length} sentences translated in ${translatingSeconds.toFixed(1)} s`)
  return {
    saved,
    hypotheses: translations.map(({ text }) => text),
    references: pairs.map(({ target }) => target),
    validationLoss,
    translatingSeconds,
  }
}
