import { TrainingError } from '../base/errors.ts'
import { compile, host } from '../compiler/compile.ts'
import { type RandomWindows, randomWindows, type SequentialWindows, sequentialWindows } from '../data/batches.ts'
import type { TokenSource } from '../data/token-shards.ts'
import type { LanguageModel } from '../models/language-model.ts'
import { Dropout, dropoutKeys } from '../nn/dropout.ts'
import { tokenLosses } from '../nn/losses.ts'
import { namedParameters, parameterNames } from '../nn/parameters.ts'
import type { Optimizer } from '../optim/optimizer.ts'
import type { Schedule } from '../optim/schedules.ts'
import type { HostTensor, Runtime, Value } from '../runtime/runtime.ts'
import { input } from '../tensor/tensor.ts'
import { flatStep, scalarOf, type TrainingState, type TrainingStep } from './step.ts'
import { wholeStep } from './whole-step.ts'

export interface TrainOptions {
  readonly runtime: Runtime
  /** First weights; ignored where `resume` has some. */
  readonly weights: ReadonlyMap<string, Float32Array>
  readonly train: TokenSource
  /** Held-out tokens; none, no validation. */
  readonly validation?: TokenSource
  /** Updates in all. */
  readonly steps: number
  /** Sequences of one update. */
  readonly batchSize: number
  /** Sequences that are computed at once; by default as many as suit the machine's caches. */
  readonly microBatchSize?: number
  readonly optimizer: Optimizer
  readonly learningRate: Schedule
  /** Largest global norm of the gradient; 0 for no clipping. */
  readonly clip: number
  /** A larger gradient stops the training: it has left the road. */
  readonly maximumGradientNorm?: number
  /** Probability of dropping, and how many places of the model drop. */
  readonly dropout?: { readonly rate: number; readonly places: number }
  readonly smoothing?: number
  readonly seed: number
  /** Updates between two validations. */
  readonly evaluateEvery: number
  /** Batches of a validation on the way; the last one takes every held-out token. */
  readonly evaluationBatches: number
  readonly resume?: { readonly step: number; readonly state: TrainingState; readonly bestLoss?: number }
}

export interface StepEvent {
  readonly type: 'step'
  /** Updates done. */
  readonly step: number
  /** Mean over the batch before the update, in nats per token. */
  readonly loss: number
  readonly gradientNorm: number
  readonly learningRate: number
  readonly tokensPerSecond: number
  readonly durationMs: number
}

export interface ValidationEvent {
  readonly type: 'validation'
  readonly step: number
  /** Mean over held-out tokens, in nats per token. */
  readonly loss: number
  /** Whether no earlier validation was lower. */
  readonly best: boolean
  /** Whether every held-out token was scored. */
  readonly whole: boolean
}

export type TrainingEvent = StepEvent | ValidationEvent

/** A training that is under way: its events, and what a caller may look at between two of them. */
export interface Training {
  readonly events: AsyncGenerator<TrainingEvent>
  /** Operators in the ONNX graph of forward and backward. */
  readonly nodeCount: number
  /** Floating-point operations of the matrix products of one update. */
  readonly matmulFlops: number
  readonly microBatches: number
  /** Lowest validation loss so far. */
  readonly bestLoss: number | undefined
  weights(): Readonly<Record<string, Value>>
  state(): Promise<TrainingState>
  release(): Promise<void>
}

/** Tokens that one micro-batch holds at most: its activations then stay in the last-level cache. */
const cachedTokens = 1024

/** The number of micro-batches, a divisor of the batch, that brings one to `cachedTokens` or just below. */
export function defaultMicroBatches(batchSize: number, context: number): number {
  for (let count = 1; count < batchSize; count++) {
    if (batchSize % count === 0 && (batchSize / count) * context <= cachedTokens) return count
  }
  return batchSize
}

/**
 * Compiles a language model's training and returns its visible loop: each turn is one update, or a validation.
 *
 * @throws {DataError} if a text is shorter than the context
 * @throws {TrainingError} (from the events) if the loss or the gradient is no longer a number
 */
