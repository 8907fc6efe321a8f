import type { Dataset } from './dataset.ts'
import { type FetchedFile, fetchedText, fileOf } from './get.ts'
import { holdOut } from './held-out.ts'
import { type ClassificationTask, type ReadOptions, readLabelledTexts } from './labelled-text.ts'
import { classTask, type Task } from './task.ts'

/**
 * Recognizing textual entailment: whether a sentence follows from a passage. The labels of GLUE's test set are not
 * public. Dagan et al., The PASCAL Recognising Textual Entailment Challenge, 2006; Wang et al., GLUE, 2019.
 */
export const rte: Dataset = {
  name: 'rte',
  description: 'pairs of texts, of which one follows from the other or not',
  language: 'en',
  licence: 'for research',
  mirrorFolder: 'rte',
  files: [
    {
      name: 'train.tsv',
      url: 'https://raw.githubusercontent.com/marcwww/nlu_eval/ccd55c37de74ebd86c70ae58f67dceb0aa444f43/data/RTE/train.tsv',
      bytes: 846_227,
      sha256: '81d25e323e1ab5b2ad7cd445f1a69db89f2b1c104f3e26915a9421aa4a5f4735',
    },
    {
      name: 'dev.tsv',
      url: 'https://raw.githubusercontent.com/amrnag/Specialized-Transformers/fa673a93a5c27cb1f5954ac2a8a49eec6fcba6b9/data/RTE/dev.tsv',
      bytes: 90_343,
      sha256: '80230dfa1347282e7b532b06a1004a76a710087541189bf874223ddf0e3819fb',
    },
  ],
}

/**
 * About 2,240 pairs to learn from and 250 to choose by, of the 2,490; the 277 of the development set to report on.
 * @throws {DataError} if a file is missing, or a line of it is not a pair with a label
 */
export async function readRte(files: readonly FetchedFile[], options: ReadOptions = {}): Promise<ClassificationTask> {
  const classes = ['entailment', 'not_entailment']
  const read = (name: string) =>
    readLabelledTexts(fetchedText(fileOf(rte, files, name)), {
      ...{ separator: '\t', text: ['sentence1'], second: 'sentence2', label: 'label', labels: classes },
      ...options,
    })
  const learned = await read('train.tsv')
  const { texts: test, skipped } = await read('dev.tsv')
  const { rest: train, held: validation } = holdOut(learned.texts, 250, ({ text }) => text)
  return { classes, train, validation, test, skipped: skipped + learned.skipped }
}

export const rteTask: Task = classTask({
  name: 'rte',
  language: 'en',
  dataset: rte,
  reported: 'the published development set, for the labels of the test set are not public',
  read: readRte,
  prompt: ({ text, second }) => `${text}\nQuestion: ${second} True or False?\nAnswer:`,
  choices: ['True', 'False'],
})
