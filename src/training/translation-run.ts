/**
 * A whole training of a translator as `nacre train transformer` does it: pairs to tokens, model, loop, checkpoints,
 * metrics and plot in the folder of the run. It speaks in the events of `trainRun`.
 */
import { CheckpointError, DataError } from '../base/errors.ts'
import { checkOptions, flagOf, type GivenOptions, type OptionsOf, refuseGiven } from '../base/options.ts'
import type { Shape } from '../base/shape.ts'
import { markerNames, markersOf, saveTranslatorFolder } from '../checkpoints/translator-folder.ts'
import type { EncodedPair } from '../data/pair-batches.ts'
import type { SentencePair } from '../data/pairs.ts'
import { scriptsOf } from '../data/scripts.ts'
import { fingerprint, fingerprintOfAll, jsonParts } from '../data/token-shards.ts'
import { translatorDropoutPlaces } from '../models/encoder-decoder.ts'
import { translatorEntry, translators } from '../models/translators.ts'
import { initialWeights, namedParameters, weightFeeds } from '../nn/parameters.ts'
import { adam } from '../optim/adamw.ts'
import { muon } from '../optim/muon.ts'
import type { Optimizer } from '../optim/optimizer.ts'
import { inverseSquareRoot, type Schedule } from '../optim/schedules.ts'
import { isDeviceTensor, type Runtime } from '../runtime/runtime.ts'
import { readText, type Storage, writeText } from '../storage/storage.ts'
import { trainByteLevelBPE } from '../tokenizers/bpe-training.ts'
import { tokenizerFromJSON } from '../tokenizers/huggingface.ts'
import { unspacedWordsApart } from '../tokenizers/segmenter.ts'
import type { Tokenizer } from '../tokenizers/tokenizer.ts'
import { type Identity, loadState, stateFile } from './checkpoint.ts'
import type { Feeds, FitStep, ValidationEvent } from './fit.ts'
import { measureMatmulRate } from './matmul-rate.ts'
import { truncateMetrics } from './metrics.ts'
import type { MeasuredStep, MeasuredValidation, RunEvent } from './run.ts'
import { keepRun, optionsFile, requireRun, storedOptions, storeOptions } from './run-folder.ts'
import { trainTranslation } from './train-translation.ts'
import { changeableTranslationOptions, translationOptions, translationPresets } from './translation-options.ts'
import { removeSnapshots, WeightAverage } from './weight-average.ts'

export type TranslationRunOptions = OptionsOf<typeof translationOptions>

export interface TranslationRunInput {
  /** A name of the translators, for example `transformer`. */
  readonly modelName: string
  /** The folder of the run. */
  readonly storage: Storage
  readonly options: TranslationRunOptions
  readonly runtime: Runtime
  readonly train: readonly SentencePair[]
  readonly validation: readonly SentencePair[]
  /** Stops after the present step, with everything saved. */
  readonly signal?: AbortSignal
}

const tokenizerFile = 'training/tokenizer.json'

