/**
 * A recurrent classifier of texts as a folder: config.json (its sizes, the words it reads, the classes), tokenizer.json,
 * tokenizer_config.json, model.safetensors.
 */
import { CheckpointError } from '../base/errors.ts'
import { RecurrentClassifier } from '../models/recurrent-classifier.ts'
import type { Storage } from '../storage/storage.ts'
import { tokenizerConfig, tokenizerFromJSON } from '../tokenizers/huggingface.ts'
import type { Segmenter } from '../tokenizers/segmenter.ts'
import type { Tokenizer } from '../tokenizers/tokenizer.ts'
import { ConfigReader, readJSON, replaceFiles, requireFiles } from './architecture.ts'
import {
  type ClassifierArchitecture,
  loadClassifierFolder,
  type SavedClassifier,
  saveClassifierFolder,
} from './classifier-folder.ts'

export const recurrentClassifierType = 'recurrent-classifier'

export interface SavedRecurrentClassifier extends SavedClassifier<RecurrentClassifier> {
  readonly tokenizer: Tokenizer
  /** Words of a text that are read. */
  readonly context: number
}

/** @param context - words of a text that are read */
const architectureOf = (context?: number): ClassifierArchitecture<RecurrentClassifier> => ({
  modelType: recurrentClassifierType,
  config: ({ configuration }) => ({
    architectures: ['RecurrentClassifier'],
    model_type: recurrentClassifierType,
    cell: configuration.kind,
    vocab_size: configuration.vocabulary,
    num_labels: configuration.classes,
    embedding_size: configuration.embeddingSize,
    hidden_size: configuration.hiddenSize,
    num_hidden_layers: configuration.layers,
    bidirectional: configuration.bidirectional,
    pooling: configuration.pooling,
    max_position_embeddings: context,
    dtype: 'float32',
  }),
  create: config =>
    new RecurrentClassifier({
      kind: config.oneOf('cell', ['rnn', 'lstm', 'gru']),
      vocabulary: config.integer('vocab_size'),
      classes: config.integer('num_labels'),
      embeddingSize: config.integer('embedding_size'),
      hiddenSize: config.integer('hidden_size'),
      layers: config.integer('num_hidden_layers'),
      bidirectional: config.boolean('bidirectional'),
      pooling: config.oneOf('pooling', ['mean', 'max', 'last']),
    }),
})

/** Writes or replaces the folder's files. The weights come last: a folder that has model.safetensors is whole. */
export async function saveRecurrentClassifierFolder(storage: Storage, saved: SavedRecurrentClassifier): Promise<void> {
  const { tokenizer, context } = saved
  const files = {
    'tokenizer.json': tokenizer.toJSON(),
    'tokenizer_config.json': tokenizerConfig(tokenizer, { maximumLength: context }),
  }
  await replaceFiles(storage, files)
  await saveClassifierFolder(storage, architectureOf(context), saved)
}

/**
 * Reads what `saveRecurrentClassifierFolder` wrote.
 * @param options.segmenters - those that need a host, as jieba
 * @throws {CheckpointError} if a file is missing or damaged, or the tokenizer has more words than the model
 * @throws {OptionError} if it needs a segmenter that was not given
 */
export async function loadRecurrentClassifierFolder(
  storage: Storage,
  options: { readonly segmenters?: readonly Segmenter[] } = {},
): Promise<SavedRecurrentClassifier> {
  const saved = await loadClassifierFolder(storage, architectureOf())
  await requireFiles(storage, ['tokenizer.json', 'tokenizer_config.json'], 'classifier')
  const config = new ConfigReader(storage.locate('config.json'), await readJSON(storage, 'config.json'))
  const settings = await readJSON(storage, 'tokenizer_config.json')
  const tokenizer = tokenizerFromJSON(await readJSON(storage, 'tokenizer.json'), settings, options)
  const { vocabulary } = saved.model.configuration
  if (tokenizer.vocabularySize > vocabulary) {
    throw new CheckpointError({
      what: storage.locate('tokenizer.json'),
      expected: `at most ${vocabulary} tokens, the rows of the model's embedding`,
      received: String(tokenizer.vocabularySize),
      hint: 'Does the tokenizer belong to this model?',
    })
  }
  return { ...saved, tokenizer, context: config.integer('max_position_embeddings') }
}
