/**
 * A whole training as `nacre train` does it: text to tokens, model, loop, checkpoints, metrics and plot in the folder of
 * the run. It speaks in events; the host decides how they look.
 */
import { CheckpointError, OptionError } from '../base/errors.ts'
import type { OptionsOf } from '../base/options.ts'
import type { Shape } from '../base/shape.ts'
import { type SavedModel, saveModelFolder } from '../checkpoints/model-folder.ts'
import type { TokenPosition } from '../data/shard-stream.ts'
import type { Shard } from '../data/shards.ts'
import { type MeasuredText, measureText, splitText, type TextSource } from '../data/text.ts'
import { fingerprint, readTokensHeader, type TokenSource, writeTokens } from '../data/token-shards.ts'
import { type ModelSize, modelEntry, type TimelineEntry } from '../models/index.ts'
import type { LanguageModel } from '../models/language-model.ts'
import { dropoutPlaces } from '../models/language-model.ts'
import { initialWeights, namedParameters, parameterCount } from '../nn/parameters.ts'
import { adam, adamW } from '../optim/adamw.ts'
import { muon } from '../optim/muon.ts'
import type { Optimizer } from '../optim/optimizer.ts'
import { constantRate, cosine, linear, type Schedule, warmUp } from '../optim/schedules.ts'
import { sgd } from '../optim/sgd.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { readText, type Storage, writeText } from '../storage/storage.ts'
import { tokenizerFromJSON } from '../tokenizers/huggingface.ts'
import { encodeChunks, type Tokenizer } from '../tokenizers/tokenizer.ts'
import { weightsFingerprint } from './adapters.ts'
import { type Identity, loadState, stateFile } from './checkpoint.ts'
import type { ValidationEvent } from './fit.ts'
import { measureMatmulRate } from './matmul-rate.ts'
import { truncateMetrics } from './metrics.ts'
import { changeableOnResume, trainOptions } from './options.ts'
import { type KeptEvent, keepRun, optionsFile, storedOptions, storeOptions } from './run-folder.ts'
import { bytesPerToken, openStream, streamIdentity, writeHeldOut } from './run-stream.ts'
import { type StepEvent, type TrainingEvent, train } from './train.ts'

export type RunOptions = OptionsOf<typeof trainOptions>

export interface StartEvent {
  readonly type: 'start'
  readonly model: string
  readonly parameters: number
  readonly vocabulary: number
  /** None where they are read as they come: then it has `shards`. */
  readonly trainTokens?: number
  readonly shards?: number
  readonly validationTokens: number
  /** Of a translator, pairs that are longer than its context. */
  readonly leftOut?: number
  readonly steps: number
  /** The step that a resumed run goes on from; 0 for a fresh one. */
  readonly from: number
  readonly microBatches: number
  /** Of the model that is learned from, where there is one. */
  readonly teacherParameters?: number
  /** Matrix products of one step, and what the machine reaches on large ones, in FLOP and FLOP/s. */
  readonly matmulFlops: number
  readonly matmulRate: number
}
export type MeasuredStep = StepEvent & { readonly bitsPerByte: number; readonly matmulShare: number }
export type MeasuredValidation = ValidationEvent & { readonly bitsPerByte: number }
export type RunEvent = StartEvent | MeasuredStep | MeasuredValidation | KeptEvent

export interface RunInput {
  /** A name of the timeline, for example `gpt2`. */
  readonly modelName: string
  /** The folder of the run. */
  readonly storage: Storage
  readonly options: RunOptions
  readonly runtime: Runtime
  /** Needed where `needsText` says so; otherwise the run has its tokens. */
  readonly text?: TextSource
  /** What `--teacher` names; its tokenizer is the one that `makeTokenizer` gives. */
  readonly teacher?: SavedModel
  /** Of a run that learns from them as they are read: `options.stream`. */
  readonly shards?: readonly Shard[]
  readonly makeTokenizer: (text: TextSource) => Promise<Tokenizer>
  /** Opens tokens that `writeTokens` wrote into the run's folder. */
  readonly openTokens: (name: string) => Promise<TokenSource>
  /** Text that the model writes now; it sees the training's own weights. */
  readonly sample?: (model: SavedModel) => Promise<string>
  /** Stops after the present step, with everything saved. */
  readonly signal?: AbortSignal
}

const tokenFiles = { train: 'training/train', validation: 'training/validation' } as const
const tokenizerFile = 'training/tokenizer.json'

/** Whether a run reads its text: when it is new, and when it was killed before it had saved anything. */
export async function needsText(storage: Storage, { resume }: Pick<RunOptions, 'resume'>): Promise<boolean> {
  return !resume || !(await storage.exists(stateFile))
}

/** @throws {OptionError} if the model cannot begin as it is told to */
function firstWeightsOf(
  entry: TimelineEntry,
  model: LanguageModel & object,
  { firstWeights, seed }: Pick<RunOptions, 'firstWeights' | 'seed'>,
): Map<string, Float32Array> {
  if (firstWeights === 'random') return initialWeights(namedParameters(model), seed)
  const make = entry.firstWeights?.[firstWeights]
  if (make) return make(model, seed)
  const expected = ['random', ...Object.keys(entry.firstWeights ?? {})].join(' or ')
  throw new OptionError({ what: `Option --first-weights of a ${entry.name}`, expected, received: firstWeights })
}

