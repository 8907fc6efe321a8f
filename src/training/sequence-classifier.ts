/** Training of a classifier of texts, and its score on texts that it has not seen. */

import { Random } from '../base/random.ts'
import { compile, host, type Program } from '../compiler/compile.ts'
import {
  answersOfText,
  type EncodedText,
  type TextBatch,
  type TextBatchOptions,
  textBatches,
} from '../data/text-batches.ts'
import { Dropout, dropoutKeys } from '../nn/dropout.ts'
import { tokenLosses } from '../nn/losses.ts'
import { namedParameters, parameterNames } from '../nn/parameters.ts'
import type { HostTensor, Runtime } from '../runtime/runtime.ts'
import { input, type Tensor } from '../tensor/tensor.ts'
import type { ClassifierValidation } from './classifier.ts'
import { type Feeds, type Fit, type FitOptions, type FitStep, fit } from './fit.ts'
import { scalarOf } from './step.ts'
import type { ClassMetric } from './task-metric.ts'

/** A model that gives each class of a text a logit, or each class of several answers: labels of its tokens, places in it. */
export interface SequenceClassifier {
  /** How often `logits` drops. */
  readonly dropoutPlaces: number
  /** Sequences that each text comes as: R, 1 unless told otherwise. */
  readonly sequences?: number
  /** A, the answers of a row of so many tokens, where it has several. */
  answersOf?(length: number): number
  /**
   * @param ids - int64 [B R, T]
   * @param lengths - int64 [B R]: tokens of each sequence
   * @returns [B, K]; [B, A, K] of several answers
   */
  logits(ids: Tensor, lengths: Tensor, options?: SequenceClassifierLogitsOptions): Tensor
}

export interface SequenceClassifierLogitsOptions {
  readonly dropout?: Dropout
  /** Receives losses of other objectives, scalars, where the model has some. */
  readonly auxiliary?: Tensor[]
}

export interface SequenceClassifierOptions
  extends Omit<TextBatchOptions, 'answersOf'>,
    Pick<
      FitOptions,
      | 'runtime'
      | 'weights'
      | 'optimizer'
      | 'learningRate'
      | 'clip'
      | 'maximumGradientNorm'
      | 'evaluateEvery'
      | 'patience'
      | 'resume'
    > {
  /** Whether a parameter learns, by its name; all do unless told otherwise. */
  readonly learns?: (name: string) => boolean

  readonly train: readonly EncodedText[]
  /** Held-out texts, scored after each epoch unless told otherwise. */
  readonly validation?: readonly EncodedText[]
  /** What the best weights are chosen by, from labels and predictions; the loss where it is left out. */
  readonly metric?: ClassMetric
  /** Times that each text is learned from. */
  readonly epochs: number
  /** Probability of dropping. */
  readonly dropout?: number
  /** λ of the model's other objectives, whose losses are added; 0 for none. */
  readonly auxiliary?: number
  readonly seed: number
}

/** Batches of an epoch, however they are ordered. */
export const batchesOfEpoch = (texts: readonly EncodedText[], options: TextBatchOptions): number =>
  textBatches(texts, options).length

/** Compiles the training of a classifier of texts, and returns its visible loop. */
export async function trainSequenceClassifier(
  model: SequenceClassifier & object,
  options: SequenceClassifierOptions,
): Promise<Fit<FitStep | ClassifierValidation>> {
  const { train, validation, epochs, batchSize, dropout: rate = 0, auxiliary = 0, seed, runtime, metric } = options
  const { learns = () => true } = options
  const parameters = namedParameters(model)
  const parted = (learning: boolean) => new Map([...parameters].filter(([name]) => learns(name) === learning))
  const rows = batchSize * (model.sequences ?? 1)
  const stepsOfEpoch = batchesOfEpoch(train, options)
  const batching = batchingOf(model, options)
  const dropping = rate > 0
  const places = model.dropoutPlaces
  const loss = (length: number): Tensor => {
    const dropout = dropping ? new Dropout(rate, places) : undefined
    const others: Tensor[] = []
    const logits = model.logits(input('ids', [rows, length], 'int64'), input('lengths', [rows], 'int64'), {
      dropout,
      auxiliary: auxiliary > 0 ? others : undefined,
    })
    const labels = labelsOf(logits)
    const count = labels.greaterOrEqual(0).cast('float32').sum()
    const own = tokenLosses(logits, labels).sum().div(count.maximum(1)) // a batch may have no answer that counts
    return others.reduce((sum, other) => sum.add(other.mul(auxiliary)), own)
  }
  let epoch = -1
  let batches: TextBatch[] = []
  const scorer = validation && (await sequenceScorer(model, runtime, options))
  let held: SequenceScore | undefined
  const fitted = await fit({
    ...options,
    parameters: parted(true),
    frozen: parted(false),
    steps: epochs * stepsOfEpoch,
    loss: bucket => loss(Number(bucket)),
    batch: step => {
      if (Math.floor(step / stepsOfEpoch) !== epoch) {
        epoch = Math.floor(step / stepsOfEpoch)
        batches = textBatches(train, batching, new Random(seed, `texts/${epoch}`))
      }
      const batch = batches[step % stepsOfEpoch]
      const keys = { dropoutKeys: host('int32', [places, 2], dropoutKeys(seed, step, places)) }
      const feeds = { ...feedsOf(batch), ...(dropping && keys) }
      return { feeds: [feeds], items: batch.texts.length, bucket: String(batch.length) }
    },
    evaluateEvery: options.evaluateEvery ?? stepsOfEpoch,
    evaluate:
      scorer &&
      (async weights => {
        held = await scorer.of(validation!, weights)
        return { loss: held.loss, metric: metric?.(held.labels, held.predictions) }
      }),
  })
  async function* events(): AsyncGenerator<FitStep | ClassifierValidation> {
    for await (const event of fitted.events)
      yield event.type === 'step' ? event : { ...event, errorRate: held!.errorRate }
  }
  return {
    events: events(),
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
    release: async () => {
      await fitted.release()
      await scorer?.release()
    },
  }
}

