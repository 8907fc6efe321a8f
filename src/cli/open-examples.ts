import { existsSync } from 'node:fs'
import { DataError } from '../base/errors.ts'
import { chatDatasetNames, readChatDataset } from '../chat/datasets.ts'
import { type PlacedRecord, readChatRecords } from '../chat/formats.ts'
import { choiceNames } from '../checkpoints/fine-tuned-folder.ts'
import { catalog } from '../data/catalog.ts'
import { classificationTaskNames } from '../data/classification-tasks.ts'
import type { LabelledText } from '../data/labelled-text.ts'
import { fetchDataset, openRecords } from '../data/node.ts'
import { RecordProblems } from '../data/records.ts'
import type { TaskExample } from '../training/fine-tuned.ts'
import type { FineTuningRunOptions } from '../training/fine-tuning-run.ts'
import { bertTaskOfFile, openQuestions, openTagged, parted } from './open-bert-examples.ts'
import { heldOut, noSuchData, type OpenTask, openTask } from './open-labelled-texts.ts'

/** What a fine-tuning learns from: labelled texts and choices, what BERT alone learns, or anything that has answers or text. */
export type OpenExamples =
  | { readonly kind: 'labelled'; readonly task: Omit<OpenTask, 'segmenter'> }
  | {
      readonly kind: 'tagged' | 'questions'
      readonly task: {
        readonly classes: readonly string[]
        readonly train: readonly TaskExample[]
        readonly validation: readonly TaskExample[]
      }
    }
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
  const { data = '' } = options
  const isFile = existsSync(data)
  const names = [...classificationTaskNames, ...chatDatasetNames]
  if (data !== '' && !isFile && !names.includes(data)) throw noSuchData(data, names)
  if (!isFile && !chatDatasetNames.includes(data)) return { kind: 'labelled', task: await openTask(options, host) }
  const bertTask = isFile ? await bertTaskOfFile(data, options) : undefined
  if (bertTask === 'tag') {
    const sentences = await openTagged(data, options, host.note)
    const classes = [...new Set(sentences.flatMap(({ tags }) => tags))].sort()
    return { kind: 'tagged', task: { classes, ...parted(sentences, options) } }
  }
  if (bertTask === 'find') {
    const questions = await openQuestions(data, options, host.note)
    return { kind: 'questions', task: { classes: [], ...parted(questions, options) } }
  }
  const { records } = isFile ? await readFile(data, options, host.note) : await readDataset(data, options, host)
  if (records.length === 0) {
    const hint = 'Is it more than a header, and do its lines end as lines do?'
    throw new DataError({ what: data, expected: 'at least one record', received: 'none', hint })
  }
  const task = options.task ?? taskOf(records)
  if (task !== 'classify' && task !== 'choose') return { kind: 'answers', name: data, records }
  const { texts, labels } = labelledTexts(records, task)
  if (texts.length < records.length) {
    const what = task === 'classify' ? 'a label' : 'choices'
    const lacking = `${records.length - texts.length} of ${records.length} records without one`
    if (!options.skipMalformed || texts.length === 0)
      throw new DataError({
        what: data,
        expected: `records with ${what} alone, as --task ${task} learns them`,
        received: lacking,
      })
    host.note(`${lacking} were left out.`)
  }
  return { kind: 'labelled', task: { classes: labels, ...heldOut(data, texts, labels, options) } }
}

/**
 * Records of a file, whose format is recognised.
 * @throws {DataError} if some have problems and are not to be skipped
 */
export async function readFile(
  path: string,
  { encoding, skipMalformed }: Pick<FineTuningRunOptions, 'encoding' | 'skipMalformed'>,
  note: (text: string) => void,
): Promise<{ readonly records: readonly PlacedRecord[]; readonly skipped: number }> {
  const problems = new RecordProblems()
  const source = await openRecords(path, { encoding })
  const records = await allOf(readChatRecords(source.records(problems), problems), problems)
  checkProblems(problems, path, { skipMalformed }, note)
  return { records, skipped: problems.count }
}

async function readDataset(
  name: string,
  { mirror }: FineTuningRunOptions,
  { environment, note }: Host,
): Promise<{ readonly records: readonly PlacedRecord[] }> {
  note(`Reading dataset ${name} ...`)
  const dataset = catalog.find(candidate => candidate.name === name)!
  const problems = new RecordProblems()
  const files = await fetchDataset(dataset, { environment, mirror })
  const records = await allOf(readChatDataset(dataset, files, problems), problems)
  if (problems.count > 0) note(leftOut(problems)) // what is wrong in a dataset is known
  return { records }
}

/**
 * Says how many records were left out.
 * @throws {DataError} if there are some, and they are not to be skipped
 */
export function checkProblems(
  problems: RecordProblems,
  what: string,
  { skipMalformed }: Pick<FineTuningRunOptions, 'skipMalformed'>,
  note: (text: string) => void,
): void {
  if (!skipMalformed) problems.check(what)
  if (problems.count > 0) note(leftOut(problems))
}

const leftOut = ({ count, first }: RecordProblems): string =>
  `${count} ${count === 1 ? 'record was' : 'records were'} left out, the first: ${first[0]}`

/** A question that has more or fewer answers than the first one is a problem. */
async function allOf(given: AsyncIterable<PlacedRecord>, problems: RecordProblems): Promise<PlacedRecord[]> {
  const records: PlacedRecord[] = []
  let answers: number | undefined
  for await (const record of given) {
    const { length } = record.kind === 'choice' ? record.choices : []
    if (record.kind === 'choice') answers ??= length
    if (length === 0 || length === answers) records.push(record)
    else problems.add(record.where, `${answers} choices, as in the first record`, String(length))
  }
  return records
}

type LabelledKind = 'classify' | 'choose'

const kindNames = { classify: 'labelled', choose: 'choice' } as const

/** What is learned from records that are all of one kind; anything else is answers. */
export function taskOf(records: readonly PlacedRecord[]): LabelledKind | 'answer' {
  const found = (['classify', 'choose'] as const).find(task => records.every(({ kind }) => kind === kindNames[task]))
  return found ?? 'answer'
}

/** Records of one kind with the numbers of their labels. Names of the labels are sorted; those of choices are numbers. */
export function labelledTexts(
  records: readonly PlacedRecord[],
  task: LabelledKind,
): { readonly texts: readonly LabelledText[]; readonly labels: readonly string[] } {
  if (task === 'choose') {
    const texts = records.filter(record => record.kind === 'choice')
    return {
      texts: texts.map(({ text, second, choices, label }) => ({ text, second, choices, label })),
      labels: choiceNames(texts[0]?.choices.length ?? 0),
    }
  }
  const labelled = records.filter(record => record.kind === 'labelled')
  const labels = [...new Set(labelled.map(({ label }) => label))].sort()
  const numbers = new Map(labels.map((label, i) => [label, i]))
  const texts = labelled.map(
    ({ text, second, label }): LabelledText => ({
      text,
      ...(second !== undefined && { second }),
      label: numbers.get(label)!,
    }),
  )
  return { texts, labels }
}
