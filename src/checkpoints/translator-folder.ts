/**
 * A trained translator as a folder in Hugging Face layout: config.json, model.safetensors, tokenizer.json,
 * tokenizer_config.json, generation_config.json.
 */
import { CheckpointError } from '../base/errors.ts'
import type { Shape } from '../base/shape.ts'
import type { EncoderDecoder } from '../models/encoder-decoder.ts'
import { readText, type Storage } from '../storage/storage.ts'
import { tokenizerConfig, tokenizerFromJSON } from '../tokenizers/huggingface.ts'
import type { Tokenizer } from '../tokenizers/tokenizer.ts'
import { type Config, ConfigReader, createModel, replaceFiles, requireFiles } from './architecture.ts'
import { marian } from './marian.ts'
import { openSafetensors, type StoredTensor, writeSafetensors } from './safetensors.ts'
import { seq2seq } from './seq2seq.ts'
import { fromStored, type StoredPart, toStored } from './stored-parts.ts'

/** The names of the tokens that stand for no text. */
export const markerNames = { padding: '<pad>', begin: '<s>', end: '</s>' } as const

export interface SavedTranslator {
  readonly model: EncoderDecoder & object
  /** By our dotted names. */
  readonly weights: ReadonlyMap<string, Float32Array>
  /** Of both languages. */
  readonly tokenizer: Tokenizer
  /** Whether it learned from text in small letters, and is to be given such. */
  readonly lowerCase: boolean
  /** Scripts of the texts that it learned to read, for example Latin; none if that is not known. */
  readonly scripts: readonly string[]
}

/** How one kind of translator is written. */
export interface TranslatorArchitecture<M extends EncoderDecoder & object = EncoderDecoder & object> {
  readonly modelType: string
  describes(model: EncoderDecoder & object): model is M
  config(model: M): Config
  create(config: ConfigReader): M
  parts(model: M): readonly StoredPart[]
  /** Tensors that the layout has and that follow from the model: the same for all weights. */
  fixed(model: M): ReadonlyMap<string, { readonly shape: Shape; readonly values: Float32Array }>
}

/** One entry for each translator that is saved. */
const architectures: readonly TranslatorArchitecture[] = [marian, seq2seq]

/** Whether a config.json is that of a translator. */
export function isTranslator(config: unknown): boolean {
  const type = (config as { model_type?: unknown } | null)?.model_type
  return architectures.some(({ modelType }) => modelType === type)
}

/** Writes or replaces the folder's files, the weights last. */
export async function saveTranslatorFolder(storage: Storage, saved: SavedTranslator): Promise<void> {
  const { model, weights } = saved
  const architecture = architectures.find(candidate => candidate.describes(model))!
  await replaceFiles(storage, describe(saved, architecture))
  const fixed = [...architecture.fixed(model)].map(
    ([name, { shape, values }]): StoredTensor => ({ name, dtype: 'F32', shape, data: values }),
  )
  await writeSafetensors(storage, 'model.safetensors', [...toStored(architecture.parts(model), weights), ...fixed], {
    format: 'pt',
  })
}

/** Every file of a folder but the weights. */
function describe(
  { model, tokenizer, lowerCase, scripts }: SavedTranslator,
  architecture: TranslatorArchitecture,
): Record<string, object> {
  const { begin, end, padding } = markersOf(tokenizer)
  const marks = { bos_token_id: begin, eos_token_id: end, pad_token_id: padding, decoder_start_token_id: begin }
  const { nacre, ...config } = architecture.config(model)
  const names = { bos_token: markerNames.begin, eos_token: markerNames.end, pad_token: markerNames.padding }
  return {
    'config.json': {
      ...config,
      ...marks,
      forced_eos_token_id: end,
      nacre: { ...(nacre as object), lowerCase, scripts },
    },
    'tokenizer.json': tokenizer.toJSON(),
    'tokenizer_config.json': { ...tokenizerConfig(tokenizer, { maximumLength: model.context }), ...names },
    'generation_config.json': { ...marks, num_beams: 4, max_length: model.context },
  }
}

/**
 * The ids of the tokens that stand for no text.
 * @throws {CheckpointError} if the vocabulary lacks one
 */
export function markersOf(tokenizer: Tokenizer): { begin: number; end: number; padding: number } {
  const id = (name: string): number => {
    const found = tokenizer.specialTokens.get(name)
    if (found !== undefined) return found
    const received = [...tokenizer.specialTokens.keys()].join(', ') || 'none'
    throw new CheckpointError({ what: 'The tokenizer', expected: `a special token ${name}`, received })
  }
  return { begin: id(markerNames.begin), end: id(markerNames.end), padding: id(markerNames.padding) }
}

/**
 * Reads a folder that `saveTranslatorFolder` or transformers wrote.
 * @throws {CheckpointError} if a file is missing or damaged, or asks for something that no model here computes
 */
export async function loadTranslatorFolder(storage: Storage): Promise<SavedTranslator> {
  await requireFiles(storage, ['config.json', 'model.safetensors', 'tokenizer.json'], 'translator')
  const json = await readJSON(storage, 'config.json')
  const config = new ConfigReader(storage.locate('config.json'), json)
  const architecture = architectureOf(config)
  const model = createModel(config.location, () => architecture.create(config))
  const tokenizer = tokenizerFromJSON(await readJSON(storage, 'tokenizer.json'))
  const received = tokenizer.vocabularySize
  if (received > model.vocabulary) {
    const expected = `at most ${model.vocabulary} tokens, the rows of the model's embedding`
    throw new CheckpointError({ what: storage.locate('tokenizer.json'), expected, received: String(received) })
  }
  markersOf(tokenizer)
  const file = await openSafetensors(storage, 'model.safetensors')
  const read = ({ name, shape }: StoredPart) => file.readFloat32(name, shape)
  const weights = await fromStored(model, architecture.parts(model), read)
  for (const [name, { shape, values }] of architecture.fixed(model)) {
    if (!file.tensors.has(name)) continue
    const stored = await file.readFloat32(name, shape)
    if (stored.every((value, i) => Math.abs(value - values[i]) < 1e-5)) continue
    const expected = `the values that follow from config.json`
    throw new CheckpointError({
      what: `${storage.locate('model.safetensors')}, ${name},`,
      expected,
      received: 'others',
    })
  }
  const { lowerCase = false, scripts = [] } = (json.nacre ?? {}) as { lowerCase?: boolean; scripts?: string[] }
  return { model, weights, tokenizer, lowerCase, scripts }
}

function architectureOf(config: ConfigReader): TranslatorArchitecture {
  const modelType = config.string('model_type')
  const found = architectures.find(candidate => candidate.modelType === modelType)
  if (found !== undefined) return found
  const expected = `a model_type of a translator: ${architectures.map(known => known.modelType).join(', ')}`
  throw new CheckpointError({ what: config.location, expected, received: `"${modelType}"` })
}

async function readJSON(storage: Storage, name: string): Promise<Config> {
  const text = await readText(storage, name)
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value as Config
  } catch {
    // falls through to the error
  }
  const received = text.slice(0, 40) || 'nothing'
  throw new CheckpointError({ what: storage.locate(name), expected: 'a JSON object', received })
}
