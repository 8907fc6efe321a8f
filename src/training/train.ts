import { OptionError } from '../base/errors.ts'
import { compile, host } from '../compiler/compile.ts'
import { type Batch, randomWindows, type SequentialWindows } from '../data/batches.ts'
import type { TokenStream } from '../data/shard-stream.ts'
import { evaluationWindows, ringStreams } from '../data/streams.ts'
import type { TokenSource } from '../data/token-shards.ts'
import { isRecurrent, type LanguageModel } from '../models/language-model.ts'
import { Dropout, dropoutKeys } from '../nn/dropout.ts'
import { tokenLosses } from '../nn/losses.ts'
import { firstState, nextState } from '../nn/memory.ts'
import { namedParameters, parameterNames } from '../nn/parameters.ts'
import type { HostTensor } from '../runtime/runtime.ts'
import { input } from '../tensor/tensor.ts'
import { type OpenTeacher, openTeacher, type Teacher } from './distillation.ts'
import { type Feeds, type Fit, type FitOptions, type FitStep, fit, type ValidationEvent } from './fit.ts'
import { lanesOf } from './lanes.ts'
import { scalarOf } from './step.ts'

/** What a language model's training takes over from `fit` as it is. */
type SharedOptions = Pick<
  FitOptions,
  'runtime' | 'weights' | 'steps' | 'optimizer' | 'learningRate' | 'maximumGradientNorm' | 'patience' | 'resume'
>

export interface TrainOptions extends SharedOptions {
  /** Tokens that windows are drawn from, or a stream that gives them one after another, for models that attend. */
  readonly train: TokenSource | TokenStream
  /** Held-out tokens; none, no validation. */
  readonly validation?: TokenSource
  /** Sequences of one update. */
  readonly batchSize: number
  /** Sequences that are computed at once; by default as many as suit the machine's caches. */
  readonly microBatchSize?: number
  /** Largest global norm of the gradient; 0 for no clipping. */
  readonly clip: number
  /** Probability of dropping, and how many places of the model drop. */
  readonly dropout?: { readonly rate: number; readonly places: number }
  readonly smoothing?: number
  /** A larger model of the same vocabulary to learn from beside the text. */
  readonly teacher?: Teacher
  /** Less memory, more time: the backward pass computes each block again. For models that attend. */
  readonly recompute?: boolean
  readonly seed: number
  /** Updates between two validations. */
  readonly evaluateEvery: number
  /** Batches of a validation on the way; the last one takes every held-out token. */
  readonly evaluationBatches: number
}

/** One update of a language model. */
export type StepEvent = Omit<FitStep, 'itemsPerSecond'> & { readonly tokensPerSecond: number }

export type TrainingEvent = StepEvent | ValidationEvent

export interface Training extends Fit<TrainingEvent> {
  readonly microBatches: number
}

/** Tokens that one micro-batch holds at most: its activations then stay in the last-level cache. */
const cachedTokens = 1024

/**
 * The number of micro-batches, a divisor of the batch, that brings one to `cachedTokens` or just below, and gives each lane
 * as many where the batch can be divided so.
 */
export function defaultMicroBatches(batchSize: number, context: number, lanes = 1): number {
  const each = batchSize % lanes === 0 ? lanes : 1
  for (let count = each; count < batchSize; count += each) {
    if (batchSize % count === 0 && (batchSize / count) * context <= cachedTokens) return count
  }
  return batchSize
}

/**
 * Compiles a language model's training and returns its visible loop: each turn is one update, or a validation.
 *
 * @throws {DataError} if a text is shorter than the context
 * @throws {OptionError} if the micro-batches do not make up the batch, or what is asked for suits no model of the kind
 * @throws {TrainingError} (from the events) if the loss or the gradient is no longer a number
 */
export async function train(model: LanguageModel & object, options: TrainOptions): Promise<Training> {
  const { runtime, batchSize, seed, dropout } = options
  const { context } = model
  const recurrent = isRecurrent(model)
  const own = options.microBatchSize
  const isPossible =
    own === undefined || (recurrent ? own === batchSize : own >= 1 && Number.isInteger(batchSize / own))
  if (!isPossible) {
    const expected = recurrent
      ? `the batch size (${batchSize}): the state is carried for the whole batch`
      : `a divisor of the batch size (${batchSize})`
    throw new OptionError({ what: 'microBatchSize', expected, received: String(own) })
  }
  const microBatches =
    !runtime.writesInPlace || recurrent
      ? 1
      : own === undefined
        ? defaultMicroBatches(batchSize, context, lanesOf(runtime, namedParameters(model)))
        : batchSize / own
  if (recurrent && options.recompute) {
    const expected = 'a model that attends: a recurrence has no blocks'
    throw new OptionError({ what: 'recompute', expected, received: 'a recurrent model' })
  }
  const batches = trainingBatches(options, context, recurrent)
  const windows = options.validation && validationWindows(options.validation, model, options)

  const rows = batchSize / microBatches
  const ids = input('ids', [rows, context], 'int64')
  const targets = input('targets', [rows, context], 'int64')
  const dropping = dropout && dropout.rate > 0 ? new Dropout(dropout.rate, dropout.places) : undefined
  const memory = recurrent ? model.memory({ rows, tokens: context }) : undefined
  const logits = model.logits(ids, { dropout: dropping, memory, recompute: options.recompute })
  const teacher = options.teacher && (await openTeacher(runtime, options.teacher, model, [rows, context]))
  const hard = tokenLosses(logits, targets, { smoothing: options.smoothing })
  const losses = teacher ? teacher.mix(logits, targets, hard) : hard
  const atFirst = firstState(memory)
  const fitted = await fit({
    ...options,
    parameters: namedParameters(model),
    loss: losses.sum().mul(1 / (batchSize * context)),
    microBatches,
    outputs: memory?.outputs,
    batch: async (step, carried) => {
      const dropouts = dropping ? dropout : undefined
      const parts = microBatchFeeds(await batches.batch(step), step, microBatches, [rows, context], dropouts, seed)
      const feeds = teacher ? await taught(parts, teacher) : parts
      const state = carried === undefined ? atFirst : nextState(carried, memory)
      return { feeds: memory ? feeds.map(feed => ({ ...feed, ...state })) : feeds, items: batchSize * context }
    },
    evaluate: windows && (await evaluator(model, windows, options)),
    sampled: windows && options.evaluationBatches < windows.length,
  })
  return {
    events: tokenEvents(fitted.events),
    nodeCount: fitted.nodeCount,
    matmulFlops: fitted.matmulFlops,
    microBatches,
    get best() {
      return fitted.best
    },
    weights: () => fitted.weights(),
    state: () => fitted.state(),
    release: async () => {
      await teacher?.release()
      await fitted.release()
    },
  }
}

