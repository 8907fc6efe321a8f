/** Learning to turn one sequence into another, with the true words before each (teacher forcing). */
import { compile, host, type Program } from '../compiler/compile.ts'
import {
  bucketShape,
  type EncodedPair,
  lengthBuckets,
  type MarkerIds,
  type PairBatch,
  pairBatch,
  pairUpdates,
} from '../data/pair-batches.ts'
import type { EncoderDecoder } from '../models/encoder-decoder.ts'
import { Dropout, dropoutKeys } from '../nn/dropout.ts'
import { tokenLosses } from '../nn/losses.ts'
import { namedParameters, parameterNames } from '../nn/parameters.ts'
import type { HostTensor, Runtime } from '../runtime/runtime.ts'
import { input, type Tensor } from '../tensor/tensor.ts'
import { type Feeds, type Fit, type FitOptions, fit } from './fit.ts'
import { scalarOf } from './step.ts'

type SharedOptions = Pick<
  FitOptions,
  | 'runtime'
  | 'weights'
  | 'steps'
  | 'optimizer'
  | 'learningRate'
  | 'clip'
  | 'maximumGradientNorm'
  | 'patience'
  | 'resume'
>

export interface TranslationOptions extends SharedOptions {
  readonly train: readonly EncodedPair[]
  /** Held-out pairs; none, no validation. */
  readonly validation: readonly EncodedPair[]
  readonly markers: MarkerIds
  /** Tokens of the longer side in one update, with padding. */
  readonly batchTokens: number
  /** Tokens that are computed at once; a divisor of `batchTokens`. */
  readonly microBatchTokens: number
  /** Shapes that batches are sorted into: each is a graph of its own. */
  readonly buckets: number
  readonly dropout: { readonly rate: number; readonly places: number }
  readonly smoothing: number
  readonly seed: number
  /** Updates between two validations. */
  readonly evaluateEvery: number
  /** The weights that are validated after a number of updates; by default the present ones. */
  readonly validated?: (weights: Feeds, step: number) => Feeds
}

export interface TranslationTraining extends Fit {
  /** Updates that see every pair once. */
  readonly updatesPerEpoch: number
  /** The share of the computed tokens that are no padding. */
  readonly fill: number
}

/** The inputs of a bucket's program. */
function inputsOf(bucket: string): { source: Tensor; target: Tensor; answers: Tensor } {
  const { rows, source, target } = bucketShape(bucket)
  return {
    source: input('source', [rows, source], 'int64'),
    target: input('target', [rows, target], 'int64'),
    answers: input('answers', [rows, target], 'int64'),
  }
}

function feedsOf(bucket: string, batch: PairBatch): Record<string, HostTensor> {
  const { rows, source, target } = bucketShape(bucket)
  return {
    source: host('int64', [rows, source], batch.source),
    target: host('int64', [rows, target], batch.target),
    answers: host('int64', [rows, target], batch.answers),
  }
}

/**
 * Compiles a training and returns its visible loop. Items are target tokens; the loss is the mean over them, in nats,
 * with label smoothing in training and without in validation.
 */
export async function trainTranslation(
  model: EncoderDecoder & object,
  options: TranslationOptions,
): Promise<TranslationTraining> {
  const { runtime, markers, seed, dropout, smoothing } = options
  const microBatches = runtime.writesInPlace
    ? Math.max(1, Math.round(options.batchTokens / options.microBatchTokens))
    : 1
  const buckets = lengthBuckets(options.train, options.buckets, options.batchTokens / microBatches)
  const updates = pairUpdates(buckets, { microBatches, markers, seed })
  const dropping = dropout.rate > 0
  const fitted = await fit({
    ...options,
    parameters: namedParameters(model),
    microBatches,
    loss: bucket => {
      const { source, target, answers } = inputsOf(bucket)
      const drop = dropping ? new Dropout(dropout.rate, dropout.places) : undefined
      const losses = tokenLosses(model.logits(source, target, { dropout: drop }), answers, { smoothing })
      return losses.sum().mul(input('scale', []))
    },
    batch: step => {
      const { bucket, batches, tokens } = updates.update(step)
      const scale = host('float32', [], Float32Array.of(1 / tokens))
      const feeds = batches.map((batch, i) => ({
        ...feedsOf(bucket, batch),
        scale,
        ...(dropping && {
          dropoutKeys: host('int32', [dropout.places, 2], dropoutKeys(seed, step * microBatches + i, dropout.places)),
        }),
      }))
      return { bucket, feeds, items: tokens }
    },
    evaluate: options.validation.length > 0 ? pairsScorer(model, options) : undefined,
  })
  const real = options.train.reduce((sum, { source, target }) => sum + source.length + target.length + 2, 0)
  const computed = buckets.reduce((sum, { pairs, source, target }) => sum + pairs.length * (source + target), 0)
  return {
    events: fitted.events,
    get nodeCount() {
      return fitted.nodeCount
    },
    get matmulFlops() {
      return fitted.matmulFlops
    },
    get best() {
      return fitted.best
    },
    weights: () => fitted.weights(),
    state: () => fitted.state(),
    release: () => fitted.release(),
    updatesPerEpoch: updates.perEpoch,
    fill: real / computed,
  }
}

/** Mean negative log-likelihood of the held-out target tokens, in nats. */
function pairsScorer(
  model: EncoderDecoder & object,
  { validation, markers, runtime, validated = weights => weights }: TranslationOptions,
): NonNullable<FitOptions['evaluate']> {
  const buckets = lengthBuckets(validation, validationBuckets, validationTokens)
  const programs = new Map<string, Promise<Program>>()
  return async (weights, _, step) => {
    const feeds = validated(weights, step)
    let [loss, count] = [0, 0]
    for (const bucket of buckets) {
      const { name, rows, pairs } = bucket
      const program = await (programs.get(name) ?? scoreProgram(model, runtime, name))
      programs.set(name, Promise.resolve(program))
      for (let i = 0; i < pairs.length; i += rows) {
        const batch = pairBatch(pairs.slice(i, i + rows), bucket, markers)
        loss += scalarOf((await program.run({ ...feeds, ...feedsOf(name, batch) })).loss)
        count += batch.tokens
      }
    }
    return loss / count
  }
}

const validationBuckets = 4
const validationTokens = 1024

function scoreProgram(model: EncoderDecoder & object, runtime: Runtime, bucket: string): Promise<Program> {
  const { source, target, answers } = inputsOf(bucket)
  const loss = tokenLosses(model.logits(source, target), answers).sum()
  return compile(runtime, { loss }, { parameterNames: parameterNames(namedParameters(model)) })
}
