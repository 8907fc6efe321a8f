/** The formats that people keep examples in, recognised by their fields and read as one of five kinds. */
import { DataError } from '../base/errors.ts'
import { brief, type DataRecord, isObject, type RecordProblems } from '../data/records.ts'
import { type ChoiceRecord, choiceFields, readChoice, recognisesChoice } from './choice-record.ts'
import {
  type Conversation,
  type ConversationProblem,
  conversationProblem,
  type Message,
  readCall,
  readMessage,
  readTools,
} from './conversation.ts'
import { type Fields, full, named, type Problem, parsedOr, presentFields, problem, text } from './record-fields.ts'

/** What a record is to a model. */
export type ChatRecord =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'completion'; readonly prompt: string; readonly completion: string }
  | ({ readonly kind: 'conversation' } & Conversation)
  | { readonly kind: 'labelled'; readonly text: string; readonly second?: string; readonly label: string }
  | ChoiceRecord

interface Format {
  /** What it needs and may have, for people. */
  readonly fields: string
  /** Whether a record is meant to be of this format. */
  recognises(fields: Fields): boolean
  read(fields: Fields): ChatRecord | Problem
}

const instructions = ['instruction', 'question', 'query']
const inputs = ['input', 'context']
const answers = ['output', 'response', 'answer']
const texts = ['text', 'sentence', 'content', 'review', 'title']
const pairs: readonly (readonly [string, string])[] = [
  ['sentence1', 'sentence2'],
  ['premise', 'hypothesis'],
  ['text_a', 'text_b'],
  ['question1', 'question2'],
  ['text', 'second'],
]

/** The names of a pair's fields, where a record has both. */
const pairOf = (fields: Fields) => pairs.find(([first, second]) => first in fields && second in fields)

const conversation = (messages: readonly Message[], tools?: unknown): ChatRecord | Problem => {
  const read = readTools(tools)
  if (read !== undefined && !Array.isArray(read)) return { problem: true, ...(read as ConversationProblem) }
  const whole: Conversation = { messages, ...(read !== undefined && { tools: read as Conversation['tools'] }) }
  const found = conversationProblem(whole)
  return found === undefined ? { kind: 'conversation', ...whole } : { problem: true, ...found }
}

/** Messages of a list, each by its reader. */
function messagesOf(
  field: string,
  given: unknown,
  read: (value: unknown) => Message | Omit<ConversationProblem, 'turn'>,
): readonly Message[] | Problem {
  const list = typeof given === 'string' ? parsedOr(given) : given // tables hold them as JSON
  if (!Array.isArray(list)) return problem(`field "${field}" with a list of messages`, brief(list))
  const messages: Message[] = []
  for (const [i, value] of list.entries()) {
    const message = read(value)
    if (!('role' in message)) return problem(message.expected, message.received, i + 1)
    messages.push(message)
  }
  return messages
}

/** ShareGPT's speakers. */
const speakers: Readonly<Record<string, Message['role']>> = {
  human: 'user',
  user: 'user',
  gpt: 'assistant',
  assistant: 'assistant',
  chatgpt: 'assistant',
  bing: 'assistant',
  bard: 'assistant',
  system: 'system',
  tool: 'tool',
  observation: 'tool',
  function_response: 'tool',
}

function spokenMessage(value: unknown): Message | Omit<ConversationProblem, 'turn'> {
  if (!isObject(value)) return { expected: 'a turn with from and value', received: brief(value) }
  if (!('from' in value)) return readMessage(value)
  const { from, value: words } = value
  if (typeof words !== 'string') return { expected: 'field "value" with a text', received: brief(words) }
  if (from === 'function_call') {
    const call = readCall(parsedOr(words))
    if (call === undefined) return { expected: 'a call as JSON, with its name', received: brief(words) }
    return { role: 'assistant', content: '', tool_calls: [call] }
  }
  const role = typeof from === 'string' && Object.hasOwn(speakers, from) ? speakers[from] : undefined
  const expected = `a speaker: ${[...Object.keys(speakers), 'function_call'].join(', ')}`
  return role === undefined ? { expected, received: brief(from) } : { role, content: words }
}