/** Trains and leaves a folder that can be used, and resumed. */
export async function* trainTranslationRun(run: TranslationRunInput): AsyncGenerator<RunEvent> {
  const { storage, options, runtime, modelName } = run
  const entry = translatorEntry(modelName)
  entry.create({ ...options, vocabulary: 1, padding: 0 }) // sizes that do not fit are refused before anything is replaced
  const matmulRate = await measureMatmulRate(runtime)
  const resuming = options.resume && (await storage.exists(stateFile))
  const [train, validation] = [run.train, run.validation].map(pairs =>
    options.lowerCase ? inSmallLetters(pairs) : pairs,
  )
  const tokenizer = resuming
    ? tokenizerFromJSON(JSON.parse(await readText(storage, tokenizerFile)))
    : await trainByteLevelBPE(unspacedWordsApart(train.flatMap(({ source, target }) => [source, target])), {
        vocabularySize: options.vocabulary,
        specialTokens: Object.values(markerNames),
      })
  const markers = markersOf(tokenizer)
  const [trainIds, validationIds] = [train, validation].map(pairs => encodePairs(pairs, tokenizer, options.context))
  if (trainIds.length === 0) {
    const expected = `pairs to learn from, with less than ${options.context} tokens on each side`
    const received = `none in ${train.length} to learn from; ${validation.length} are held out`
    const hint =
      'Pairs with one target stay together: hold out less (--validation-fraction), or take a longer --context.'
    throw new DataError({ what: 'The pairs', expected, received, hint })
  }

  const size = { ...options, vocabulary: tokenizer.vocabularySize, padding: markers.padding }
  const model = entry.create(size)
  const parameters = namedParameters(model)
  const shapes = new Map<string, Shape>([...parameters].map(([name, { shape }]) => [name, shape]))
  const optimizer = optimizerOf(options)
  const identity: Identity = {
    configuration: JSON.stringify({
      model: modelName,
      ...model.configuration,
      pairs: await fingerprintOfAll(jsonParts(train)),
    }),
    optimizer: optimizer.name,
    tokenizer: await fingerprint(JSON.stringify(tokenizer.toJSON())),
  }
  const resumed = resuming ? await loadState(storage, shapes, optimizer.state, identity) : undefined
  const from = resumed?.position.step ?? 0
  const begin = async (): Promise<void> => {
    if (!resuming) {
      for (const file of [optionsFile, stateFile]) await storage.remove(file)
      await removeSnapshots(storage)
    }
    await storeOptions(storage, modelName, options)
    await writeText(storage, tokenizerFile, JSON.stringify(tokenizer.toJSON()))
    await truncateMetrics(storage, from)
  }
  const average = new WeightAverage(options.average)
  if (resuming) await average.load(storage, shapes, from)

  const training = await trainTranslation(model, {
    runtime,
    weights: resumed?.state.weights ?? initialWeights(parameters, options.seed),
    train: trainIds,
    validation: validationIds,
    markers,
    steps: options.steps,
    batchTokens: options.batchTokens,
    microBatchTokens: options.microBatchTokens,
    buckets: options.buckets,
    optimizer,
    learningRate: scheduleOf(options),
    clip: options.clip,
    maximumGradientNorm: options.maximumGradientNorm,
    dropout: { rate: options.dropout, places: translatorDropoutPlaces(model) },
    smoothing: options.smoothing,
    seed: options.seed,
    evaluateEvery: options.evaluateEvery,
    patience: options.patience,
    validated: (weights, step) => {
      average.add(step, onHost(weights))
      return weightFeeds(model, average.mean())
    },
    resume: resumed && { step: from, state: resumed.state, best: resumed.position.best },
  })
  const tokensOf = (pairs: readonly EncodedPair[]) => pairs.reduce((sum, { target }) => sum + target.length + 1, 0)
  const bytesOf = (pairs: readonly SentencePair[]) =>
    pairs.reduce((sum, { target }) => sum + new TextEncoder().encode(target).length + 1, 0)
  const bitsPerNat = (pairs: readonly SentencePair[], ids: readonly EncodedPair[]) =>
    tokensOf(ids) / Math.max(1, bytesOf(pairs)) / Math.LN2
  const [trainBits, validationBits] = [bitsPerNat(train, trainIds), bitsPerNat(validation, validationIds)]
  yield {
    ...{ type: 'start', model: modelName, steps: options.steps, from, matmulRate },
    parameters: [...parameters.values()].reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0),
    vocabulary: tokenizer.vocabularySize,
    trainTokens: tokensOf(trainIds),
    validationTokens: tokensOf(validationIds),
    leftOut: train.length + validation.length - trainIds.length - validationIds.length,
    microBatches: Math.max(1, Math.round(options.batchTokens / options.microBatchTokens)),
    matmulFlops: training.matmulFlops,
  }
  const scripts = scriptsOf(train.map(({ source }) => source))
  yield* keepRun<FitStep | ValidationEvent, MeasuredStep | MeasuredValidation>({
    ...{ storage, runtime, training, shapes, identity, from, begin, options, signal: run.signal },
    plot: { title: `${modelName}: loss` },
    validates: validationIds.length > 0,
    measure: event => {
      if (event.type === 'validation') return { ...event, bitsPerByte: event.loss * validationBits }
      const { itemsPerSecond: tokensPerSecond, ...rest } = event
      const share = training.matmulFlops / (event.durationMs / 1000) / matmulRate
      return { ...rest, tokensPerSecond, bitsPerByte: event.loss * trainBits, matmulShare: share }
    },
    keepModel: async () => {
      const weights = average.isEmpty ? (await training.state()).weights : average.mean()
      await saveTranslatorFolder(storage, { model, weights, tokenizer, lowerCase: options.lowerCase, scripts })
    },
    keepBeside: () => average.save(storage, shapes),
  })
}

