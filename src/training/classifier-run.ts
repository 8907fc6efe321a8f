/**
 * A whole training of a classifier as `nacre train mlp` does it: loop, checkpoints, metrics and plot in the folder of
 * the run, as `trainRun` does for language models.
 */
import { OptionError } from '../base/errors.ts'
import { checkOption, checkOptions, flagOf } from '../base/options.ts'
import type { Shape } from '../base/shape.ts'
import { multiLayerPerceptronArchitecture, saveClassifierFolder } from '../checkpoints/classifier-folder.ts'
import { MultiLayerPerceptron } from '../models/1980-multi-layer-perceptron.ts'
import { initialWeights, namedParameters, parameterCount } from '../nn/parameters.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Storage } from '../storage/storage.ts'
import type { Identity } from './checkpoint.ts'
import { type ClassifierValidation, type Examples, trainClassifier } from './classifier.ts'
import type { FitStep } from './fit.ts'
import { trainOptions } from './options.ts'
import { classifierPresets, type Preset } from './presets.ts'
import { optimizerOf, type RunOptions, scheduleOf } from './run.ts'
import { beginRun, type KeptEvent, keepRun } from './run-folder.ts'

export interface ClassifierStart {
  readonly type: 'start'
  readonly model: string
  readonly parameters: number
  /** Of those, what learns, where it is not all. */
  readonly trainedParameters?: number
  readonly classes: number
  readonly trainExamples: number
  readonly validationExamples: number
  /** Of both, those that are longer than the context and lose tokens. */
  readonly cutExamples?: number
  /** Examples of a batch; texts of unlike lengths do not fill the last one of each length. */
  readonly batchSize: number
  readonly steps: number
  /** Times that each example is seen; of steps that were counted otherwise, what they come to. */
  readonly epochs: number
  /** The step that a resumed run goes on from; 0 for a fresh one. */
  readonly from: number
  /** Matrix products of one step, in FLOP. */
  readonly matmulFlops: number
}
export type ClassifierEvent = ClassifierStart | FitStep | ClassifierValidation | KeptEvent

export interface ClassifierRunInput {
  /** The folder of the run. */
  readonly storage: Storage
  readonly options: RunOptions
  readonly runtime: Runtime
  readonly train: Examples
  /** Held-out examples; none, no validation. */
  readonly validation?: Examples
  /** Hash of the examples: a run goes on only with those that it began with. */
  readonly fingerprint: string
  /** Names of the classes. */
  readonly labels: readonly string[]
  /** Stops after the present step, with everything saved. */
  readonly signal?: AbortSignal
}

/** Classifiers that `nacre train` knows beside the language models of the timeline. */
export const classifierNames: readonly string[] = Object.keys(classifierPresets)

/** Options of a training that mean nothing to a classifier of vectors. */
const foreign =
  /^(field|stream|shuffleBuffer|context|heads|bias|tokenizer|vocabulary|encoding|microBatchSize|recompute|teacher|temperature|teacherShare|evaluationBatches|sampleEvery|sampleTokens)$/

/**
 * The options of a new training: those given over the preset's over the defaults.
 * @throws {OptionError} if the preset is unknown or the model has no such option
 */
export function settleClassifierOptions(modelName: string, given: Preset): RunOptions {
  const own = classifierPresets[modelName]
  const names = Object.keys(own)
  const choice = { type: 'choice', choices: names, help: '' } as const
  const preset = checkOption(choice, given.preset ?? names[0], flagOf('preset')) as string
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || !foreign.test(name)) continue
    const hint = `Its hidden layers have --layers and --channels (units of each).`
    const expected = `to be left out: ${modelName} has nothing of the kind`
    throw new OptionError({ what: `Option ${flagOf(name)}`, expected, received: String(value), hint })
  }
  return checkOptions(trainOptions, { ...given, preset }, { preset: own[preset], spelling: flagOf })
}

/** Trains a multi-layer perceptron, and leaves a folder that can be used, and resumed. */
export async function* trainClassifierRun(input: ClassifierRunInput): AsyncGenerator<ClassifierEvent> {
  const { storage, options, runtime, train, validation, labels } = input
  const { layers, channels, steps, batchSize, seed } = options
  const modelName = multiLayerPerceptronArchitecture.modelType
  const hidden = Array.from({ length: layers }, () => channels)
  const model = new MultiLayerPerceptron({ inputs: train.width, hidden, outputs: labels.length, activation: 'relu' })
  const parameters = namedParameters(model)
  const shapes = new Map<string, Shape>([...parameters].map(([name, { shape }]) => [name, shape]))
  const optimizer = optimizerOf(options)
  const identity: Identity = {
    configuration: JSON.stringify({ model: modelName, ...model.configuration }),
    optimizer: optimizer.name,
    examples: input.fingerprint,
  }
  const { from, resume, begin } = await beginRun(storage, modelName, options, { shapes, optimizer, identity })

  const training = await trainClassifier(model, {
    runtime,
    weights: initialWeights(parameters, seed),
    train,
    validation,
    batchSize,
    steps,
    optimizer,
    learningRate: scheduleOf(options),
    clip: options.clip,
    maximumGradientNorm: options.maximumGradientNorm,
    dropout: { rate: options.dropout, places: layers },
    smoothing: options.smoothing,
    seed,
    evaluateEvery: options.evaluateEvery,
    patience: options.patience,
    resume,
  })
  yield {
    ...{ type: 'start', model: modelName, steps, from, batchSize },
    epochs: (steps * batchSize) / train.count,
    parameters: parameterCount(model),
    classes: labels.length,
    trainExamples: train.count,
    validationExamples: validation?.count ?? 0,
    matmulFlops: training.matmulFlops,
  }

  yield* keepRun<FitStep | ClassifierValidation, FitStep | ClassifierValidation>({
    ...{ storage, runtime, training, shapes, identity, from, begin, options, signal: input.signal },
    plot: { title: `${modelName}: loss`, unit: 'nats per example' },
    validates: validation !== undefined,
    measure: event => event,
    keepModel: async () => {
      const { weights } = await training.state()
      await saveClassifierFolder(storage, multiLayerPerceptronArchitecture, { model, weights, labels })
    },
  })
}
