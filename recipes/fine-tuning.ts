/** What the recipes of pre-training and fine-tuning share: both go on where they were killed. */
import {
  buildExamples,
  type ClassificationTask,
  type FineTuned as Classifier,
  type FineTuningRunOptions,
  fineTuneRun,
  type LabelledText,
  loadFineTuned,
  loadModelFolder,
  loadTokens,
  type PlacedRecord,
  type PreTrained,
  RecordProblems,
  type RunOptions,
  readMetrics,
  readText,
  type SavedModel,
  sequenceScorer,
  settleFineTuningOptions,
  settleOptions,
  splitRecords,
  superviseRun,
  type TextSource,
  type Tokenizer,
  templateOf,
  textBuckets,
  trainRun,
  weightFeeds,
} from '../src/index.ts'
import type { Measured, RecipeContext } from './recipe.ts'
import { wasBegun } from './resume.ts'

export interface PreTraining {
  readonly modelName: string
  readonly folder: string
  readonly options: Partial<RunOptions>
  readonly text: TextSource
  readonly makeTokenizer: (text: TextSource, options: RunOptions) => Promise<Tokenizer>
}

/** A language model that has learned a text. */
export async function preTrain(
  { seed, runtime, print, signal, folder }: RecipeContext,
  { modelName, folder: name, options, text, makeTokenizer }: PreTraining,
): Promise<SavedModel & { readonly bitsPerByte: number }> {
  const storage = folder(name)
  const settled = settleOptions(modelName, { ...options, seed })
  const resume = await wasBegun(storage, settled)
  const run = trainRun({
    ...{ modelName, storage, options: { ...settled, resume }, runtime, text, signal },
    makeTokenizer: source => makeTokenizer(source, settled),
    openTokens: file => loadTokens(storage, file),
  })
  for await (const event of run) {
    if (event.type === 'start') print(`${modelName}: ${event.parameters.toLocaleString('en-US')} parameters`)
    if (event.type !== 'validation') continue
    print(
      `${name}, step ${event.step}: ${event.loss.toFixed(4)} nats per token, ${event.bitsPerByte.toFixed(3)} bits/byte`,
    )
  }
  signal?.throwIfAborted()
  const losses = (await readMetrics(storage)).filter(({ type }) => type === 'validation')
  const bitsPerByte = Math.min(...losses.map(metric => Number(metric.bitsPerByte)))
  return { ...(await loadModelFolder(storage)), bitsPerByte }
}

export interface RecordLearning {
  readonly folder: string
  /** What learns: a model that has learned something, or first weights. */
  readonly base: SavedModel
  /** In the order in which they are learned. */
  readonly records: readonly PlacedRecord[]
  readonly options: Partial<FineTuningRunOptions>
}

/** A model that has learned records, some of them held out. */
export async function learnRecords(
  { seed, runtime, print, signal, folder }: RecipeContext,
  { folder: name, base, records, options: given }: RecordLearning,
): Promise<SavedModel> {
  const storage = folder(name)
  const options = settleFineTuningOptions({ ...given, seed, limit: records.length })
  const { tokenizer, model } = base
  const settings = { tokenizer, template: templateOf(base), context: model.context, tooLong: 'drop' } as const
  const build = (part: readonly PlacedRecord[]) => buildExamples(inOrder(part), new RecordProblems(), settings)
  const [train, held] = splitRecords(records, { ...options, inOrder: true }) // the same for every seed
  const run = superviseRun({
    ...{ storage, options: { ...options, resume: await wasBegun(storage, options) }, runtime, base, signal },
    ...{ train: (await build(train)).examples, validation: (await build(held)).examples },
  })
  for await (const event of run)
    if (event.type === 'validation')
      print(`${name}, step ${event.step}: ${event.loss.toFixed(4)} nats per token held out`)
  signal?.throwIfAborted()
  return loadModelFolder(storage)
}

async function* inOrder<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items
}

export interface FineTuning {
  readonly folder: string
  readonly base: PreTrained
  readonly task: ClassificationTask
  readonly options: Partial<FineTuningRunOptions>
}

export interface FineTuned {
  /** Of the test texts, in percent. */
  readonly accuracy: number
  /** Of the fine-tuning alone, over all its starts. */
  readonly seconds: number
  /** What part of the parameters learned, in percent. */
  readonly trainedShare: number
  /** What the training keeps: weights that learn, and the optimizer's memory of them, in MB. */
  readonly stateSize: number
}

/** A classifier made of a language model or a BERT, and how many of the task's test texts it classifies. */
export async function fineTune(
  { seed, runtime, print, signal, folder }: RecipeContext,
  { folder: name, base, task, options }: FineTuning,
): Promise<FineTuned> {
  const storage = folder(name)
  const settled = settleFineTuningOptions({ ...options, seed })
  const resume = await wasBegun(storage, settled)
  const { train, validation, classes } = task
  const run = fineTuneRun({
    ...{ storage, options: { ...settled, resume }, runtime, base, train, validation, labels: classes, signal },
  })
  let trainedShare = 100
  for await (const event of run) {
    if (event.type === 'start') trainedShare = (100 * (event.trainedParameters ?? event.parameters)) / event.parameters
    if (event.type !== 'validation') continue
    const accuracy = (100 * (1 - event.errorRate)).toFixed(2)
    print(`${name}, step ${event.step}: loss ${event.loss.toFixed(4)}, ${accuracy} % of the validation texts`)
  }
  signal?.throwIfAborted()
  const { total } = JSON.parse(await readText(storage, 'training/cost.json'))
  const seconds: number = total.seconds
  const accuracy = await testAccuracy(await loadFineTuned(storage), runtime, task.test)
  print(`${name}: ${accuracy.toFixed(2)} % of ${task.test.length} test texts, ${seconds.toFixed(0)} s`)
  const stateSize = (await storage.size('training/state.safetensors')) / 1e6
  return { accuracy, seconds, trainedShare, stateSize }
}

export interface BaseWorth {
  /** What was fine-tuned with it already. */
  readonly done?: FineTuned
  /** What it had before it learned: random weights unless given. */
  readonly firstWeights?: ReadonlyMap<string, Float32Array>
}

/** What a base is worth: the accuracy with it, from scratch, and by how much the first is the higher; named by the folder. */
export async function worthOfBase(
  context: RecipeContext,
  tuning: FineTuning,
  { done, firstWeights }: BaseWorth = {},
): Promise<Measured> {
  const { folder, options, base } = tuning
  const tuned = done ?? (await fineTune(context, tuning))
  const fresh = {
    ...{ ...tuning, folder: `${folder}-scratch` },
    ...(firstWeights ? { base: { ...base, weights: firstWeights } } : { options: { ...options, fromScratch: true } }),
  }
  const scratch = await fineTune(context, fresh)
  return {
    [folder]: tuned.accuracy,
    [`${folder}Scratch`]: scratch.accuracy,
    [`${folder}Gain`]: tuned.accuracy - scratch.accuracy,
  }
}

async function testAccuracy(
  { model, weights, context, encode }: Classifier,
  runtime: RecipeContext['runtime'],
  test: readonly LabelledText[],
): Promise<number> {
  const texts = encode(test)
  const scorer = await sequenceScorer(model, runtime, { batchSize: 32, buckets: textBuckets(texts, context) })
  const { errorRate } = await scorer.of(texts, weightFeeds(model, weights))
  await scorer.release()
  return 100 * (1 - errorRate)
}
