/** Training of logistic regression on vectors of texts, with the strength of its penalty chosen on held-out texts. */
import { OptionError } from '../base/errors.ts'
import { compile, host } from '../compiler/compile.ts'
import { shuffledEpochs } from '../data/epochs.ts'
import type { LabelledText } from '../data/labelled-text.ts'
import type { SparseRows } from '../data/sparse-rows.ts'
import { LogisticRegression, type SparseBatch } from '../models/logistic-regression.ts'
import type { TextVectors } from '../models/text-vectors.ts'
import { tokenLosses } from '../nn/losses.ts'
import { initialWeights, namedParameters, parameterNames, weightFeeds } from '../nn/parameters.ts'
import { adam } from '../optim/adamw.ts'
import { cosine } from '../optim/schedules.ts'
import type { HostTensor, Runtime } from '../runtime/runtime.ts'
import { input } from '../tensor/tensor.ts'
import { type Feeds, type FitStep, fit } from './fit.ts'

/** Vectors of texts, and the class of each. */
export interface LabelledRows {
  readonly rows: SparseRows
  readonly labels: ArrayLike<number>
}

/** The vectors and labels of labelled texts. */
export function labelledRows(vectors: TextVectors, texts: readonly LabelledText[]): LabelledRows {
  return { rows: vectors.vectors(texts.map(({ text }) => text)), labels: texts.map(({ label }) => label) }
}

export interface TextClassifierOptions {
  readonly runtime: Runtime
  readonly train: LabelledRows
  readonly classes: number
  /** λ: the loss is the mean cross-entropy and (λ / 2) Σ W²; scikit-learn's C is 1 / (λ N). */
  readonly l2: number
  /** Times that each text is seen; default 8. */
  readonly epochs?: number
  /** Default 256. */
  readonly batchSize?: number
  /** Of the first step; it falls to zero along a cosine. Default 0.02. */
  readonly learningRate?: number
  readonly seed: number
  readonly signal?: AbortSignal
  readonly onStep?: (step: FitStep, steps: number) => void
}

export interface TrainedTextClassifier {
  readonly model: LogisticRegression
  readonly weights: ReadonlyMap<string, Float32Array>
}

/**
 * Trains by Adam on random batches.
 * @throws {TrainingError} if the loss is no longer a number
 */
export async function trainTextClassifier(options: TextClassifierOptions): Promise<TrainedTextClassifier> {
  const { runtime, train, classes, l2, epochs = 8, learningRate = 0.02, seed, signal } = options
  const batchSize = Math.min(options.batchSize ?? 256, train.rows.count)
  const steps = Math.ceil((epochs * train.rows.count) / batchSize)
  const model = new LogisticRegression({ inputs: train.rows.width, classes })
  const parameters = namedParameters(model)
  const order = shuffledEpochs(train.rows.count, batchSize, seed)
  const fitted = await fit({
    runtime,
    parameters,
    weights: initialWeights(parameters, seed),
    loss: room => {
      const logits = model.logits(sparseInputs(Number(room)), batchSize)
      const labels = input('labels', [batchSize], 'int64')
      return tokenLosses(logits, labels).mean().add(model.penalty(l2))
    },
    batch: step => {
      const { feeds, room } = sparseFeeds(train, order.batch(step), batchSize)
      return { feeds: [feeds], items: batchSize, bucket: String(room) }
    },
    steps,
    optimizer: adam(),
    learningRate: cosine(learningRate, 0, steps),
  })
  try {
    for await (const event of fitted.events) {
      signal?.throwIfAborted()
      if (event.type === 'step') options.onStep?.(event, steps)
    }
    const { weights } = await fitted.state()
    return { model, weights: new Map([...weights].map(([name, values]) => [name, values.slice()])) }
  } finally {
    await fitted.release()
  }
}

export interface ChosenTextClassifier extends TrainedTextClassifier {
  readonly l2: number
  /** What each strength reached on the validation texts. */
  readonly tried: readonly { readonly l2: number; readonly accuracy: number }[]
}

