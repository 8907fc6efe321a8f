import type { Dataset } from './dataset.ts'
import { type FetchedFile, fetchedText, fileOf } from './get.ts'
import { holdOut } from './held-out.ts'
import { type ClassificationTask, type ReadOptions, readLabelledTexts } from './labelled-text.ts'
import { classTask, type Task } from './task.ts'

const corpus =
  'https://raw.githubusercontent.com/wasiahmad/paraphrase_identification/88b208d0d094ab945d2401d9393531be1fec0076/dataset/msr-paraphrase-corpus'

/**
 * Pairs of sentences from the news, paraphrases or not.
 * Dolan and Brockett, Automatically Constructing a Corpus of Sentential Paraphrases, 2005.
 */
export const mrpc: Dataset = {
  name: 'mrpc',
  description: 'pairs of sentences, paraphrases or not',
  language: 'en',
  licence: 'non-commercial research',
  mirrorFolder: 'mrpc',
  files: [
    {
      name: 'msr_paraphrase_train.txt',
      url: `${corpus}/msr_paraphrase_train.txt`,
      bytes: 1_022_669,
      sha256: '61a88818ec384d8465297dda1883b469f1b22d442ab90183d13e06233b180591',
    },
    {
      name: 'msr_paraphrase_test.txt',
      url: `${corpus}/msr_paraphrase_test.txt`,
      bytes: 431_156,
      sha256: '0360d0d3427a0ae14882e2b3a799df0fab6cb5203d5e8ee481949283da62acb6',
    },
  ],
}

/**
 * 3,668 pairs to learn from and 408 to choose by, as many as GLUE's, of the 4,076; 1,725 to report on.
 * @throws {DataError} if a file is missing, or a line of it is not a pair with a label
 */
export async function readMrpc(files: readonly FetchedFile[], options: ReadOptions = {}): Promise<ClassificationTask> {
  const read = (name: string) =>
    readLabelledTexts(fetchedText(fileOf(mrpc, files, name)), {
      ...{ separator: '\t', text: ['#1 String'], second: '#2 String', label: 'Quality', labels: ['0', '1'] },
      ...options,
    })
  const learned = await read('msr_paraphrase_train.txt')
  const { texts: test, skipped } = await read('msr_paraphrase_test.txt')
  const { rest: train, held: validation } = holdOut(learned.texts, 408, ({ text }) => text)
  const classes = ['no paraphrase', 'paraphrase']
  return { classes, train, validation, test, skipped: skipped + learned.skipped }
}

export const mrpcTask: Task = classTask({
  name: 'mrpc',
  language: 'en',
  dataset: mrpc,
  reported: 'test',
  read: readMrpc,
  prompt: ({ text, second }) =>
    `Sentence 1: ${text}\nSentence 2: ${second}\nQuestion: Do both sentences mean the same thing?\nAnswer:`,
  choices: ['no', 'yes'],
})