/** Trains and leaves a folder that can be used, and resumed. */
export async function* trainRun(input: RunInput): AsyncGenerator<RunEvent> {
  const { storage, options, runtime, modelName } = input
  const resuming = !(await needsText(storage, options))
  const entry = modelEntry(modelName)
  if (options.stream && entry.carriesState) {
    const expected = `a model that attends: the state of a ${modelName} is carried along tokens that stay where they are`
    throw new OptionError({ what: 'Option --stream', expected, received: modelName })
  }
  if (options.patience !== undefined && options.validationFraction === 0) {
    const expected = 'held-out text, --validation-fraction above 0, which tells when it is no longer better'
    throw new OptionError({ what: 'Option --patience', expected, received: 'none' })
  }
  const smallest = entry.create({ ...options, vocabulary: 1 }) // sizes that do not fit are refused before anything is replaced
  if (options.firstWeights !== 'random') firstWeightsOf(entry, smallest, options)
  const matmulRate = await matmulRateOf(runtime) // and so is a device that is not there
  const tokenizer = resuming ? await storedTokenizer(storage, options) : await prepareTokens(input)
  const trainTokens = options.stream ? undefined : await input.openTokens(tokenFiles.train)
  const validation = options.validationFraction > 0 ? await input.openTokens(tokenFiles.validation) : undefined

  const size: ModelSize = { ...options, vocabulary: tokenizer.vocabularySize }
  const model = entry.create(size)
  const parameters = namedParameters(model)
  const shapes = new Map<string, Shape>([...parameters].map(([name, { shape }]) => [name, shape]))
  const optimizer = optimizerOf(options)
  const tokenizerPrint = await fingerprint(JSON.stringify(tokenizer.toJSON()))
  const { teacher } = input
  if (teacher) await requireSameTokenizer(teacher, tokenizerPrint)
  const identity: Identity = {
    configuration: JSON.stringify({
      ...{ model: modelName, ...model.configuration },
      teacher: teacher && (await weightsFingerprint(teacher.weights)),
    }),
    optimizer: optimizer.name,
    tokenizer: tokenizerPrint,
    ...(options.stream && { examples: await streamIdentity(shardsOf(input)) }),
  }
  const resumed = resuming ? await loadState(storage, shapes, optimizer.state, identity) : undefined
  const from = resumed?.position.step ?? 0
  if (resuming) await storeOptions(storage, modelName, options)
  await truncateMetrics(storage, from)

  const position = resumed?.position.data as TokenPosition | undefined
  const stream = options.stream ? openStream(shardsOf(input), tokenizer, options, options, position) : undefined
  const training = await train(model, {
    runtime,
    weights: resumed?.state.weights ?? firstWeightsOf(entry, model, options),
    train: stream ?? trainTokens!,
    validation,
    steps: options.steps,
    batchSize: options.batchSize,
    microBatchSize: options.microBatchSize,
    optimizer,
    learningRate: scheduleOf(options),
    clip: options.clip,
    maximumGradientNorm: options.maximumGradientNorm,
    dropout: { rate: options.dropout, places: dropoutPlaces(model) },
    smoothing: options.smoothing,
    recompute: options.recompute,
    teacher: teacher && { ...teacher, temperature: options.temperature, share: options.teacherShare },
    seed: options.seed,
    evaluateEvery: options.evaluateEvery,
    patience: options.patience,
    evaluationBatches: options.evaluationBatches,
    resume: resumed && { step: from, state: resumed.state, best: resumed.position.best },
  })
  yield {
    ...{ type: 'start', model: modelName, steps: options.steps, from, matmulRate },
    parameters: [...parameters.values()].reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0),
    vocabulary: tokenizer.vocabularySize,
    ...(trainTokens ? { trainTokens: trainTokens.length } : { shards: shardsOf(input).length }),
    validationTokens: validation?.length ?? 0,
    microBatches: training.microBatches,
    matmulFlops: training.matmulFlops,
    teacherParameters: teacher && parameterCount(teacher.model),
  }

  const bytesOf = ({ length, bytesOfText }: TokenSource): number => bytesOfText / length
  const trainBytes = trainTokens ? bytesOf(trainTokens) : await bytesPerToken(shardsOf(input), tokenizer, options)
  const validationBytes = validation && bytesOf(validation)
  const bitsPerByte = (loss: number, bytes: number) => loss / bytes / Math.LN2
  const saved = async (): Promise<SavedModel> => ({ model, tokenizer, weights: (await training.state()).weights })
  const { sample } = input
  try {
    yield* keepRun<TrainingEvent, MeasuredStep | MeasuredValidation>({
      ...{ storage, runtime, training, shapes, identity, from, options, signal: input.signal },
      plot: { title: `${modelName}: loss` },
      validates: validation !== undefined,
      measure: event => {
        if (event.type === 'validation') return { ...event, bitsPerByte: bitsPerByte(event.loss, validationBytes!) }
        const share = training.matmulFlops / (event.durationMs / 1000) / matmulRate
        return { ...event, bitsPerByte: bitsPerByte(event.loss, trainBytes), matmulShare: share }
      },
      keepModel: async () => saveModelFolder(storage, await saved()),
      dataPosition: stream && (() => stream.position),
      sample: sample && (async () => sample(await saved())),
    })
  } finally {
    await stream?.close()
  }
}

