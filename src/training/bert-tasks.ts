/**
 * Fine-tuning of BERT for its tasks. Texts and pairs in classes are trained by `trainSequenceClassifier`, whose examples
 * are the ids of `bertText` and `bertPair`; here are the weights that they begin with, and the tasks with places as answers.
 */
import { requireBertParts, type SavedBERT } from '../checkpoints/bert.ts'
import { compile, host, type Program } from '../compiler/compile.ts'
import { shuffledEpochs } from '../data/epochs.ts'
import { BertClassifier, BertReader, type BertTagger } from '../models/bert-tasks.ts'
import { Dropout, dropoutKeys } from '../nn/dropout.ts'
import { crossEntropy } from '../nn/losses.ts'
import { initialWeights, namedParameters, parameterNames } from '../nn/parameters.ts'
import type { HostTensor, Runtime } from '../runtime/runtime.ts'
import { input, type Tensor } from '../tensor/tensor.ts'
import { type Feeds, type Fit, type FitOptions, fit } from './fit.ts'

/**
 * First weights of a task: those of the pre-training, and a new layer on top.
 * @throws {CheckpointError} if a classifier's folder has no pooler
 */
export function bertTaskWeights(
  task: BertClassifier | BertTagger | BertReader,
  saved: SavedBERT,
  seed: number,
): Map<string, Float32Array> {
  if (task instanceof BertClassifier) requireBertParts(saved, ['pooler'], 'Fine-tuning a classifier')
  const weights = initialWeights(namedParameters(task), seed)
  for (const [name, values] of saved.weights)
    if (weights.has(`bert.${name}`)) weights.set(`bert.${name}`, values.slice())
  return weights
}

/** One row of a task whose answers are labels of its tokens, or places in it. */
export interface BertExample {
  /** [CLS] A [SEP], or [CLS] A [SEP] B [SEP]. */
  readonly ids: ArrayLike<number>
  /** For a tagger the label of each token, -1 where none counts; for a reader the first and the last place of the answer. */
  readonly answers: ArrayLike<number>
}

export interface BertTaskOptions
  extends Pick<
    FitOptions,
    'runtime' | 'weights' | 'optimizer' | 'learningRate' | 'clip' | 'maximumGradientNorm' | 'resume'
  > {
  readonly examples: readonly BertExample[]
  /** Updates in all. */
  readonly steps: number
  readonly batchSize: number
  readonly dropout: number
  readonly seed: number
}

/** Lengths of rows are multiples of it: each is a graph of its own. */
const lengthStep = 16

/** Tokens of the padded rows of a batch; longer rows than the model sees are cut. */
function lengthOf(examples: readonly BertExample[], context: number): number {
  const longest = examples.reduce((most, { ids }) => Math.max(most, ids.length), 1)
  return Math.min(context, Math.ceil(longest / lengthStep) * lengthStep)
}

const inputsOf = (rows: number, length: number): [ids: Tensor, lengths: Tensor] => [
  input('ids', [rows, length], 'int64'),
  input('lengths', [rows], 'int64'),
]

function rowFeeds(examples: readonly BertExample[], length: number): Record<string, HostTensor> {
  const ids = new BigInt64Array(examples.length * length)
  const lengths = new BigInt64Array(examples.length)
  for (const [row, { ids: own }] of examples.entries()) {
    const count = Math.min(own.length, length)
    for (let i = 0; i < count; i++) ids[row * length + i] = BigInt(own[i])
    lengths[row] = BigInt(count)
  }
  return {
    ids: host('int64', [examples.length, length], ids),
    lengths: host('int64', [examples.length], lengths),
  }
}

/** Answers in the shape of the logits without their last axis: [B, T] of a tagger, [B, 2] of a reader. */
function answerFeed(examples: readonly BertExample[], width: number, length: number): HostTensor {
  const answers = new BigInt64Array(examples.length * width).fill(-1n)
  for (const [row, { answers: own }] of examples.entries()) {
    const isPlaces = width === 2 && own.length === 2
    for (let i = 0; i < Math.min(width, own.length); i++)
      if (!isPlaces || own[i] < length) answers[row * width + i] = BigInt(own[i])
  }
  return host('int64', [examples.length, width], answers)
}