/** Turns that a field before them begins: `system`, as many files have it. */
const withSystem = (fields: Fields, messages: readonly Message[]): readonly Message[] => {
  const { system } = fields
  const isGiven = typeof system === 'string' && system.trim() !== '' && messages[0]?.role !== 'system'
  return isGiven ? [{ role: 'system', content: system }, ...messages] : messages
}

/** In the order in which they are tried. */
export const formats: Readonly<Record<string, Format>> = {
  messages: {
    fields: 'messages (role, content, tool_calls), tools',
    recognises: fields => 'messages' in fields,
    read(fields) {
      const messages = messagesOf('messages', fields.messages, readMessage)
      return 'problem' in messages ? messages : conversation(withSystem(fields, messages), fields.tools)
    },
  },
  sharegpt: {
    fields: 'conversations (from, value), system, tools',
    recognises: fields => 'conversations' in fields || 'conversation' in fields,
    read(fields) {
      const name = named(fields, ['conversations', 'conversation'])!
      const turns = fields[name]
      // A preference has its answers apart: the chosen one is what is to be learned.
      const chosen = typeof fields.chosen === 'string' ? { from: 'gpt', value: fields.chosen } : fields.chosen
      const list = chosen === undefined || !Array.isArray(turns) ? turns : [...(turns as unknown[]), chosen]
      const messages = messagesOf(name, list, spokenMessage)
      return 'problem' in messages ? messages : conversation(withSystem(fields, messages), fields.tools)
    },
  },
  choice: { fields: choiceFields, recognises: recognisesChoice, read: readChoice },
  completion: {
    fields: 'prompt, completion',
    recognises: fields => 'prompt' in fields || 'completion' in fields,
    read(fields) {
      if (Array.isArray(fields.prompt)) {
        const rest: unknown[] = Array.isArray(fields.completion) ? fields.completion : [fields.completion]
        const messages = messagesOf('prompt', [...(fields.prompt as unknown[]), ...rest], readMessage)
        return 'problem' in messages ? messages : conversation(messages, fields.tools)
      }
      const prompt = text(fields, ['prompt'])
      if (typeof prompt !== 'string') return prompt
      const completion = full(fields, ['completion', ...answers], 'an answer')
      return typeof completion === 'string' ? { kind: 'completion', prompt, completion } : completion
    },
  },
  alpaca: {
    fields: 'instruction, input, output, system, history (also question and answer; context and response)',
    recognises: fields =>
      ['instruction', 'output', 'response', 'answer'].some(name => name in fields) && pairOf(fields) === undefined,
    read(fields) {
      const instruction = full(fields, instructions, 'an instruction')
      if (typeof instruction !== 'string') return instruction
      const given = named(fields, inputs)
      const input = given === undefined || fields[given] === null ? '' : text(fields, inputs)
      if (typeof input !== 'string') return input
      const answer = full(fields, answers, 'an answer')
      if (typeof answer !== 'string') return answer
      const history = pastTurns(fields.history)
      if ('problem' in history) return history
      const question = input.trim() === '' ? instruction : `${instruction}\n\n${input}`
      const last: Message[] = [
        { role: 'user', content: question },
        { role: 'assistant', content: answer },
      ]
      return conversation(withSystem(fields, [...history, ...last]))
    },
  },
  labelled: {
    fields: 'text or sentence, or a pair as sentence1 and sentence2 or premise and hypothesis; label',
    recognises: fields => ('label' in fields && texts.some(name => name in fields)) || pairOf(fields) !== undefined,
    read(fields) {
      const pair = pairOf(fields)
      const first = full(fields, pair === undefined ? texts : [pair[0]], 'a text')
      if (typeof first !== 'string') return first
      const second = pair === undefined ? undefined : full(fields, [pair[1]], 'a text')
      if (second !== undefined && typeof second !== 'string') return second
      const label = full(fields, ['label', 'gold_label', 'score'], 'a label')
      if (typeof label !== 'string') return label
      return { kind: 'labelled', text: first, ...(second !== undefined && { second }), label: label.trim() }
    },
  },
  text: {
    fields: 'text',
    recognises: fields => 'text' in fields,
    read(fields) {
      const found = full(fields, ['text'], 'a text')
      return typeof found === 'string' ? { kind: 'text', text: found } : found
    },
  },
}

