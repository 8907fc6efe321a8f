import { DataError } from '../base/errors.ts'

/** The parts of Hugging Face's tokenizer.json that Nacre writes. */
export interface TokenizerJSON {
  readonly version: '1.0'
  readonly truncation: null
  readonly padding: null
  readonly added_tokens: readonly AddedTokenJSON[]
  readonly normalizer: JSONObject | null
  readonly pre_tokenizer: JSONObject | null
  readonly post_processor: JSONValue
  readonly decoder: JSONObject | null
  readonly model: JSONObject
}

export interface AddedTokenJSON {
  readonly id: number
  readonly content: string
  readonly single_word: boolean
  readonly lstrip: boolean
  readonly rstrip: boolean
  readonly normalized: boolean
  readonly special: boolean
}

export type JSONValue = null | boolean | number | string | readonly JSONValue[] | JSONObject
export interface JSONObject {
  readonly [key: string]: JSONValue
}

/**
 * A value of parsed JSON as an object.
 * @throws {DataError} if it is anything else
 */
export function jsonObject(what: string, value: unknown): JSONObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JSONObject
  throw new DataError({ what, expected: 'a JSON object', received: describe(value) })
}

/**
 * A vocabulary: ids by token.
 * @throws {DataError} if a value is no id, or two tokens share one
 */
export function vocabularyEntries(what: string, value: unknown): [token: string, id: number][] {
  const taken = new Set<number>()
  return Object.entries(jsonObject(what, value)).map(([token, id]) => {
    if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id > maximumId || taken.has(id)) {
      const expected = `a different id from 0 to ${maximumId} for each token`
      throw new DataError({ what, expected, received: `${JSON.stringify(token)}: ${describe(id)}` })
    }
    taken.add(id)
    return [token, id]
  })
}

/**
 * The `added_tokens` of a tokenizer.json.
 * @throws {DataError} if one has no id or no content
 */
export function addedTokens(value: unknown): AddedTokenJSON[] {
  const what = 'tokenizer.json, added_tokens'
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) throw new DataError({ what, expected: 'a list', received: describe(value) })
  return value.map(item => {
    const { id, content, single_word, lstrip, rstrip, normalized, special } = jsonObject(what, item)
    const validId = typeof id === 'number' && Number.isInteger(id) && id >= 0 && id <= maximumId
    if (!validId || typeof content !== 'string' || content === '') {
      throw new DataError({ what, expected: 'an id and a content', received: describe(item) })
    }
    return {
      id,
      content,
      single_word: single_word === true,
      lstrip: lstrip === true,
      rstrip: rstrip === true,
      normalized: normalized === true,
      special: special === true,
    }
  })
}

/** A special token with Hugging Face's usual flags. */
export function specialToken(content: string, id: number): AddedTokenJSON {
  return { id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true }
}

export function describe(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 80 ? `${text.slice(0, 77)}...` : text
}

/** Far above any vocabulary, so that a broken file does not take all memory. */
const maximumId = 2 ** 24 - 1
