/**
 * A whole pre-training of BERT as `nacre train bert` does it: text to documents, documents to sentence pairs, model, loop,
 * and what a run keeps.
 */
import { OptionError } from '../base/errors.ts'
import { checkOptions, flagOf, type GivenOptions, type OptionsOf } from '../base/options.ts'
import type { Shape } from '../base/shape.ts'
import { saveBertFolder } from '../checkpoints/bert.ts'
import { bertMarkers } from '../data/bert-rows.ts'
import { documentsOf, type EncodedDocuments, encodeDocuments } from '../data/documents.ts'
import { type MaskedBatchOptions, mostMasked } from '../data/masked-batches.ts'
import type { TextSource } from '../data/text.ts'
import { fingerprint } from '../data/token-shards.ts'
import { BERT, bertSizes } from '../models/2018-bert.ts'
import { neighbourWeights } from '../models/neighbour-weights.ts'
import { initialWeights, namedParameters, parameterCount } from '../nn/parameters.ts'
import { linear, warmUp } from '../optim/schedules.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Storage } from '../storage/storage.ts'
import type { Segmenter } from '../tokenizers/segmenter.ts'
import { trainWordPiece } from '../tokenizers/subword-training.ts'
import type { WordPiece } from '../tokenizers/word-piece.ts'
import { bertOptions, changeableBertOptions } from './bert-options.ts'
import type { Identity } from './checkpoint.ts'
import type { FitStep } from './fit.ts'
import { muonOrAdamW } from './muon-options.ts'
import { beginRun, type KeptEvent, keepRun, requireRun, storedOptions } from './run-folder.ts'
import { defaultMicroBatches } from './train.ts'
import { type MaskedValidation, trainMasked } from './train-masked.ts'

export const bertType = 'bert'

export type BertRunOptions = OptionsOf<typeof bertOptions>

export interface BertRunInput {
  /** The folder of the run. */
  readonly storage: Storage
  readonly options: BertRunOptions
  readonly runtime: Runtime
  readonly text: TextSource
  /** A vocabulary that is there; by default one is trained on the text. */
  readonly tokenizer?: WordPiece
  /** Finds the words of Chinese where whole words are masked. */
  readonly segmenter?: Segmenter
  /** Stops after the present step, with everything saved. */
  readonly signal?: AbortSignal
}

export interface BertStart {
  readonly type: 'start'
  readonly model: string
  readonly parameters: number
  readonly vocabulary: number
  /** Tokens and documents that are learned from, and held out. */
  readonly trainTokens: number
  readonly trainDocuments: number
  readonly validationTokens: number
  readonly steps: number
  /** The step that it goes on from. */
  readonly from: number
  readonly batchSize: number
  readonly updatesPerEpoch: number
}

export type BertEvent = BertStart | FitStep | MaskedValidation | KeptEvent

/** @throws {OptionError} if the vocabulary has no room for the characters of the text */
async function learnTokenizer({ text, options: { vocabulary, lowercase } }: BertRunInput): Promise<WordPiece> {
  try {
    return await trainWordPiece(text.chunks(), { vocabularySize: vocabulary, lowercase })
  } catch (error) {
    if (!(error instanceof OptionError) || error.what !== 'vocabularySize') throw error
    const { expected, received } = error
    throw new OptionError({ what: 'Option --vocabulary', expected, received }, { cause: error })
  }
}