/** Earlier turns as pairs of question and answer. */
function pastTurns(history: unknown): readonly Message[] | Problem {
  if (history === undefined || history === null || history === '') return []
  const isPair = (turn: unknown): turn is [string, string] =>
    Array.isArray(turn) && turn.length === 2 && turn.every(words => typeof words === 'string')
  if (!Array.isArray(history) || !history.every(isPair))
    return problem('field "history" with pairs of question and answer', brief(history))
  return history.flatMap(([question, answer]): Message[] => [
    { role: 'user', content: question },
    { role: 'assistant', content: answer },
  ])
}

export interface FormatOptions {
  /** By default recognised by the fields. */
  readonly format?: string
  /** Fields of other names: ours, and what the file calls it, for example `{ instruction: 'prompt_text' }`. */
  readonly columns?: Readonly<Record<string, string>>
}

export type PlacedRecord = ChatRecord & { readonly where: string }

/**
 * Records as examples; what is wrong is counted in `problems`, by file, line and turn, and left out.
 * @throws {DataError} if the fields of the first record are those of no format, or it lacks a column that was named
 */
export async function* readChatRecords(
  records: AsyncIterable<DataRecord>,
  problems: RecordProblems,
  { format: wanted, columns = {} }: FormatOptions = {},
): AsyncGenerator<PlacedRecord> {
  let format = wanted === undefined ? undefined : formatNamed(wanted)
  let isFirst = true
  for await (const { fields: given, where } of records) {
    const missing = Object.values(columns).find(theirs => !(theirs in given))
    if (missing !== undefined) {
      const [expected, received] = [`a column "${missing}"`, presentFields(given)]
      if (isFirst) throw new DataError({ what: where, expected, received })
      problems.add(where, expected, received)
      continue
    }
    isFirst = false
    const fields = renamed(given, columns)
    const own = wanted === undefined ? Object.values(formats).find(candidate => candidate.recognises(fields)) : format
    format ??= own
    if (format === undefined) {
      const expected = `fields of a format: ${list()}`
      throw new DataError({ what: where, expected, received: presentFields(fields), hint: renamingHint(fields) })
    }
    // A record without the fields of any format is held against the one of the records before.
    const read = (own ?? format).read(fields)
    if (!('problem' in read)) yield { ...read, where }
    else problems.add(read.turn === undefined ? where : `${where}, turn ${read.turn}`, read.expected, read.received)
  }
}

/** What the file's columns may be meant as: other capitals, or a table whose cells something else separates. */
function renamingHint(fields: Readonly<Record<string, unknown>>): string {
  const names = Object.keys(fields)
  const separator = names.length === 1 ? /[;\t|]/.exec(names[0])?.[0] : undefined
  if (separator !== undefined)
    return `Are its cells separated by ${JSON.stringify(separator)}? Write commas in a .csv, tabs in a .tsv.`
  const small = Object.fromEntries(names.map(name => [name.toLowerCase(), fields[name]]))
  const meant = Object.values(formats).some(candidate => candidate.recognises(small))
  return meant ? 'Write the names of its columns in small letters.' : 'Give its columns the names of one of these.'
}

const list = (): string =>
  Object.entries(formats)
    .map(([name, { fields }]) => `${name} (${fields})`)
    .join('; ')

function formatNamed(name: string): Format {
  if (Object.hasOwn(formats, name)) return formats[name]
  throw new DataError({ what: 'The format', expected: Object.keys(formats).join(', '), received: name })
}

function renamed(fields: Fields, columns: Readonly<Record<string, string>>): Fields {
  const names = Object.entries(columns)
  if (names.length === 0) return fields
  const taken = new Set(names.map(([, theirs]) => theirs))
  const rest = Object.entries(fields).filter(([field]) => !taken.has(field))
  return Object.fromEntries([...rest, ...names.map(([ours, theirs]) => [ours, fields[theirs]])])
}
