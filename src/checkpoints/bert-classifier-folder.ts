/**
 * BERT that was made a classifier, as a folder of transformers' `BertForSequenceClassification`: BERT's own files with the
 * classes in config.json, and `classifier.weight` and `classifier.bias`. Folders that transformers wrote are read too.
 */
import { BertClassifier } from '../models/bert-tasks.ts'
import type { Storage } from '../storage/storage.ts'
import { tokenizerConfig } from '../tokenizers/huggingface.ts'
import { bertTokens, type WordPiece } from '../tokenizers/word-piece.ts'
import { ConfigReader, readJSON, replaceFiles } from './architecture.ts'
import { bertConfig, bertLayout, bertParts, loadBertFolder, requireBertParts } from './bert.ts'
import type { SavedClassifier } from './classifier-folder.ts'
import { openSafetensors, writeSafetensors } from './safetensors.ts'
import { fromStored, type LayerLayout, type PartNames, storedParts, toStored } from './stored-parts.ts'

export interface SavedBertClassifier extends SavedClassifier<BertClassifier> {
  readonly tokenizer: WordPiece
}

const outputNames: PartNames = [['output', ['classifier']]]

export const bertClassifierLayout: LayerLayout = {
  ...bertLayout,
  names: own => (own === 'output' ? ['classifier'] : bertLayout.names(own.slice(prefix.length))),
}
const prefix = 'bert.'

/** Parameters of BERT that a classifier has no use for: those of the pre-training. */
export const isPreTrainingHead = (name: string): boolean => /^bert\.(maskHead|nextHead)\./.test(name)

/** Writes or replaces the folder's files. The weights come last: a folder that has model.safetensors is whole. */
export async function saveBertClassifierFolder(
  storage: Storage,
  { model, weights, labels, tokenizer }: SavedBertClassifier,
): Promise<void> {
  const { bert, output } = model
  const own = new Map([...weights].map(([name, values]) => [name.slice(prefix.length), values]))
  await replaceFiles(storage, {
    'config.json': {
      ...bertConfig({ model: bert, weights: own, tokenizer }),
      architectures: ['BertForSequenceClassification'],
      id2label: Object.fromEntries(labels.map((label, i) => [String(i), label])),
      label2id: Object.fromEntries(labels.map((label, i) => [label, i])),
    },
    'tokenizer.json': tokenizer.toJSON(),
    'tokenizer_config.json': tokenizerConfig(tokenizer, { maximumLength: bert.context }),
  })
  const parts = bertParts(bert).filter(part => !isPreTrainingHead(prefix + part.own))
  const stored = [...toStored(parts, own), ...toStored(storedParts({ output }, outputNames, []), weights)]
  await writeSafetensors(storage, 'model.safetensors', stored, { format: 'pt' })
}

/**
 * Reads what `saveBertClassifierFolder` or transformers wrote.
 * @throws {CheckpointError} if a file is missing or damaged, or it is another kind of folder
 */
export async function loadBertClassifierFolder(storage: Storage): Promise<SavedBertClassifier> {
  const saved = await loadBertFolder(storage)
  requireBertParts(saved, ['pooler'], 'A classifier')
  const labels = new ConfigReader(storage.locate('config.json'), await readJSON(storage, 'config.json')).labels()
  const separator = saved.tokenizer.specialTokens.get(bertTokens.separator)!
  const model = new BertClassifier(saved.model, { classes: labels.length, separator })
  const { output } = model
  const file = await openSafetensors(storage, 'model.safetensors')
  const own = await fromStored({ output }, storedParts({ output }, outputNames, []), ({ name, shape }) =>
    file.readFloat32(name, shape),
  )
  const weights = new Map([...saved.weights].map(([name, values]) => [prefix + name, values]))
  for (const [name, values] of own) weights.set(name, values)
  return { model, weights, labels, tokenizer: saved.tokenizer }
}
