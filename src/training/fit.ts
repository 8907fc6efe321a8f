/**
 * The training loop that every model of the line shares: a loss, batches by number, an optimizer. Language models have
 * `train`, which adds windows over tokens and their validation.
 */
import { OptionError, TrainingError } from '../base/errors.ts'
import type { Schedule } from '../optim/schedules.ts'
import { type HostTensor, isDeviceTensor, type Value } from '../runtime/runtime.ts'
import { flatStep, type StepOptions, type TrainingState } from './step.ts'
import { wholeStep } from './whole-step.ts'

/** Values of a program's inputs by name. */
export type Feeds = Readonly<Record<string, Value>>

/** What one update learns from. */
export interface StepBatch {
  /** Inputs of each micro-batch. */
  readonly feeds: readonly Feeds[]
  /** Tokens, examples or whatever is counted by `itemsPerSecond`. */
  readonly items: number
  /** Where the loss is a function of it: all micro-batches of a step have the shapes of one bucket. */
  readonly bucket?: string
}

export interface FitOptions extends Omit<StepOptions, 'weights'> {
  /** First weights; those that `resume` has are ignored. */
  readonly weights: ReadonlyMap<string, Float32Array>
  /** Updates in all. */
  readonly steps: number
  /**
   * The batch of an update, 0 at first: a function of its number, so that a resumed training sees what an uninterrupted
   * one would have seen, and of the `outputs` of the update before, where the loss reads a carried state.
   */
  batch(step: number, carried: Feeds | undefined): StepBatch | Promise<StepBatch>
  readonly learningRate: Schedule
  /** A larger gradient stops the training: it has left the road. */
  readonly maximumGradientNorm?: number
  /** Updates between two validations. */
  readonly evaluateEvery?: number
  /**
   * What held-out examples come to: their loss, or that and a metric.
   * @param weights - the present ones, to feed another program with
   * @param whole - after the last update: score everything, not a sample
   * @param step - updates done
   */
  evaluate?(weights: Feeds, whole: boolean, step: number): Promise<number | HeldOut>
  /** Whether validations before the last score a sample: the last is compared with them by the same sample. */
  readonly sampled?: boolean
  /** Validations without a better one after which the training ends early; it does not unless told. */
  readonly patience?: number
  readonly resume?: { readonly step: number; readonly state: TrainingState; readonly best?: Best }
}

/** What held-out examples come to. */
export interface HeldOut {
  /** Mean, in nats; lower is better. */
  readonly loss: number
  /** Higher is better; where there is one, the best is chosen by it. Of equal ones the first is kept. */
  readonly metric?: number
}

/** The best validation so far. */
export interface Best extends HeldOut {
  readonly step: number
  /** Validations that came after it. */
  readonly since: number
}

export interface FitStep {
  readonly type: 'step'
  /** Updates done. */
  readonly step: number
  /** Of the batch, before the update. */
  readonly loss: number
  readonly gradientNorm: number
  readonly learningRate: number
  readonly itemsPerSecond: number
  readonly durationMs: number
}

export interface ValidationEvent {
  readonly type: 'validation'
  readonly step: number
  /** Mean over held-out tokens or examples, in nats. */
  readonly loss: number
  /** What the best is chosen by, where it is not the loss; higher is better. */
  readonly metric?: number
  /** Whether no earlier validation was as good. */
  readonly best: boolean
  /** Validations since the best: what patience counts. */
  readonly sinceBest: number
  /** Whether everything held out was scored. */
  readonly whole: boolean
}

/** A training that is under way: its events, and what a caller may look at between two of them. */
export interface Fit<Event = FitStep | ValidationEvent> {
  readonly events: AsyncGenerator<Event>
  /** Operators in the ONNX graph of forward and backward. */
  readonly nodeCount: number
  /** Floating-point operations of the matrix products of one update. */
  readonly matmulFlops: number
  /** The best validation so far. */
  readonly best: Best | undefined
  weights(): Feeds
  state(): Promise<TrainingState>
  release(): Promise<void>
}

/**
 * Compiles a training and returns its visible loop: each turn is one update, or a validation.
 * @throws {OptionError} if it is to end early, and nothing is held out
 * @throws {TrainingError} (from the events) if the loss or the gradient is no longer a number
 */
export async function fit(options: FitOptions): Promise<Fit> {
  const { steps, maximumGradientNorm = Infinity, evaluateEvery = steps, patience = Infinity, resume } = options
  if (patience < Infinity && options.evaluate === undefined) {
    const expected = 'held-out examples, which tell when it is no longer better'
    throw new OptionError({ what: 'Option --patience', expected, received: 'none' })
  }
  const makeStep = options.runtime.writesInPlace ? flatStep : wholeStep
  const step = await makeStep({
    ...options,
    weights: resume ? new Map([...options.weights, ...resume.state.weights]) : options.weights,
  })
  if (resume) step.restore(resume.state)

  let best = resume?.best
  let carried: Feeds | undefined = resume?.state.carried
  async function* events(): AsyncGenerator<FitStep | ValidationEvent> {
    for (let done = resume?.step ?? 0; done < steps && (best?.since ?? 0) < patience; ) {
      const started = performance.now()
      const { feeds, items, bucket } = await options.batch(done, carried)
      const learningRate = options.learningRate(done + 1)
      const { loss, gradientNorm, updated, outputs } = await step.run(feeds, { step: done + 1, learningRate, bucket })
      if (!updated || gradientNorm > maximumGradientNorm)
        throw divergence(done + 1, `loss ${loss}, gradient norm ${gradientNorm}`, maximumGradientNorm)
      carried = outputs
      done++
      const durationMs = performance.now() - started
      const itemsPerSecond = (1000 * items) / durationMs
      yield { type: 'step', step: done, loss, gradientNorm, learningRate, itemsPerSecond, durationMs }
      if (options.evaluate && (done % evaluateEvery === 0 || done === steps)) {
        const whole = done === steps
        const score = async (all: boolean): Promise<HeldOut> => {
          const found = await options.evaluate!(step.weights(), all, done)
          return typeof found === 'number' ? { loss: found } : found
        }
        const sample = whole && options.sampled && best ? await score(false) : undefined
        const held = await score(whole)
        if (!Number.isFinite(held.loss)) throw divergence(done, `validation loss ${held.loss}`)
        const compared = sample ?? held
        const isBest = best === undefined || isBetter(compared, best)
        best = isBest ? { ...compared, step: done, since: 0 } : { ...best!, since: best!.since + 1 }
        yield { type: 'validation', step: done, ...held, best: isBest, sinceBest: best.since, whole }
      }
    }
  }
  return {
    events: events(),
    get nodeCount() {
      return step.nodeCount
    },
    get matmulFlops() {
      return step.matmulFlops
    },
    get best() {
      return best
    },
    weights: () => step.weights(),
    state: async () => ({ ...(await step.state()), carried: await onHost(carried) }),
    release: () => step.release(),
  }
}

function isBetter(held: HeldOut, best: HeldOut): boolean {
  return held.metric === undefined ? held.loss < best.loss : held.metric > (best.metric ?? -Infinity)
}

async function onHost(values: Feeds = {}): Promise<Record<string, HostTensor> | undefined> {
  const read = async ([name, value]: [string, Value]): Promise<[string, HostTensor]> => {
    if (!isDeviceTensor(value)) return [name, value]
    return [name, { dtype: value.dtype, shape: value.shape, data: await value.read() }]
  }
  const entries = await Promise.all(Object.entries(values).map(read))
  return entries.length > 0 ? Object.fromEntries(entries) : undefined
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
