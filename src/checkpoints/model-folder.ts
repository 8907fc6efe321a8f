/**
 * A trained model as a folder in Hugging Face layout, which transformers loads as it is: config.json,
 * model.safetensors, tokenizer.json, tokenizer_config.json, generation_config.json.
 */
import { CheckpointError } from '../base/errors.ts'
import type { SamplingOptions } from '../generation/sampling.ts'
import { isRecurrent } from '../models/language-model.ts'
import { readText, type Storage } from '../storage/storage.ts'
import {
  readTokenizerSettings,
  type TokenizerSettings,
  tokenizerConfig,
  tokenizerFromJSON,
} from '../tokenizers/huggingface.ts'
import type { Segmenter } from '../tokenizers/segmenter.ts'
import type { Tokenizer } from '../tokenizers/tokenizer.ts'
import {
  type Architecture,
  ConfigReader,
  createModel,
  readJSON,
  replaceFiles,
  requireFiles,
  type StoredModel,
} from './architecture.ts'
import { gpt } from './gpt.ts'
import { gptNeo } from './gpt-neo.ts'
import { gpt2 } from './gpt2.ts'
import { joinedStorage } from './joined-storage.ts'
import { llama, qwen2, qwen3 } from './llama.ts'
import { recurrentArchitectures } from './recurrent.ts'
import { openSafetensors, type SafetensorsFile, writeSafetensors } from './safetensors.ts'
import { transformerDecoder } from './transformer-decoder.ts'

export interface SavedModel {
  readonly model: StoredModel
  /** By our dotted names. */
  readonly weights: ReadonlyMap<string, Float32Array>
  readonly tokenizer: Tokenizer
  /** How its makers would sample from it. */
  readonly generation?: SamplingOptions
  /** Its chat template, and what its special tokens are for. */
  readonly settings?: TokenizerSettings
  /** Tokens that end a turn of a dialogue, beside the one that ends a document. */
  readonly turnEnds?: readonly number[]
}

/** One entry for each model of the line that is saved. */
const architectures: readonly Architecture[] = [
  ...recurrentArchitectures,
  transformerDecoder,
  gpt,
  gpt2,
  gptNeo,
  llama,
  qwen2,
  qwen3,
]

/** Their name of a sampling option, and ours. */
const generationFields: readonly (readonly [string, keyof SamplingOptions])[] = [
  ['temperature', 'temperature'],
  ['top_k', 'topK'],
  ['top_p', 'topP'],
  ['min_p', 'minP'],
  ['repetition_penalty', 'repetitionPenalty'],
]

/**
 * Writes or replaces the folder's files. The weights come last, and those of another model go first: whenever the
 * process is killed, a folder that has model.safetensors is whole.
 */
export async function saveModelFolder(storage: Storage, saved: SavedModel): Promise<void> {
  const { model, weights } = saved
  const architecture = architectureFor(model)
  await replaceFiles(storage, describe(saved, architecture))
  await storage.remove('chat_template.jinja') // of another model; ours stands in tokenizer_config.json
  const tensors = [...architecture.store(model, weights)]
  await writeSafetensors(storage, 'model.safetensors', tensors, { format: 'pt' })
}

/** Every file of a folder but the weights. */
function describe(saved: SavedModel, architecture: Architecture): Record<string, object> {
  const { model, tokenizer, generation, settings, turnEnds = [] } = saved
  const config = architecture.config(model, tokenizer)
  const { bos_token_id, eos_token_id } = config
  const ends = [...new Set([eos_token_id, ...turnEnds])].filter(id => typeof id === 'number')
  const isGreedy = generation?.temperature === 0 // transformers knows no temperature of 0
  const sampling = generationFields.flatMap(([theirs, ours]) =>
    generation?.[ours] === undefined || (isGreedy && ours !== 'repetitionPenalty') ? [] : [[theirs, generation[ours]]],
  )
  const mode = generation === undefined ? { _from_model_config: true } : { do_sample: !isGreedy }
  return {
    'config.json': config,
    'tokenizer.json': tokenizer.toJSON(),
    'tokenizer_config.json': tokenizerConfig(tokenizer, {
      ...settings,
      maximumLength: isRecurrent(model) ? undefined : model.context,
    }),
    'generation_config.json': {
      ...mode,
      bos_token_id,
      eos_token_id: ends.length > 1 ? ends : eos_token_id,
      ...Object.fromEntries(sampling),
    },
  }
}

/**
 * Reads a folder that we or transformers wrote, its weights in one file or in several.
 * @param options.segmenters - those that need a host, as jieba, for a tokenizer of words that was trained with one
 * @throws {CheckpointError} if a file is missing or damaged, a field of config.json is missing or asks for something
 *   else than the published architecture, a tensor is missing or has another shape, or the tokenizer has more tokens
 *   than the model
 */
