import type { Dataset } from './dataset.ts'
import { type FetchedFile, fetchedText, fileOf } from './get.ts'
import { holdOut } from './held-out.ts'
import { jsonLineRecords } from './json-records.ts'
import type { ReadOptions, TaskParts } from './labelled-text.ts'
import { type AskedRecord, parseRecords } from './records.ts'
import { mapParts, type Task } from './task.ts'

const data =
  'https://raw.githubusercontent.com/openai/grade-school-math/3101c7d5072418e28b9008a6636bde82a006892c/grade_school_math/data'

/**
 * Word problems of grade school, worked out: calculations stand in << >>, and the number that is asked for after ####.
 * Cobbe et al., Training Verifiers to Solve Math Word Problems, 2021.
 */
export const gsm8k: Dataset = {
  name: 'gsm8k',
  description: 'word problems of grade school with worked answers',
  language: 'en',
  licence: 'MIT',
  mirrorFolder: 'gsm8k',
  files: [
    {
      name: 'train.jsonl',
      url: `${data}/train.jsonl`,
      bytes: 4_166_206,
      sha256: '17f347dc51477c50d4efb83959dbb7c56297aba886e5544ee2aaed3024813465',
    },
    {
      name: 'test.jsonl',
      url: `${data}/test.jsonl`,
      bytes: 749_738,
      sha256: '3730d312f6e3440559ace48831e51066acaca737f6eabec99bccb9e4b3c39d14',
    },
  ],
}

export interface WordProblem {
  readonly question: string
  /** Worked out; its last line is #### and the number. */
  readonly answer: string
}

/**
 * About 7,000 problems to learn from and 473 to choose by, split at random with a fixed seed; 1,319 to report on.
 * @throws {DataError} if a file is missing, or a line of it is not a problem with a number
 */
export async function readGsm8k(
  files: readonly FetchedFile[],
  options: ReadOptions = {},
): Promise<TaskParts<WordProblem>> {
  const read = (name: string) =>
    parseRecords(jsonLineRecords(fetchedText(fileOf(gsm8k, files, name))), problemOf, options)
  const learned = await read('train.jsonl')
  const { records: test, skipped } = await read('test.jsonl')
  const { rest: train, held: validation } = holdOut(learned.records, 473, ({ question }) => question)
  return { train, validation, test, skipped: skipped + learned.skipped }
}

function problemOf(record: AskedRecord): WordProblem {
  const answer = record.text('answer')
  if (finalNumber(answer) === undefined)
    throw record.fault('an answer with a number after ####', JSON.stringify(answer.slice(-40)))
  return { question: record.text('question'), answer }
}

/** The number after ####, without commas, signs of money and needless zeros; undefined where there is none. */
export function finalNumber(answer: string): string | undefined {
  const [, digits] = /####\s*\$?\s*(-?[\d,]*\.?\d+)/.exec(answer) ?? []
  return digits === undefined ? undefined : String(Number(digits.replaceAll(',', '')))
}

const promptOf = ({ question, answer }: WordProblem) => ({ prompt: `Question: ${question}\nAnswer:`, answer })

export const gsm8kTask: Task = {
  name: 'gsm8k',
  language: 'en',
  form: 'answers',
  reported: 'test',
  joint: ' ',
  dataset: gsm8k,
  read: async (files, options) => ({ parts: mapParts(await readGsm8k(files, options), promptOf) }),
  readFile: async (source, options) => {
    const { records: test, skipped } = await parseRecords(jsonLineRecords(source), problemOf, options)
    return { parts: mapParts({ train: [], validation: [], test, skipped }, promptOf) }
  },
  stop: ['\n\n', 'Question:'],
  answerTokens: 256,
  extract: finalNumber,
}
