/** Records of JSON: one object a line, or an array of objects, read element by element. */
import { DataError } from '../base/errors.ts'
import { brief, type DataRecord, isObject, type RecordProblems, type RecordSource } from './records.ts'
import { linesOf, type TextSource } from './text.ts'

/** JSONL: an object in each line; empty lines are left out. */
export function jsonLineRecords(text: TextSource): RecordSource {
  return {
    name: text.name,
    async *records(problems) {
      let line = 0
      for await (const content of linesOf(text)) {
        line++
        if (content.trim() === '') continue
        yield* recordOf(content, `${text.name}, line ${line}`, problems)
      }
    },
  }
}

/**
 * JSON: an array of objects, an object that has one array of them, or, as such files are often called too, objects one
 * after another. An array is never held as a whole.
 */
export function jsonRecords(text: TextSource): RecordSource {
  return {
    name: text.name,
    async *records(problems) {
      const values = rootValues(text)
      const first = await values.next()
      if (first.done) return
      const second = first.value.isElement ? undefined : await values.next()
      if (second?.done) {
        yield* loneValue(text.name, first.value, problems)
        return
      }
      for (const value of second === undefined ? [first.value] : [first.value, second.value])
        yield* recordOf(value.json, `${text.name}, line ${value.line}`, problems)
      for await (const { json, line } of values) yield* recordOf(json, `${text.name}, line ${line}`, problems)
    },
  }
}

function* recordOf(json: string, where: string, problems: RecordProblems): Generator<DataRecord> {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch (error) {
    problems.add(where, 'JSON', `${brief(json)} (${(error as Error).message})`)
    return
  }
  if (isObject(value)) yield { fields: value, where }
  else problems.add(where, 'an object with named fields', brief(value))
}

/** Arrays of these names belong to one record. */
const conversationFields = ['messages', 'conversations', 'tools']

/** The only value of a file: an object that holds the records, or one record. */
function* loneValue(name: string, { json, line }: RootValue, problems: RecordProblems): Generator<DataRecord> {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch (cause) {
    const received = (cause as Error).message
    throw new DataError({ what: name, expected: 'JSON', received, hint: 'Was it cut short?' }, { cause })
  }
  const arrays = isObject(value)
    ? Object.entries(value).filter(([field, list]) => !conversationFields.includes(field) && holdsObjects(list))
    : []
  if (arrays.length === 0) {
    yield* recordOf(json, `${name}, line ${line}`, problems)
    return
  }
  if (arrays.length > 1) {
    const received = arrays.map(([field]) => `"${field}"`).join(', ')
    throw new DataError({ what: name, expected: 'one array of records', received, hint: 'Write one to a file alone.' })
  }
  const [field, list] = arrays[0]
  for (const [i, fields] of (list as readonly unknown[]).entries()) {
    const where = `${name}, ${field}, row ${i + 1}`
    if (isObject(fields)) yield { fields, where }
    else problems.add(where, 'an object with named fields', brief(fields))
  }
}

const holdsObjects = (value: unknown): boolean => Array.isArray(value) && value.some(isObject)

interface RootValue {
  readonly json: string
  /** Where it begins, from 1. */
  readonly line: number
  /** Whether it is an element of an array at the root. */
  readonly isElement: boolean
}

/** The values at the root of a text, or the elements of the array there, found by their brackets as they come. */
async function* rootValues(text: TextSource): AsyncGenerator<RootValue> {
  const open: string[] = [] // brackets of the value under way that are to be closed
  let array: 'unknown' | 'none' | 'open' | 'closed' = 'unknown'
  let kind: 'none' | 'brackets' | 'string' | 'literal' = 'none'
  let before = '' // what earlier chunks hold of the value under way
  let line = 1
  let begin = 1
  let inString = false
  let escaped = false
  const broken = (expected: string, received: string) =>
    new DataError({ what: `${text.name}, line ${line}`, expected, received, hint: 'Was the file cut short?' })
  for await (const chunk of text.chunks()) {
    let start = 0
    for (let i = 0; i < chunk.length; i++) {
      const character = chunk[i]
      if (character === '\n') line++
      let end = -1 // of the value, behind its last character
      if (inString) {
        if (escaped) escaped = false
        else if (character === '\\') escaped = true
        else if (character === '"') inString = false
        if (!inString && kind === 'string') end = i + 1
      } else if (kind === 'none') {
        if (/\s/.test(character) || (character === ',' && array === 'open')) continue
        if (character === ']' && array === 'open') array = 'closed'
        else if (character === '[' && array === 'unknown') array = 'open'
        else if (array === 'closed') throw broken('nothing after the array', brief(chunk.slice(i, i + 20)))
        else {
          if (array === 'unknown') array = 'none'
          start = i
          begin = line
          inString = character === '"'
          kind = inString ? 'string' : character in closing ? 'brackets' : 'literal'
          if (kind === 'brackets') open.push(closing[character as '{'])
        }
        continue
      } else if (kind === 'literal') {
        if (/[\s,\]]/.test(character)) end = i-- // looked at again: it may close the array
        if (end >= 0 && character === '\n') line--
      } else if (character === '"') inString = true
      else if (character in closing) open.push(closing[character as '{'])
      else if (character === '}' || character === ']') {
        if (open.pop() !== character) throw broken('brackets that fit', `"${character}" in a value of line ${begin}`)
        if (open.length === 0) end = i + 1
      }
      if (end < 0) continue
      yield { json: before + chunk.slice(start, end), line: begin, isElement: array === 'open' }
      before = ''
      kind = 'none'
    }
    if (kind !== 'none') before += chunk.slice(start)
  }
  if (kind === 'literal') yield { json: before, line: begin, isElement: array === 'open' }
  else if (kind !== 'none') throw broken(`the end of the value of line ${begin}`, 'the end of the file')
  if (array === 'open') throw broken('"]" at the end of the array', 'the end of the file')
}

const closing = { '{': '}', '[': ']' } as const
