/**
 * A pre-trained model made a classifier, as `nacre finetune` does it: the model, the loop, and what a run keeps. Radford et
 * al., 2018, section 3; Devlin et al., 2018, section 4. It speaks in the events of `trainClassifierRun`.
 */
import { OptionError } from '../base/errors.ts'
import { checkOptions, flagOf, type GivenOptions, type OptionsOf } from '../base/options.ts'
import { Random } from '../base/random.ts'
import { elementCount, type Shape } from '../base/shape.ts'
import type { LabelledText } from '../data/labelled-text.ts'
import { textBuckets } from '../data/text-batches.ts'
import { fingerprint, fingerprintOfAll, jsonParts } from '../data/token-shards.ts'
import type { Combination } from '../models/fine-tuning.ts'
import { initialWeights, namedParameters, parameterCount } from '../nn/parameters.ts'
import { linear, warmUp } from '../optim/schedules.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Storage } from '../storage/storage.ts'
import { adapt, keepAdapter, weightsFingerprint } from './adapters.ts'
import type { Identity } from './checkpoint.ts'
import type { ClassifierValidation } from './classifier.ts'
import type { ClassifierEvent } from './classifier-run.ts'
import { newClassifier, type PreTrained, type TaskExample, taskKind } from './fine-tuned.ts'
import { changeableFineTuningOptions, fineTuningOptions } from './fine-tuning-options.ts'
import type { FitStep } from './fit.ts'
import { muonOrAdamW } from './muon-options.ts'
import { beginRun, keepRun, requireRun, storedOptions } from './run-folder.ts'
import { batchesOfEpoch, trainSequenceClassifier } from './sequence-classifier.ts'
import { classMetric } from './task-metric.ts'

export const fineTunedType = 'fine-tuned-classifier'
export const supervisedType = 'supervised'

export type FineTuningRunOptions = OptionsOf<typeof fineTuningOptions>

export interface FineTuningRunInput {
  /** The folder of the run. */
  readonly storage: Storage
  readonly options: FineTuningRunOptions
  readonly runtime: Runtime
  /** What has learned of text: a language model, or a BERT. */
  readonly base: PreTrained
  /** All of one kind. */
  readonly train: readonly TaskExample[]
  readonly validation: readonly TaskExample[]
  /** Names of the classes or tags; of choices, as many names as there are answers; none of answers in a text. */
  readonly labels: readonly string[]
  /** Stops after the present step, with everything saved. */
  readonly signal?: AbortSignal
}

