/**
 * A language model that was made a classifier, as a folder in the layout of transformers' `...ForSequenceClassification`:
 * the base's config.json with the classes, its tensors, and `score.weight`.
 */
import { CheckpointError } from '../base/errors.ts'
import { type Combination, FineTunedClassifier, type TaskTokens } from '../models/fine-tuning.ts'
import type { Storage } from '../storage/storage.ts'
import { tokenizerConfig, tokenizerFromJSON } from '../tokenizers/huggingface.ts'
import type { Segmenter } from '../tokenizers/segmenter.ts'
import type { Tokenizer } from '../tokenizers/tokenizer.ts'
import { type Config, ConfigReader, readJSON, replaceFiles, requireFiles } from './architecture.ts'
import type { SavedClassifier } from './classifier-folder.ts'
import { architectureFor, architectureOf, storedName } from './model-folder.ts'
import { openSafetensors, type StoredTensor, writeSafetensors } from './safetensors.ts'
import type { LayerLayout } from './stored-parts.ts'

export interface SavedFineTuned extends SavedClassifier<FineTunedClassifier> {
  readonly tokenizer: Tokenizer
}

/** What a task's inputs are put together with, as special tokens. */
export const taskTokenNames = ['<|start|>', '<|delimiter|>', '<|extract|>'] as const

/** @throws {CheckpointError} if the tokenizer lacks one */
export function taskTokensOf({ specialTokens }: Tokenizer, location: string): TaskTokens {
  const [start, delimiter, extract] = taskTokenNames.map(name => {
    const id = specialTokens.get(name)
    if (id !== undefined) return id
    throw new CheckpointError({ what: location, expected: `the special token ${name}`, received: 'none' })
  })
  return { start, delimiter, extract }
}

const classifying = 'ForSequenceClassification'

/** Whether a folder is that of a fine-tuned language model, or of a fine-tuned BERT. */
export const isFineTunedFolder = async (storage: Storage): Promise<boolean> =>
  (await storage.exists('config.json')) && isFineTuned(await readJSON(storage, 'config.json'))

const isFineTuned = ({ architectures, model_type: modelType, nacre }: Config): boolean =>
  Array.isArray(architectures) &&
  String(architectures[0]).endsWith(classifying) &&
  (modelType === 'bert' || combinationOf(nacre) !== undefined)

const combinations: readonly Combination[] = ['one', 'sum', 'choice']
const combinationOf = (nacre: unknown): Combination | undefined =>
  combinations.find(known => known === (nacre as { combination?: unknown } | undefined)?.combination)

/** Writes or replaces the folder's files. The weights come last: a folder that has model.safetensors is whole. */
export async function saveFineTunedFolder(storage: Storage, saved: SavedFineTuned): Promise<void> {
  const { model, weights, labels, tokenizer } = saved
  const base = architectureFor(model.base)
  const config = base.config(model.base, tokenizer)
  const { combination } = model.configuration
  const chooses = combination === 'choice'
  const scores = chooses ? ['right'] : labels // each answer is a sequence of its own, which has one score
  const files = {
    'config.json': {
      ...config,
      architectures: [
        String((config.architectures as string[])[0]).replace(/LMHeadModel$|ForCausalLM$|$/, classifying),
      ],
      id2label: Object.fromEntries(scores.map((label, i) => [String(i), label])),
      label2id: Object.fromEntries(scores.map((label, i) => [label, i])),
      pad_token_id: taskTokensOf(tokenizer, 'tokenizer.json').start, // the last token that is another one is the extract
      nacre: { ...(config.nacre as object | undefined), combination, ...(chooses && { choices: labels.length }) },
    },
    'tokenizer.json': tokenizer.toJSON(),
    'tokenizer_config.json': tokenizerConfig(tokenizer, { maximumLength: model.base.context }),
  }
  await replaceFiles(storage, files)
  const own = new Map(
    [...weights].flatMap(([name, data]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), data]] : [])),
  )
  const { shape } = model.score.weight
  const score: StoredTensor = {
    name: 'score.weight',
    dtype: 'F32',
    shape: [shape[1], shape[0]],
    data: transposed(weights.get('score.weight')!, shape[0], shape[1]),
  }
  await writeSafetensors(storage, 'model.safetensors', [...base.store(model.base, own), score], { format: 'pt' })
}

const prefix = 'base.'

/** How the layout of a language model's folder names the layers of the classifier that was made of it. */
export function fineTunedLayout({ base }: FineTunedClassifier): LayerLayout {
  const layout = architectureFor(base).layout(base)
  return { ...layout, names: own => (own === 'score' ? [own] : layout.names(own.slice(prefix.length))) }
}

/** What the answers of a choice are called, as they are its own: "1", "2" and so on. */
export const choiceNames = (count: number): readonly string[] => Array.from({ length: count }, (_, i) => String(i + 1))

function choiceCount({ location }: ConfigReader, { nacre }: Config): number {
  const { choices } = nacre as { choices?: unknown }
  if (typeof choices === 'number' && Number.isInteger(choices) && choices > 1) return choices
  const expected = 'a whole number above 1'
  throw new CheckpointError({ what: `${location}, field "nacre.choices",`, expected, received: String(choices) })
}

/**
 * Reads what `saveFineTunedFolder` wrote.
 * @throws {CheckpointError} if a file is missing or damaged, or it is another kind of folder
 */
export async function loadFineTunedFolder(
  storage: Storage,
  options: { readonly segmenters?: readonly Segmenter[] } = {},
): Promise<SavedFineTuned> {
  await requireFiles(
    storage,
    ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json'],
    'classifier',
  )
  const json = await readJSON(storage, 'config.json')
  const config = new ConfigReader(storage.locate('config.json'), json)
  const combination = combinationOf(json.nacre)
  if (!isFineTuned(json) || combination === undefined) {
    const expected = `the configuration of a model ${classifying} that Nacre fine-tuned`
    throw new CheckpointError({ what: config.location, expected, received: JSON.stringify(json.architectures ?? null) })
  }
  const architecture = architectureOf(config)
  const labels = combination === 'choice' ? choiceNames(choiceCount(config, json)) : config.labels()
  const model = new FineTunedClassifier(architecture.create(config), { combination, classes: labels.length })
  const settings = await readJSON(storage, 'tokenizer_config.json')
  const tokenizer = tokenizerFromJSON(await readJSON(storage, 'tokenizer.json'), settings, options)
  taskTokensOf(tokenizer, storage.locate('tokenizer.json'))
  const file = await openSafetensors(storage, 'model.safetensors')
  const base = await architecture.load(model.base, (name, shape) => file.readFloat32(storedName(file, name), shape))
  const [channels, outputs] = model.score.weight.shape
  const score = transposed(await file.readFloat32('score.weight', [outputs, channels]), outputs, channels)
  const weights = new Map([...base].map(([name, data]) => [prefix + name, data]))
  return { model, weights: weights.set('score.weight', score), labels, tokenizer }
}

function transposed(data: Float32Array, rows: number, columns: number): Float32Array {
  return Float32Array.from(data, (_, i) => data[(i % rows) * columns + Math.floor(i / rows)])
}
