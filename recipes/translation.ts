/** What the recipes of translation share: learn from pairs, then translate the test, by beam search. */
import {
  bleu,
  loadTranslatorFolder,
  type PairTask,
  type Runtime,
  readMetrics,
  type SavedTranslator,
  type SentencePair,
  settleTranslationOptions,
  type TranslationRunOptions,
  trainTranslationRun,
  translateTexts,
} from '../src/index.ts'
import type { RecipeContext } from './recipe.ts'
import { wasBegun } from './resume.ts'

export interface Plan {
  readonly modelName: 'transformer' | 'seq2seq'
  /** Of the training's checkpoints; the model's name, unless told otherwise. */
  readonly folder?: string
  readonly options: Partial<TranslationRunOptions>
}

export interface Translated {
  readonly saved: SavedTranslator
  readonly hypotheses: readonly string[]
  readonly references: readonly string[]
  /** In nats per token, of the mean weights on the pairs held out to choose by. */
  readonly validationLoss: number
  readonly lengthPenalty: number
  readonly translatingSeconds: number
}

/** Sizes and steps that are done in seconds: the path is the same. */
const quickOptions = {
  ...{ steps: 6, evaluateEvery: 3, saveEvery: 6, buckets: 2, batchTokens: 256, microBatchTokens: 128, layers: 1 },
  ...{ channels: 16, vocabulary: 300, context: 64 },
} as const
const quickSizes = { transformer: { hidden: 16, heads: 2 }, seq2seq: {} } as const

/** Length penalties that are tried on the validation sentences. */
const lengthPenalties = [0.6, 1, 1.2, 1.4, 1.6, 1.8]

/** Trains on a task with the recipe's seed, or goes on where that was killed; translates one of its tests. */
export async function learnAndTranslate(
  { seed, quick, runtime, print, signal, folder }: RecipeContext,
  task: PairTask,
  test: readonly SentencePair[],
  { modelName, options, folder: folderName = modelName }: Plan,
): Promise<Translated> {
  const isShort = ({ source, target }: SentencePair) => source.length < 45 && target.length < 45
  const shorten = (pairs: readonly SentencePair[], count: number) =>
    quick ? pairs.filter(isShort).slice(0, count) : pairs
  const storage = folder(folderName)
  const settled = settleTranslationOptions(modelName, {
    ...{ ...options, seed },
    ...(quick && { ...quickOptions, ...quickSizes[modelName] }),
  })
  const validation = shorten(task.validation, 8)
  const run = trainTranslationRun({
    modelName,
    storage,
    options: { ...settled, resume: await wasBegun(storage, settled) },
    runtime,
    train: shorten(task.train, 130),
    validation,
    signal,
  })
  for await (const event of run) {
    if (event.type !== 'validation') continue
    print(`${modelName}, step ${event.step}: validation loss ${event.loss.toFixed(4)} nats per token`)
  }
  signal?.throwIfAborted() // a training that was stopped is no result
  const validations = (await readMetrics(storage)).filter(({ type }) => type === 'validation')
  const validationLoss = Math.min(...validations.map(({ loss }) => loss)) // the model that was kept has the lowest
  const saved = await loadTranslatorFolder(storage)
  const lengthPenalty = quick
    ? lengthPenalties[0]
    : await chooseLengthPenalty(saved, runtime, validation, settled.lowerCase, print)
  const pairs = shorten(test, 3)
  const started = performance.now()
  const translations = await translateTexts(
    saved,
    runtime,
    pairs.map(({ source }) => source),
    { beams: quick ? 2 : 4, lengthPenalty },
  )
  const translatingSeconds = (performance.now() - started) / 1000
  print(`${pairs.length} sentences translated in ${translatingSeconds.toFixed(1)} s`)
  return {
    saved,
    hypotheses: translations.map(({ text }) => text),
    references: pairs.map(({ target }) => target),
    validationLoss,
    lengthPenalty,
    translatingSeconds,
  }
}

/** The length penalty whose translations of validation sentences have the highest BLEU. */
async function chooseLengthPenalty(
  saved: SavedTranslator,
  runtime: Runtime,
  pairs: readonly SentencePair[],
  lowercase: boolean,
  print: RecipeContext['print'],
): Promise<number> {
  let best = { lengthPenalty: lengthPenalties[0], score: -1 }
  for (const lengthPenalty of lengthPenalties) {
    const sources = pairs.map(({ source }) => source)
    const texts = (await translateTexts(saved, runtime, sources, { beams: 4, lengthPenalty })).map(({ text }) => text)
    const { score } = bleu(texts, [pairs.map(({ target }) => target)], { lowercase })
    print(`length penalty ${lengthPenalty}: BLEU ${score.toFixed(1)} on ${pairs.length} validation sentences`)
    if (score > best.score) best = { lengthPenalty, score }
  }
  return best.lengthPenalty
}