export async function loadModelFolder(
  folder: Storage,
  options: { readonly segmenters?: readonly Segmenter[] } = {},
): Promise<SavedModel> {
  const storage = await joinedStorage(folder)
  await requireFiles(storage, ['config.json'], 'model')
  const config = new ConfigReader(storage.locate('config.json'), await readJSON(storage, 'config.json'))
  const architecture = architectureOf(config) // before the other files: a classifier has no tokenizer.json
  await requireFiles(storage, ['model.safetensors', 'tokenizer.json'], 'model')
  const model = createModel(config.location, () => architecture.create(config))
  const tokenizer = await readTokenizer(storage, options)
  if (tokenizer.vocabularySize > model.vocabulary) {
    throw new CheckpointError({
      what: storage.locate('tokenizer.json'),
      expected: `at most ${model.vocabulary} tokens, the rows of the model's embedding`,
      received: String(tokenizer.vocabularySize),
      hint: 'Does the tokenizer belong to this model?',
    })
  }
  const file = await openSafetensors(storage, 'model.safetensors')
  const weights = await architecture.load(model, (name, shape) => file.readFloat32(storedName(file, name), shape))
  const [settings, turnEnds] = [await readSettings(storage), await readTurnEnds(storage, tokenizer)]
  return {
    ...{ model, weights, tokenizer, generation: await readGeneration(storage) },
    ...(Object.keys(settings).length > 0 && { settings }),
    ...(turnEnds.length > 0 && { turnEnds }),
  }
}

/** How a model is written. */
export const architectureFor = (model: StoredModel): Architecture =>
  architectures.find(candidate => candidate.describes(model))!

/** What answers for models that are no language models. */
const classify = 'A classifier answers nacre classify.'
const otherCommands: Readonly<Record<string, string | undefined>> = {
  ...{ mlp: classify, tfidf: classify, 'recurrent-classifier': classify },
  bert: 'A BERT answers nacre fill.',
  marian: 'A translator answers nacre translate.',
  'nacre-seq2seq': 'A translator answers nacre translate.',
}

/**
 * How what a config.json describes is written.
 * @throws {CheckpointError} if its model_type is unknown
 */
export function architectureOf(config: ConfigReader): Architecture {
  const modelType = config.string('model_type')
  const found = architectures.find(candidate => candidate.modelType === modelType)
  if (found !== undefined) return found
  const hint = otherCommands[modelType]
  const expected = `a model_type that Nacre knows: ${architectures.map(known => known.modelType).join(', ')}`
  throw new CheckpointError({ what: config.location, expected, received: `"${modelType}"`, hint })
}

async function readTokenizer(
  storage: Storage,
  options: { readonly segmenters?: readonly Segmenter[] },
): Promise<Tokenizer> {
  const settings = 'tokenizer_config.json'
  const config = (await storage.exists(settings)) ? await readJSON(storage, settings) : undefined
  return tokenizerFromJSON(await readJSON(storage, 'tokenizer.json'), config, options)
}

async function readSettings(storage: Storage): Promise<TokenizerSettings> {
  const [settings, template] = ['tokenizer_config.json', 'chat_template.jinja']
  const config = (await storage.exists(settings)) ? await readJSON(storage, settings) : undefined
  return readTokenizerSettings(config, (await storage.exists(template)) ? await readText(storage, template) : undefined)
}

async function readTurnEnds(storage: Storage, { endOfText, vocabularySize }: Tokenizer): Promise<readonly number[]> {
  const name = 'generation_config.json'
  const { eos_token_id: ends } = (await storage.exists(name)) ? await readJSON(storage, name) : {}
  const ids: unknown[] = Array.isArray(ends) ? ends : []
  return ids.filter((id): id is number => Number.isInteger(id) && id !== endOfText && Number(id) < vocabularySize)
}

async function readGeneration(storage: Storage): Promise<SamplingOptions | undefined> {
  const name = 'generation_config.json'
  const config = (await storage.exists(name)) ? await readJSON(storage, name) : {}
  const given = generationFields.flatMap(([theirs, ours]) => {
    const value = config[theirs]
    return typeof value === 'number' && Number.isFinite(value) ? [[ours, value] as const] : []
  })
  if (config.do_sample === false) return { ...Object.fromEntries(given), temperature: 0 }
  return given.length === 0 ? undefined : Object.fromEntries(given)
}

/** transformers' base models leave out the first part of the name. */
export function storedName({ tensors }: SafetensorsFile, name: string): string {
  const short = name.replace(/^transformer\./, '')
  return !tensors.has(name) && tensors.has(short) ? short : name
}
