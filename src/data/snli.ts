import type { Dataset } from './dataset.ts'
import { type FetchedFile, fetchedText, fileOf } from './get.ts'
import { holdOut } from './held-out.ts'
import { type ClassificationTask, type ReadOptions, readLabelledTexts } from './labelled-text.ts'
import { classTask, type Task } from './task.ts'

const snliFolder =
  'https://raw.githubusercontent.com/chenxingphh/rmib/80bf2b2ac7b63a51584adc84cdb17da47ba296e4/data/snli'

/**
 * Captions of photographs and what follows from them, contradicts them, or does neither: the development and test sets,
 * lower-cased, without marks. Bowman et al., A large annotated corpus for learning natural language inference, 2015.
 */
export const snli: Dataset = {
  name: 'snli',
  description: 'premises and hypotheses, a part of SNLI, lower-cased',
  language: 'en',
  licence: 'CC BY-SA 4.0',
  mirrorFolder: 'snli',
  files: [
    {
      name: 'dev.txt',
      url: `${snliFolder}/dev.txt`,
      bytes: 1_103_875,
      sha256: 'b947834bcc1e9f5639436c72750f0d31610b50450e956eadb7f77360733671e5',
    },
    {
      name: 'test.txt',
      url: `${snliFolder}/test.txt`,
      bytes: 1_097_377,
      sha256: 'a92dbfbcf0647f7cba053be791ff6d8f52a53d75bcfaf26fec742e93d853920b',
    },
  ],
}

/**
 * About 8,840 pairs to learn from and 1,000 to choose by, which are the development set (no premise is in both); 9,824
 * to report on.
 * @throws {DataError} if a file is missing, or a line of it is not a pair with a label
 */
export async function readSnli(files: readonly FetchedFile[], options: ReadOptions = {}): Promise<ClassificationTask> {
  const read = (name: string) =>
    readLabelledTexts(fetchedText(fileOf(snli, files, name)), {
      ...{ separator: '\t', text: [0], second: 1, label: 2, labels: ['0', '1', '2'] },
      ...options,
    })
  const learned = await read('dev.txt')
  const { texts: test, skipped } = await read('test.txt')
  const { rest: train, held: validation } = holdOut(learned.texts, 1000, ({ text }) => text)
  const classes = ['entailment', 'neutral', 'contradiction']
  return { classes, train, validation, test, skipped: skipped + learned.skipped }
}

export const snliTask: Task = classTask({
  name: 'snli',
  language: 'en',
  dataset: snli,
  reported: 'test; shots are from the development set, for the training set is not at hand',
  read: readSnli,
  prompt: ({ text, second }) => `${text}\nQuestion: ${second}. True, False or Neither?\nAnswer:`,
  choices: ['True', 'Neither', 'False'],
})
