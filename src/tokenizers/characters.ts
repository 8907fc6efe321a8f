/**
 * One token for each character (Unicode code point), in the order of code points: the smallest tokenizer, and the one of
 * character-level recurrent networks and Transformers.
 */
import { DataError, TokenizerError } from '../base/errors.ts'
import { AddedTokens, endOfTextId } from './added-tokens.ts'
import type { DecodeOptions, EncodeOptions, TokenDecoder, Tokenizer } from './tokenizer.ts'
import { type AddedTokenJSON, describe, type TokenizerJSON } from './tokenizer-json.ts'
import { wholeCodePoint } from './unicode-classes.ts'

export interface CharacterModel {
  /** Ids by character. */
  readonly characters: ReadonlyMap<string, number>
  readonly addedTokens?: readonly AddedTokenJSON[]
  /** The name of the special token that ends a document; by default the one of a usual name. */
  readonly endOfText?: string
}

/**
 * The tokenizer of all characters of a corpus, sorted by code point; special tokens follow.
 *
 * @param chunks - the corpus; a chunk may end inside of a surrogate pair
 */
export async function trainCharacters(
  chunks: AsyncIterable<string> | Iterable<string>,
  options: { specialTokens?: readonly string[] } = {},
): Promise<CharacterTokenizer> {
  const seen = new Set<number>()
  let half = ''
  for await (const chunk of chunks) {
    const text = half + chunk
    half = isHighSurrogate(text.charCodeAt(text.length - 1)) ? text.slice(-1) : ''
    for (let i = 0; i < text.length - half.length; i++) {
      const codePoint = wholeCodePoint(text, i)
      seen.add(codePoint)
      if (codePoint > 0xffff) i++
    }
  }
  if (half !== '') seen.add(0xfffd)
  const sorted = [...seen].sort((a, b) => a - b)
  const characters = new Map(sorted.map((codePoint, id) => [String.fromCodePoint(codePoint), id]))
  const { specialTokens = [] } = options
  const addedTokens = new AddedTokens([]).extended(specialTokens, sorted.length, name => characters.get(name))
  return new CharacterTokenizer({ characters, addedTokens })
}

export class CharacterTokenizer implements Tokenizer {
  readonly kind = 'characters'
  readonly vocabularySize: number
  readonly specialTokens: ReadonlyMap<string, number>
  readonly endOfText: number | undefined
  readonly #model: CharacterModel
  readonly #added: AddedTokens
  /** Id by code point, -1 for none. */
  readonly #ids: Int32Array
  readonly #texts: (string | undefined)[]

  /** @throws {DataError} if an entry is not one character */
  constructor(model: CharacterModel) {
    const { characters, addedTokens = [], endOfText } = model
    this.#model = model
    const codePoints = [...characters.keys()].map(character => character.codePointAt(0) ?? 0)
    this.#ids = new Int32Array(codePoints.reduce((size, codePoint) => Math.max(size, codePoint + 1), 0)).fill(-1)
    this.#texts = []
    for (const [character, id] of characters) {
      const codePoint = character.length === 0 ? undefined : wholeCodePoint(character, 0)
      if (codePoint === undefined || String.fromCodePoint(codePoint) !== character) {
        const expected = 'a vocabulary of single characters'
        throw new DataError({ what: 'CharacterTokenizer', expected, received: describe(character) })
      }
      this.#ids[codePoint] = id
      this.#texts[id] = character
    }
    this.#added = new AddedTokens(addedTokens)
    for (const { id, content } of addedTokens) this.#texts[id] = content
    this.vocabularySize = this.#texts.length
    this.specialTokens = this.#added.special
    this.endOfText = endOfTextId(this.specialTokens, endOfText)
  }

  /** @throws {TokenizerError} naming the first character that the vocabulary lacks */
  encode(text: string, { special = false }: EncodeOptions = {}): Int32Array {
    const ids = new Int32Array(text.length)
    let count = 0
    for (const piece of this.#added.split(text, special)) {
      if (piece.id !== undefined) ids[count++] = piece.id
      else {
        for (let i = piece.start; i < piece.end; i++) {
          const codePoint = wholeCodePoint(text, i)
          const id = codePoint < this.#ids.length ? this.#ids[codePoint] : -1
          if (id === -1) throw missingCharacter(codePoint, i)
          ids[count++] = id
          if (codePoint > 0xffff) i++
        }
      }
    }
    return ids.slice(0, count)
  }

  decode(ids: ArrayLike<number>, options: DecodeOptions = {}): string {
    let text = ''
    for (let i = 0; i < ids.length; i++) text += this.#visibleText(ids[i], options) ?? ''
    return text
  }

  bytes(id: number): Uint8Array {
    return new TextEncoder().encode(this.#text(id))
  }

  decoder(options: DecodeOptions = {}): TokenDecoder {
    return { push: id => this.#visibleText(id, options) ?? '', end: () => '' }
  }

  lastCut(text: string, { special = false }: EncodeOptions = {}): number {
    const isAllowed = this.#added.cutCheck(text, special)
    let index = isHighSurrogate(text.charCodeAt(text.length - 1)) ? text.length - 1 : text.length
    while (index > 0 && !isAllowed(index)) index -= (text.codePointAt(index - 2) ?? 0) > 0xffff ? 2 : 1
    return Math.max(0, index)
  }

  withSpecialTokens(names: readonly string[]): CharacterTokenizer {
    return new CharacterTokenizer({
      ...this.#model,
      addedTokens: this.#added.extended(names, this.vocabularySize, name => this.#model.characters.get(name)),
    })
  }

  toJSON(): TokenizerJSON {
    return {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: this.#added.list,
      normalizer: null,
      pre_tokenizer: { type: 'Split', pattern: { Regex: anyCharacter }, behavior: 'Isolated', invert: false },
      post_processor: null,
      decoder: { type: 'Fuse' },
      model: {
        type: 'WordLevel',
        vocab: Object.fromEntries(this.#texts.flatMap((text, id) => (text === undefined ? [] : [[text, id]]))),
        // Not in the vocabulary: an unknown character is an error in other programs too.
        unk_token: '<unk>',
      },
    }
  }

  #text(id: number): string {
    const text = this.#texts[id]
    if (text !== undefined) return text
    const expected = `ids of its vocabulary, from 0 to ${this.vocabularySize - 1}`
    const hint = 'Were the ids made by another tokenizer?'
    throw new TokenizerError({ what: 'CharacterTokenizer', expected, received: String(id), hint })
  }

  #visibleText(id: number, { special = true }: DecodeOptions): string | undefined {
    const text = this.#text(id)
    return special || !this.#added.isSpecial(id) ? text : undefined
  }
}

/** Whether a tokenizer.json's expression matches each character by itself. */
export function isCharacterPattern(pattern: string): boolean {
  return [anyCharacter, '[\\s\\S]', '(?s:.)', '(?m:.)'].includes(pattern)
}

const anyCharacter = '.|\\n'

function isHighSurrogate(unit: number): boolean {
  return (unit & 0xfc00) === 0xd800
}

function missingCharacter(codePoint: number, index: number): TokenizerError {
  const name = `U+${codePoint.toString(16).toUpperCase().padStart(4, '0')}`
  return new TokenizerError({
    what: 'CharacterTokenizer',
    expected: 'characters that its vocabulary has',
    received: `${JSON.stringify(String.fromCodePoint(codePoint))} (${name}) at index ${index}`,
    hint: 'Train on a corpus that has it, replace it in the text, or use a byte-level tokenizer, which can write any text.',
  })
}
