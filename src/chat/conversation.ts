/** Conversations: who said what, in the words of OpenAI's and Hugging Face's interfaces. */
import { brief, isObject } from '../data/records.ts'

export const roles = ['system', 'user', 'assistant', 'tool'] as const
export type Role = (typeof roles)[number]

/** A tool that the assistant asks for. */
export interface ToolCall {
  readonly type: 'function'
  readonly id?: string
  readonly function: { readonly name: string; readonly arguments: unknown }
}

export interface Message {
  readonly role: Role
  readonly content: string
  readonly tool_calls?: readonly ToolCall[]
  /** Of a tool's result: the call that it answers, and the tool. */
  readonly tool_call_id?: string
  readonly name?: string
}

/** A tool that may be asked for, as a JSON schema. */
export type Tool = Readonly<Record<string, unknown>>

export interface Conversation {
  readonly messages: readonly Message[]
  readonly tools?: readonly Tool[]
}

/** Something wrong with a conversation. */
export interface ConversationProblem {
  /** The turn, from 1; none where it is the whole. */
  readonly turn?: number
  readonly expected: string
  readonly received: string
}

/** The first thing wrong with a conversation that is to be learned from; undefined where all is well. */
export function conversationProblem({ messages }: Conversation): ConversationProblem | undefined {
  if (!messages.some(({ role }) => role === 'assistant'))
    return {
      expected: 'a turn of the assistant',
      received: messages.map(({ role }) => role).join(', ') || 'no message',
    }
  for (const [i, message] of messages.entries()) {
    const before = messages[i - 1]
    const problem = turnProblem(message, before)
    if (problem !== undefined) return { turn: i + 1, ...problem }
  }
  return undefined
}

function turnProblem(message: Message, before: Message | undefined): Omit<ConversationProblem, 'turn'> | undefined {
  const { role, content, tool_calls: calls } = message
  const speaker = before?.role
  if (role === 'system')
    return before === undefined ? undefined : { expected: 'system at the beginning alone', received: 'system later' }
  const isFirst = speaker === undefined || speaker === 'system'
  if (isFirst && role !== 'user') return { expected: 'a user who begins', received: role }
  if (role === 'tool') {
    const isAsked = speaker === 'tool' || (before?.tool_calls?.length ?? 0) > 0
    return isAsked ? undefined : { expected: "a tool's result after its call", received: `a result after ${speaker}` }
  }
  if (role === speaker) return { expected: 'another speaker than before', received: `${role} twice` }
  if (role === 'user' && speaker === 'tool')
    return { expected: "the assistant's words after a tool's result", received: 'the user' }
  if (content.trim() !== '' || (calls?.length ?? 0) > 0) return undefined
  return { expected: role === 'assistant' ? 'an answer' : 'a text', received: `an empty one of ${role}` }
}

/** A message of any shape, or what is wrong with it. */
export function readMessage(value: unknown): Message | Omit<ConversationProblem, 'turn'> {
  if (!isObject(value)) return { expected: 'a message with role and content', received: brief(value) }
  const { role: given, tool_calls: calls, tool_call_id: id, name } = value
  const role = given === 'developer' ? 'system' : given === 'function' ? 'tool' : given
  if (!isRole(role)) return { expected: `a role: ${roles.join(', ')}`, received: brief(given) }
  const content = textOf(value.content)
  if (content === undefined) return { expected: `content of ${role} that is text`, received: brief(value.content) }
  const read = calls === undefined || calls === null ? [] : Array.isArray(calls) ? calls.map(readCall) : [undefined]
  if (read.includes(undefined))
    return { expected: 'tool_calls, each with the name of a function', received: brief(calls) }
  return {
    role,
    content,
    ...(read.length > 0 && { tool_calls: read as ToolCall[] }),
    ...(typeof id === 'string' && { tool_call_id: id }),
    ...(typeof name === 'string' && { name }),
  }
}

const isRole = (value: unknown): value is Role => roles.some(role => role === value)

/** A string; nothing, as tool calls have it; or parts of text, joined. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (value === undefined || value === null) return ''
  if (!Array.isArray(value)) return undefined
  const parts = value.map((part: unknown) => (isObject(part) && part.type === 'text' ? part.text : undefined))
  return parts.every(part => typeof part === 'string') ? parts.join('') : undefined
}

/** A call as OpenAI writes it, or its function alone; arguments may be JSON in a string. */
export function readCall(value: unknown): ToolCall | undefined {
  const inner = isObject(value) && isObject(value.function) ? value.function : value
  if (!isObject(inner) || typeof inner.name !== 'string') return undefined
  const id = isObject(value) && typeof value.id === 'string' ? { id: value.id } : {}
  return { type: 'function', ...id, function: { name: inner.name, arguments: parsed(inner.arguments ?? {}) } }
}

/** Tools as a list, or as JSON of one; bare functions are named as such. */
export function readTools(value: unknown): readonly Tool[] | ConversationProblem | undefined {
  if (value === undefined || value === null || value === '') return undefined
  const list = parsed(value)
  if (!Array.isArray(list) || !list.every(isObject))
    return { expected: 'tools: a list of objects', received: brief(value) }
  if (list.length === 0) return undefined
  return list.map(tool => (isObject(tool.function) ? tool : { type: 'function', function: tool }))
}

function parsed(value: unknown): unknown {
  if (typeof value !== 'string') return value
  try {
    return JSON.parse(value)
  } catch {
    return value
  }
}
