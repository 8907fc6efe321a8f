/**
 * Records of multiple choice, as people keep them: a text, a question or both, answers in a list or in columns, and which
 * of them is right, by its number from 0, its letter or its words. HellaSwag, SWAG, RACE, ARC, MMLU and PIQA are such.
 */
import { brief, isObject } from '../data/records.ts'
import { type Fields, full, named, type Problem, parsedOr, presentFields, problem } from './record-fields.ts'

export interface ChoiceRecord {
  readonly kind: 'choice'
  readonly text: string
  /** A question about the text, where there are both. */
  readonly second?: string
  readonly choices: readonly string[]
  /** The number of the right one, from 0. */
  readonly label: number
}

const texts = ['context', 'ctx', 'article', 'passage', 'story', 'premise', 'text', 'sentence', 'prompt', 'goal']
const startPhrase = 'startphrase'
const questions = ['question', 'query']
const lists = ['choices', 'endings', 'options', 'answers']
const rights = ['label', 'answer', 'answerKey', 'answer_key', 'gold']
const letters: readonly string[] = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'.split('')

export const choiceFields =
  'context or question or both; choices (a list) or choice1, choice2, ... (columns); label or answer (the right one)'

/** Columns of one name that are numbered, or called A, B, C and so on, in their order. */
function columnsOf(fields: Fields): readonly string[] {
  for (const name of ['choice', 'ending', 'option', 'answer', 'sol']) {
    const own = Object.keys(fields).filter(field => new RegExp(`^${name}_?\\d+$`).test(field))
    const numberOf = (field: string) => Number(/\d+$/.exec(field)![0])
    if (own.length > 1) return own.sort((a, b) => numberOf(a) - numberOf(b))
  }
  const lettered = letters.filter(letter => letter in fields)
  return lettered.length > 1 && lettered.every((letter, i) => letter === letters[i]) ? lettered : []
}

export const recognisesChoice = (fields: Fields): boolean =>
  named(fields, rights) !== undefined && (isList(fields) || columnsOf(fields).length > 1)

/** Whether a field holds a list, as JSON has it, or a table its text. */
function isList(fields: Fields): boolean {
  const name = named(fields, lists)
  if (name === undefined) return false
  const given = fields[name]
  const value = typeof given === 'string' ? parsedOr(given) : given
  return Array.isArray(value) || isObject(value)
}

export function readChoice(fields: Fields): ChoiceRecord | Problem {
  const given = choicesOf(fields)
  if ('problem' in given) return given
  const { choices, names } = given
  if (choices.length < 2) return problem('at least two choices', String(choices.length))
  const right = named(fields, rights)
  if (right === undefined) return problem(`field "${rights[0]}" with the right choice`, presentFields(fields))
  const label = rightOf(fields[right], choices, names, right === 'label')
  if (label === undefined) {
    const expected = `the right choice in "${right}": its number from 0 to ${choices.length - 1}, its letter, or its words`
    return problem(expected, brief(fields[right]))
  }
  const isAbout = named(fields, texts) !== undefined || startPhrase in fields
  const question = named(fields, questions)
  const text = full(fields, isAbout ? [...texts, startPhrase] : questions, 'a context or a question')
  if (typeof text !== 'string') return text
  if (!isAbout || question === undefined) return { kind: 'choice', text, choices, label }
  const second = full(fields, questions, 'a question')
  return typeof second === 'string' ? { kind: 'choice', text, second, choices, label } : second
}

/** The choices, and what the right one may be called. */
function choicesOf(
  fields: Fields,
): { readonly choices: readonly string[]; readonly names: readonly string[] } | Problem {
  const name = named(fields, lists)
  if (name === undefined || !isList(fields)) {
    const columns = columnsOf(fields)
    const choices = columns.map(column => full(fields, [column], 'a choice'))
    const wrong = choices.find(choice => typeof choice !== 'string')
    return wrong ?? { choices: choices as string[], names: letters }
  }
  const given = fields[name]
  const value = typeof given === 'string' ? parsedOr(given) : given
  // ARC keeps the texts and their letters apart.
  const { text, label } = isObject(value) ? value : { text: value, label: undefined }
  const isText = (choice: unknown): choice is string => typeof choice === 'string' && choice.trim() !== ''
  const isNames = (list: unknown): list is string[] =>
    Array.isArray(list) && list.every(item => typeof item === 'string')
  if (!Array.isArray(text) || !text.every(isText)) return problem(`field "${name}" with a list of texts`, brief(value))
  return { choices: text, names: isNames(label) ? label : letters }
}

/** @param numbered - whether digits are a number before they are words */
function rightOf(
  value: unknown,
  choices: readonly string[],
  names: readonly string[],
  numbered: boolean,
): number | undefined {
  const word = typeof value === 'string' || typeof value === 'number' ? String(value).trim() : ''
  const number = /^\d+$/.test(word) ? Number(word) : -1
  const byWords = choices.indexOf(word)
  const ways = numbered || typeof value === 'number' ? [number, byWords] : [byWords, number]
  return [names.indexOf(word), ...ways].find(index => index >= 0 && index < choices.length)
}
