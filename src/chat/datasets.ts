/** The datasets of the catalog that are instructions or dialogue, read as what a model learns from. */
import { OptionError } from '../base/errors.ts'
import type { Dataset } from '../data/dataset.ts'
import { type FetchedFile, fetchedText } from '../data/get.ts'
import { recordFile } from '../data/record-files.ts'
import { type DataRecord, isObject, type RecordProblems } from '../data/records.ts'
import { linesOf } from '../data/text.ts'
import { type PlacedRecord, readChatRecords } from './formats.ts'
import { smallWorldConversations } from './small-world-conversations.ts'

/** Records that a file holds in a way of its own, in the fields of a format. */
type Reader = (file: FetchedFile, problems: RecordProblems) => AsyncIterable<DataRecord>

/** By the names of the datasets; where none is said, the files' own fields are those of a format. */
const readers: Readonly<Record<string, Reader | undefined>> = {
  'small-world-chat': undefined,
  alpaca: undefined,
  'alpaca-zh': undefined,
  dolly: undefined,
  'self-instruct': taskInstances,
  'self-instruct-zh': taskInstances,
  gsm8k: undefined,
  'tool-calls': undefined,
  'tool-calls-zh': undefined,
  identity: undefined,
  'sharegpt-zh': undefined,
  preferences: undefined,
  'preferences-zh': undefined,
  'hh-rlhf-harmless': chosenCourses,
  kdconv: spokenByTurns,
  lccc: spacedChats,
}

/** Datasets that `nacre finetune` can learn from, by name. */
export const chatDatasetNames: readonly string[] = Object.keys(readers)

/**
 * The examples of a fetched dataset; what is wrong is counted in `problems` and left out.
 * @throws {OptionError} if the dataset is neither instructions nor dialogue
 */
export async function* readChatDataset(
  dataset: Dataset,
  files: readonly FetchedFile[],
  problems: RecordProblems,
): AsyncGenerator<PlacedRecord> {
  if (!Object.hasOwn(readers, dataset.name)) {
    const expected = `instructions or dialogues: ${chatDatasetNames.join(', ')}`
    throw new OptionError({ what: 'The dataset', expected, received: `${dataset.name} (${dataset.description})` })
  }
  if (dataset.generated !== undefined) yield* readChatRecords(generatedRecords(dataset.generated), problems)
  const read = readers[dataset.name] ?? fileRecords
  for (const file of files) yield* readChatRecords(read(file, problems), problems)
}

function fileRecords({ storage, name, compression }: FetchedFile, problems: RecordProblems): AsyncIterable<DataRecord> {
  return recordFile(storage, name, { compression }).records(problems)
}

/** Conversations about the small world, in English and Chinese by turns. */
async function* generatedRecords({ seed, documents }: NonNullable<Dataset['generated']>): AsyncGenerator<DataRecord> {
  const chinese = smallWorldConversations({ seed, language: 'zh', count: documents })
  let number = 0
  for (const english of smallWorldConversations({ seed, language: 'en', count: documents })) {
    yield { fields: { ...english }, where: `conversation ${++number}` }
    yield { fields: { ...chinese.next().value }, where: `conversation ${++number}` }
  }
}

/** A task's instruction with the input and the output of each of its instances. */
async function* taskInstances(file: FetchedFile, problems: RecordProblems): AsyncGenerator<DataRecord> {
  for await (const { fields, where } of fileRecords(file, problems)) {
    const { instruction, instances } = fields
    if (!Array.isArray(instances)) problems.add(where, 'a list "instances"', typeof instances)
    else for (const instance of instances) yield { fields: { instruction, ...instance }, where }
  }
}

/** The chosen course of a dialogue, written with `Human:` and `Assistant:` before the turns. */
async function* chosenCourses(file: FetchedFile, problems: RecordProblems): AsyncGenerator<DataRecord> {
  for await (const { fields, where } of fileRecords(file, problems)) {
    if (typeof fields.chosen !== 'string') {
      problems.add(where, 'field "chosen" with a text', typeof fields.chosen)
      continue
    }
    const parts = fields.chosen.split(/\n\n(Human|Assistant): ?/).slice(1)
    const messages = parts.flatMap((speaker, i) => {
      const role = speaker === 'Human' ? 'user' : 'assistant'
      return i % 2 === 0 ? [{ role, content: parts[i + 1].trim() }] : []
    })
    yield { fields: { messages }, where }
  }
}

/** Two who speak by turns; the second is the assistant. */
async function* spokenByTurns(file: FetchedFile, problems: RecordProblems): AsyncGenerator<DataRecord> {
  for await (const { fields, where } of fileRecords(file, problems)) {
    const turns: readonly unknown[] = Array.isArray(fields.messages) ? fields.messages : []
    yield { fields: { messages: byTurns(turns.map(turn => (isObject(turn) ? turn.message : undefined))) }, where }
  }
}

/** Turns between tabs, with a space after each character. */
async function* spacedChats(file: FetchedFile): AsyncGenerator<DataRecord> {
  let line = 0
  for await (const content of linesOf(fetchedText(file))) {
    const turns = content.split('\t').map(turn => turn.trim().replaceAll(/(?<![\x21-\x7e]) | (?![\x21-\x7e])/g, ''))
    yield { fields: { messages: byTurns(turns) }, where: `${file.location}, line ${++line}` }
  }
}

const byTurns = (turns: readonly unknown[]): object[] =>
  turns.map((content, i) => ({ role: i % 2 === 0 ? 'user' : 'assistant', content }))
