import type { Dataset } from './dataset.ts'
import { type FetchedFile, fetchedText, fileOf } from './get.ts'
import { holdOut } from './held-out.ts'
import { jsonLineRecords } from './json-records.ts'
import type { ClassificationTask, LabelledText, ReadOptions } from './labelled-text.ts'
import { type AskedRecord, parseRecords } from './records.ts'
import { classTask, type Task } from './task.ts'

const ocnliFolder =
  'https://raw.githubusercontent.com/CLUEbenchmark/OCNLI/b53efdee17257a5c33993cf6fcf8ffff0497ea0e/data/ocnli'

/**
 * Chinese premises and hypotheses: 10,000 of those to learn from, and the development set, whose labels are public.
 * Hu et al., OCNLI: Original Chinese Natural Language Inference, 2020.
 */
export const ocnli: Dataset = {
  name: 'ocnli',
  description: 'Chinese premises and hypotheses',
  language: 'zh',
  licence: 'CC BY-NC 2.0',
  mirrorFolder: 'ocnli',
  files: [
    {
      name: 'train.10k.json',
      url: `${ocnliFolder}/train.10k.json`,
      bytes: 2_893_982,
      sha256: 'b8a0b7b72f62eb8d47a4d21ba34c4948bf2bdf5fde649a964ef3779504c7ab81',
    },
    {
      name: 'dev.json',
      url: `${ocnliFolder}/dev.json`,
      bytes: 977_426,
      sha256: '001ded235d73a18dac68a45a38cd5f9b3f9311fa4246df623e199422c073ddc5',
    },
  ],
}

const classes = ['entailment', 'neutral', 'contradiction']

/**
 * About 9,000 pairs to learn from and 1,000 to choose by (no premise is in both); the 2,950 of the development set to
 * report on. Pairs of label "-", on which people did not agree, are left out and counted.
 * @throws {DataError} if a file is missing, or a line of it is not a pair with a label
 */
export async function readOcnli(files: readonly FetchedFile[], options: ReadOptions = {}): Promise<ClassificationTask> {
  const read = (name: string) => parseRecords(jsonLineRecords(fetchedText(fileOf(ocnli, files, name))), pairOf, options)
  const learned = await read('train.10k.json')
  const { records: test, skipped } = await read('dev.json')
  const { rest: train, held: validation } = holdOut(learned.records, 1000, ({ text }) => text)
  return { classes, train, validation, test, skipped: skipped + learned.skipped }
}

function pairOf(record: AskedRecord): LabelledText | undefined {
  const name = record.text('label')
  if (name === '-') return undefined
  const label = classes.indexOf(name)
  if (label < 0) throw record.fault(`one of the labels ${classes.join(', ')}`, JSON.stringify(name))
  return { text: record.text('sentence1'), second: record.text('sentence2'), label }
}

export const ocnliTask: Task = classTask({
  name: 'ocnli',
  language: 'zh',
  dataset: ocnli,
  reported: 'the published development set, for the labels of the test set are not public',
  read: readOcnli,
  prompt: ({ text, second }) => `前提：${text}\n假设：${second}\n假设与前提的关系是蕴含、中立还是矛盾？\n回答：`,
  choices: ['蕴含', '中立', '矛盾'],
})