function inSmallLetters(pairs: readonly SentencePair[]): SentencePair[] {
  return pairs.map(({ source, target }) => ({ source: source.toLowerCase(), target: target.toLowerCase() }))
}

/** Ids of both sides; pairs of which a side has more tokens than the model takes are left out. */
export function encodePairs(pairs: readonly SentencePair[], tokenizer: Tokenizer, context: number): EncodedPair[] {
  return pairs
    .map(({ source, target }) => ({ source: tokenizer.encode(source), target: tokenizer.encode(target) }))
    .filter(({ source, target }) => Math.max(source.length, target.length) < context)
}

function optimizerOf({ optimizer, beta1, beta2 }: TranslationRunOptions): Optimizer {
  const options = { beta1, beta2, epsilon: 1e-9, weightDecay: 0 }
  return optimizer === 'muon' ? muon(options) : adam(options)
}

function scheduleOf({ channels, warmUp, learningRate }: TranslationRunOptions): Schedule {
  const published = (channels * warmUp) ** -0.5
  return inverseSquareRoot(channels, warmUp, (learningRate ?? published) / published)
}

/** Weights that lie in the program's memory. */
function onHost(weights: Feeds): Feeds {
  for (const [name, value] of Object.entries(weights)) {
    if (!isDeviceTensor(value)) continue
    const hint = 'Train on the CPU.'
    throw new CheckpointError({ what: name, expected: 'weights in memory', received: 'on a device', hint })
  }
  return weights
}

/** Options that mean nothing to a model. */
const foreignOptions: Readonly<Record<string, readonly (keyof typeof translationOptions)[]>> = {
  seq2seq: ['heads', 'hidden', 'bias'],
  transformer: ['cell', 'attention'],
}

/**
 * The options of a new training: those given over the model's own over the defaults.
 * @throws {OptionError} if the model or an option is unknown or not of this model, or a value is not what its option allows
 */
export function settleTranslationOptions(
  modelName: string,
  given: GivenOptions<typeof translationOptions>,
): TranslationRunOptions {
  const { name } = translatorEntry(modelName)
  refuseGiven(given, foreignOptions[name] ?? [], `to be left out: ${name} has nothing of the kind`)
  return checkOptions(translationOptions, given, { preset: translationPresets[name], spelling: flagOf })
}

/**
 * The options of a run that goes on: those of its start, with what may change taken from `given`.
 * @throws {CheckpointError} if an option is given that would make it another run
 * @throws {OptionError} if there is no such run
 */
export async function resumedTranslationOptions(
  storage: Storage,
  given: Readonly<Record<string, unknown>>,
): Promise<{ modelName: string; options: TranslationRunOptions }> {
  await requireRun(
    storage,
    translators.map(({ name }) => name),
  )
  return storedOptions(storage, translationOptions, changeableTranslationOptions, given)
}
