/**
 * Logistic regression on vectors of texts as a folder: config.json (how texts become vectors, the classes),
 * vocabulary.txt (one term a line), model.safetensors (weight, bias, and what each term is worth).
 */
import { CheckpointError, OptionError } from '../base/errors.ts'
import { LogisticRegression } from '../models/logistic-regression.ts'
import { TextVectors } from '../models/text-vectors.ts'
import { readText, type Storage, writeText } from '../storage/storage.ts'
import { type Segmenter, segmenterNamed } from '../tokenizers/segmenter.ts'
import { ConfigReader, readJSON, requireFiles } from './architecture.ts'
import { openSafetensors, writeSafetensors } from './safetensors.ts'

export const textClassifierType = 'tfidf'

export interface SavedTextClassifier {
  readonly vectors: TextVectors
  readonly model: LogisticRegression
  readonly weights: ReadonlyMap<string, Float32Array>
  /** Names of the classes, by their numbers. */
  readonly labels: readonly string[]
}

/** Writes or replaces the folder's files. The weights come last: a folder that has model.safetensors is whole. */
export async function saveTextClassifierFolder(
  storage: Storage,
  { vectors, model, weights, labels }: SavedTextClassifier,
): Promise<void> {
  const { terms, weights: worth, segmenter, stopWords, wordsOnly, ...settings } = vectors.model
  const { inputs, classes } = model.configuration
  const config = {
    architectures: ['LogisticRegression'],
    model_type: textClassifierType,
    ...settings,
    segmenter: segmenter.name,
    words_only: wordsOnly,
    stop_words: [...stopWords],
    id2label: Object.fromEntries(labels.map((label, i) => [String(i), label])),
    dtype: 'float32',
  }
  await storage.remove('model.safetensors')
  await writeText(storage, 'config.json', `${JSON.stringify(config, null, 2)}\n`)
  await writeText(storage, 'vocabulary.txt', terms.map(term => `${term}\n`).join(''))
  await writeSafetensors(
    storage,
    'model.safetensors',
    [
      { name: 'weight', dtype: 'F32', shape: [inputs, classes], data: weights.get('weight')! },
      { name: 'bias', dtype: 'F32', shape: [classes], data: weights.get('bias')! },
      { name: 'term_weight', dtype: 'F32', shape: [inputs], data: worth },
    ],
    { format: 'pt' },
  )
}

/**
 * Reads what `saveTextClassifierFolder` wrote.
 * @param options.segmenters - those that need a host, as jieba
 * @throws {CheckpointError} if a file is missing or damaged, or a segmenter was not given
 */
export async function loadTextClassifierFolder(
  storage: Storage,
  options: { readonly segmenters?: readonly Segmenter[] } = {},
): Promise<SavedTextClassifier> {
  await requireFiles(storage, ['config.json', 'vocabulary.txt', 'model.safetensors'], 'classifier')
  const json = await readJSON(storage, 'config.json')
  const config = new ConfigReader(storage.locate('config.json'), json)
  const labels = config.labels()
  const terms = (await readText(storage, 'vocabulary.txt')).split('\n').filter(Boolean)
  const file = await openSafetensors(storage, 'model.safetensors')
  const weight = await file.readFloat32('weight', [terms.length, labels.length])
  const bias = await file.readFloat32('bias', [labels.length])
  const worth = await file.readFloat32('term_weight', [terms.length])
  const { stop_words: stopWords } = json
  return {
    vectors: new TextVectors({
      segmenter: segmenterOf(config, options.segmenters),
      lowercase: json.lowercase === true,
      wordsOnly: json.words_only === true,
      normalize: json.normalize === true,
      stopWords: new Set(Array.isArray(stopWords) ? stopWords.map(String) : []),
      ngrams: config.integer('ngrams'),
      frequency: config.oneOf('frequency', ['binary', 'count', 'sublinear']),
      idf: config.oneOf('idf', ['smooth', 'textbook', 'none']),
      terms,
      weights: worth,
    }),
    model: new LogisticRegression({ inputs: terms.length, classes: labels.length }),
    weights: new Map([
      ['weight', weight],
      ['bias', bias],
    ]),
    labels,
  }
}

function segmenterOf(config: ConfigReader, given: readonly Segmenter[] | undefined): Segmenter {
  try {
    return segmenterNamed(config.string('segmenter'), given)
  } catch (cause) {
    if (!(cause instanceof OptionError)) throw cause
    const { expected, received, hint } = cause
    throw new CheckpointError({ what: `${config.location}, segmenter,`, expected, received, hint }, { cause })
  }
}
