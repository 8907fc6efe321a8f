/** Pre-training of a model that fills in masked words and tells whether one text follows another. Devlin et al., 2018. */
import { compile, host, type Program } from '../compiler/compile.ts'
import { type MaskedBatch, MaskedBatches, type MaskedBatchOptions } from '../data/masked-batches.ts'
import type { MaskedLanguageModel } from '../models/masked-language-model.ts'
import { Dropout, dropoutKeys } from '../nn/dropout.ts'
import { tokenLosses } from '../nn/losses.ts'
import { namedParameters, parameterNames } from '../nn/parameters.ts'
import type { HostTensor, Runtime } from '../runtime/runtime.ts'
import { input, type Tensor } from '../tensor/tensor.ts'
import { type Feeds, type Fit, type FitOptions, type FitStep, fit, type ValidationEvent } from './fit.ts'
import { scalarOf } from './step.ts'

export interface MaskedTrainingOptions
  extends Pick<
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
  > {
  /** What is learned from: sentence pairs whose words are masked anew at each step. */
  readonly train: MaskedBatchOptions
  /** Held-out pairs; none, no validation. */
  readonly validation?: MaskedBatchOptions
  /** Probability of dropping. */
  readonly dropout: number
  /** Updates between two validations. */
  readonly evaluateEvery: number
  /** Batches of a validation on the way; the last one takes all held-out pairs. */
  readonly evaluationBatches: number
}

/** How well held-out words are filled in. */
export interface MaskedScore {
  /** Of both tasks together, in nats: what is trained. */
  readonly loss: number
  /** Mean over masked tokens, in nats. */
  readonly maskLoss: number
  /** Share of masked tokens whose likeliest filling is what stood there. */
  readonly maskAccuracy: number
  /** Mean over pairs, in nats. */
  readonly nextLoss: number
  /** Share of pairs of which it is told rightly whether the second text follows the first. */
  readonly nextAccuracy: number
}

export type MaskedValidation = ValidationEvent & MaskedScore

export interface MaskedTraining extends Fit<FitStep | MaskedValidation> {
  /** Updates that see every stretch of text once. */
  readonly updatesPerEpoch: number
}

type Inputs = Record<'ids' | 'segments' | 'lengths' | 'positions' | 'answers' | 'next', Tensor>

function inputsOf({ microBatchSize: rows, masking }: MaskedBatchOptions, length: number): Inputs {
  const asked = rows * masking.most
  const shapes = {
    ids: [rows, length],
    segments: [rows, length],
    lengths: [rows],
    positions: [asked],
    answers: [asked],
    next: [rows],
  }
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [name, input(name, shape, 'int64')]),
  ) as unknown as Inputs
}

function feedsOf(batch: MaskedBatch, { microBatchSize: rows }: MaskedBatchOptions): Record<string, HostTensor> {
  const { length, ids, segments, lengths, positions, answers, next } = batch
  return {
    ids: host('int64', [rows, length], ids),
    segments: host('int64', [rows, length], segments),
    lengths: host('int64', [rows], lengths),
    positions: host('int64', [positions.length], positions),
    answers: host('int64', [answers.length], answers),
    next: host('int64', [rows], next),
  }
}

const scale = (count: number): HostTensor => host('float32', [], Float32Array.of(1 / Math.max(1, count)))
const sum = (batches: readonly MaskedBatch[], of: (batch: MaskedBatch) => number): number =>
  batches.reduce((total, batch) => total + of(batch), 0)

/**
 * Compiles the pre-training and returns its visible loop. The loss is the mean over masked tokens plus the mean over pairs;
 * items are tokens of the rows, padding too.
 *
 * @throws {OptionError} if a row has no room for two texts
 */