export async function train(model: LanguageModel & object, options: TrainOptions): Promise<Training> {
  const { runtime, optimizer, steps, batchSize, clip, seed, dropout, resume } = options
  const { context } = model
  const makeStep = runtime.writesInPlace ? flatStep : wholeStep
  const microBatches = !runtime.writesInPlace
    ? 1
    : options.microBatchSize
      ? batchSize / options.microBatchSize
      : defaultMicroBatches(batchSize, context)
  const batches = randomWindows({ source: options.train, batchSize, context, seed, name: 'The training text' })
  const windows = options.validation && validationWindows(options.validation, model, options)

  const rows = batchSize / microBatches
  const parameters = namedParameters(model)
  const ids = input('ids', [rows, context], 'int64')
  const targets = input('targets', [rows, context], 'int64')
  const dropping = dropout && dropout.rate > 0 ? new Dropout(dropout.rate, dropout.places) : undefined
  const losses = tokenLosses(model.logits(ids, { dropout: dropping }), targets, { smoothing: options.smoothing })
  const step = await makeStep({
    runtime,
    parameters,
    weights: resume?.state.weights ?? options.weights,
    loss: losses.sum().mul(1 / (batchSize * context)),
    optimizer,
    clip,
    microBatches,
  })
  if (resume) step.restore(resume.state)
  const evaluate = windows && (await evaluator(model, step, windows, options))

  let bestLoss = resume?.bestLoss
  async function* events(): AsyncGenerator<TrainingEvent> {
    for (let done = resume?.step ?? 0; done < steps; ) {
      const started = performance.now()
      const feeds = microBatchFeeds(batches, done, microBatches, [rows, context], dropping ? dropout : undefined, seed)
      const learningRate = options.learningRate(done + 1)
      const { loss, gradientNorm, updated } = await step.run(feeds, { step: done + 1, learningRate })
      if (!updated || gradientNorm > (options.maximumGradientNorm ?? Infinity))
        throw divergence(done + 1, `loss ${loss}, gradient norm ${gradientNorm}`, options.maximumGradientNorm)
      done++
      const durationMs = performance.now() - started
      const tokensPerSecond = (1000 * batchSize * context) / durationMs
      yield { type: 'step', step: done, loss, gradientNorm, learningRate, tokensPerSecond, durationMs }
      if (evaluate && (done % options.evaluateEvery === 0 || done === steps)) {
        const whole = done === steps
        const held = await evaluate(whole)
        if (!Number.isFinite(held)) throw divergence(done, `validation loss ${held}`)
        const best = bestLoss === undefined || held < bestLoss
        if (best) bestLoss = held
        yield { type: 'validation', step: done, loss: held, best, whole }
      }
    }
  }
  return {
    events: events(),
    nodeCount: step.nodeCount,
    matmulFlops: step.matmulFlops,
    microBatches,
    get bestLoss() {
      return bestLoss
    },
    weights: () => step.weights(),
    state: () => step.state(),
    release: () => step.release(),
  }
}

/** The feeds of each micro-batch of a step. */
function microBatchFeeds(
  batches: RandomWindows,
  step: number,
  microBatches: number,
  shape: readonly [number, number],
  dropout: TrainOptions['dropout'],
  seed: number,
): Record<string, HostTensor>[] {
  const { inputs, targets } = batches.batch(step)
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

function validationWindows(
  source: TokenSource,
  { context }: LanguageModel,
  { batchSize }: TrainOptions,
): SequentialWindows {
  return sequentialWindows({
    source,
    batchSize: Math.min(batchSize, validationRows(context)),
    context,
    name: 'The validation text',
  })
}

/** A function that scores held-out windows with the present weights. */
async function evaluator(
  model: LanguageModel & object,
  step: TrainingStep,
  windows: SequentialWindows,
  { runtime, evaluationBatches, batchSize }: TrainOptions,
): Promise<(whole: boolean) => Promise<number>> {
  const { context } = model
  const shape = [Math.min(batchSize, validationRows(context)), context] as const
  const ids = input('ids', shape, 'int64')
  const targets = input('targets', shape, 'int64')
  const loss = tokenLosses(model.logits(ids), targets).sum()
  const program = await compile(runtime, { loss }, { parameterNames: parameterNames(namedParameters(model)) })
  return async whole => {
    const count = whole ? windows.length : Math.min(evaluationBatches, windows.length)
    let total = 0
    let scored = 0
    for (let i = 0; i < count; i++) {
      const batch = windows.batch(Math.floor((i * windows.length) / count)) // spread evenly
      const feeds = { ids: host('int64', shape, batch.inputs), targets: host('int64', shape, batch.targets) }
      total += scalarOf((await program.run({ ...step.weights(), ...feeds })).loss)
      scored += batch.targets.reduce((sum, target) => sum + (target >= 0n ? 1 : 0), 0)
    }
    return total / scored
  }
}

/** The error of a training that has left the road. */
export function divergence(step: number, received: string, maximumGradientNorm: number = Infinity): TrainingError {
  const bound = maximumGradientNorm < Infinity ? ` of at most ${maximumGradientNorm}` : ''
  return new TrainingError({
    what: `Step ${step}`,
    expected: `a finite loss and weights, and a finite gradient norm${bound}`,
    received,
    hint: 'The last saved checkpoint is whole. Try a smaller --learning-rate, a longer --warm-up, or a smaller --clip.',
  })
}