/** @throws {OptionError} if there are none */
function shardsOf({ shards = [] }: RunInput): readonly Shard[] {
  if (shards.length > 0) return shards
  const expected = 'files that are read as they come'
  throw new OptionError({ what: 'Option --stream', expected, received: 'none' })
}

async function requireSameTokenizer({ tokenizer }: SavedModel, expected: string): Promise<void> {
  if ((await fingerprint(JSON.stringify(tokenizer.toJSON()))) === expected) return
  throw new OptionError({
    what: 'Option --teacher',
    expected: 'a model with the tokenizer of this run',
    received: 'one with another',
    hint: 'Train into a new folder with --out: a student takes the tokenizer of its teacher.',
  })
}

const matmulRates = new WeakMap<Runtime, number>()

/** Measured once for each runtime. */
async function matmulRateOf(runtime: Runtime): Promise<number> {
  const rate = matmulRates.get(runtime) ?? (await measureMatmulRate(runtime))
  matmulRates.set(runtime, rate)
  return rate
}

/** Tokenizer and tokens of a fresh run. */
async function prepareTokens(input: RunInput): Promise<Tokenizer> {
  const { storage, options, modelName, text, makeTokenizer } = input
  if (text === undefined)
    throw new OptionError({ what: 'Option --data', expected: 'a text to learn from', received: 'none' })
  // A text that cannot be read says so here, before the run that was in the folder is gone.
  const parts = options.stream
    ? undefined
    : options.validationFraction > 0
      ? await splitText(text, options.validationFraction)
      : { train: await measureText(text), validation: undefined }
  if (!(await storage.exists(stateFile))) await storeOptions(storage, modelName, options) // enough to resume with
  const tokenizer = await makeTokenizer(text)
  const source = await fingerprint(JSON.stringify(tokenizer.toJSON()))
  for (const file of [optionsFile, stateFile]) await storage.remove(file)
  await storeOptions(storage, modelName, options)
  const write = async (name: string, part: MeasuredText): Promise<void> => {
    const about = { vocabularySize: tokenizer.vocabularySize, tokenizer: source, bytesOfText: part.bytes }
    await writeTokens(storage, name, encodeChunks(tokenizer, part.chunks()), about)
  }
  if (parts === undefined) {
    if (options.validationFraction > 0)
      await writeHeldOut(storage, tokenFiles.validation, shardsOf(input), tokenizer, options)
  } else {
    await write(tokenFiles.train, parts.train)
    if (parts.validation) await write(tokenFiles.validation, parts.validation)
  }
  await writeText(storage, tokenizerFile, JSON.stringify(tokenizer.toJSON()))
  return tokenizer
}

/** The tokenizer of a run that goes on, checked against its tokens. */
async function storedTokenizer(storage: Storage, { stream, validationFraction }: RunOptions): Promise<Tokenizer> {
  const tokenizer = tokenizerFromJSON(JSON.parse(await readText(storage, tokenizerFile)))
  if (stream && validationFraction === 0) return tokenizer
  const header = await readTokensHeader(storage, stream ? tokenFiles.validation : tokenFiles.train)
  if (header.tokenizer !== (await fingerprint(JSON.stringify(tokenizer.toJSON())))) {
    throw new CheckpointError({
      what: storage.locate(tokenizerFile),
      expected: 'the tokenizer that made the tokens of this run',
      received: 'another',
      hint: 'Put the file back, or train into a new folder with --out.',
    })
  }
  return tokenizer
}

/**
 * The options of a run that goes on: those of its start, with what may change taken from `given`.
 * @throws {CheckpointError} if an option is given that would make it another run
 */
export function resumedOptions(
  storage: Storage,
  given: Readonly<Record<string, unknown>>,
): Promise<{ modelName: string; options: RunOptions }> {
  return storedOptions(storage, trainOptions, changeableOnResume, given)
}

/** The optimizer that the options name. */
export function optimizerOf({ optimizer, beta1, beta2, weightDecay, momentum }: RunOptions): Optimizer {
  if (optimizer === 'sgd') return sgd({ momentum: momentum ?? 0.9, weightDecay })
  if (optimizer === 'muon') return muon({ beta1, beta2, weightDecay, momentum })
  return optimizer === 'adam' ? adam({ beta1, beta2 }) : adamW({ beta1, beta2, weightDecay })
}

export function scheduleOf({ schedule, learningRate, finalLearningRate, warmUp: rising, steps }: RunOptions): Schedule {
  const rest = Math.max(1, steps - rising)
  const then = {
    cosine: cosine(learningRate, finalLearningRate, rest),
    linear: linear(learningRate, finalLearningRate, rest),
    constant: constantRate(learningRate),
  }[schedule]
  return warmUp(rising, then)
}
