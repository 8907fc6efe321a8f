/**
 * A whole training of word vectors: text to words, words to ids, epochs, checkpoints, in the folder of the run. It speaks
 * in events; the host decides how they look, and brings threads.
 */
import { CheckpointError, OptionError, TrainingError } from '../../base/errors.ts'
import { checkOptions, type GivenOptions, type OptionsOf } from '../../base/options.ts'
import { openSafetensors, writeSafetensors } from '../../checkpoints/safetensors.ts'
import { writeWordVectors } from '../../checkpoints/word-vectors.ts'
import type { TextSource } from '../../data/text.ts'
import { fingerprint, readTokensHeader, type TokenSource, writeTokens } from '../../data/token-shards.ts'
import { initializeWord2vec, type Word2vecConfiguration, word2vecMemory } from '../../models/2013-word2vec.ts'
import { Word2vecMemory } from '../../models/word2vec/memory.ts'
import { readText, type Storage, writeText } from '../../storage/storage.ts'
import type { Segmenter } from '../../tokenizers/segmenter.ts'
import { stateFile } from '../checkpoint.ts'
import { allFinite, optionsFile, requireRun, storedOptions, storeOptions } from '../run-folder.ts'
import { type Crew, singleCrew, type Work } from './crew.ts'
import { changeableVectorOptions, word2vecOptions } from './options.ts'
import { phrasedWords } from './phrases.ts'
import { countWords, encodeWords, parseWordCounts, type WordCounts, writeWordCounts } from './vocabulary.ts'
import { textWords } from './words.ts'

export type Word2vecOptions = OptionsOf<typeof word2vecOptions>

/** Every option that is not given by its default. */
export function word2vecDefaults(given: GivenOptions<typeof word2vecOptions> = {}): Word2vecOptions {
  return checkOptions(word2vecOptions, given)
}

export interface VectorsStart {
  readonly type: 'start'
  readonly vocabulary: number
  readonly parameters: number
  /** Of one epoch, those left out by chance too. */
  readonly words: number
  readonly threads: number
  /** The share of the work that a resumed run finds done. */
  readonly done: number
}
export interface VectorsProgress {
  readonly type: 'progress'
  /** The first chunk that is not learned yet, of all epochs. */
  readonly chunk: number
  readonly chunks: number
  /** The epoch that is being learned, from 1. */
  readonly epoch: number
  readonly wordsPerSecond: number
  /** Mean loss of a prediction since the last such event, in nats, measured on a few. */
  readonly loss: number
}
export interface VectorsSaved {
  readonly type: 'saved'
  readonly chunk: number
}
export interface VectorsEnd {
  readonly type: 'done' | 'stopped'
  readonly chunk: number
  /** The file of vectors, in the folder of the run. */
  readonly file: string
}
export type VectorsEvent = VectorsStart | VectorsProgress | VectorsSaved | VectorsEnd

export interface Word2vecInput {
  readonly storage: Storage
  readonly options: Word2vecOptions
  /** Needed where `needsText` says so. */
  readonly text?: TextSource
  /** Finds the words of the text. */
  readonly segmenter: Segmenter
  /** Opens tokens that `writeTokens` wrote into the run's folder. */
  readonly openTokens: (name: string) => Promise<TokenSource>
  readonly threads: number
  /** Several threads, which a host brings. */
  readonly threadedCrew?: (work: Work, memory: Word2vecMemory, tokenName: string) => Crew
  /** Time between two progress events; default 500. */
  readonly sliceMs?: number
  readonly signal?: AbortSignal
}

/** Tokens of a chunk: what a thread learns between two looks at the clock. */
const chunkLength = 5000
const tokenFile = 'training/train'
const vocabularyFile = 'training/vocabulary.txt'
const metricsFile = 'training/metrics.jsonl'
/** Where a run's vectors lie, by their format. */
export const vectorFiles = { binary: 'vectors.bin', text: 'vectors.txt' } as const

/** The configuration's part of the options. */
export function configurationOf(options: Word2vecOptions): Word2vecConfiguration {
  const { architecture, objective, channels, window, negative, sample } = options
  return { architecture, objective, channels, window, negative, sample }
}

