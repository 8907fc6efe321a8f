import { OptionError, TokenizerError } from '../base/errors.ts'
import { type AddedTokenJSON, type JSONValue, specialToken } from './tokenizer-json.ts'
import { classAt, space } from './unicode-classes.ts'

/** The id of the token that ends a document, by the names that published vocabularies use. */
export function endOfTextId(specialTokens: ReadonlyMap<string, number>, name?: string): number | undefined {
  const names = name === undefined ? ['<|endoftext|>', '<|end_of_text|>', '</s>', '<eos>', '[EOS]'] : [name]
  for (const candidate of names) if (specialTokens.has(candidate)) return specialTokens.get(candidate)
  if (name === undefined) return undefined
  throw new OptionError({ what: 'endOfText', expected: 'the name of a special token', received: JSON.stringify(name) })
}

/** The id that a post-processor of tokenizer.json puts before every text, if it does. */
export function beginOfTextId(
  postProcessor: JSONValue | undefined,
  specialTokens: ReadonlyMap<string, number>,
): number | undefined {
  const steps = object(postProcessor).type === 'Sequence' ? list(object(postProcessor).processors) : [postProcessor]
  const template = steps.map(object).find(({ type }) => type === 'TemplateProcessing')
  const { id } = object(object(list(template?.single)[0]).SpecialToken)
  return typeof id === 'string' ? specialTokens.get(id) : undefined
}

type Loose = Readonly<Record<string, unknown>>
const object = (value: unknown): Loose => (typeof value === 'object' && value !== null ? (value as Loose) : {})
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** A stretch of text, or of one added token with the white space that it takes in. */
export interface Piece {
  readonly start: number
  readonly end: number
  /** Undefined for text. */
  readonly id: number | undefined
}

/**
 * Tokens that are found in the text before the model sees it: leftmost first, then longest; those that see the text
 * before normalization precede the others, as in Hugging Face's tokenizers.
 */
export class AddedTokens {
  readonly list: readonly AddedTokenJSON[]
  /** Ids of the special ones, by name. */
  readonly special: ReadonlyMap<string, number>
  readonly #specialIds: ReadonlySet<number>
  readonly #byContent: ReadonlyMap<string, AddedTokenJSON>
  readonly #all: readonly RegExp[]
  readonly #ordinary: readonly RegExp[]

  /** @throws {TokenizerError} if a token is to be matched as a whole word only, which is not supported */
  constructor(list: readonly AddedTokenJSON[]) {
    const singleWord = list.find(token => token.single_word)
    if (singleWord !== undefined) {
      const received = JSON.stringify(singleWord.content)
      throw new TokenizerError({ what: 'added_tokens', expected: 'tokens without single_word', received })
    }
    this.list = [...list].sort((a, b) => a.id - b.id)
    this.special = new Map(this.list.filter(token => token.special).map(token => [token.content, token.id]))
    this.#specialIds = new Set(this.special.values())
    this.#byContent = new Map(list.map(token => [token.content, token]))
    this.#all = passes(list)
    this.#ordinary = passes(list.filter(token => !token.special))
  }

  /**
   * This list and the names that it lacks, as special tokens: those that the vocabulary has keep their ids, others have ids
   * from `next` up.
   */
  extended(names: readonly string[], next: number, idOf: (name: string) => number | undefined): AddedTokenJSON[] {
    let free = next
    const isNew = (name: string, i: number): boolean => !this.#byContent.has(name) && names.indexOf(name) === i
    return [...this.list, ...names.filter(isNew).map(name => specialToken(name, idOf(name) ?? free++))]
  }

  isSpecial(id: number): boolean {
    return this.#specialIds.has(id)
  }

  /** The pieces of a text in order, with special tokens if asked. */
  split(text: string, special: boolean): Piece[] {
    let pieces: Piece[] = [{ start: 0, end: text.length, id: undefined }]
    const patterns = special ? this.#all : this.#ordinary
    for (const pattern of patterns) {
      pieces = pieces.flatMap(piece => (piece.id === undefined ? this.#splitPiece(text, piece, pattern) : [piece]))
    }
    return pieces
  }

  /** For a text that may go on, tells whether it can be cut at an index without touching an added token. */
  cutCheck(text: string, special: boolean): (index: number) => boolean {
    const lengths = this.list.filter(token => special || !token.special).map(token => token.content.length)
    if (lengths.length === 0) return () => true
    // Matches that begin before the index are certain only where the text shows their whole length.
    const limit = text.length - Math.max(...lengths)
    const matches = this.split(text, special).filter(piece => piece.id !== undefined)
    return index => index <= limit && matches.every(({ start, end }) => index < start || index > end)
  }

  #splitPiece(text: string, { start, end }: Piece, pattern: RegExp): Piece[] {
    const pieces: Piece[] = []
    const part = start === 0 && end === text.length ? text : text.slice(start, end)
    let after = start
    for (const match of part.matchAll(pattern)) {
      const token = this.#byContent.get(match[0])!
      let first = start + match.index
      let last = first + match[0].length
      if (first < after) continue
      while (token.lstrip && first > after && classAt(text, first - 1) & space) first--
      while (token.rstrip && last < end && classAt(text, last) & space) last++
      if (first > after) pieces.push({ start: after, end: first, id: undefined })
      pieces.push({ start: first, end: last, id: token.id })
      after = last
    }
    if (end > after) pieces.push({ start: after, end, id: undefined })
    return pieces
  }
}

/** One expression for each pass over the text, longest alternatives first. */
function passes(tokens: readonly AddedTokenJSON[]): RegExp[] {
  return [false, true].flatMap(normalized => {
    const contents = tokens.filter(token => token.normalized === normalized).map(token => token.content)
    if (contents.length === 0) return []
    const longestFirst = contents.sort((a, b) => b.length - a.length).map(escapePattern)
    return [new RegExp(longestFirst.join('|'), 'g')]
  })
}

function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
}
