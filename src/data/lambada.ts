/**
 * LAMBADA: the last word of a passage, which needs all of it. A file that the user brings: JSON lines with `text`.
 * Paperno et al., The LAMBADA dataset: Word prediction requiring a broad discourse context, 2016; as JSON lines and as a
 * task of the last word whole: Radford et al., Language Models are Unsupervised Multitask Learners, 2019, section 3.3.
 */
import { jsonLineRecords } from './json-records.ts'
import { type AskedRecord, parseRecords } from './records.ts'
import type { AnswerExample, Task } from './task.ts'

/** The passage without its last word, and that word. */
export function lastWordOf(record: AskedRecord): AnswerExample {
  const text = record.text('text').trimEnd()
  const cut = Math.max(text.lastIndexOf(' '), text.lastIndexOf('\n'))
  const prompt = text.slice(0, Math.max(0, cut)).trimEnd()
  if (prompt === '') throw record.fault('a text of several words', JSON.stringify(text))
  return { prompt, answer: text.slice(cut + 1) }
}

export const lambadaTask: Task = {
  name: 'lambada',
  language: 'en',
  form: 'last-word',
  reported: 'the whole file',
  joint: ' ',
  readFile: async (source, options) => {
    const { records: test, skipped } = await parseRecords(jsonLineRecords(source), lastWordOf, options)
    return { parts: { train: [], validation: [], test, skipped } }
  },
}
