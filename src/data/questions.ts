/** Questions whose answers stand in a text, as SQuAD keeps them. Rajpurkar et al., 2016. */
import { isObject, type RecordProblems } from './records.ts'

export interface AnsweredQuestion {
  readonly question: string
  readonly text: string
  /** Where the answer stands, in UTF-16 units. */
  readonly answer: { readonly start: number; readonly end: number }
  /** Everything that counts as right. */
  readonly answers: readonly string[]
}

/** Whether a JSON value is of SQuAD: data, which have paragraphs, which have questions. */
export const isSquad = (value: unknown): value is { readonly data: readonly unknown[] } =>
  isObject(value) && Array.isArray(value.data) && isObject(value.data[0]) && Array.isArray(value.data[0].paragraphs)

/**
 * The questions of a file of SQuAD's. One whose answer is not where it says is a problem and left out; those without an
 * answer, of the second version, are left out and counted in `unanswered`.
 * @param name - of the file, for messages
 */
export function readSquad(
  value: unknown,
  name: string,
  problems: RecordProblems,
): { readonly questions: AnsweredQuestion[]; readonly unanswered: number } {
  const questions: AnsweredQuestion[] = []
  let unanswered = 0
  if (!isSquad(value)) {
    problems.add(name, 'SQuAD: "data" with "paragraphs" with "qas"', typeof value)
    return { questions, unanswered }
  }
  for (const article of objects(value.data)) {
    for (const { context, qas } of objects(article.paragraphs)) {
      const text = textOf(context)
      for (const { id, question, answers } of objects(qas)) {
        const given = objects(answers)
        const where = `${name}, question ${JSON.stringify(id ?? question)}`
        if (given.length === 0) unanswered++
        else if (typeof question !== 'string' || question.trim() === '') problems.add(where, 'a question', 'none')
        else {
          const wanted = textOf(given[0].text)
          const start = unitsBefore(text, Number(given[0].answer_start))
          if (wanted === '' || text.slice(start, start + wanted.length) !== wanted) {
            const received = JSON.stringify(text.slice(start, start + wanted.length))
            problems.add(where, `the answer ${JSON.stringify(wanted)} at "answer_start"`, received)
          } else {
            const all = given.map(answer => textOf(answer.text))
            questions.push({ question, text, answer: { start, end: start + wanted.length }, answers: all })
          }
        }
      }
    }
  }
  return { questions, unanswered }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

const objects = (value: unknown): Record<string, unknown>[] => (Array.isArray(value) ? value.filter(isObject) : [])

/** SQuAD counts characters as Python does, by code points. */
function unitsBefore(text: string, codePoints: number): number {
  let units = 0
  for (let i = 0; i < codePoints && units < text.length; i++) units += text.codePointAt(units)! > 0xffff ? 2 : 1
  return units
}
