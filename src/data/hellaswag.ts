/**
 * HellaSwag: which of four endings goes on. A file that the user brings: JSON lines with `ctx`, `endings` and `label`.
 * Zellers et al., HellaSwag: Can a Machine Really Finish Your Sentence?, 2019. Texts are made as lm-evaluation-harness
 * makes them: the activity comes first where there is one, and marks of the source in brackets go.
 */
import { jsonLineRecords } from './json-records.ts'
import { type AskedRecord, parseRecords } from './records.ts'
import type { ChoiceExample, Task } from './task.ts'

export function endingsOf(record: AskedRecord): ChoiceExample {
  const choices = record.texts('endings', 2).map(cleaned)
  const given = record.value('label')
  const label = typeof given === 'string' && /^\d+$/.test(given.trim()) ? Number(given) : given
  if (typeof label !== 'number' || !Number.isInteger(label) || label < 0 || label >= choices.length)
    throw record.fault(`a label from 0 to ${choices.length - 1}`, String(JSON.stringify(given)))
  const activity = record.value('activity_label')
  const context = contextOf(record)
  return {
    prompt: cleaned(typeof activity === 'string' && activity !== '' ? `${activity}: ${context}` : context),
    choices,
    label,
  }
}

/** Its two halves, of which the second begins a sentence, where the file has them. */
function contextOf(record: AskedRecord): string {
  const [first, second] = [record.value('ctx_a'), record.value('ctx_b')]
  if (typeof first !== 'string' || typeof second !== 'string') return record.text('ctx')
  return `${first} ${second.slice(0, 1).toUpperCase()}${second.slice(1).toLowerCase()}`
}

const cleaned = (text: string): string =>
  text
    .trim()
    .replaceAll(' [title]', '. ')
    .replaceAll(/\[.*?\]/g, '')
    .replaceAll('  ', ' ')
    .trim()

export const hellaswagTask: Task = {
  name: 'hellaswag',
  language: 'en',
  form: 'choices',
  reported: 'the whole file',
  joint: ' ',
  readFile: async (source, options) => {
    const { records: test, skipped } = await parseRecords(jsonLineRecords(source), endingsOf, options)
    return { parts: { train: [], validation: [], test, skipped } }
  },
}
