/** Training of a classifier on vectors with labels, and its score on examples that it has not seen. */
import { compile, host } from '../compiler/compile.ts'
import { shuffledEpochs } from '../data/epochs.ts'
import { Dropout, dropoutKeys } from '../nn/dropout.ts'
import { tokenLosses } from '../nn/losses.ts'
import { namedParameters, parameterNames } from '../nn/parameters.ts'
import type { HostTensor, Runtime } from '../runtime/runtime.ts'
import { input, type Tensor } from '../tensor/tensor.ts'
import { type Feeds, type Fit, type FitOptions, type FitStep, fit, type ValidationEvent } from './fit.ts'
import { scalarOf } from './step.ts'

/** A model that gives each class of a vector a logit. */
export interface VectorClassifier {
  /** @param x - [B, I]; returns [B, O] */
  logits(x: Tensor, options?: { readonly dropout?: Dropout }): Tensor
}

/** Vectors with labels. */
export interface Examples {
  readonly count: number
  /** Numbers of a vector. */
  readonly width: number
  /** Class of each, from 0. */
  readonly labels: ArrayLike<number>
  /** Writes the vector of an example. */
  read(index: number, target: Float32Array, offset: number): void
}

export interface ClassifierOptions
  extends Pick<
    FitOptions,
    | 'runtime'
    | 'weights'
    | 'steps'
    | 'optimizer'
    | 'learningRate'
    | 'clip'
    | 'maximumGradientNorm'
    | 'evaluateEvery'
    | 'patience'
    | 'resume'
  > {
  readonly train: Examples
  /** Held-out examples; none, no validation. */
  readonly validation?: Examples
  readonly batchSize: number
  /** Probability of dropping, and how many places of the model drop. */
  readonly dropout?: { readonly rate: number; readonly places: number }
  readonly smoothing?: number
  readonly seed: number
}

/** How well examples are classified. */
export interface ClassifierScore {
  /** Mean negative log-likelihood of the label, in nats. */
  readonly loss: number
  /** Share of examples whose likeliest class is another than the label. */
  readonly errorRate: number
  /** The likeliest class of each. */
  readonly predictions: Uint32Array
}

/** A validation of a classifier. */
export type ClassifierValidation = ValidationEvent & {
  readonly errorRate: number
  /** What its `metric` is. */
  readonly metricName?: string
}

/**
 * Compiles the training of a classifier and returns its visible loop.
 * @throws {TrainingError} (from the events) if the loss or the gradient is no longer a number
 */
export async function trainClassifier(
  model: VectorClassifier & object,
  options: ClassifierOptions,
): Promise<Fit<FitStep | ClassifierValidation>> {
  const { train, validation, batchSize, seed, dropout } = options
  const epochs = shuffledEpochs(train.count, batchSize, seed)
  const x = input('x', [batchSize, train.width])
  const labels = input('labels', [batchSize], 'int64')
  const dropping = dropout && dropout.rate > 0 ? new Dropout(dropout.rate, dropout.places) : undefined
  const losses = tokenLosses(model.logits(x, { dropout: dropping }), labels, { smoothing: options.smoothing })
  const vectors = new Float32Array(batchSize * train.width)
  let errorRate = 0
  const scorer = validation && (await classifierScorer(model, options.runtime, validation.width))
  const fitted = await fit({
    ...options,
    parameters: namedParameters(model),
    loss: losses.mean(),
    batch: step => {
      const indices = epochs.batch(step)
      const keys = dropping && dropoutKeys(seed, step, dropout!.places)
      const feeds = {
        x: host('float32', x.shape, readAll(train, indices, vectors)),
        labels: host(
          'int64',
          labels.shape,
          BigInt64Array.from(indices, index => BigInt(train.labels[index])),
        ),
        ...(keys && { dropoutKeys: host('int32', [dropout!.places, 2], keys) }),
      }
      return { feeds: [feeds], items: batchSize }
    },
    evaluate:
      scorer &&
      (async weights => {
        const score = await scorer.score(weights, validation)
        errorRate = score.errorRate
        return score.loss
      }),
  })
  async function* events(): AsyncGenerator<FitStep | ClassifierValidation> {
    for await (const event of fitted.events) yield event.type === 'step' ? event : { ...event, errorRate }
  }
  return {
    events: events(),
    nodeCount: fitted.nodeCount,
    matmulFlops: fitted.matmulFlops,
    get best() {
      return fitted.best
    },
    weights: () => fitted.weights(),
    state: () => fitted.state(),
    release: async () => {
      await Promise.all([fitted.release(), scorer?.release()])
    },
  }
}

/** Classifies examples with given weights. */
export interface ClassifierScorer {
  score(weights: Feeds, examples: Examples): Promise<ClassifierScore>
  /** Probability of each class of one vector. */
  probabilities(weights: Feeds, vector: Float32Array): Promise<Float32Array>
  release(): Promise<void>
}

/** @param width - numbers of a vector; @param rows - examples at once */
export async function classifierScorer(
  model: VectorClassifier & object,
  runtime: Runtime,
  width: number,
  rows = 500,
): Promise<ClassifierScorer> {
  const x = input('x', [rows, width])
  const labels = input('labels', [rows], 'int64')
  const logits = model.logits(x)
  const program = await compile(
    runtime,
    { loss: tokenLosses(logits, labels).sum(), probabilities: logits.softmax() },
    { parameterNames: parameterNames(namedParameters(model)) },
  )
  const vectors = new Float32Array(rows * width)
  const run = async (weights: Feeds, labelValues: BigInt64Array) => {
    const feeds = { x: host('float32', x.shape, vectors), labels: host('int64', labels.shape, labelValues) }
    const result = await program.run({ ...weights, ...feeds })
    return { loss: scalarOf(result.loss), rows: (result.probabilities as HostTensor).data as Float32Array }
  }
  return {
    score: async (weights, examples) => {
      const predictions = new Uint32Array(examples.count)
      let [loss, errors] = [0, 0]
      for (let begin = 0; begin < examples.count; begin += rows) {
        const count = Math.min(rows, examples.count - begin)
        const indices = Array.from({ length: count }, (_, i) => begin + i)
        readAll(examples, indices, vectors)
        const result = await run(
          weights,
          BigInt64Array.from({ length: rows }, (_, i) => BigInt(i < count ? examples.labels[begin + i] : -1)),
        )
        loss += result.loss
        const classes = result.rows.length / rows
        for (let i = 0; i < count; i++) {
          const row = result.rows.subarray(i * classes, (i + 1) * classes)
          predictions[begin + i] = row.indexOf(Math.max(...row))
          if (predictions[begin + i] !== examples.labels[begin + i]) errors++
        }
      }
      return { loss: loss / examples.count, errorRate: errors / examples.count, predictions }
    },
    probabilities: async (weights, vector) => {
      vectors.fill(0)
      vectors.set(vector)
      const result = await run(weights, new BigInt64Array(rows).fill(-1n))
      return result.rows.slice(0, result.rows.length / rows)
    },
    release: () => program.release(),
  }
}

function readAll(examples: Examples, indices: ArrayLike<number>, target: Float32Array): Float32Array {
  for (let i = 0; i < indices.length; i++) examples.read(indices[i], target, i * examples.width)
  return target
}