/** Trains, and leaves a folder that can be used, and resumed. */
export async function* trainWord2vec(input: Word2vecInput): AsyncGenerator<VectorsEvent> {
  const { storage, options, threads, sliceMs = 500 } = input
  const resuming = options.resume && (await storage.exists(stateFile))
  const vocabulary = resuming
    ? parseWordCounts(await readText(storage, vocabularyFile), storage.locate(vocabularyFile))
    : await prepare(input)
  const { words, counts } = vocabulary
  const tokens = await input.openTokens(tokenFile)
  const configuration = configurationOf(options)
  const chunksPerEpoch = Math.ceil(tokens.length / chunkLength)
  const chunks = chunksPerEpoch * options.epochs
  const work: Work = {
    ...{ configuration, counts, chunksPerEpoch, chunkLength, seed: options.seed, epochs: options.epochs },
    learningRate: options.learningRate ?? (options.architecture === 'cbow' ? 0.05 : 0.025),
    finalLearningRate: options.finalLearningRate,
  }
  const isThreaded = threads > 1 && input.threadedCrew !== undefined
  const memory = reserve(configuration, vocabulary, isThreaded ? threads : 1, isThreaded)
  const identity = await fingerprint(JSON.stringify([configuration, words, [...counts], options.seed]))
  if (!resuming) initializeWord2vec(memory, options.seed)
  let chunk = resuming ? await loadVectors(storage, memory, identity) : 0
  if (chunk > chunks) {
    const epochs = Math.ceil(chunk / chunksPerEpoch)
    const expected = `at least ${epochs}, which it has read already`
    throw new OptionError({ what: 'Option --epochs', expected, received: String(options.epochs) })
  }
  await forgetMetrics(storage, chunk)
  if (resuming) await storeSettings(storage, options)

  const wordsPerEpoch = counts.reduce((sum, count) => sum + count, 0)
  const size = { vocabulary: words.length, parameters: 2 * words.length * options.channels, words: wordsPerEpoch }
  yield { type: 'start', ...size, threads: memory.size.threads, done: chunk / chunks }

  const save = async (): Promise<VectorsSaved> => {
    const { channels } = configuration
    const input = memory.matrix('input')
    if (!allFinite(input)) throw diverged(chunk)
    const shape = [words.length, channels]
    const tensor = (name: 'input' | 'output') => {
      return { name, dtype: 'F32' as const, shape, data: name === 'input' ? input : memory.matrix(name) }
    }
    await writeSafetensors(storage, stateFile, [tensor('input'), tensor('output')], { chunk: String(chunk), identity })
    await writeWordVectors(storage, vectorFiles[options.format], { words, channels, matrix: input }, options.format)
    return { type: 'saved', chunk }
  }
  const crew = isThreaded ? input.threadedCrew!(work, memory, tokenFile) : singleCrew(work, memory, tokens)
  try {
    let saved = performance.now()
    let before = crew.lesson()
    while (chunk < chunks) {
      const started = performance.now()
      chunk = await crew.work(chunk, chunks, sliceMs)
      const lesson = crew.lesson()
      const progress: VectorsProgress = {
        ...{ type: 'progress', chunk, chunks, epoch: Math.floor((chunk - 1) / chunksPerEpoch) + 1 },
        wordsPerSecond: Math.round(((lesson.words - before.words) / (performance.now() - started)) * 1000),
        loss: (lesson.loss - before.loss) / (lesson.measured - before.measured),
      }
      before = lesson
      if (lesson.measured > 0 && Number.isNaN(lesson.loss)) throw diverged(chunk)
      if (chunk === chunks && !resuming && lesson.measured === 0) throw nothingLearned(options)
      await storage.append(metricsFile, `${JSON.stringify(progress)}\n`)
      yield progress
      const stopping = input.signal?.aborted === true && chunk < chunks
      if (stopping || chunk === chunks || performance.now() - saved > options.saveEvery * 1000) {
        yield await save()
        saved = performance.now()
      }
      if (!stopping) continue
      yield { type: 'stopped', chunk, file: vectorFiles[options.format] }
      return
    }
    if (!(await storage.exists(vectorFiles[options.format]))) yield await save() // resumed to write another format
    yield { type: 'done', chunk, file: vectorFiles[options.format] }
  } finally {
    await crew.end()
  }
}