export async function trainMasked(
  model: MaskedLanguageModel & object,
  options: MaskedTrainingOptions,
): Promise<MaskedTraining> {
  const { runtime, train, validation, dropout: rate } = options
  const { batchSize, seed } = train
  const microBatchSize = runtime.writesInPlace ? train.microBatchSize : batchSize
  const settings = { ...train, microBatchSize }
  const microBatches = batchSize / microBatchSize
  const batches = new MaskedBatches(settings)
  const places = model.dropoutPlaces
  const loss = (length: number): Tensor => {
    const inputs = inputsOf(settings, length)
    const dropout = rate > 0 ? new Dropout(rate, places) : undefined
    const { states, pooled } = model.encode(inputs, { dropout })
    const masked = tokenLosses(model.maskLogits(states, inputs.positions), inputs.answers).sum()
    const next = tokenLosses(model.nextLogits(pooled), inputs.next).sum()
    return masked.mul(input('maskScale', [])).add(next.mul(input('nextScale', [])))
  }
  const scorer = validation && (await maskedScorer(model, runtime, validation))
  let held: MaskedScore | undefined
  const fitted = await fit({
    ...options,
    parameters: namedParameters(model),
    microBatches,
    loss: bucket => loss(Number(bucket)),
    batch: step => {
      const update = batches.update(step)
      const scales = { maskScale: scale(sum(update, ({ asked }) => asked)), nextScale: scale(batchSize) }
      const keys = (i: number) => host('int32', [places, 2], dropoutKeys(seed, step * microBatches + i, places))
      const feeds = update.map((batch, i) => ({
        ...feedsOf(batch, settings),
        ...scales,
        ...(rate > 0 && { dropoutKeys: keys(i) }),
      }))
      return { feeds, items: batchSize * update[0].length, bucket: String(update[0].length) }
    },
    evaluate:
      scorer &&
      (async (weights, whole) => {
        held = await scorer.of(weights, whole ? Infinity : options.evaluationBatches)
        return held.loss
      }),
    sampled: true,
  })
  async function* events(): AsyncGenerator<FitStep | MaskedValidation> {
    for await (const event of fitted.events) yield event.type === 'step' ? event : { ...event, ...held! }
  }
  return {
    events: events(),
    updatesPerEpoch: batches.count / batchSize,
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

/** Scores held-out pairs, the same ones with the same masks each time. */
export interface MaskedScorer {
  /** @param batches - at most; each has `microBatchSize` rows */
  of(weights: Feeds, batches?: number): Promise<MaskedScore>
  release(): Promise<void>
}

export async function maskedScorer(
  model: MaskedLanguageModel & object,
  runtime: Runtime,
  options: MaskedBatchOptions,
): Promise<MaskedScorer> {
  const held = new MaskedBatches(options)
  const names = parameterNames(namedParameters(model))
  const programs = new Map<number, Program>()
  const programOf = async (length: number): Promise<Program> => {
    const found = programs.get(length)
    if (found !== undefined) return found
    const inputs = inputsOf(options, length)
    const { states, pooled } = model.encode(inputs)
    const score = (logits: Tensor, answers: Tensor) => ({
      loss: tokenLosses(logits, answers).sum(),
      right: logits.argmax().reshape(answers.shape).equal(answers).cast('float32').sum(),
    })
    const masked = score(model.maskLogits(states, inputs.positions), inputs.answers)
    const next = score(model.nextLogits(pooled), inputs.next)
    const outputs = { maskLoss: masked.loss, maskRight: masked.right, nextLoss: next.loss, nextRight: next.right }
    const program = await compile(runtime, outputs, { parameterNames: names })
    programs.set(length, program)
    return program
  }
  return {
    of: async (weights, batches = Infinity) => {
      let [asked, rows] = [0, 0]
      const totals: Record<string, number> = { maskLoss: 0, maskRight: 0, nextLoss: 0, nextRight: 0 }
      for (const batch of held.held(batches)) {
        const result = await (await programOf(batch.length)).run({ ...weights, ...feedsOf(batch, options) })
        for (const name of Object.keys(totals)) totals[name] += scalarOf(result[name])
        asked += batch.asked
        rows += batch.rows
      }
      const [maskLoss, nextLoss] = [totals.maskLoss / Math.max(1, asked), totals.nextLoss / Math.max(1, rows)]
      return {
        loss: maskLoss + nextLoss,
        maskLoss,
        maskAccuracy: totals.maskRight / Math.max(1, asked),
        nextLoss,
        nextAccuracy: totals.nextRight / Math.max(1, rows),
      }
    },
    release: async () => {
      for (const program of programs.values()) await program.release()
    },
  }
}
