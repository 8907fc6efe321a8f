/** Tokenizers that read words as BERT does and cut each into pieces. White space, accents and unknown words do not come back. */
import { TokenizerError } from '../base/errors.ts'
import { AddedTokens, endOfTextId } from './added-tokens.ts'
import { afterLastBoundary, type BertReading, bertWords, needsSpace, normalize } from './bert-characters.ts'
import type { DecodeOptions, EncodeOptions, TokenDecoder, Tokenizer } from './tokenizer.ts'
import type { AddedTokenJSON, JSONObject, TokenizerJSON } from './tokenizer-json.ts'

export interface SubwordModel extends BertReading {
  /** Ids by token. */
  readonly tokens: ReadonlyMap<string, number>
  /** Tokens found in the text before anything else; usually the special ones. */
  readonly addedTokens?: readonly AddedTokenJSON[]
  readonly endOfText?: string
}

/** The text that a token stands for, and on which side it goes on a word. */
export interface Subword {
  readonly text: string
  readonly joinsBefore: boolean
  readonly joinsAfter: boolean
}

export abstract class SubwordTokenizer implements Tokenizer {
  abstract readonly kind: Tokenizer['kind']
  readonly vocabularySize: number
  readonly specialTokens: ReadonlyMap<string, number>
  readonly endOfText: number | undefined
  readonly reading: BertReading
  /** The id of what cannot be written. */
  readonly unknown: number
  protected readonly added: AddedTokens
  /** Of the added ones, those that are found in the text as it stands, and those that are found in what is read of it. */
  readonly #raw: AddedTokens
  readonly #read: AddedTokens | undefined
  readonly #what: string
  readonly #texts: (string | undefined)[] = []
  readonly #cache: Map<string, readonly number[]> = new Map()

  /** @throws {TokenizerError} if the vocabulary lacks the unknown token */
  constructor(model: SubwordModel, unknown: string, what: string) {
    const { tokens, addedTokens = [], endOfText, lowercase, stripAccents, splitChinese } = model
    const id = tokens.get(unknown) ?? addedTokens.find(({ content }) => content === unknown)?.id
    if (id === undefined) {
      const expected = `a vocabulary with ${unknown}`
      throw new TokenizerError({ what, expected, received: `${tokens.size} tokens without it` })
    }
    this.unknown = id
    this.#what = what
    this.reading = { lowercase, stripAccents, splitChinese }
    for (const [token, number] of tokens) this.#texts[number] = token
    this.added = new AddedTokens(addedTokens)
    const read = addedTokens.filter(({ normalized }) => normalized)
    this.#raw = read.length === 0 ? this.added : new AddedTokens(addedTokens.filter(({ normalized }) => !normalized))
    const asRead = read.map(token => ({ ...token, content: normalize(token.content, this.reading) }))
    const found = asRead.filter(({ content }) => content !== '') // of an accent alone nothing is left
    this.#read = found.length === 0 ? undefined : new AddedTokens(found)
    for (const { id: number, content } of addedTokens) this.#texts[number] = content
    this.vocabularySize = this.#texts.length
    this.specialTokens = this.added.special
    this.endOfText = endOfTextId(this.specialTokens, endOfText)
  }

  /** The ids of a word that was not asked for before. */
  protected abstract cut(word: string): readonly number[]
  protected abstract piece(token: string): Subword
  abstract withSpecialTokens(names: readonly string[]): Tokenizer
  abstract toJSON(): TokenizerJSON

  encode(text: string, { special = false }: EncodeOptions = {}): Int32Array {
    const ids: number[] = []
    for (const { id, start, end } of this.#raw.split(text, special)) {
      if (id !== undefined) ids.push(id)
      else if (this.#read === undefined) this.#addPieces(text.slice(start, end), ids)
      else {
        const read = normalize(text.slice(start, end).toWellFormed(), this.reading)
        for (const part of this.#read.split(read, special)) {
          if (part.id !== undefined) ids.push(part.id)
          else this.#addPieces(read.slice(part.start, part.end), ids)
        }
      }
    }
    return Int32Array.from(ids)
  }

  #addPieces(text: string, ids: number[]): void {
    for (const word of this.words(text)) for (const piece of this.pieces(word)) ids.push(piece)
  }

  /** The words and marks that a text is cut into, as they are read. */
  words(text: string): string[] {
    return bertWords(text.toWellFormed(), this.reading)
  }

  /** The ids of one word. */
  pieces(word: string): readonly number[] {
    const cached = this.#cache.get(word)
    if (cached !== undefined) return cached
    if (this.#cache.size === cachedWords) this.#cache.clear()
    const found = this.cut(word)
    this.#cache.set(word, found)
    return found
  }

  decode(ids: ArrayLike<number>, options: DecodeOptions = {}): string {
    const decoder = this.decoder(options)
    let text = ''
    for (let i = 0; i < ids.length; i++) text += decoder.push(ids[i])
    return text
  }

  /** Of the piece, without what joins it to others and what separates it from them. */
  bytes(id: number): Uint8Array {
    return new TextEncoder().encode(this.#pieceOf(id).text)
  }

  decoder({ special = true }: DecodeOptions = {}): TokenDecoder {
    let before: Subword | undefined
    return {
      push: id => {
        const piece = this.#pieceOf(id)
        if (!special && this.added.isSpecial(id)) return ''
        const joins = before === undefined || before.joinsAfter || piece.joinsBefore
        const isSpaced = !joins && needsSpace(before!.text, piece.text)
        before = piece
        return (isSpaced ? ' ' : '') + piece.text
      },
      end: () => {
        before = undefined
        return ''
      },
    }
  }

  lastCut(text: string, { special = false }: EncodeOptions = {}): number {
    const isAllowed = this.added.cutCheck(text, special)
    let index = afterLastBoundary(text, this.reading)
    while (index > 0 && !isAllowed(index)) index = afterLastBoundary(text.slice(0, index - 1), this.reading)
    return index
  }

  /**
   * The token of an id, as the vocabulary has it.
   * @throws {TokenizerError} for an id outside of the vocabulary
   */
  token(id: number): string {
    const text = this.#texts[id]
    if (text !== undefined) return text
    const expected = `ids of its vocabulary, from 0 to ${this.vocabularySize - 1}`
    const hint = 'Were the ids made by another tokenizer?'
    throw new TokenizerError({ what: this.#what, expected, received: String(id), hint })
  }

  /** What tokenizer.json says of all but the pieces. */
  protected json(parts: Pick<TokenizerJSON, 'post_processor' | 'decoder'> & { model: JSONObject }): TokenizerJSON {
    const { lowercase, stripAccents, splitChinese } = this.reading
    return {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: this.added.list,
      normalizer: {
        type: 'BertNormalizer',
        clean_text: true,
        handle_chinese_chars: splitChinese,
        strip_accents: stripAccents === lowercase ? null : stripAccents,
        lowercase,
      },
      pre_tokenizer: { type: 'BertPreTokenizer' },
      ...parts,
    }
  }

  /** Every token with its id, added ones too. */
  protected vocabulary(): Record<string, number> {
    return Object.fromEntries(this.#texts.flatMap((text, id) => (text === undefined ? [] : [[text, id]])))
  }

  #pieceOf(id: number): Subword {
    const token = this.token(id)
    return this.added.isSpecial(id) ? { text: token, joinsBefore: false, joinsAfter: false } : this.piece(token)
  }
}

const cachedWords = 2 ** 16