/** Micro-batches with what the teacher makes of each. */
async function taught(parts: readonly MicroBatch[], teacher: OpenTeacher): Promise<Feeds[]> {
  const feeds: Feeds[] = []
  for (const part of parts) feeds.push({ ...part, ...(await teacher.feeds(part)) })
  return feeds
}

/** Inputs of the loss. */
type MicroBatch = Readonly<Record<string, HostTensor>> & { readonly ids: HostTensor }

/** The items of a language model are tokens. */
async function* tokenEvents(events: Fit['events']): AsyncGenerator<TrainingEvent> {
  for await (const event of events) {
    if (event.type === 'validation') yield event
    else {
      const { itemsPerSecond: tokensPerSecond, ...rest } = event
      yield { ...rest, tokensPerSecond }
    }
  }
}

/** Batches by their steps; a stream gives them in order. */
function trainingBatches(
  { train: source, batchSize, seed }: TrainOptions,
  context: number,
  recurrent: boolean,
): { batch(step: number): Batch | Promise<Batch> } {
  if (!('batch' in source)) {
    const text = { source, batchSize, context, name: 'The training text' }
    return recurrent ? ringStreams(text) : randomWindows({ ...text, seed })
  }
  if (!recurrent) return source
  const expected = 'tokens that stay where they are: a state is carried along the rows'
  throw new OptionError({ what: 'train', expected, received: 'a stream' })
}

/** The feeds of each micro-batch of a step. */
function microBatchFeeds(
  { inputs, targets }: Batch,
  step: number,
  microBatches: number,
  shape: readonly [number, number],
  dropout: TrainOptions['dropout'],
  seed: number,
): MicroBatch[] {
  const size = shape[0] * shape[1]
  return Array.from({ length: microBatches }, (_, i) => ({
    ids: host('int64', shape, inputs.subarray(i * size, (i + 1) * size)),
    targets: host('int64', shape, targets.subarray(i * size, (i + 1) * size)),
    ...(dropout && {
      dropoutKeys: host('int32', [dropout.places, 2], dropoutKeys(seed, step * microBatches + i, dropout.places)),
    }),
  }))
}

/** Sequences that a validation computes at once. */
const validationRows = (context: number): number => Math.max(1, Math.round((2 * cachedTokens) / context))

function validationWindows(source: TokenSource, model: LanguageModel, { batchSize }: TrainOptions): SequentialWindows {
  const { context } = model
  const rows = Math.min(batchSize, validationRows(context))
  return evaluationWindows({ source, batchSize: rows, context, name: 'The validation text' }, isRecurrent(model))
}

/** A function that scores held-out windows with given weights. */
async function evaluator(
  model: LanguageModel & object,
  windows: SequentialWindows,
  { runtime, evaluationBatches, batchSize }: TrainOptions,
): Promise<NonNullable<FitOptions['evaluate']>> {
  const { context } = model
  const recurrent = isRecurrent(model)
  const shape = [Math.min(batchSize, validationRows(context)), context] as const
  const ids = input('ids', shape, 'int64')
  const targets = input('targets', shape, 'int64')
  const memory = recurrent ? model.memory({ rows: shape[0], tokens: context }) : undefined
  const loss = tokenLosses(model.logits(ids, { memory }), targets).sum()
  const names = parameterNames(namedParameters(model))
  const program = await compile(runtime, { loss, ...memory?.outputs }, { parameterNames: names })
  return async (weights, whole) => {
    const count = whole ? windows.length : Math.min(evaluationBatches, windows.length)
    let total = 0
    let scored = 0
    let state = firstState(memory)
    for (let i = 0; i < count; i++) {
      // Windows of their own are spread evenly; those of a stream follow one another, and its rows are spread.
      const batch = windows.batch(recurrent ? i : Math.floor((i * windows.length) / count))
      const feeds = { ids: host('int64', shape, batch.inputs), targets: host('int64', shape, batch.targets) }
      const results = await program.run({ ...weights, ...feeds, ...state })
      state = nextState(results, memory)
      total += scalarOf(results.loss)
      scored += batch.targets.reduce((sum, target) => sum + (target >= 0n ? 1 : 0), 0)
    }
    return total / scored
  }
}
