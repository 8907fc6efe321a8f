/** Fields of a record under one of several names, and what is wrong with them. */
import { brief } from '../data/records.ts'
import type { ConversationProblem } from './conversation.ts'

export type Fields = Readonly<Record<string, unknown>>
export type Problem = ConversationProblem & { readonly problem: true }

export const problem = (expected: string, received: string, turn?: number): Problem => ({
  problem: true,
  expected,
  received,
  ...(turn !== undefined && { turn }),
})

/** The first of several names that a record has. */
export const named = (fields: Fields, names: readonly string[]): string | undefined =>
  names.find(name => name in fields)

/** A field of text under one of its names; numbers are written out. */
export function text(fields: Fields, names: readonly string[]): string | Problem {
  const name = named(fields, names)
  const value = name === undefined ? undefined : fields[name]
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return problem(`field "${name ?? names[0]}" with a text`, value === undefined ? presentFields(fields) : brief(value))
}

export const presentFields = (fields: Fields): string => `fields ${Object.keys(fields).join(', ') || 'none'}`

/** A field of text that is not empty. */
export function full(fields: Fields, names: readonly string[], what: string): string | Problem {
  const value = text(fields, names)
  if (typeof value !== 'string' || value.trim() !== '') return value
  return problem(what, `an empty "${named(fields, names)}"`)
}

/** What a cell of a table holds as JSON, or the text itself. */
export function parsedOr(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return json
  }
}