export interface SequenceScore {
  /** Mean negative log-likelihood of the label, in nats. */
  readonly loss: number
  /** Share of texts, or of answers, whose likeliest class is another than the label. */
  readonly errorRate: number
  /** The likeliest class of each text; of several answers of those that count, text by text. */
  readonly predictions: Uint32Array
  /** What it should have been. */
  readonly labels: Int32Array
}

/** The labels that go with logits: [B], or [B, A]. */
const labelsOf = (logits: Tensor): Tensor => input('labels', logits.shape.slice(0, -1), 'int64')

function batchingOf(
  model: SequenceClassifier,
  { batchSize, buckets }: Pick<TextBatchOptions, 'batchSize' | 'buckets'>,
): TextBatchOptions {
  return { batchSize, buckets, answersOf: model.answersOf && (length => model.answersOf!(length)) }
}

/** Classifies texts with given weights; programs are compiled once for each length. */
export interface SequenceScorer {
  of(texts: readonly EncodedText[], weights: Feeds): Promise<SequenceScore>
  /** Probability of each class of one text; of several answers, one after another. */
  probabilities(text: Omit<EncodedText, 'label'>, weights: Feeds): Promise<Float32Array>
  /** Those of many texts, batch by batch, those of like lengths together. */
  probabilitiesOfAll(
    texts: readonly EncodedText[],
    weights: Feeds,
  ): AsyncGenerator<{ readonly text: number; readonly probabilities: Float32Array }>
  release(): Promise<void>
}

export async function sequenceScorer(
  model: SequenceClassifier & object,
  runtime: Runtime,
  options: Pick<TextBatchOptions, 'batchSize' | 'buckets'>,
): Promise<SequenceScorer> {
  const { batchSize } = options
  const batching = batchingOf(model, options)
  const sequences = batchSize * (model.sequences ?? 1)
  const names = parameterNames(namedParameters(model))
  const programs = new Map<number, Promise<Program>>()
  const programOf = (length: number): Promise<Program> => {
    const outputs = () => {
      const lengths = input('lengths', [sequences], 'int64')
      const logits = model.logits(input('ids', [sequences, length], 'int64'), lengths)
      const losses = tokenLosses(logits, labelsOf(logits))
      return { loss: losses.sum(), probabilities: logits.softmax() }
    }
    const program = programs.get(length) ?? compile(runtime, outputs(), { parameterNames: names })
    programs.set(length, program)
    return program
  }
  const run = async (batch: TextBatch, weights: Feeds) => {
    const program = await programOf(batch.length)
    const { loss, probabilities } = await program.run({ ...weights, ...feedsOf(batch) })
    const { data, shape } = probabilities as HostTensor
    const rows = data as Float32Array
    const width = rows.length / shape[0]
    return {
      loss: scalarOf(loss),
      classes: shape.at(-1)!,
      rows: batch.texts.map((_, row) => rows.slice(row * width, (row + 1) * width)),
    }
  }
  return {
    of: async (texts, weights) => {
      const found: Uint32Array[] = Array.from({ length: texts.length })
      let nats = 0
      for (const batch of textBatches(texts, batching)) {
        const { loss, rows, classes } = await run(batch, weights)
        nats += loss
        for (const [row, index] of batch.texts.entries()) found[index] = likeliest(rows[row], classes)
      }
      const asked = texts.map(text => Array.from(answersOfText(text)))
      const counts = (label: number, text: number, i: number) => label >= 0 && i < found[text].length
      const labels = asked.flatMap((own, text) => own.filter((label, i) => counts(label, text, i)))
      const predictions = asked.flatMap((own, text) =>
        own.flatMap((label, i) => (counts(label, text, i) ? [found[text][i]] : [])),
      )
      const errors = labels.filter((label, i) => label !== predictions[i]).length
      return {
        loss: nats / Math.max(1, labels.length),
        errorRate: errors / Math.max(1, labels.length),
        predictions: Uint32Array.from(predictions),
        labels: Int32Array.from(labels),
      }
    },
    probabilities: async (text, weights) => {
      const [batch] = textBatches([{ ...text, label: -1 }], batching)
      return (await run(batch, weights)).rows[0]
    },
    async *probabilitiesOfAll(texts, weights) {
      for (const batch of textBatches(texts, batching)) {
        const { rows } = await run(batch, weights)
        for (const [row, text] of batch.texts.entries()) yield { text, probabilities: rows[row] }
      }
    },
    release: async () => {
      for (const program of programs.values()) await (await program).release()
    },
  }
}

/** The likeliest class of each answer of a row. */
const likeliest = (probabilities: Float32Array, classes: number): Uint32Array =>
  Uint32Array.from({ length: probabilities.length / classes }, (_, i) => {
    const own = probabilities.subarray(i * classes, (i + 1) * classes)
    return own.indexOf(Math.max(...own))
  })

const feedsOf = ({ ids, lengths, labels, labelsShape, length }: TextBatch): Feeds => ({
  ids: host('int64', [lengths.length, length], ids),
  lengths: host('int64', [lengths.length], lengths),
  labels: host('int64', labelsShape, labels),
})
