/**
 * BERT with a layer on top for a task, as transformers has it: `BertForSequenceClassification`, `BertForTokenClassification`
 * or `BertForQuestionAnswering`. BERT's own files with the classes in config.json, and the layer's weight and bias. Folders
 * that transformers wrote are read too.
 */
import { CheckpointError } from '../base/errors.ts'
import type { BERT } from '../models/2018-bert.ts'
import { BertClassifier, BertReader, BertTagger } from '../models/bert-tasks.ts'
import type { Storage } from '../storage/storage.ts'
import { tokenizerConfig } from '../tokenizers/huggingface.ts'
import { bertTokens, type WordPiece } from '../tokenizers/word-piece.ts'
import { ConfigReader, readJSON, replaceFiles } from './architecture.ts'
import { bertConfig, bertLayout, bertParts, loadBertFolder, requireBertParts } from './bert.ts'
import type { SavedClassifier } from './classifier-folder.ts'
import { openSafetensors, writeSafetensors } from './safetensors.ts'
import { fromStored, type LayerLayout, type PartNames, storedParts, toStored } from './stored-parts.ts'

export type BertTaskModel = BertClassifier | BertTagger | BertReader

export interface SavedBertTask<M extends BertTaskModel = BertTaskModel> extends SavedClassifier<M> {
  readonly tokenizer: WordPiece
}
export type SavedBertClassifier = SavedBertTask<BertClassifier>

/** What each task is called in transformers, and its layer. */
const architectures: Readonly<Record<BertArchitecture, { readonly of: TaskClass; readonly output: string }>> = {
  BertForSequenceClassification: { of: BertClassifier, output: 'classifier' },
  BertForTokenClassification: { of: BertTagger, output: 'classifier' },
  BertForQuestionAnswering: { of: BertReader, output: 'qa_outputs' },
}
export type BertArchitecture =
  | 'BertForSequenceClassification'
  | 'BertForTokenClassification'
  | 'BertForQuestionAnswering'
type TaskClass = new (bert: BERT, options: { readonly classes: number; readonly separator: number }) => BertTaskModel

const architectureOf = (model: BertTaskModel): BertArchitecture =>
  (Object.keys(architectures) as BertArchitecture[]).find(name => model instanceof architectures[name].of)!

const outputNames = (architecture: BertArchitecture): PartNames => [['output', [architectures[architecture].output]]]

/** How the folder of a task names its layers. */
export const bertTaskLayout = (model: BertTaskModel): LayerLayout => ({
  ...bertLayout,
  names: own =>
    own === 'output' ? [architectures[architectureOf(model)].output] : bertLayout.names(own.slice(prefix.length)),
})
const prefix = 'bert.'

/** Parameters of BERT that a task has no use for: those of the pre-training, and of all but a classifier the pooler. */
export const isUnusedBy = (model: BertTaskModel, name: string): boolean =>
  /^bert\.(maskHead|nextHead)\./.test(name) || (!(model instanceof BertClassifier) && name.startsWith('bert.pooler.'))

/** Writes or replaces the folder's files. The weights come last: a folder that has model.safetensors is whole. */
export async function saveBertTaskFolder(
  storage: Storage,
  { model, weights, labels, tokenizer }: SavedBertTask,
): Promise<void> {
  const { bert, output } = model
  const architecture = architectureOf(model)
  const own = new Map([...weights].map(([name, values]) => [name.slice(prefix.length), values]))
  await replaceFiles(storage, {
    'config.json': {
      ...bertConfig({ model: bert, weights: own, tokenizer }),
      architectures: [architecture],
      ...(labels.length > 0 && {
        id2label: Object.fromEntries(labels.map((label, i) => [String(i), label])),
        label2id: Object.fromEntries(labels.map((label, i) => [label, i])),
      }),
    },
    'tokenizer.json': tokenizer.toJSON(),
    'tokenizer_config.json': tokenizerConfig(tokenizer, { maximumLength: bert.context }),
  })
  const parts = bertParts(bert).filter(part => !isUnusedBy(model, prefix + part.own))
  const stored = [...toStored(parts, own), ...toStored(storedParts({ output }, outputNames(architecture), []), weights)]
  await writeSafetensors(storage, 'model.safetensors', stored, { format: 'pt' })
}

/** The architecture of a BERT's folder that was fine-tuned for a task; undefined for another folder. */
export async function bertTaskOf(storage: Storage): Promise<BertArchitecture | undefined> {
  if (!(await storage.exists('config.json'))) return undefined
  const { architectures: named } = await readJSON(storage, 'config.json')
  const name = Array.isArray(named) ? String(named[0]) : ''
  return Object.hasOwn(architectures, name) ? (name as BertArchitecture) : undefined
}

/**
 * Reads what `saveBertTaskFolder` or transformers wrote.
 * @throws {CheckpointError} if a file is missing or damaged, or it is another kind of folder
 */
export async function loadBertTaskFolder(storage: Storage): Promise<SavedBertTask> {
  const saved = await loadBertFolder(storage)
  const architecture = await bertTaskOf(storage)
  const location = storage.locate('config.json')
  if (architecture === undefined) {
    const expected = `one of the architectures ${Object.keys(architectures).join(', ')}`
    throw new CheckpointError({ what: location, expected, received: 'another', hint: 'Fine-tune it first.' })
  }
  if (architecture === 'BertForSequenceClassification') requireBertParts(saved, ['pooler'], 'A classifier')
  const answersQuestions = architecture === 'BertForQuestionAnswering'
  const labels = answersQuestions ? [] : new ConfigReader(location, await readJSON(storage, 'config.json')).labels()
  const separator = saved.tokenizer.specialTokens.get(bertTokens.separator)!
  const model = new architectures[architecture].of(saved.model, { classes: labels.length, separator })
  const { output } = model
  const file = await openSafetensors(storage, 'model.safetensors')
  const stored = storedParts({ output }, outputNames(architecture), [])
  const own = await fromStored({ output }, stored, ({ name, shape }) => file.readFloat32(name, shape))
  const weights = new Map([...saved.weights].map(([name, values]) => [prefix + name, values]))
  for (const [name, values] of own) weights.set(name, values)
  return { model, weights, labels, tokenizer: saved.tokenizer }
}

/**
 * The same of a classifier.
 * @throws {CheckpointError} also if it is another task's
 */
export async function loadBertClassifierFolder(storage: Storage): Promise<SavedBertClassifier> {
  const saved = await loadBertTaskFolder(storage)
  const { model } = saved
  if (model instanceof BertClassifier) return { ...saved, model }
  const [expected, received] = ['architecture "BertForSequenceClassification"', `"${architectureOf(model)}"`]
  throw new CheckpointError({ what: storage.locate('config.json'), expected, received })
}
