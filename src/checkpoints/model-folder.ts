/**
 * A trained model as a folder in Hugging Face layout, which transformers loads as it is: config.json,
 * model.safetensors, tokenizer.json, tokenizer_config.json, generation_config.json.
 */
import { CheckpointError } from '../base/errors.ts'
import type { Shape } from '../base/shape.ts'
import { GPT2, gpt2TensorNames } from '../models/2019-gpt2.ts'
import { namedParameters } from '../nn/parameters.ts'
import { readText, type Storage, writeText } from '../storage/storage.ts'
import { tokenizerConfig, tokenizerFromJSON } from '../tokenizers/huggingface.ts'
import type { Tokenizer } from '../tokenizers/tokenizer.ts'
import { openSafetensors, type SafetensorsFile, type StoredTensor, writeSafetensors } from './safetensors.ts'

export interface SavedModel {
  readonly model: GPT2
  /** By our dotted names. */
  readonly weights: ReadonlyMap<string, Float32Array>
  readonly tokenizer: Tokenizer
}

type Config = Readonly<Record<string, unknown>>

/** How one architecture is written in Hugging Face's layout. */
interface Architecture {
  readonly modelType: string
  config(model: GPT2, tokenizer: Tokenizer): Config
  create(config: ConfigReader): GPT2
  /** Our part of a dotted name, and theirs. */
  readonly names: readonly (readonly [string, string])[]
}

const gpt2: Architecture = {
  modelType: 'gpt2',
  config: ({ configuration: { vocabulary, context, channels, layers, heads, bias } }, { endOfText }) => ({
    architectures: ['GPT2LMHeadModel'],
    model_type: 'gpt2',
    vocab_size: vocabulary,
    n_positions: context,
    n_ctx: context,
    n_embd: channels,
    n_layer: layers,
    n_head: heads,
    activation_function: 'gelu_new',
    layer_norm_epsilon: 1e-5,
    initializer_range: 0.02,
    attn_pdrop: 0,
    embd_pdrop: 0,
    resid_pdrop: 0,
    tie_word_embeddings: true,
    bos_token_id: endOfText ?? null,
    eos_token_id: endOfText ?? null,
    dtype: 'float32',
    nacre: { bias },
  }),
  create: config =>
    new GPT2({
      vocabulary: config.integer('vocab_size'),
      context: config.integer('n_positions'),
      channels: config.integer('n_embd'),
      layers: config.integer('n_layer'),
      heads: config.integer('n_head'),
      bias: config.bias(),
    }),
  names: gpt2TensorNames,
}

const architectures: readonly Architecture[] = [gpt2]

/** Writes or replaces the folder's files, each as a whole. */
export async function saveModelFolder(storage: Storage, { model, weights, tokenizer }: SavedModel): Promise<void> {
  const architecture = gpt2
  const config = architecture.config(model, tokenizer)
  const tensors = [...theirShapes(model, architecture)].map(([name, { own, shape }]): StoredTensor => {
    const data = own === undefined ? new Float32Array(shape.reduce((a, b) => a * b, 1)) : weights.get(own)!
    return { name, dtype: 'F32', shape, data }
  })
  await writeSafetensors(storage, 'model.safetensors', tensors, { format: 'pt' })
  const json = (name: string, value: object) => writeText(storage, name, `${JSON.stringify(value, null, 2)}\n`)
  await json('config.json', config)
  await json('tokenizer.json', tokenizer.toJSON())
  await json('tokenizer_config.json', tokenizerConfig(tokenizer, { maximumLength: model.context }))
  const { bos_token_id, eos_token_id } = config
  await json('generation_config.json', { _from_model_config: true, bos_token_id, eos_token_id })
}

/**
 * Reads a folder that we or transformers wrote.
 * @throws {CheckpointError} if a file is missing or damaged, or a tensor is missing or has another shape
 */
export async function loadModelFolder(storage: Storage): Promise<SavedModel> {
  const config = new ConfigReader(storage.locate('config.json'), await readJSON(storage, 'config.json'))
  const modelType = config.string('model_type')
  const architecture = architectures.find(candidate => candidate.modelType === modelType)
  if (architecture === undefined) {
    throw new CheckpointError({
      what: config.location,
      expected: `a model_type that Nacre knows: ${architectures.map(known => known.modelType).join(', ')}`,
      received: `"${modelType}"`,
    })
  }
  const model = architecture.create(config)
  const file = await openSafetensors(storage, 'model.safetensors')
  const weights = new Map<string, Float32Array>()
  for (const [name, { own, shape }] of theirShapes(model, architecture)) {
    if (own !== undefined) weights.set(own, await file.readFloat32(storedName(file, name), shape))
  }
  const settings = (await storage.exists('tokenizer_config.json'))
    ? await readJSON(storage, 'tokenizer_config.json')
    : undefined
  const tokenizer = tokenizerFromJSON(await readJSON(storage, 'tokenizer.json'), settings)
  if (tokenizer.vocabularySize > model.vocabulary) {
    throw new CheckpointError({
      what: storage.locate('tokenizer.json'),
      expected: `at most ${model.vocabulary} tokens, the rows of the model's embedding`,
      received: String(tokenizer.vocabularySize),
      hint: 'Does the tokenizer belong to this model?',
    })
  }
  return { model, weights, tokenizer }
}

/** transformers' base models leave out the first part of the name. */
function storedName({ tensors }: SafetensorsFile, name: string): string {
  const short = name.replace(/^transformer\./, '')
  return !tensors.has(name) && tensors.has(short) ? short : name
}

/** Every tensor that transformers expects: its shape, and our name of it, or none where it is zero. */
function theirShapes(model: GPT2, { names }: Architecture): Map<string, { own?: string; shape: Shape }> {
  const parameters = namedParameters(model)
  const rename = (name: string) => names.reduce((text, [ours, theirs]) => text.replace(ours, theirs), name)
  const found = new Map<string, { own?: string; shape: Shape }>()
  for (const [own, { shape }] of parameters) {
    const theirs = rename(own)
    found.set(theirs, { own, shape })
    const bias = theirs.replace(/weight$/, 'bias')
    const isEmbedding = /wte|wpe/.test(theirs)
    if (!model.configuration.bias && !isEmbedding) found.set(bias, { shape: [shape.at(-1)!] })
  }
  return found
}

/** Fields of config.json, checked. */
class ConfigReader {
  readonly location: string
  readonly #config: Config

  constructor(location: string, config: Config) {
    this.location = location
    this.#config = config
  }

  integer(field: string): number {
    return this.#field(field, 'a whole number above 0', value => Number.isInteger(value) && Number(value) > 0) as number
  }
  string(field: string): string {
    return this.#field(field, 'a text', value => typeof value === 'string') as string
  }
  /** Whether the model has biases: transformers' always has; ours says so where it has none. */
  bias(): boolean {
    return (this.#config.nacre as { bias?: boolean } | undefined)?.bias !== false
  }

  #field(field: string, expected: string, allows: (value: unknown) => boolean): unknown {
    const value = this.#config[field]
    if (allows(value)) return value
    const received = value === undefined ? 'none' : JSON.stringify(value)
    throw new CheckpointError({ what: `${this.location}, field "${field}",`, expected, received })
  }
}

async function readJSON(storage: Storage, name: string): Promise<Config> {
  const text = await readText(storage, name)
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value as Config
  } catch {
    // falls through to the error
  }
  throw new CheckpointError({
    what: storage.locate(name),
    expected: 'a JSON object',
    received: text.slice(0, 40) || 'nothing',
  })
}
