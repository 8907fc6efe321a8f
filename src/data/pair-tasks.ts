/** The datasets that are pairs: what is learned from, what is chosen by, and what is reported on. */
import { parse } from 'yaml'
import { DataError, OptionError } from '../base/errors.ts'
import { chatterbotChinese, chatterbotEnglish } from './chatterbot.ts'
import type { Dataset } from './dataset.ts'
import { type FetchedFile, fetchedText, fileOf } from './get.ts'
import { lccc } from './lccc.ts'
import { multi30k } from './multi30k.ts'
import { alignLines, readPairs, type SentencePair, splitPairs } from './pairs.ts'
import { tatoeba } from './tatoeba.ts'
import { linesOf } from './text.ts'

export interface PairTask {
  readonly train: readonly SentencePair[]
  readonly validation: readonly SentencePair[]
  /** By name, for example `test2016`. */
  readonly tests: Readonly<Record<string, readonly SentencePair[]>>
}

type Reader = (files: readonly FetchedFile[]) => Promise<PairTask>

/** The seed of every split that is ours: numbers are comparable only on one split. */
const splitSeed = 2017

const readers = new Map<Dataset, Reader>([
  [multi30k, readMulti30k],
  [tatoeba, readTatoeba],
  [chatterbotEnglish, files => readChatterbot(chatterbotEnglish, files)],
  [chatterbotChinese, files => readChatterbot(chatterbotChinese, files)],
  [lccc, readLccc],
])

/** Datasets of pairs, by name. */
export const pairDatasets: readonly Dataset[] = [...readers.keys()]

/**
 * Says whether a dataset has pairs, before it is fetched.
 * @throws {OptionError} if it has none
 */
export function checkPairDataset(dataset: Dataset): void {
  if (readers.has(dataset)) return
  const expected = `a dataset of pairs: ${pairDatasets.map(({ name }) => name).join(', ')}`
  throw new OptionError({ what: 'Option --data', expected, received: `${dataset.name} (${dataset.description})` })
}

/**
 * The parts of a dataset of pairs: German to English, Chinese to English, question to answer.
 * @throws {OptionError} if the dataset is none of pairs
 */
export function pairTask(dataset: Dataset, files: readonly FetchedFile[]): Promise<PairTask> {
  checkPairDataset(dataset)
  return readers.get(dataset)!(files)
}

async function readMulti30k(files: readonly FetchedFile[]): Promise<PairTask> {
  const side = (part: string, language: string) => fetchedText(fileOf(multi30k, files, `${part}.${language}.gz`))
  const part = (name: string) => alignLines(side(name, 'de'), side(name, 'en'))
  return {
    train: await part('train'),
    validation: await part('val'),
    tests: {
      test2016: await part('test_2016_flickr'),
      test2017: await part('test_2017_flickr'),
      testCoco: await part('test_2017_mscoco'),
    },
  }
}

/** 1,000 pairs to choose by, 1,000 to report on. */
async function readTatoeba([file]: readonly FetchedFile[]): Promise<PairTask> {
  const { pairs } = await readPairs(fetchedText(file), { missingTab: 'skip', secondIsSource: true })
  const share = 1000 / pairs.length
  const { train, validation, test } = splitPairs(pairs, { seed: splitSeed, validation: share, test: share })
  return { train, validation, tests: { test } }
}

/** Each turn of a dialogue with the turn after it. */
async function readChatterbot(dataset: Dataset, files: readonly FetchedFile[]): Promise<PairTask> {
  const pairs: SentencePair[] = []
  for (const file of files) {
    let text = ''
    for await (const chunk of fetchedText(file).chunks()) text += chunk
    const { conversations } = (parse(text) ?? {}) as { conversations?: unknown }
    if (!Array.isArray(conversations)) {
      throw new DataError({ what: file.location, expected: 'a list "conversations"', received: typeof conversations })
    }
    for (const turns of conversations) if (Array.isArray(turns)) pairs.push(...turnPairs(turns.map(spokenText)))
  }
  if (pairs.length === 0) throw new DataError({ what: dataset.name, expected: 'dialogues', received: 'none' })
  const { train, validation } = splitPairs(pairs, { seed: splitSeed, validation: 0.05, test: 0 })
  return { train, validation, tests: {} }
}

/** A turn with a colon in it is a mapping to YAML. */
function spokenText(turn: unknown): string {
  if (typeof turn !== 'object' || turn === null) return String(turn)
  return Object.entries(turn)
    .map(([before, after]) => `${before}: ${after}`)
    .join(' ')
}

/** Turns between tabs; the spaces between the characters go, those between Latin words stay. */
async function readLccc(files: readonly FetchedFile[]): Promise<PairTask> {
  const part = async (name: string): Promise<SentencePair[]> => {
    const pairs: SentencePair[] = []
    for await (const line of linesOf(fetchedText(fileOf(lccc, files, name)))) {
      pairs.push(...turnPairs(line.split('\t').map(joinCharacters)))
    }
    return pairs
  }
  return { train: await part('toy_train.txt'), validation: await part('toy_valid.txt'), tests: {} }
}

const joinCharacters = (turn: string): string => turn.trim().replaceAll(/(?<![\x21-\x7e]) | (?![\x21-\x7e])/g, '')

function turnPairs(turns: readonly string[]): SentencePair[] {
  const spoken = turns.map(turn => turn.trim().replaceAll(/\s+/g, ' '))
  return spoken
    .slice(1)
    .flatMap((target, i) => (spoken[i] !== '' && target !== '' ? [{ source: spoken[i], target }] : []))
}
