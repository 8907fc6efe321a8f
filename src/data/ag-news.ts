import { Random } from '../base/random.ts'
import type { Dataset } from './dataset.ts'
import { type FetchedFile, fetchedText, fileOf } from './get.ts'
import { type ClassificationTask, type ReadOptions, readLabelledTexts } from './labelled-text.ts'
import { classTask, type Task } from './task.ts'

/**
 * News in four classes: the test set, and 10,001 texts of the training set of 120,000.
 * Zhang, Zhao and LeCun, Character-level Convolutional Networks for Text Classification, 2015, section 4.
 */
export const agNews: Dataset = {
  name: 'ag-news',
  description: 'news in four classes, a part of AG News',
  language: 'en',
  licence: 'non-commercial',
  mirrorFolder: 'ag_news',
  files: [
    {
      name: 'alps_dev.tsv',
      url: 'https://raw.githubusercontent.com/forest-snow/alps/3c7ef2c98249fc975a897b27f275695f97d5b7a9/data/agnews/dev.tsv',
      bytes: 2_030_410,
      sha256: '7a0811e0006080bf4de17752c5466450ff3db778be71bc5bcf3c4e99b5f0803d',
    },
    {
      name: 'test.csv',
      url: 'https://raw.githubusercontent.com/mhjabreel/CharCnn_Keras/555590db4219b1243abb1918effd6a7425a2d75f/data/ag_news_csv/test.csv',
      bytes: 1_857_427,
      sha256: '521465c2428ed7f02f8d6db6ffdd4b5447c1c701962353eb2c40d548c3c85699',
    },
  ],
}

/**
 * 9,001 descriptions to learn from and 1,000 to choose by, split at random with a fixed seed; 7,600 to report on, of
 * which the descriptions too, without the titles.
 * @throws {DataError} if a file is missing, or a line of it is not a text with a label
 */
export async function readAgNews(
  files: readonly FetchedFile[],
  options: ReadOptions = {},
): Promise<ClassificationTask> {
  const classes = ['World', 'Sports', 'Business', 'Sci/Tech']
  const learned = await readLabelledTexts(fetchedText(fileOf(agNews, files, 'alps_dev.tsv')), {
    separator: '\t',
    text: [0],
    label: 1,
    labels: classes,
    ...options,
  })
  const reported = await readLabelledTexts(fetchedText(fileOf(agNews, files, 'test.csv')), {
    separator: ',',
    text: [2],
    label: 0,
    labels: ['1', '2', '3', '4'],
    ...options,
  })
  const shuffled = new Random(1, 'split').shuffle(learned.texts)
  return { classes, train: shuffled.slice(1000), validation: shuffled.slice(0, 1000), test: reported.texts }
}

export const agNewsTask: Task = classTask({
  name: 'ag-news',
  language: 'en',
  dataset: agNews,
  reported: 'test; shots are from a part of the training set',
  read: readAgNews,
  prompt: ({ text }) => `${text}\nQuestion: Is this news of the world, sports, business or technology?\nAnswer:`,
  choices: ['world', 'sports', 'business', 'technology'],
})