/** Compiles the fine-tuning of a tagger or a reader, and returns its visible loop; the loss is the mean over all answers. */
export async function trainBertTask(task: BertTagger | BertReader, options: BertTaskOptions): Promise<Fit> {
  const { examples, batchSize, dropout: rate, seed } = options
  const { context } = task.bert
  const places = task.dropoutPlaces
  const epochs = shuffledEpochs(examples.length, batchSize, seed)
  const widthOf = (length: number): number => (task instanceof BertReader ? 2 : length)
  return fit({
    ...options,
    parameters: namedParameters(task),
    loss: bucket => {
      const length = Number(bucket)
      const dropout = rate > 0 ? new Dropout(rate, places) : undefined
      const logits = task.logits(...inputsOf(batchSize, length), { dropout })
      return crossEntropy(logits, input('answers', [batchSize, widthOf(length)], 'int64'))
    },
    batch: step => {
      const batch = Array.from(epochs.batch(step), index => examples[index])
      const length = lengthOf(batch, context)
      const keys = { dropoutKeys: host('int32', [places, 2], dropoutKeys(seed, step, places)) }
      const answers = answerFeed(batch, widthOf(length), length)
      const feeds = { ...rowFeeds(batch, length), answers, ...(rate > 0 && keys) }
      return { feeds: [feeds], items: batchSize, bucket: String(length) }
    },
  })
}

/** What a tagger or a reader answers with given weights. */
export interface BertTaskAnswers {
  /** The likeliest label of each token of a row. */
  labels(ids: ArrayLike<number>, weights: Feeds): Promise<Uint32Array>
  /** The likeliest first and last place of an answer of at most so many tokens, in the second text; undefined without one. */
  stretch(
    ids: ArrayLike<number>,
    weights: Feeds,
    options?: { readonly longest?: number },
  ): Promise<readonly [first: number, last: number] | undefined>
  release(): Promise<void>
}

export function bertTaskAnswers(task: BertTagger | BertReader, runtime: Runtime, separator: number): BertTaskAnswers {
  const names = parameterNames(namedParameters(task))
  const programs = new Map<number, Promise<Program>>()
  const logitsOf = async (
    ids: ArrayLike<number>,
    weights: Feeds,
  ): Promise<{ values: Float32Array; length: number }> => {
    const example = { ids, answers: [] }
    const length = lengthOf([example], task.bert.context)
    const program =
      programs.get(length) ??
      compile(runtime, { logits: task.logits(...inputsOf(1, length)) }, { parameterNames: names })
    programs.set(length, program)
    const { logits } = await (await program).run({ ...weights, ...rowFeeds([example], length) })
    return { values: (logits as HostTensor).data as Float32Array, length }
  }
  return {
    labels: async (ids, weights) => {
      const { values, length } = await logitsOf(ids, weights)
      const classes = values.length / length
      return Uint32Array.from({ length: Math.min(ids.length, length) }, (_, i) => {
        const own = values.subarray(i * classes, (i + 1) * classes)
        return own.indexOf(Math.max(...own))
      })
    },
    stretch: async (ids, weights, { longest = 30 } = {}) => {
      const { values, length } = await logitsOf(ids, weights)
      const [firsts, lasts] = [values.subarray(0, length), values.subarray(length)]
      const row = Array.from(ids).slice(0, length)
      const begin = row.indexOf(separator) + 1
      const end = row.lastIndexOf(separator) >= begin ? row.lastIndexOf(separator) : row.length
      let best: readonly [number, number] | undefined
      let score = -Infinity
      for (let first = begin; begin > 0 && first < end; first++) {
        for (let last = first; last < Math.min(end, first + longest); last++) {
          if (firsts[first] + lasts[last] <= score) continue
          score = firsts[first] + lasts[last]
          best = [first, last]
        }
      }
      return best
    },
    release: async () => {
      for (const program of programs.values()) await (await program).release()
    },
  }
}
