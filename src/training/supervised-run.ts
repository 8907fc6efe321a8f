/**
 * Supervised fine-tuning of a language model: it learns the answers of examples, several of which lie in a row of the
 * context and do not see one another. Ouyang et al., Training language models to follow instructions with human feedback,
 * 2022, section 3.5 (SFT). It speaks in the events of `trainRun`.
 * Shapes: B rows, T tokens.
 */
import { OptionError } from '../base/errors.ts'
import type { Shape } from '../base/shape.ts'
import { architectureFor, type SavedModel, saveModelFolder } from '../checkpoints/model-folder.ts'
import { host } from '../compiler/compile.ts'
import { packExamples, type TrainingExample } from '../data/packing.ts'
import { fingerprint, fingerprintOfAll } from '../data/token-shards.ts'
import { dropoutPlaces, isRecurrent, type LanguageModel, sameModel, windowTokens } from '../models/language-model.ts'
import { Dropout, dropoutKeys } from '../nn/dropout.ts'
import { initialWeights, namedParameters, parameterCount } from '../nn/parameters.ts'
import { linear, warmUp } from '../optim/schedules.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Storage } from '../storage/storage.ts'
import { input } from '../tensor/tensor.ts'
import { adapt, keepAdapter, refuseAdaptedTables, weightsFingerprint } from './adapters.ts'
import { answerScorer } from './answer-score.ts'
import type { Identity } from './checkpoint.ts'
import { type FineTuningRunOptions, supervisedType } from './fine-tuning-run.ts'
import { type FitStep, fit, type ValidationEvent } from './fit.ts'
import { lanesOf } from './lanes.ts'
import { muonOrAdamW } from './muon-options.ts'
import { answerLoss, packedFeeds, packedLosses } from './packed-losses.ts'
import { beginRun, type KeptEvent, keepRun } from './run-folder.ts'
import { gatheredPlaces } from './scored-places.ts'
import { scalarFeeds } from './step.ts'
import { type AnswerMetricName, answerMetric } from './task-metric.ts'
import { defaultMicroBatches } from './train.ts'

export interface SupervisedStart {
  readonly type: 'start'
  readonly model: string
  readonly parameters: number
  /** Of those, what learns. */
  readonly trainedParameters: number
  readonly examples: number
  readonly heldOut: number
  /** Share of the rows' places that hold no token. */
  readonly padding: number
  readonly rowsOfEpoch: number
  readonly steps: number
  /** The step that a resumed run goes on from; 0 for a fresh one. */
  readonly from: number
  readonly matmulFlops: number
}
/** A validation, with the name of its `metric` where there is one. */
export type SupervisedValidation = ValidationEvent & { readonly metricName?: AnswerMetricName }
export type SupervisedEvent = SupervisedStart | FitStep | SupervisedValidation | KeptEvent

export interface SupervisedRunInput {
  /** The folder of the run. */
  readonly storage: Storage
  readonly options: FineTuningRunOptions
  readonly runtime: Runtime
  /** What learns, with the special tokens of its chat template. */
  readonly base: SavedModel
  /** Its parameters that have rows for new tokens, which an adapter brings along. */
  readonly grown?: readonly string[]
  readonly train: readonly TrainingExample[]
  readonly validation: readonly TrainingExample[]
  /** What the model answers now. */
  readonly sample?: (model: SavedModel) => Promise<string>
  /** Stops after the present step, with everything saved. */
  readonly signal?: AbortSignal
}

/**
 * Trains and leaves a folder that can be used, and resumed.
 * @throws {OptionError} if the model goes on with a state: it cannot tell examples of a row apart
 */