/** Trains and leaves a folder that can be used, and resumed. */
export async function* fineTuneRun(run: FineTuningRunInput): AsyncGenerator<ClassifierEvent> {
  const { storage, options, runtime, labels } = run
  const { seed, epochs } = options
  refuseOfAnswers(options)
  const kind = taskKind(run.train[0])
  const combination = combinationOf(run.train, options)
  const made = newClassifier(run.base, { ...options, kind, combination, labels })
  const { model, tokenizer, isUnused } = made
  const chosen = options.limit === undefined ? run.train : shuffled(run.train, seed).slice(0, options.limit)
  const [train, validation] = [made.encode(chosen), made.encode(run.validation)]
  const longest = kind === 'places' ? [...train, ...validation] : train // no place is cut off
  const sizes = { batchSize: options.batchSize, buckets: textBuckets(longest, made.context) }
  const steps = epochs * batchesOfEpoch(train, sizes)
  const evaluateEvery = options.evaluateEvery ?? steps / epochs
  const metric = classMetric(options.metric, made.classes)

  const count = parameterCount(model)
  const adapted = adapt(model, options)
  const parameters = namedParameters(model)
  const learns = (name: string): boolean => !isUnused(name) && (adapted.learns(name) || made.isNew(name))
  const trained = [...parameters].filter(([name]) => learns(name))
  const shapes = new Map<string, Shape>(trained.map(([name, { shape }]) => [name, shape]))
  const weights = new Map([...initialWeights(parameters, seed), ...(options.fromScratch ? [] : made.learned)])
  const optimizer = muonOrAdamW(options, { beta2: 0.999, weightDecay: options.weightDecay })
  const identity: Identity = {
    configuration: JSON.stringify({
      ...{ ...made.configuration, ...sizes, lora: options.lora },
      weights: options.lora > 0 ? await weightsFingerprint(run.base.weights) : undefined,
    }),
    optimizer: optimizer.name,
    tokenizer: await fingerprint(JSON.stringify(tokenizer.toJSON())),
    examples: await fingerprintOfAll(['[', JSON.stringify(labels), ',', ...jsonParts(chosen), ']']),
  }
  const { from, resume, begin } = await beginRun(storage, fineTunedType, options, { shapes, optimizer, identity })

  const rising = Math.round(steps * options.warmUp)
  const { clip, maximumGradientNorm, dropout, auxiliary } = options
  const training = await trainSequenceClassifier(model, {
    ...{ runtime, train, validation, optimizer, clip, maximumGradientNorm, dropout, auxiliary, seed, epochs, ...sizes },
    ...{ weights, learns, resume, evaluateEvery, patience: options.patience, metric },
    learningRate: warmUp(rising, linear(options.learningRate, options.finalLearningRate, Math.max(1, steps - rising))),
  })
  yield {
    ...{ type: 'start', model: fineTunedType, steps, epochs, from, batchSize: options.batchSize },
    parameters: count,
    trainedParameters: trained.reduce((sum, [, { shape }]) => sum + elementCount(shape), 0),
    classes: made.classes,
    trainExamples: train.length,
    validationExamples: validation.length,
    cutExamples: [...train, ...validation].filter(({ isCut }) => isCut).length,
    matmulFlops: training.matmulFlops,
  }
  yield* keepRun<FitStep | ClassifierValidation, FitStep | ClassifierValidation>({
    ...{ storage, runtime, training, shapes, identity, from, begin, signal: run.signal },
    options: { ...options, steps, evaluateEvery },
    plot: { title: 'fine-tuning: loss', unit: 'nats per text' },
    validates: true,
    measure: event =>
      event.type === 'validation' && metric ? { ...event, metricName: options.metric ?? 'accuracy' } : event,
    keepModel: async () => {
      const now = new Map([...weights, ...(await training.state()).weights])
      await made.save(storage, adapted.merged(now), labels)
      const { layout, grown } = made
      const whole = trained.flatMap(([name]) => (made.isNew(name) ? [name] : []))
      await keepAdapter(storage, adapted, { options, weights: now, layout, trained: whole, grown, task: 'SEQ_CLS' })
    },
  })
}

/** @throws {OptionError} if something is asked for that only the learning of answers does */
function refuseOfAnswers({ recompute, inOrder, tooLong, context }: FineTuningRunOptions): void {
  const given = { recompute, inOrder, tooLong: tooLong !== 'drop' && tooLong, context: context ?? false }
  const found = Object.entries(given).find(([, value]) => value !== false)
  if (found === undefined) return
  const hint =
    found[0] === 'tooLong' ? 'Texts that are too long for a class are cut to the context, and counted.' : undefined
  const [what, expected] = [`Option ${flagOf(found[0])}`, 'to be left out where classes are learned']
  throw new OptionError({ what, expected, received: String(found[1]), hint })
}

/** @throws {OptionError} if both orders are asked for of what is no pair */
function combinationOf([first]: readonly TaskExample[], { bothOrders }: FineTuningRunOptions): Combination {
  const { choices, second }: Partial<LabelledText> = taskKind(first) === 'classes' ? (first as LabelledText) : {}
  const kind = choices !== undefined ? 'choices' : second === undefined ? 'single texts' : undefined
  if (bothOrders && kind !== undefined)
    throw new OptionError({ what: 'Option --both-orders', expected: 'pairs of texts', received: kind })
  return kind === 'choices' ? 'choice' : bothOrders ? 'sum' : 'one'
}

const shuffled = <T>(items: readonly T[], seed: number): T[] => new Random(seed, 'limit').shuffle([...items])

/**
 * The options of a new training: those given over the defaults.
 * @throws {OptionError} if an option is unknown, or a value is not what its option allows
 */
export const settleFineTuningOptions = (given: GivenOptions<typeof fineTuningOptions> = {}): FineTuningRunOptions =>
  checkOptions(fineTuningOptions, given, { spelling: flagOf })

/**
 * The options of a run that goes on: those of its start, with what may change taken from `given`.
 * @throws {CheckpointError} if an option is given that would make it another run
 * @throws {OptionError} if there is no such run
 */
export async function resumedFineTuningOptions(
  storage: Storage,
  given: Readonly<Record<string, unknown>>,
): Promise<FineTuningRunOptions> {
  await requireRun(storage, [fineTunedType, supervisedType])
  return (await storedOptions(storage, fineTuningOptions, changeableFineTuningOptions, given)).options
}
