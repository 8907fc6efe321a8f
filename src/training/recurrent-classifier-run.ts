/**
 * A whole training of a recurrent classifier of texts as `nacre train recurrent-classifier` does it: texts to words, words
 * to ids, model, loop, and what a run keeps. It speaks in the events of `trainClassifierRun`.
 */
import { checkOptions, flagOf, type GivenOptions, type OptionsOf } from '../base/options.ts'
import type { Shape } from '../base/shape.ts'
import { recurrentClassifierType, saveRecurrentClassifierFolder } from '../checkpoints/recurrent-classifier-folder.ts'
import type { LabelledText } from '../data/labelled-text.ts'
import { type EncodedText, textBuckets } from '../data/text-batches.ts'
import { fingerprint, fingerprintOfAll, jsonParts } from '../data/token-shards.ts'
import { RecurrentClassifier } from '../models/recurrent-classifier.ts'
import { initialWeights, namedParameters, parameterCount } from '../nn/parameters.ts'
import { adamW } from '../optim/adamw.ts'
import { linear } from '../optim/schedules.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Storage } from '../storage/storage.ts'
import type { Segmenter } from '../tokenizers/segmenter.ts'
import type { Tokenizer } from '../tokenizers/tokenizer.ts'
import { trainWords } from '../tokenizers/words.ts'
import type { Identity } from './checkpoint.ts'
import type { ClassifierValidation } from './classifier.ts'
import type { ClassifierEvent } from './classifier-run.ts'
import type { FitStep } from './fit.ts'
import { changeableRecurrentClassifierOptions, recurrentClassifierOptions } from './recurrent-classifier-options.ts'
import { beginRun, keepRun, requireRun, storedOptions } from './run-folder.ts'
import { batchesOfEpoch, trainSequenceClassifier } from './sequence-classifier.ts'
import { classMetric } from './task-metric.ts'

export type RecurrentClassifierRunOptions = OptionsOf<typeof recurrentClassifierOptions>

export interface RecurrentClassifierRunInput {
  /** The folder of the run. */
  readonly storage: Storage
  readonly options: RecurrentClassifierRunOptions
  readonly runtime: Runtime
  readonly train: readonly LabelledText[]
  readonly validation: readonly LabelledText[]
  /** Names of the classes. */
  readonly labels: readonly string[]
  readonly segmenter: Segmenter
  /** Stops after the present step, with everything saved. */
  readonly signal?: AbortSignal
}

/** Trains and leaves a folder that can be used, and resumed. */
export async function* trainRecurrentClassifierRun(run: RecurrentClassifierRunInput): AsyncGenerator<ClassifierEvent> {
  const { storage, options, runtime, labels, segmenter } = run
  const { cell, embeddingSize, hiddenSize, layers, bidirectional, pooling, minimumCount, lowercase, context } = options
  const tokenizer = await trainWords(
    run.train.map(({ text }) => `${text}\n`),
    { segmenter, minimumCount, lowercase },
  )
  const [train, validation] = [run.train, run.validation].map(texts => encodeTexts(texts, tokenizer))
  const sizes = { batchSize: options.batchSize, buckets: textBuckets(train, context) }
  const steps = options.epochs * batchesOfEpoch(train, sizes)
  const model = new RecurrentClassifier({
    ...{ kind: cell, vocabulary: tokenizer.vocabularySize, classes: labels.length },
    ...{ embeddingSize, hiddenSize, layers, bidirectional, pooling },
  })
  const parameters = namedParameters(model)
  const shapes = new Map<string, Shape>([...parameters].map(([name, { shape }]) => [name, shape]))
  const optimizer = adamW({ beta2: 0.99, weightDecay: options.weightDecay })
  const identity: Identity = {
    configuration: JSON.stringify({ model: recurrentClassifierType, ...model.configuration, ...sizes }),
    optimizer: optimizer.name,
    tokenizer: await fingerprint(JSON.stringify(tokenizer.toJSON())),
    examples: await fingerprintOfAll(['[', JSON.stringify(labels), ',', ...jsonParts(run.train), ']']),
  }
  const { from, resume, begin } = await beginRun(storage, recurrentClassifierType, options, {
    shapes,
    optimizer,
    identity,
  })

  const { clip, maximumGradientNorm, dropout, seed, epochs, patience } = options
  const training = await trainSequenceClassifier(model, {
    ...{ runtime, train, validation, optimizer, clip, maximumGradientNorm, dropout, seed, epochs, patience, ...sizes },
    weights: initialWeights(parameters, seed),
    metric: classMetric('accuracy', labels.length),
    learningRate: linear(options.learningRate, options.finalLearningRate, steps),
    resume,
  })
  yield {
    ...{ type: 'start', model: recurrentClassifierType, steps, epochs, from, batchSize: options.batchSize },
    parameters: parameterCount(model),
    classes: labels.length,
    trainExamples: train.length,
    validationExamples: validation.length,
    matmulFlops: training.matmulFlops,
  }
  yield* keepRun<FitStep | ClassifierValidation, FitStep | ClassifierValidation>({
    ...{ storage, runtime, training, shapes, identity, from, begin, signal: run.signal },
    options: { ...options, steps, evaluateEvery: steps / epochs },
    plot: { title: `${recurrentClassifierType}: loss`, unit: 'nats per text' },
    validates: true,
    measure: event => event,
    keepModel: async () => {
      const { weights } = await training.state()
      await saveRecurrentClassifierFolder(storage, { model, weights, labels, tokenizer, context })
    },
  })
}

/** The words of labelled texts as ids. */
export function encodeTexts(texts: readonly LabelledText[], tokenizer: Tokenizer): EncodedText[] {
  return texts.map(({ text, label }) => ({ ids: tokenizer.encode(text), label }))
}

/**
 * The options of a new training: those given over the defaults.
 * @throws {OptionError} if an option is unknown, or a value is not what its option allows
 */
export function settleRecurrentClassifierOptions(
  given: GivenOptions<typeof recurrentClassifierOptions> = {},
): RecurrentClassifierRunOptions {
  return checkOptions(recurrentClassifierOptions, given, { spelling: flagOf })
}

/**
 * The options of a run that goes on: those of its start, with what may change taken from `given`.
 * @throws {CheckpointError} if an option is given that would make it another run
 * @throws {OptionError} if there is no such run
 */
export async function resumedRecurrentClassifierOptions(
  storage: Storage,
  given: Readonly<Record<string, unknown>>,
): Promise<RecurrentClassifierRunOptions> {
  await requireRun(storage, [recurrentClassifierType])
  const changeable = changeableRecurrentClassifierOptions
  return (await storedOptions(storage, recurrentClassifierOptions, changeable, given)).options
}
