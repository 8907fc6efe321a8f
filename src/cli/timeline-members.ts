/** Who takes part in `nacre timeline`, and how each learns: counts in one pass, the models of the line for a given time. */
import { UnknownNameError } from '../base/options.ts'
import type { SavedModel } from '../checkpoints/model-folder.ts'
import type { TokenSource } from '../data/token-shards.ts'
import { NGrams } from '../evaluation/ngrams.ts'
import { perplexity } from '../evaluation/score.ts'
import { cachedPredictor } from '../generation/predictor.ts'
import { modelEntry, timeline } from '../models/index.ts'
import { dropoutPlaces } from '../models/language-model.ts'
import { initialWeights, namedParameters, parameterCount } from '../nn/parameters.ts'
import { cosine, warmUp } from '../optim/schedules.ts'
import { nodeRuntime } from '../runtime/node.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Tokenizer } from '../tokenizers/tokenizer.ts'
import { optimizerOf } from '../training/run.ts'
import { settleOptions } from '../training/settle-options.ts'
import { train } from '../training/train.ts'
import { sampleOf } from './sample.ts'

/** What every member is given. */
export interface Experiment {
  readonly tokenizer: Tokenizer
  readonly train: TokenSource
  readonly heldOut: TokenSource
  readonly runtime: Runtime
  /** Time of the updates of each model. */
  readonly seconds: number
  readonly seed: number
  readonly sampleTokens: number
  readonly signal: AbortSignal
}

export interface MemberResult {
  readonly year: number
  readonly model: string
  /** Weights, or numbers counted. */
  readonly parameters: number
  readonly tokensSeen: number
  /** Of the updates, or of the counting. */
  readonly seconds: number
  /** Of the held-out text. */
  readonly bitsPerByte: number
  readonly sample: string
  /** Of the text that is learned from, on the way; none for counts. */
  readonly curve: readonly LearningPoint[]
}

export interface LearningPoint {
  readonly seconds: number
  /** Mean over the batches since the last point. */
  readonly bitsPerByte: number
  readonly tokensPerSecond: number
}

export interface Member {
  readonly year: number
  readonly name: string
  /** Undefined where it was interrupted. */
  run(experiment: Experiment, events: MemberEvents): Promise<MemberResult | undefined>
}

export interface MemberEvents {
  readonly onPoint: (point: LearningPoint) => void
  /** A trained model, to be kept. */
  readonly onModel: (model: SavedModel) => Promise<void>
}

/** Shannon, 1948, section 3: approximations of a text by ever longer counts. */
const counts: readonly Member[] = [
  { name: 'uniform', order: 0 },
  { name: 'unigram', order: 1 },
  { name: 'bigram', order: 2 },
  { name: '5-gram', order: 5 },
].map(({ name, order }) => ({
  year: 1948,
  name,
  async run({ tokenizer, train: source, heldOut, sampleTokens, seed }) {
    const started = performance.now()
    const model = new NGrams(source, { order, vocabulary: tokenizer.vocabularySize })
    return {
      year: 1948,
      model: name,
      parameters: model.counted,
      tokensSeen: order === 0 ? 0 : source.length,
      seconds: (performance.now() - started) / 1000,
      bitsPerByte: model.perplexity(heldOut).bitsPerByte,
      sample: await sampleOf(model, tokenizer, { tokens: sampleTokens, seed }),
      curve: [],
    }
  },
}))

/** Everyone, in the order of years. */
export const members: readonly Member[] = [
  ...counts,
  ...timeline.map(({ year, name }) => ({
    year,
    name,
    run: (experiment: Experiment, events: MemberEvents) => learn(name, experiment, events),
  })),
]

/**
 * The members of some names, in the order of years.
 * @param names - separated by commas; none for all
 * @throws {OptionError} if one is unknown
 */
export function chooseMembers(names: string | undefined): readonly Member[] {
  if (names === undefined) return members
  const known = members.map(({ name }) => name)
  const asked = names.split(',').map(name => name.trim())
  for (const name of asked) if (!known.includes(name)) throw new UnknownNameError('model', name, known)
  return members.filter(({ name }) => asked.includes(name))
}

/** Trains a model of the line from nothing, with the sizes of its first preset, until its time is over. */
async function learn(
  name: string,
  experiment: Experiment,
  { onPoint, onModel }: MemberEvents,
): Promise<MemberResult | undefined> {
  const { tokenizer, train: source, heldOut, runtime, seconds: budget, seed, signal } = experiment
  const entry = modelEntry(name)
  const options = settleOptions(name, {})
  const size = { ...options, vocabulary: tokenizer.vocabularySize }
  const model = entry.create(size)
  let spent = 0
  // By time, not by steps, which are not known before: rises in a twentieth of it, then falls along a cosine.
  const schedule = warmUp(50, cosine(options.learningRate, options.finalLearningRate, 950))
  const training = await train(model, {
    runtime,
    weights: initialWeights(namedParameters(model), seed),
    train: source,
    steps: Number.MAX_SAFE_INTEGER,
    batchSize: options.batchSize,
    microBatchSize: options.microBatchSize,
    optimizer: optimizerOf(options),
    learningRate: () => schedule(1000 * Math.min(1, spent / budget)),
    clip: options.clip,
    maximumGradientNorm: options.maximumGradientNorm,
    dropout: { rate: options.dropout, places: dropoutPlaces(model) },
    smoothing: options.smoothing,
    seed,
    evaluateEvery: Number.MAX_SAFE_INTEGER,
    evaluationBatches: 1,
  })
  try {
    const bitsPerNat = source.length / source.bytesOfText / Math.LN2
    const curve: LearningPoint[] = []
    let [steps, losses, since] = [0, 0, 0]
    for await (const event of training.events) {
      if (event.type !== 'step') continue
      if (signal.aborted) return undefined
      spent += event.durationMs / 1000
      steps++
      losses += event.loss
      if (spent >= ((curve.length + 1) * budget) / points || spent >= budget) {
        const first = curve.at(-1)?.seconds ?? 0
        const tokens = (steps - since) * options.batchSize * model.context
        const bitsPerByte = (losses / (steps - since)) * bitsPerNat
        curve.push({ seconds: spent, bitsPerByte, tokensPerSecond: tokens / (spent - first) })
        onPoint(curve.at(-1)!)
        losses = 0
        since = steps
      }
      if (spent >= budget) break
    }
    const { weights } = await training.state()
    await onModel({ model, tokenizer, weights })
    const predictor = cachedPredictor({ model, weights, runtime: nodeRuntime({ device: runtime.device, threads: 1 }) })
    const sample = await sampleOf(predictor, tokenizer, { tokens: experiment.sampleTokens, seed })
    await predictor.release()
    return {
      year: entry.year,
      model: name,
      parameters: parameterCount(model),
      tokensSeen: steps * options.batchSize * model.context,
      seconds: spent,
      bitsPerByte: (await perplexity({ model, weights, runtime }, heldOut, { batchSize: 32 })).bitsPerByte,
      sample,
      curve,
    }
  } finally {
    await training.release()
  }
}

/** Of a learning curve. */
const points = 60
