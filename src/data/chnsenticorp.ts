import type { Dataset } from './dataset.ts'
import { type FetchedFile, fetchedText, fileOf } from './get.ts'
import { type ClassificationTask, type LabelledText, type ReadOptions, readLabelledTexts } from './labelled-text.ts'
import { classTask, type Task } from './task.ts'

const reviews = 'https://raw.githubusercontent.com/duanruixue/chnsenticorp/348c5c68b8648a10af56aae0ea44e798fd4dafa4'

/** Reviews of hotels, computers and books, by Tan Songbo, in simplified and traditional characters. */
export const chnsenticorp: Dataset = {
  name: 'chnsenticorp',
  description: 'sentiment of Chinese reviews, two classes',
  language: 'zh',
  licence: 'for research',
  mirrorFolder: 'chnsenticorp',
  files: [
    {
      name: 'train.tsv',
      url: `${reviews}/train.tsv`,
      bytes: 3_019_974,
      sha256: 'b85b8318588fcf68f58589a923a09b5bf09000e8f066388bb2a92dab7f3ba787',
    },
    {
      name: 'dev.tsv',
      url: `${reviews}/dev.tsv`,
      bytes: 374_229,
      sha256: '1ecfbc62abe99b7170bdeacd64490febf150bc5a583701e7d9e72900f775059c',
    },
    {
      name: 'test.tsv',
      url: `${reviews}/test.tsv`,
      bytes: 369_734,
      sha256: 'f47c7d28989b1de30634729327f8f90c9a203d337136ef982c9c14cc9ef33392',
    },
  ],
}

/**
 * 9,600 reviews to learn from, 1,200 to choose by and 1,200 to report on.
 * @throws {DataError} if a file is missing, or a line of it is not a text with a label
 */
export async function readChnSentiCorp(
  files: readonly FetchedFile[],
  options: ReadOptions = {},
): Promise<ClassificationTask> {
  const read = async (name: string): Promise<LabelledText[]> => {
    const format = { separator: '\t', text: ['text_a'], label: 'label', labels: ['0', '1'], ...options } as const
    return (await readLabelledTexts(fetchedText(fileOf(chnsenticorp, files, name)), format)).texts
  }
  const [train, validation, test] = [await read('train.tsv'), await read('dev.tsv'), await read('test.tsv')]
  return { classes: ['negative', 'positive'], train, validation, test }
}

export const chnsenticorpTask: Task = classTask({
  name: 'chnsenticorp',
  language: 'zh',
  dataset: chnsenticorp,
  reported: 'test',
  read: readChnSentiCorp,
  prompt: ({ text }) => `评论：${text}\n这条评论是正面的还是负面的？\n回答：`,
  choices: ['负面', '正面'],
})