/** Vocabulary and ids of a fresh run. */
async function prepare({ storage, options, text, segmenter }: Word2vecInput): Promise<WordCounts> {
  if (text === undefined)
    throw new OptionError({ what: 'Option --data', expected: 'a text to learn from', received: 'none' })
  const { minimumCount, maximumVocabulary, phraseThreshold: threshold } = options
  const plain = textWords(text, { ...options, segmenter })
  const source = await phrasedWords(plain, options.phrases, { minimumCount, threshold })
  const vocabulary = await countWords(source, { minimumCount, maximumVocabulary })
  if (!Word2vecMemory.fits({ vocabulary: vocabulary.words.length, channels: options.channels }))
    throw tooLarge(vocabulary, options.channels)
  if (!(await hasNeighbours(encodeWords(source, vocabulary), vocabulary.words.length))) {
    const hint = 'Are there sentences of more than one word? See --sentences and --minimum-count.'
    throw new OptionError({ what: 'Option --data', expected: 'words that follow each other', received: 'none', hint })
  }
  for (const file of [optionsFile, stateFile, metricsFile, ...Object.values(vectorFiles)]) await storage.remove(file)
  await storeSettings(storage, options)
  const about = { vocabularySize: vocabulary.words.length + 1, tokenizer: 'words', bytesOfText: 0 }
  await writeTokens(storage, tokenFile, encodeWords(source, vocabulary), about)
  await writeWordCounts(storage, vocabularyFile, vocabulary)
  return vocabulary
}

/** Whether two words stand side by side somewhere, without the end of a sentence between them. */
async function hasNeighbours(pieces: AsyncIterable<Int32Array>, end: number): Promise<boolean> {
  let last = end
  for await (const piece of pieces)
    for (const id of piece) {
      if (last !== end && id !== end) return true
      last = id
    }
  return false
}

function reserve(
  configuration: Word2vecConfiguration,
  vocabulary: WordCounts,
  threads: number,
  shared: boolean,
): Word2vecMemory {
  try {
    return word2vecMemory(configuration, vocabulary.counts, { threads, shared })
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    throw tooLarge(vocabulary, configuration.channels)
  }
}

function tooLarge({ words }: WordCounts, channels: number): OptionError {
  return new OptionError({
    what: 'Vectors',
    expected: 'at most 4 GiB, and not more than there is memory for',
    received: `twice ${words.length} words of ${channels} channels`,
    hint: 'Take fewer --channels, a greater --minimum-count or a --maximum-vocabulary.',
  })
}

function nothingLearned({ sample, window }: Word2vecOptions): TrainingError {
  const received = `none with --sample ${sample} and --window ${window}`
  const hint = 'A larger --sample leaves out fewer of the frequent words (0: none).'
  return new TrainingError({ what: 'The training', expected: 'words with neighbours to learn from', received, hint })
}

function diverged(chunk: number): TrainingError {
  const hint = 'Begin again with a lower --learning-rate; the last checkpoint is whole.'
  return new TrainingError({ what: `Chunk ${chunk}`, expected: 'finite vectors', received: 'some that are not', hint })
}

/** Puts a checkpoint's vectors in their place; returns the first chunk that they have not learned. */
async function loadVectors(storage: Storage, memory: Word2vecMemory, identity: string): Promise<number> {
  const file = await openSafetensors(storage, stateFile)
  const { vocabulary, channels } = memory.size
  if (file.metadata.identity !== identity || !/^\d+$/.test(file.metadata.chunk ?? '')) {
    throw new CheckpointError({
      what: storage.locate(stateFile),
      expected: 'the state of this run: its configuration, vocabulary and seed',
      received: 'another',
      hint: 'Resume with the options of the first start, or train into a new folder with --out.',
    })
  }
  for (const name of ['input', 'output'] as const)
    memory.setMatrix(name, await file.readFloat32(name, [vocabulary, channels]))
  await readTokensHeader(storage, tokenFile)
  return Number(file.metadata.chunk)
}

/** Leaves out what a resumed run will write again. */
async function forgetMetrics(storage: Storage, chunk: number): Promise<void> {
  if (!(await storage.exists(metricsFile))) return
  const lines = (await readText(storage, metricsFile)).split('\n').slice(0, -1)
  const kept = lines.filter(line => (JSON.parse(line) as VectorsProgress).chunk <= chunk)
  await writeText(storage, metricsFile, kept.map(line => `${line}\n`).join(''))
}

async function storeSettings(storage: Storage, options: Word2vecOptions): Promise<void> {
  await storeOptions(storage, 'word2vec', options)
  const configuration = { model_type: 'word2vec', ...configurationOf(options), vectors: vectorFiles[options.format] }
  await writeText(storage, 'config.json', `${JSON.stringify(configuration, null, 2)}\n`)
}

/**
 * The options of a run that goes on: those of its start, with what may change taken from `given`.
 * @throws {CheckpointError} if an option is given that would make it another run
 * @throws {OptionError} if there is no such run
 */
export async function resumedVectorOptions(
  storage: Storage,
  given: Readonly<Record<string, unknown>>,
): Promise<Word2vecOptions> {
  await requireRun(storage, ['word2vec'])
  return (await storedOptions(storage, word2vecOptions, changeableVectorOptions, given)).options
}
