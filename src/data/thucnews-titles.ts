import { Random } from '../base/random.ts'
import type { Dataset } from './dataset.ts'
import { type FetchedFile, fetchedText, fileOf } from './get.ts'
import { type ClassificationTask, type LabelledText, type ReadOptions, readLabelledTexts } from './labelled-text.ts'
import { classTask, type Task } from './task.ts'
import { linesOf } from './text.ts'

const titles =
  'https://raw.githubusercontent.com/649453932/Chinese-Text-Classification-Pytorch/6cb26819af7b646275aff8a4693676f2849e67f6/THUCNews/data'

/** Headlines of Sina News in ten classes: the development and test sets of 10,000 each. */
export const thucnewsTitles: Dataset = {
  name: 'thucnews-titles',
  description: 'Chinese headlines in ten classes',
  language: 'zh',
  licence: 'for research',
  mirrorFolder: 'thucnews_titles',
  files: [
    {
      name: 'class.txt',
      url: `${titles}/class.txt`,
      bytes: 82,
      sha256: '005e8813ad639c219e5902dc84889202b4a717b4238497d26c3fbd5e43927a86',
    },
    {
      name: 'dev.txt',
      url: `${titles}/dev.txt`,
      bytes: 551_313,
      sha256: '6ed73aa2c57ee1560c8f76570d48735c4b1c29ae4983fe3523d56e115813e175',
    },
    {
      name: 'test.txt',
      url: `${titles}/test.txt`,
      bytes: 551_596,
      sha256: 'ebecc8c896635ad69730083ca7b81d37c42c9a5779bc05c9d2479d894e34f026',
    },
  ],
}

/**
 * 9,000 headlines to learn from and 1,000 to choose by, which are the development set, split at random with a fixed
 * seed; 10,000 to report on.
 * @throws {DataError} if a file is missing, or a line of it is not a text with a label
 */
export async function readThucnewsTitles(
  files: readonly FetchedFile[],
  options: ReadOptions = {},
): Promise<ClassificationTask> {
  const classes: string[] = []
  for await (const line of linesOf(fetchedText(fileOf(thucnewsTitles, files, 'class.txt')))) classes.push(line.trim())
  const read = async (name: string): Promise<LabelledText[]> => {
    const labels = classes.map((_, label) => String(label))
    const format = { separator: '\t', text: [0], label: 1, labels, ...options } as const
    return (await readLabelledTexts(fetchedText(fileOf(thucnewsTitles, files, name)), format)).texts
  }
  const shuffled = new Random(1, 'split').shuffle(await read('dev.txt'))
  return { classes, train: shuffled.slice(1000), validation: shuffled.slice(0, 1000), test: await read('test.txt') }
}

export const thucnewsTitlesTask: Task = classTask({
  name: 'thucnews-titles',
  language: 'zh',
  dataset: thucnewsTitles,
  reported: 'test; shots are from the development set, for the training set is not at hand',
  read: readThucnewsTitles,
  prompt: ({ text }) => `标题：${text}\n类别：`,
  // In the order of class.txt: finance, realty, stocks, education, science, society, politics, sports, game, entertainment.
  choices: ['财经', '房产', '股票', '教育', '科技', '社会', '时政', '体育', '游戏', '娱乐'],
})
