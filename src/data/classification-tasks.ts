import { UnknownNameError } from '../base/options.ts'
import { readAgNews } from './ag-news.ts'
import { readChnSentiCorp } from './chnsenticorp.ts'
import { readCola } from './cola.ts'
import type { FetchedFile } from './get.ts'
import type { ClassificationTask } from './labelled-text.ts'
import { readMrpc } from './mrpc.ts'
import { readOcnli } from './ocnli.ts'
import { readRte } from './rte.ts'
import { readSnli } from './snli.ts'
import { readSst2 } from './sst2.ts'
import { readThucnewsTitles } from './thucnews-titles.ts'

/** The datasets of labelled texts and pairs, by their names in the catalog: one line each. */
const readers: Readonly<Record<string, (files: readonly FetchedFile[]) => Promise<ClassificationTask>>> = {
  sst2: readSst2WithPhrases,
  chnsenticorp: readChnSentiCorp,
  'ag-news': readAgNews,
  'thucnews-titles': readThucnewsTitles,
  cola: readCola,
  mrpc: readMrpc,
  rte: readRte,
  snli: readSnli,
  ocnli: readOcnli,
}

export const classificationTaskNames: readonly string[] = Object.keys(readers)

/**
 * A task of classification by the name of its dataset. SST-2's phrases belong to what is learned from.
 * @throws {OptionError} if there is no such task
 * @throws {DataError} if a file is missing or malformed
 */
export async function readClassificationTask(name: string, files: readonly FetchedFile[]): Promise<ClassificationTask> {
  const read = Object.hasOwn(readers, name) ? readers[name] : undefined
  if (read === undefined) throw new UnknownNameError('dataset of labelled texts', name, classificationTaskNames)
  return read(files)
}

async function readSst2WithPhrases(files: readonly FetchedFile[]): Promise<ClassificationTask> {
  const { phrases, ...task } = await readSst2(files)
  return { ...task, train: [...task.train, ...phrases] }
}
