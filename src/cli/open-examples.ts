import { existsSync } from 'node:fs'
import { chatDatasetNames, readChatDataset } from '../chat/datasets.ts'
import { type PlacedRecord, readChatRecords } from '../chat/formats.ts'
import { catalog } from '../data/catalog.ts'
import type { LabelledText } from '../data/labelled-text.ts'
import { fetchDataset, openRecords } from '../data/node.ts'
import { RecordProblems } from '../data/records.ts'
import type { FineTuningRunOptions } from '../training/fine-tuning-run.ts'
import { heldOut, type OpenTask, openTask } from './open-labelled-texts.ts'

/** What a fine-tuning learns from: labelled texts, or anything that has answers or text. */
export type OpenExamples =
  | { readonly kind: 'labelled'; readonly task: Omit<OpenTask, 'segmenter'> }
  | { readonly kind: 'answers'; readonly name: string; readonly records: readonly PlacedRecord[] }

interface Host {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly note: (text: string) => void
}

/**
 * The examples that `--data` names: a dataset, or a file of records, whose format is recognised.
 * @throws {OptionError} if none is named
 * @throws {DataError} if records have problems, all of them counted, and are not to be skipped
 */
export async function openExamples(options: FineTuningRunOptions, host: Host): Promise<OpenExamples> {
  const { data = '', encoding, skipMalformed, mirror } = options
  const isFile = existsSync(data)
  if (!isFile && !chatDatasetNames.includes(data)) return { kind: 'labelled', task: await openTask(options, host) }
  const problems = new RecordProblems()
  const records: PlacedRecord[] = []
  if (isFile) {
    const source = await openRecords(data, { encoding })
    for await (const record of readChatRecords(source.records(problems), problems)) records.push(record)
  } else {
    host.note(`Reading dataset ${data} ...`)
    const dataset = catalog.find(({ name }) => name === data)!
    const files = await fetchDataset(dataset, { environment: host.environment, mirror })
    for await (const record of readChatDataset(dataset, files, problems)) records.push(record)
  }
  const skips = skipMalformed || !isFile // what is wrong in a dataset is known
  if (!skips) problems.check(data)
  if (problems.count > 0) host.note(`${problems.count} records were left out, the first: ${problems.first[0]}`)
  const labelled = records.filter(record => record.kind === 'labelled')
  const classifies = options.task === undefined ? labelled.length === records.length : options.task === 'classify'
  if (!classifies) return { kind: 'answers', name: data, records }
  const labels = [...new Set(labelled.map(({ label }) => label))].sort()
  const numbers = new Map(labels.map((label, i) => [label, i]))
  const texts = labelled.map(
    ({ text, second, label }): LabelledText => ({
      text,
      ...(second !== undefined && { second }),
      label: numbers.get(label)!,
    }),
  )
  return { kind: 'labelled', task: { classes: labels, ...heldOut(data, texts, labels, options) } }
}