export async function* superviseRun(run: SupervisedRunInput): AsyncGenerator<SupervisedEvent> {
  const { storage, options, runtime, base } = run
  const { seed, epochs, batchSize } = options
  refuseRecurrent(base.model)
  const context = windowTokens(base.model, options.context)
  const metric = answerMetric(options.metric)
  const packed = packExamples(run.train, { batchSize, context, seed, inOrder: options.inOrder })
  const stepsOfEpoch = Math.ceil(packed.rows.length / packed.batchSize)
  const steps = epochs * stepsOfEpoch

  const model = sameModel(base.model)
  const adapted = adapt(model, options)
  refuseAdaptedTables(adapted)
  const parameters = namedParameters(model)
  const parted = (learning: boolean) => new Map([...parameters].filter(([name]) => adapted.learns(name) === learning))
  const weights = new Map([...initialWeights(parameters, seed), ...(options.fromScratch ? [] : base.weights)])
  const trained = parted(true)
  const shapes = new Map<string, Shape>([...trained].map(([name, { shape }]) => [name, shape]))
  const optimizer = muonOrAdamW(options, { beta2: 0.99, weightDecay: options.weightDecay })
  const identity: Identity = {
    configuration: JSON.stringify({
      ...{ base: base.model.configuration, context: options.context, batchSize, lora: options.lora },
      weights: options.lora > 0 ? await weightsFingerprint(base.weights) : undefined,
    }),
    optimizer: optimizer.name,
    tokenizer: await fingerprint(JSON.stringify(base.tokenizer.toJSON())),
    examples: await fingerprintOfAll(exampleLines(run.train)),
  }
  const { from, resume, begin } = await beginRun(storage, supervisedType, options, { shapes, optimizer, identity })

  const { tokenizer, turnEnds } = base
  const asking = { runtime, tokenizer, turnEnds, most: options.metricExamples }
  const answers = metric && answerScorer(run.validation, { ...asking, metric })

  const lanes = lanesOf(runtime, parameters)
  const microBatches = runtime.writesInPlace ? defaultMicroBatches(packed.batchSize, packed.context, lanes) : 1
  const shape = [packed.batchSize / microBatches, packed.context] as const
  const size = shape[0] * shape[1]
  /** Scored tokens of each micro-batch of a step. */
  const scoredOf = (step: number): number[] => {
    const counts = packed.rowsOf(step).map(row => packed.scoredTokens[row])
    return Array.from({ length: microBatches }, (_, i) => sum(counts.slice(i * shape[0], (i + 1) * shape[0])))
  }
  const gathered = gatheredPlaces(
    Array.from({ length: stepsOfEpoch }, (_, step) => Math.max(...scoredOf(step))),
    size,
  )
  const drops = dropoutPlaces(model)
  const dropping = options.dropout > 0
  const rising = Math.round(steps * options.warmUp)
  const evaluateEvery = options.evaluateEvery ?? stepsOfEpoch
  const isHeld = run.validation.some(({ ids }) => ids.length > 1)
  const held = isHeld && packExamples(run.validation, { batchSize: shape[0], context, seed })
  const losses = held ? await answerLoss(model, held, runtime) : undefined
  const training = await fit({
    ...{ runtime, weights, optimizer, steps, microBatches, resume },
    ...{ clip: options.clip, maximumGradientNorm: options.maximumGradientNorm },
    parameters: trained,
    frozen: parted(false),
    loss: bucket =>
      packedLosses(model, packed, shape, Number(bucket), {
        dropout: dropping ? new Dropout(options.dropout, drops) : undefined,
        recompute: options.recompute,
      })
        .sum()
        .mul(input('scale', [])),
    learningRate: warmUp(rising, linear(options.learningRate, options.finalLearningRate, Math.max(1, steps - rising))),
    batch: step => {
      const batch = packed.batch(step)
      const places = Math.max(...scoredOf(step)) <= gathered ? gathered : size
      const scale = scalarFeeds({ scale: 1 / Math.max(1, batch.scoredTokens) })
      const feeds = Array.from({ length: microBatches }, (_, i) => {
        const keys = dropoutKeys(seed, step * microBatches + i, drops)
        const dropout = dropping && { dropoutKeys: host('int32', [drops, 2], keys) }
        return { ...packedFeeds(batch, shape, { part: i, places }), ...scale, ...dropout }
      })
      return { feeds, items: batch.scoredTokens, bucket: String(places) }
    },
    ...{ evaluateEvery, patience: options.patience },
    evaluate:
      losses &&
      (async weights => ({ loss: await losses(weights), metric: answers && (await answers.of(await saved())) })),
  })
  const saved = async (): Promise<SavedModel> => {
    const now = new Map([...weights, ...(await training.state()).weights])
    return { ...base, model: sameModel(base.model), weights: adapted.merged(now) }
  }
  yield {
    ...{ type: 'start', model: supervisedType, steps, from, padding: packed.padding },
    parameters: parameterCount(model) - adapted.count,
    trainedParameters: [...trained.values()].reduce((sum, one) => sum + one.shape.reduce((a, b) => a * b, 1), 0),
    examples: run.train.length,
    heldOut: run.validation.length,
    rowsOfEpoch: packed.rows.length,
    matmulFlops: training.matmulFlops,
  }
  const { sample } = run
  yield* keepRun<FitStep | ValidationEvent, FitStep | SupervisedValidation>({
    ...{ storage, runtime, training, shapes, identity, from, begin, signal: run.signal },
    options: { ...options, steps, evaluateEvery, sampleEvery: stepsOfEpoch },
    plot: { title: 'fine-tuning: loss of the answers' },
    validates: losses !== undefined,
    measure: event => (event.type === 'validation' && metric ? { ...event, metricName: metric } : event),
    keepModel: async () => {
      await saveModelFolder(storage, await saved())
      const now = new Map([...weights, ...(await training.state()).weights])
      const layout = architectureFor(base.model).layout(base.model)
      const { grown = [] } = run
      await keepAdapter(storage, adapted, { options, weights: now, layout, trained: [], grown, task: 'CAUSAL_LM' })
    },
    sample: sample && (async () => sample(await saved())),
  })
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

function refuseRecurrent(model: LanguageModel): void {
  if (!isRecurrent(model)) return
  const expected = 'a model that attends: several examples lie in a row, and a state would go from one to the next'
  throw new OptionError({ what: 'RUN', expected, received: 'a recurrent model' })
}

function* exampleLines(examples: readonly TrainingExample[]): Generator<string, void, undefined> {
  for (const [i, { ids, isAnswer }] of examples.entries())
    yield `${i > 0 ? '\n' : ''}${ids.join()};${isAnswer.join('')}`
}