/** Trains with each strength of the penalty, and keeps the one with the best accuracy on the validation texts. */
export async function chooseTextClassifier(
  options: Omit<TextClassifierOptions, 'l2'> & {
    readonly validation: LabelledRows
    readonly strengths: readonly number[]
    readonly onTried?: (l2: number, accuracy: number) => void
  },
): Promise<ChosenTextClassifier> {
  let best: ChosenTextClassifier | undefined
  let bestAccuracy = -1
  const tried: { l2: number; accuracy: number }[] = []
  for (const l2 of options.strengths) {
    const trained = await trainTextClassifier({ ...options, l2 })
    const { accuracy } = await scoreTextClassifier(trained, options.validation, options.runtime)
    options.onTried?.(l2, accuracy)
    tried.push({ l2, accuracy })
    if (accuracy <= bestAccuracy) continue
    bestAccuracy = accuracy
    best = { ...trained, l2, tried }
  }
  if (best !== undefined) return best
  throw new OptionError({ what: 'chooseTextClassifier', expected: 'strengths of the penalty', received: 'none' })
}

export interface TextClassifierScore {
  /** Share of the texts whose likeliest class is the label. */
  readonly accuracy: number
  /** The likeliest class of each. */
  readonly predictions: Uint32Array
}

/** How well labelled texts are classified. */
export async function scoreTextClassifier(
  trained: TrainedTextClassifier,
  { rows, labels }: LabelledRows,
  runtime: Runtime,
): Promise<TextClassifierScore> {
  const probabilities = await classifyRows(trained, rows, runtime)
  const predictions = Uint32Array.from(probabilities, row => row.indexOf(Math.max(...row)))
  const right = predictions.filter((prediction, i) => prediction === labels[i]).length
  return { accuracy: right / rows.count, predictions }
}

/** The probability of each class, for each row. */
export async function classifyRows(
  { model, weights }: TrainedTextClassifier,
  rows: SparseRows,
  runtime: Runtime,
): Promise<Float32Array[]> {
  const batchSize = Math.min(256, rows.count)
  const own = weightFeeds(model, weights)
  const { classes } = model.configuration
  const probabilities: Float32Array[] = []
  let room = 0
  for (let begin = 0; begin < rows.count; begin += batchSize)
    room = Math.max(room, roomFor(rows.offsets[Math.min(rows.count, begin + batchSize)] - rows.offsets[begin]))
  const logits = model.logits(sparseInputs(room), batchSize)
  const names = parameterNames(namedParameters(model))
  const program = await compile(runtime, { probabilities: logits.softmax() }, { parameterNames: names })
  try {
    for (let begin = 0; begin < rows.count; begin += batchSize) {
      const count = Math.min(batchSize, rows.count - begin)
      const indices = Uint32Array.from({ length: count }, (_, i) => begin + i)
      const { feeds } = sparseFeeds({ rows }, indices, batchSize, room)
      const result = await program.run({ ...own, ...feeds })
      const all = (result.probabilities as HostTensor).data as Float32Array
      for (let i = 0; i < count; i++) probabilities.push(all.slice(i * classes, (i + 1) * classes))
    }
  } finally {
    await program.release()
  }
  return probabilities
}

/** @param room - M */
function sparseInputs(room: number): SparseBatch {
  return {
    rows: input('rows', [room], 'int64'),
    indices: input('indices', [room], 'int64'),
    values: input('values', [room]),
  }
}

/** M of a batch: a power of two, so that few programs serve all. */
const roomFor = (numbers: number): number => 2 ** Math.ceil(Math.log2(Math.max(64, numbers)))

function sparseFeeds(
  { rows, labels }: { readonly rows: SparseRows; readonly labels?: ArrayLike<number> },
  indices: Uint32Array,
  batchSize: number,
  givenRoom?: number,
): { feeds: Feeds; room: number } {
  const numbers = indices.reduce((sum, index) => sum + rows.offsets[index + 1] - rows.offsets[index], 0)
  const room = givenRoom ?? roomFor(numbers)
  const [rowIds, places] = [new BigInt64Array(room), new BigInt64Array(room)]
  const values = new Float32Array(room) // what is left over is zero, and adds nothing to row 0
  let at = 0
  for (const [i, index] of indices.entries()) {
    for (let j = rows.offsets[index]; j < rows.offsets[index + 1]; j++, at++) {
      rowIds[at] = BigInt(i)
      places[at] = BigInt(rows.indices[j])
      values[at] = rows.values[j]
    }
  }
  const feeds = {
    rows: host('int64', [room], rowIds),
    indices: host('int64', [room], places),
    values: host('float32', [room], values),
    ...(labels && {
      labels: host(
        'int64',
        [batchSize],
        BigInt64Array.from(indices, index => BigInt(labels[index])),
      ),
    }),
  }
  return { feeds, room }
}
