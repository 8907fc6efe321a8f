import type { Dataset } from './dataset.ts'
import { type FetchedFile, fetchedText, fileOf } from './get.ts'
import { type ClassificationTask, type LabelledText, type ReadOptions, readLabelledTexts } from './labelled-text.ts'
import { classTask, type Task } from './task.ts'

const sentences =
  'https://raw.githubusercontent.com/clairett/pytorch-sentiment-classification/457ffd83de90a9d6d472d8ffc31bbffe40a8b236/data/SST2'

/**
 * Sentences of film reviews, lower-cased and tokenised, negative or positive; neutral ones are left out. The phrases are
 * parts of the training sentences, each judged by itself.
 * Socher et al., Recursive Deep Models for Semantic Compositionality Over a Sentiment Treebank, 2013.
 */
export const sst2: Dataset = {
  name: 'sst2',
  description: 'sentiment of film reviews, two classes',
  language: 'en',
  licence: 'for research',
  mirrorFolder: 'sst2',
  files: [
    {
      name: 'train.tsv',
      url: `${sentences}/train.tsv`,
      bytes: 720_259,
      sha256: 'ec192f833a64da08f475488a77b0d0b47db47acd0f458bd18433fc793b569920',
    },
    {
      name: 'dev.tsv',
      url: `${sentences}/dev.tsv`,
      bytes: 92_057,
      sha256: 'eddea6b39e601dd4e7a672b53cc40fdf6019fa80522f351206c24340ca5d9359',
    },
    {
      name: 'test.tsv',
      url: `${sentences}/test.tsv`,
      bytes: 188_749,
      sha256: '831169c7e2e429d6026e1bdbb542f33b636e3e596caad9602ebc953c205928b7',
    },
    {
      name: 'train_phrases.tsv',
      url: 'https://raw.githubusercontent.com/forest-snow/alps/3c7ef2c98249fc975a897b27f275695f97d5b7a9/data/SST-2/train.tsv',
      bytes: 3_422_882,
      sha256: '920e317b2c52e12cd22db1da2c6708312bd7dc4f3712b9bbf1b50ee6c2c792ba',
    },
  ],
}

export interface Sst2 extends ClassificationTask {
  /** Parts of the training sentences, from single words on: 60,614 of GLUE's 67,349. */
  readonly phrases: readonly LabelledText[]
}

/**
 * 6,920 sentences to learn from, 872 to choose by, 1,821 to report on, and the phrases.
 * @throws {DataError} if a file is missing, or a line of it is not a text with a label
 */
export async function readSst2(files: readonly FetchedFile[], options: ReadOptions = {}): Promise<Sst2> {
  const labels = ['0', '1']
  const read = async (name: string): Promise<LabelledText[]> => {
    const format = { separator: '\t', text: [0], label: 1, labels, ...options } as const
    return (await readLabelledTexts(fetchedText(fileOf(sst2, files, name)), format)).texts
  }
  const phrases = fetchedText(fileOf(sst2, files, 'train_phrases.tsv'))
  const named = { separator: '\t', text: ['sentence'], label: 'label', labels, ...options } as const
  return {
    classes: ['negative', 'positive'],
    train: await read('train.tsv'),
    validation: await read('dev.tsv'),
    test: await read('test.tsv'),
    phrases: (await readLabelledTexts(phrases, named)).texts,
  }
}

export const sst2Task: Task = classTask({
  name: 'sst2',
  language: 'en',
  dataset: sst2,
  reported: 'test',
  read: readSst2,
  prompt: ({ text }) => `${text}\nQuestion: Is this sentence positive or negative?\nAnswer:`,
  choices: ['negative', 'positive'],
})
