import type { Dataset } from './dataset.ts'
import { type FetchedFile, fetchedText, fileOf } from './get.ts'
import { type ReadOptions, readScoredTexts, type ScoringTask } from './labelled-text.ts'
import { scoreTask, type Task } from './task.ts'

const benchmark =
  'https://raw.githubusercontent.com/aivilmo/textual-similarity/3fe0911a2e267b1cd7b2602c095c402ebadf4271/stsbenchmark'

/**
 * Pairs of sentences, and how alike people found them, from 0 to 5. The files end in .csv and are separated by tabs.
 * Cer et al., SemEval-2017 Task 1: Semantic Textual Similarity, 2017.
 */
export const stsb: Dataset = {
  name: 'stsb',
  description: 'pairs of sentences, and how alike they are',
  language: 'en',
  licence: 'CC BY-SA 4.0; texts mixed',
  mirrorFolder: 'stsb',
  files: [
    {
      name: 'sts-train.csv',
      url: `${benchmark}/sts-train.csv`,
      bytes: 906_922,
      sha256: 'd52e1db23c2483099f2ff4d9cd80a0f98be6438748b65e21f2f2244da0164ab1',
    },
    {
      name: 'sts-dev.csv',
      url: `${benchmark}/sts-dev.csv`,
      bytes: 255_680,
      sha256: '5d7e944d8b02734b07bfdb5df67db3420c64bed153fcaa1ba47ad03480cf4234',
    },
    {
      name: 'sts-test.csv',
      url: `${benchmark}/sts-test.csv`,
      bytes: 282_419,
      sha256: 'affe45928a66ee5a708531233c95b7dacbbdc57f974f002a3d32ea0180cf816a',
    },
  ],
}

/**
 * 5,749 pairs to learn from, 1,500 to choose by and 1,379 to report on.
 * @throws {DataError} if a file is missing, or a line of it is not a pair with a score
 */
export async function readStsb(files: readonly FetchedFile[], options: ReadOptions = {}): Promise<ScoringTask> {
  const range = [0, 5] as const
  const read = (name: string) =>
    readScoredTexts(fetchedText(fileOf(stsb, files, name)), {
      ...{ separator: '\t', text: [5], second: 6, score: 4, range },
      ...options,
    })
  const [train, validation, test] = [await read('sts-train.csv'), await read('sts-dev.csv'), await read('sts-test.csv')]
  const skipped = train.skipped + validation.skipped + test.skipped
  return { range, train: train.texts, validation: validation.texts, test: test.texts, skipped }
}

export const stsbTask: Task = scoreTask({
  name: 'stsb',
  language: 'en',
  dataset: stsb,
  reported: 'test',
  read: readStsb,
  prompt: ({ text, second }) =>
    `Sentence 1: ${text}\nSentence 2: ${second}\nQuestion: How alike are both in meaning, from 0 to 5?\nAnswer:`,
  choices: ['0', '1', '2', '3', '4', '5'],
})