/** Trains and leaves a folder that can be used, and resumed. */
export async function* trainBertRun(run: BertRunInput): AsyncGenerator<BertEvent> {
  const { storage, options, runtime } = run
  const { context, batchSize, maskedShare, seed, steps, firstWeights } = options
  sizesOf(options, 1) // sizes that do not fit are refused before anything is read
  const microBatchSize = options.microBatchSize ?? batchSize / defaultMicroBatches(batchSize, context)
  if (!Number.isInteger(batchSize / microBatchSize)) {
    const expected = `a divisor of --batch-size (${batchSize})`
    throw new OptionError({ what: 'Option --micro-batch-size', expected, received: String(microBatchSize) })
  }
  const tokenizer = run.tokenizer ?? (await learnTokenizer(run))
  const segmenter = options.masking === 'words' ? run.segmenter : undefined
  const all = await encodeDocuments(documentsOf(run.text), tokenizer, segmenter)
  const { train, validation } = splitDocuments(all, options.validationFraction)

  const model = new BERT(sizesOf(options, tokenizer.vocabularySize))
  const parameters = namedParameters(model)
  const shapes = new Map<string, Shape>([...parameters].map(([name, { shape }]) => [name, shape]))
  const { beta1, beta2, weightDecay } = options
  const optimizer = muonOrAdamW(options, { beta1, beta2, epsilon: 1e-6, weightDecay })
  const identity: Identity = {
    configuration: JSON.stringify({ model: bertType, ...model.configuration, batchSize, microBatchSize }),
    optimizer: optimizer.name,
    tokenizer: await fingerprint(JSON.stringify(tokenizer.toJSON())),
    examples: await documentsFingerprint(train),
  }
  const { from, resume, begin } = await beginRun(storage, bertType, options, { shapes, optimizer, identity })

  const markers = bertMarkers(tokenizer)
  const special = new Set(tokenizer.specialTokens.values())
  const randomIds = Int32Array.from({ length: tokenizer.vocabularySize }, (_, id) => id).filter(id => !special.has(id))
  const masking = { share: maskedShare, most: mostMasked(context, maskedShare), mask: markers.mask, randomIds }
  const batches = (documents: EncodedDocuments): MaskedBatchOptions => ({
    ...{ documents, markers, context, batchSize, microBatchSize, masking, seed },
  })
  const { clip, maximumGradientNorm, dropout, evaluateEvery, evaluationBatches, patience, warmUp: rising } = options
  const training = await trainMasked(model, {
    ...{
      runtime,
      steps,
      optimizer,
      clip,
      maximumGradientNorm,
      dropout,
      evaluateEvery,
      evaluationBatches,
      patience,
      resume,
    },
    weights: firstWeights === 'neighbours' ? neighbourWeights(model, seed) : initialWeights(parameters, seed),
    learningRate: warmUp(rising, linear(options.learningRate, options.finalLearningRate, Math.max(1, steps - rising))),
    train: batches(train),
    validation: validation && batches(validation),
  })
  yield {
    ...{ type: 'start', model: bertType, steps, from, batchSize, updatesPerEpoch: training.updatesPerEpoch },
    parameters: parameterCount(model),
    vocabulary: tokenizer.vocabularySize,
    trainTokens: train.ids.length,
    trainDocuments: train.documents.length - 1,
    validationTokens: validation?.ids.length ?? 0,
  }
  yield* keepRun<FitStep | MaskedValidation, FitStep | MaskedValidation>({
    ...{ storage, runtime, training, shapes, identity, from, begin, options, signal: run.signal },
    plot: { title: `${bertType}: loss of masked words and next sentences`, unit: 'nats' },
    validates: validation !== undefined,
    measure: event => event,
    keepModel: async () => {
      const { weights } = await training.state()
      await saveBertFolder(storage, { model, weights, tokenizer })
    },
  })
}

function sizesOf(options: BertRunOptions, vocabulary: number): ConstructorParameters<typeof BERT>[0] {
  const size = bertSizes[options.size]
  const { layers = size.layers, heads = size.heads, channels = size.channels, context } = options
  const sizes = { vocabulary, context, layers, heads, channels, hidden: options.hidden ?? 4 * channels }
  new BERT({ ...sizes, layers: 1 })
  return sizes
}

async function documentsFingerprint({ ids, begins, sentences, documents }: EncodedDocuments): Promise<string> {
  const digests = [ids, begins, sentences, documents].map(({ buffer, byteOffset, byteLength }) =>
    fingerprint(new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength)),
  )
  return fingerprint((await Promise.all(digests)).join())
}

/** The last documents are held out, at least one of them. */
export function splitDocuments(
  { ids, begins, sentences, documents }: EncodedDocuments,
  share: number,
): { readonly train: EncodedDocuments; readonly validation?: EncodedDocuments } {
  const count = documents.length - 1
  const held = share > 0 ? Math.max(1, Math.floor(count * share)) : 0
  if (count - held < 1) {
    throw new OptionError({
      what: 'The text',
      expected: 'at least two documents, one of which is held out',
      received: `${count}`,
      hint: 'Separate documents by empty lines, or hold out none: --validation-fraction 0',
    })
  }
  const part = (first: number, end: number): EncodedDocuments => {
    const [firstSentence, endSentence] = [documents[first], documents[end]]
    const [start, stop] = [sentences[firstSentence], sentences[endSentence]]
    return {
      ids: ids.subarray(start, stop),
      begins: begins.subarray(start, stop),
      sentences: sentences.slice(firstSentence, endSentence + 1).map(place => place - start),
      documents: documents.slice(first, end + 1).map(sentence => sentence - firstSentence),
    }
  }
  return { train: part(0, count - held), validation: held > 0 ? part(count - held, count) : undefined }
}

/**
 * The options of a new training: those given over the defaults.
 * @throws {OptionError} if an option is unknown, or a value is not what its option allows
 */
export function settleBertOptions(given: GivenOptions<typeof bertOptions> = {}): BertRunOptions {
  return checkOptions(bertOptions, given, { spelling: flagOf })
}

/**
 * The options of a run that goes on: those of its start, with what may change taken from `given`.
 * @throws {OptionError} if the folder holds no such run
 * @throws {CheckpointError} if an option is given that would make it another run
 */
export async function resumedBertOptions(
  storage: Storage,
  given: Readonly<Record<string, unknown>>,
): Promise<BertRunOptions> {
  await requireRun(storage, [bertType])
  return (await storedOptions(storage, bertOptions, changeableBertOptions, given)).options
}
