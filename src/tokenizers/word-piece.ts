/**
 * WordPiece: a word is written by the longest pieces that the vocabulary has, from left to right; those inside of a word
 * begin with ##. Wu et al., Google's Neural Machine Translation System, 2016, section 4.1; Devlin et al., 2018.
 * White space, accents and unknown words do not come back: it is not lossless.
 */
import { DataError, TokenizerError } from '../base/errors.ts'
import { AddedTokens, endOfTextId } from './added-tokens.ts'
import { afterLastBoundary, type BertReading, bertWords, isChinese } from './bert-characters.ts'
import type { DecodeOptions, EncodeOptions, TokenDecoder, Tokenizer } from './tokenizer.ts'
import { type AddedTokenJSON, type JSONObject, specialToken, type TokenizerJSON } from './tokenizer-json.ts'

/** The tokens of BERT that stand for no text. */
export const bertTokens = {
  padding: '[PAD]',
  unknown: '[UNK]',
  /** Before the first text; what its state becomes speaks for the whole. */
  first: '[CLS]',
  /** After each text. */
  separator: '[SEP]',
  mask: '[MASK]',
} as const

export interface WordPieceModel extends BertReading {
  /** Ids by token. */
  readonly tokens: ReadonlyMap<string, number>
  /** Tokens found in the text before anything else; usually the special ones. */
  readonly addedTokens?: readonly AddedTokenJSON[]
  readonly endOfText?: string
}

export class WordPiece implements Tokenizer {
  readonly kind = 'word-piece'
  readonly vocabularySize: number
  readonly specialTokens: ReadonlyMap<string, number>
  readonly endOfText: number | undefined
  readonly reading: BertReading
  /** The id of every word that cannot be written. */
  readonly unknown: number
  readonly #model: WordPieceModel
  readonly #added: AddedTokens
  readonly #texts: (string | undefined)[] = []
  readonly #cache: Map<string, readonly number[]> = new Map()

  /** @throws {TokenizerError} if the vocabulary has no [UNK] */
  constructor(model: WordPieceModel) {
    const { tokens, addedTokens = [], endOfText, lowercase, stripAccents, splitChinese } = model
    const unknown =
      tokens.get(bertTokens.unknown) ?? addedTokens.find(({ content }) => content === bertTokens.unknown)?.id
    if (unknown === undefined) {
      const expected = `a vocabulary with ${bertTokens.unknown}`
      throw new TokenizerError({ what: 'WordPiece', expected, received: `${tokens.size} tokens without it` })
    }
    this.#model = model
    this.unknown = unknown
    this.reading = { lowercase, stripAccents, splitChinese }
    for (const [token, id] of tokens) this.#texts[id] = token
    this.#added = new AddedTokens(addedTokens)
    for (const { id, content } of addedTokens) this.#texts[id] = content
    this.vocabularySize = this.#texts.length
    this.specialTokens = this.#added.special
    this.endOfText = endOfTextId(this.specialTokens, endOfText)
  }

  encode(text: string, { special = false }: EncodeOptions = {}): Int32Array {
    const ids: number[] = []
    for (const { id, start, end } of this.#added.split(text, special)) {
      if (id !== undefined) ids.push(id)
      else for (const word of this.words(text.slice(start, end))) for (const piece of this.pieces(word)) ids.push(piece)
    }
    return Int32Array.from(ids)
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
    const found = this.#longestPieces(word)
    this.#cache.set(word, found)
    return found
  }

  decode(ids: ArrayLike<number>, options: DecodeOptions = {}): string {
    const decoder = this.decoder(options)
    let text = ''
    for (let i = 0; i < ids.length; i++) text += decoder.push(ids[i])
    return text
  }

  /** Of the piece, without ## and without what separates it from others. */
  bytes(id: number): Uint8Array {
    const text = this.token(id)
    return new TextEncoder().encode(isInner(text) ? text.slice(2) : text)
  }

