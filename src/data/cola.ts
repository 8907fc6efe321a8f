import type { Dataset } from './dataset.ts'
import { type FetchedFile, fetchedText, fileOf } from './get.ts'
import { holdOut } from './held-out.ts'
import { type ClassificationTask, type ReadOptions, readLabelledTexts } from './labelled-text.ts'
import { classTask, type Task } from './task.ts'

/**
 * Sentences from books on grammar, acceptable English or not: 7,250 of the 8,551 to learn from.
 * Warstadt, Singh and Bowman, Neural Network Acceptability Judgments, 2019.
 */
export const cola: Dataset = {
  name: 'cola',
  description: 'sentences, acceptable English or not; a part of CoLA',
  language: 'en',
  licence: 'for research',
  mirrorFolder: 'cola',
  files: [
    {
      name: 'train.tsv',
      url: 'https://raw.githubusercontent.com/amrnag/Specialized-Transformers/fa673a93a5c27cb1f5954ac2a8a49eec6fcba6b9/data/CoLA/train.tsv',
      bytes: 364_190,
      sha256: 'e1a908079e16a3758dfd439b2aedb4edbd3c1f4d3acb1876f4b920aa92c7d358',
    },
  ],
}

/**
 * 5,750 sentences to learn from, 500 to choose by and 1,000 to report on, split at random with a fixed seed: there is
 * only the training set, whose neighbouring sentences are often variants of each other, so this is easier than CoLA.
 * @throws {DataError} if a file is missing, or a line of it is not a sentence with a label
 */
export async function readCola(files: readonly FetchedFile[], options: ReadOptions = {}): Promise<ClassificationTask> {
  const format = { separator: '\t', text: [3], label: 1, labels: ['0', '1'], ...options } as const
  const { texts, skipped } = await readLabelledTexts(fetchedText(fileOf(cola, files, 'train.tsv')), format)
  const { rest, held: test } = holdOut(texts, 1000, ({ text }) => text)
  const { rest: train, held: validation } = holdOut(rest, 500, ({ text }) => text)
  return { classes: ['unacceptable', 'acceptable'], train, validation, test, skipped }
}

export const colaTask: Task = classTask({
  name: 'cola',
  language: 'en',
  dataset: cola,
  reported: '1,000 sentences of the published training set, held out here',
  read: readCola,
  prompt: ({ text }) => `${text}\nQuestion: Does this sentence make sense?\nAnswer:`,
  choices: ['no', 'yes'],
})
