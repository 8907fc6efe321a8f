/**
 * BERT as a folder of transformers' `BertForPreTraining`: config.json, model.safetensors, tokenizer.json,
 * tokenizer_config.json. Folders with fewer heads (`BertModel`, `BertForMaskedLM`, a fine-tuned one) are read too.
 */
import { CheckpointError } from '../base/errors.ts'
import { BERT, bertTensorNames } from '../models/2018-bert.ts'
import { transformerDeviation } from '../nn/initializers.ts'
import { readText, type Storage } from '../storage/storage.ts'
import { tokenizerConfig, tokenizerFromJSON } from '../tokenizers/huggingface.ts'
import { bertTokens, WordPiece, wordPieceVocabulary } from '../tokenizers/word-piece.ts'
import { type Config, ConfigReader, createModel, readJSON, replaceFiles, requireFiles } from './architecture.ts'
import { openSafetensors, type SafetensorsFile, writeSafetensors } from './safetensors.ts'
import { fromStored, type LayerLayout, type StoredPart, storedParts, theirNames, toStored } from './stored-parts.ts'

/** What a folder may lack, by the names of the model's fields. */
export type BertPart = 'pooler' | 'maskHead' | 'nextHead'

export interface SavedBERT {
  readonly model: BERT
  /** By our dotted names; of missing parts, zeros. */
  readonly weights: ReadonlyMap<string, Float32Array>
  readonly tokenizer: WordPiece
  /** Parts that the folder has no weights of; default none. */
  readonly missing?: readonly BertPart[]
}

const parts: readonly BertPart[] = ['pooler', 'maskHead', 'nextHead']

/** What people call the parts. */
const partNames: Readonly<Record<BertPart, string>> = {
  pooler: 'the pooler (bert.pooler)',
  maskHead: 'the masked-word head (cls.predictions)',
  nextHead: 'the next-sentence head (cls.seq_relationship)',
}

/** The tensors of a model by their names in transformers. */
export const bertParts = (model: BERT): StoredPart[] =>
  storedParts(model, bertTensorNames, ['tokenEmbedding', 'positionEmbedding', 'segmentEmbedding'])

export const bertLayout: LayerLayout = { names: own => theirNames(own, bertTensorNames), inputsFirst: false }

const partOf = ({ own }: StoredPart): BertPart | undefined => parts.find(part => own.startsWith(part))

/** Writes or replaces the folder's files. The weights come last: a folder that has model.safetensors is whole. */
export async function saveBertFolder(storage: Storage, saved: SavedBERT): Promise<void> {
  const { model, weights, tokenizer, missing = [] } = saved
  const files = {
    'config.json': bertConfig(saved),
    'tokenizer.json': tokenizer.toJSON(),
    'tokenizer_config.json': tokenizerConfig(tokenizer, { maximumLength: model.context }),
  }
  await replaceFiles(storage, files)
  const stored = bertParts(model).filter(part => !missing.some(name => name === partOf(part)))
  await writeSafetensors(storage, 'model.safetensors', toStored(stored, weights), { format: 'pt' })
}

export function bertConfig({ model, tokenizer, missing = [] }: SavedBERT): Config {
  const { vocabulary, context, channels, layers, heads, hidden } = model.configuration
  const architecture = missing.includes('maskHead')
    ? 'BertModel'
    : missing.length > 0
      ? 'BertForMaskedLM'
      : 'BertForPreTraining'
  return {
    architectures: [architecture],
    model_type: 'bert',
    vocab_size: vocabulary,
    max_position_embeddings: context,
    type_vocab_size: 2,
    hidden_size: channels,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    intermediate_size: hidden,
    hidden_act: 'gelu',
    layer_norm_eps: 1e-12,
    initializer_range: transformerDeviation(channels),
    hidden_dropout_prob: 0.1,
    attention_probs_dropout_prob: 0.1,
    tie_word_embeddings: true,
    pad_token_id: tokenizer.specialTokens.get(bertTokens.padding) ?? null,
    dtype: 'float32',
  }
}

/**
 * Reads a folder that we or transformers wrote.
 * @throws {CheckpointError} if a file is missing or damaged, is not BERT's, or asks for something that it does not compute
 */