  decoder({ special = true }: DecodeOptions = {}): TokenDecoder {
    let before: string | undefined
    return {
      push: id => {
        const token = this.token(id)
        if (!special && this.#added.isSpecial(id)) return ''
        const joins = before === undefined || isInner(token) || !needsSpace(before, token)
        before = token
        return (joins ? '' : ' ') + (isInner(token) ? token.slice(2) : token)
      },
      end: () => {
        before = undefined
        return ''
      },
    }
  }

  lastCut(text: string, { special = false }: EncodeOptions = {}): number {
    const isAllowed = this.#added.cutCheck(text, special)
    let index = afterLastBoundary(text, this.reading)
    while (index > 0 && !isAllowed(index)) index = afterLastBoundary(text.slice(0, index - 1), this.reading)
    return index
  }

  withSpecialTokens(names: readonly string[]): WordPiece {
    return new WordPiece({ ...this.#model, addedTokens: this.#added.extended(names, this.vocabularySize) })
  }

  toJSON(): TokenizerJSON {
    const { lowercase, stripAccents, splitChinese } = this.reading
    return {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: this.#added.list,
      normalizer: {
        type: 'BertNormalizer',
        clean_text: true,
        handle_chinese_chars: splitChinese,
        strip_accents: stripAccents === lowercase ? null : stripAccents,
        lowercase,
      },
      pre_tokenizer: { type: 'BertPreTokenizer' },
      post_processor: this.#template(),
      decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
      model: {
        type: 'WordPiece',
        unk_token: bertTokens.unknown,
        continuing_subword_prefix: '##',
        max_input_chars_per_word: longestWord,
        vocab: Object.fromEntries(this.#texts.flatMap((text, id) => (text === undefined ? [] : [[text, id]]))),
      },
    }
  }

  /**
   * The token of an id, with ## where it stands inside of a word.
   * @throws {TokenizerError} for an id outside of the vocabulary
   */
  token(id: number): string {
    const text = this.#texts[id]
    if (text !== undefined) return text
    const expected = `ids of its vocabulary, from 0 to ${this.vocabularySize - 1}`
    const hint = 'Were the ids made by another tokenizer?'
    throw new TokenizerError({ what: 'WordPiece', expected, received: String(id), hint })
  }

  #longestPieces(word: string): readonly number[] {
    const characters = Array.from(word)
    if (characters.length > longestWord) return [this.unknown]
    const { tokens } = this.#model
    const ids: number[] = []
    for (let start = 0, end = 0; start < characters.length; start = end) {
      let id: number | undefined
      for (end = characters.length; end > start; end--) {
        id = tokens.get((start > 0 ? '##' : '') + characters.slice(start, end).join(''))
        if (id !== undefined) break
      }
      if (id === undefined) return [this.unknown]
      ids.push(id)
    }
    return ids
  }

  /** What other programs put around one text or two. */
  #template(): JSONObject | null {
    const [first, separator] = [bertTokens.first, bertTokens.separator].map(name => this.specialTokens.get(name))
    if (first === undefined || separator === undefined) return null
    const special = (id: string, type_id: number) => ({ SpecialToken: { id, type_id } })
    const sequence = (id: string, type_id: number) => ({ Sequence: { id, type_id } })
    const single = [special(bertTokens.first, 0), sequence('A', 0), special(bertTokens.separator, 0)]
    const entry = (id: string, number: number) => ({ id, ids: [number], tokens: [id] })
    return {
      type: 'TemplateProcessing',
      single,
      pair: [...single, sequence('B', 1), special(bertTokens.separator, 1)],
      special_tokens: {
        [bertTokens.first]: entry(bertTokens.first, first),
        [bertTokens.separator]: entry(bertTokens.separator, separator),
      },
    }
  }
}

/**
 * The tokenizer of a vocab.txt: a token in each line, from id 0.
 *
 * @param text - the contents of the file
 * @param options.lowercase - whether it was made of text in small letters without accents; default true, as the published
 *   English and Chinese vocabularies are
 * @throws {DataError} if it lacks one of the tokens that BERT needs, or has a token twice
 */
export function wordPieceVocabulary(text: string, { lowercase = true }: { lowercase?: boolean } = {}): WordPiece {
  const lines = text.split('\n').map(line => line.replace(/\r$/, ''))
  if (lines.at(-1) === '') lines.pop()
  const tokens = new Map(lines.map((token, id) => [token, id]))
  if (tokens.size < lines.length) {
    const twice = lines.find((token, id) => tokens.get(token) !== id)
    const expected = 'a different token in each line'
    throw new DataError({ what: 'vocab.txt', expected, received: `${JSON.stringify(twice)} twice` })
  }
  const names = Object.values(bertTokens)
  const missing = names.find(name => !tokens.has(name))
  if (missing !== undefined) {
    const hint = 'Is it the vocabulary of a BERT?'
    throw new DataError({
      what: 'vocab.txt',
      expected: `a line ${missing}`,
      received: `${tokens.size} lines without`,
      hint,
    })
  }
  const addedTokens = names.map(name => specialToken(name, tokens.get(name)!)).sort((a, b) => a.id - b.id)
  return new WordPiece({ tokens, addedTokens, lowercase, stripAccents: lowercase, splitChinese: true })
}

/** In characters; a longer word is unknown. */
export const longestWord = 100
const cachedWords = 2 ** 16

const isInner = (token: string): boolean => token.length > 2 && token.startsWith('##')

/** Between Chinese characters or full-width marks, and before closing marks, there is none. */
function needsSpace(before: string, token: string): boolean {
  const last = before.codePointAt(before.length - (/[\udc00-\udfff]$/.test(before) ? 2 : 1))!
  const first = token.codePointAt(0)!
  return !(/^[.,!?]$/.test(token) || isWide(last) || isWide(first))
}

/** Chinese characters, kana, and the marks that stand among them. */
const isWide = (codePoint: number): boolean =>
  isChinese(codePoint) || (codePoint >= 0x3000 && codePoint < 0x3100) || (codePoint >= 0xff00 && codePoint < 0xff66)