export async function loadBertFolder(storage: Storage): Promise<SavedBERT> {
  await requireFiles(storage, ['config.json'], 'model')
  const config = new ConfigReader(storage.locate('config.json'), await readJSON(storage, 'config.json'))
  const modelType = config.string('model_type')
  if (modelType !== 'bert') {
    const hint = 'Train one with: nacre train bert --data FILE --out DIR'
    throw new CheckpointError({
      what: config.location,
      expected: 'model_type "bert"',
      received: `"${modelType}"`,
      hint,
    })
  }
  await requireFiles(storage, ['model.safetensors'], 'BERT')
  const model = createBert(config)
  const tokenizer = await loadBertTokenizer(storage)
  if (tokenizer.vocabularySize > model.vocabulary) {
    throw new CheckpointError({
      what: storage.locate('tokenizer.json'),
      expected: `at most ${model.vocabulary} tokens, the rows of the model's embedding`,
      received: String(tokenizer.vocabularySize),
      hint: 'Does the tokenizer belong to this model?',
    })
  }
  const file = await openSafetensors(storage, 'model.safetensors')
  const stored = bertParts(model)
  const missing = parts.filter(part => !stored.some(entry => partOf(entry) === part && storedName(file, entry.name)))
  const present = stored.filter(entry => !missing.some(part => part === partOf(entry)))
  const weights = await fromStored(model, present, ({ name, shape }) =>
    file.readFloat32(storedName(file, name) ?? name, shape),
  )
  return { model, weights, tokenizer, missing }
}

/**
 * Makes sure that a folder has what something needs.
 * @param purpose - what needs it, for the message
 * @throws {CheckpointError} if its weights are not there
 */
export function requireBertParts({ missing = [] }: SavedBERT, needed: readonly BertPart[], purpose: string): void {
  const lacking = needed.filter(part => missing.includes(part))
  if (lacking.length === 0) return
  throw new CheckpointError({
    what: purpose,
    expected: `a BERT with ${lacking.map(part => partNames[part]).join(' and ')}`,
    received: 'a folder without its weights',
    hint: 'A folder of transformers’ BertForPreTraining has all of them.',
  })
}

function createBert(config: ConfigReader): BERT {
  config.onlyIf('hidden_act', ['gelu'])
  config.onlyIf('layer_norm_eps', [1e-12])
  config.onlyIf('type_vocab_size', [2])
  config.onlyIf('position_embedding_type', ['absolute'])
  config.onlyIf('is_decoder', [false])
  config.onlyIf('add_cross_attention', [false])
  config.onlyIf('tie_word_embeddings', [true])
  const sizes = {
    vocabulary: config.integer('vocab_size'),
    context: config.integer('max_position_embeddings'),
    channels: config.integer('hidden_size'),
    layers: config.integer('num_hidden_layers'),
    heads: config.integer('num_attention_heads'),
    hidden: config.integer('intermediate_size'),
  }
  return createModel(config.location, () => new BERT(sizes))
}

/**
 * The tokenizer of a folder: tokenizer.json, or the vocab.txt of older ones.
 * @throws {CheckpointError} if there is none, or another kind
 */
export async function loadBertTokenizer(storage: Storage): Promise<WordPiece> {
  const settings = 'tokenizer_config.json'
  const config = (await storage.exists(settings)) ? await readJSON(storage, settings) : undefined
  if (!(await storage.exists('tokenizer.json')) && (await storage.exists('vocab.txt')))
    return wordPieceVocabulary(await readText(storage, 'vocab.txt'), { lowercase: config?.do_lower_case !== false })
  await requireFiles(storage, ['tokenizer.json'], 'BERT')
  const tokenizer = tokenizerFromJSON(await readJSON(storage, 'tokenizer.json'), config)
  if (tokenizer instanceof WordPiece) return tokenizer
  const what = storage.locate('tokenizer.json')
  throw new CheckpointError({ what, expected: 'a WordPiece tokenizer', received: tokenizer.kind })
}

/** Base models leave out the first part of a name; conversions of before 2020 have gamma and beta. */
function storedName({ tensors }: SafetensorsFile, name: string): string | undefined {
  const old = name.replace(/LayerNorm\.weight$/, 'LayerNorm.gamma').replace(/LayerNorm\.bias$/, 'LayerNorm.beta')
  return [name, old].flatMap(known => [known, known.replace(/^bert\./, '')]).find(known => tensors.has(known))
}
