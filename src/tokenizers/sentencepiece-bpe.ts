/**
 * Byte pair encoding over characters, as SentencePiece has it and Llama uses it: spaces are written as "▁", one stands
 * before the text, and a character that the vocabulary lacks becomes its UTF-8 bytes.
 * Kudo and Richardson, SentencePiece, 2018; Touvron et al., LLaMA, 2023, section 2.1.
 */
import { DataError, TokenizerError } from '../base/errors.ts'
import { AddedTokens, beginOfTextId, endOfTextId } from './added-tokens.ts'
import { mergeSymbols } from './merging.ts'
import { PairTable } from './pair-table.ts'
import type { DecodeOptions, EncodeOptions, TokenDecoder, Tokenizer } from './tokenizer.ts'
import type { AddedTokenJSON, JSONObject, JSONValue, TokenizerJSON } from './tokenizer-json.ts'
import { wholeCodePoint } from './unicode-classes.ts'

/** Where a "▁" is put before a text. */
export interface SpaceRule {
  /** Before the text, before every stretch between added tokens too, or nowhere. */
  readonly prefix: 'first' | 'always' | 'never'
  /** Whether a text that begins with a space gets one more. */
  readonly doubled: boolean
  /** Whether no token goes on behind a "▁" that is not its first character. */
  readonly split: boolean
}

export interface SentencePieceModel {
  /** Ids by piece, in which a space is "▁"; bytes are called <0x00> to <0xFF>. */
  readonly pieces: ReadonlyMap<string, number>
  /** Merges in the order of their ranks, each as three ids: left, right, merged. */
  readonly merges: Int32Array
  readonly spaces: SpaceRule
  /** Whether decoding takes away the space that encoding puts before a text. */
  readonly strips: boolean
  /** The piece of what cannot be written. */
  readonly unknown?: string
  /** Whether several unknown characters in a row are one token. */
  readonly fuseUnknown?: boolean
  /** Tokens found in the text before anything else; usually the special ones. */
  readonly addedTokens?: readonly AddedTokenJSON[]
  /** The name of the special token that ends a document; by default the one of a usual name. */
  readonly endOfText?: string
  /** As tokenizer.json has them, where it was read: what says all of the above, and what is put around a text. */
  readonly json?: Partial<Pick<TokenizerJSON, 'normalizer' | 'pre_tokenizer' | 'decoder' | 'post_processor'>>
}

export class SentencePieceBPE implements Tokenizer {
  readonly kind = 'sentencepiece-bpe'
  readonly vocabularySize: number
  readonly specialTokens: ReadonlyMap<string, number>
  readonly endOfText: number | undefined
  readonly beginOfText: number | undefined
  readonly #model: SentencePieceModel
  readonly #added: AddedTokens
  /** The text of each id, with real spaces; undefined for nobody's. */
  readonly #texts: (string | undefined)[] = []
  /** The byte that an id stands for, -1 for none. */
  readonly #byteOf: Int32Array
  /** Id of each byte's token, -1 where the vocabulary lacks it. */
  readonly #byteIds: Int32Array = new Int32Array(256).fill(-1)
  /** Ids of pieces of one character, by code point. */
  readonly #characters = new Map<number, number>()
  readonly #ranks: PairTable
  readonly #merged: Int32Array
  /** Characters that stand side by side in a token that is merged: between all others a text can be cut. */
  readonly #joined = new Set<number>()
  readonly #cache = new Map<string, Int32Array>()

  /** @throws {DataError} if a merge names an id that is no piece, or a byte's */
  constructor(model: SentencePieceModel) {
    const { pieces, merges, addedTokens = [] } = model
    this.#model = model
    this.#added = new AddedTokens(addedTokens)
    this.specialTokens = this.#added.special
    this.endOfText = endOfTextId(this.specialTokens, model.endOfText)
    this.beginOfText = beginOfTextId(model.json?.post_processor, this.specialTokens)
    for (const [piece, id] of pieces) this.#texts[id] = piece.replaceAll(space, ' ')
    for (const { id, content } of addedTokens) this.#texts[id] = content
    this.vocabularySize = this.#texts.length
    this.#byteOf = new Int32Array(this.vocabularySize).fill(-1)
    const names: string[] = []
    for (const [piece, id] of pieces) {
      names[id] = piece
      const byte = byteOf(piece)
      if (byte !== undefined) {
        this.#byteOf[id] = byte
        this.#byteIds[byte] = id
      }
      const [first, second] = piece
      if (second === undefined && first !== undefined) this.#characters.set(first.codePointAt(0)!, id)
    }
    this.#ranks = new PairTable(merges.length / 3)
    this.#merged = new Int32Array(merges.length / 3)
    for (let rank = 0; rank < this.#merged.length; rank++) {
      const [left, right, merged] = merges.subarray(3 * rank, 3 * rank + 3)
      if ([left, right, merged].some(id => names[id] === undefined || this.#byteOf[id] !== -1)) {
        const received = `merge ${rank} of ids ${left} and ${right} to ${merged}`
        throw new DataError({ what: 'SentencePieceBPE', expected: 'merges between pieces that are no bytes', received })
      }
      this.#ranks.set(left, right, rank)
      this.#merged[rank] = merged
      const characters = Array.from(names[merged], character => character.codePointAt(0)!)
      for (let i = 1; i < characters.length; i++) this.#joined.add(pairKey(characters[i - 1], characters[i]))
    }
  }

  /** Merges in the order of their ranks, each as three ids: left, right, merged. */
  get merges(): Int32Array {
    return this.#model.merges
  }

  encode(text: string, { special = false, continues = false }: EncodeOptions = {}): Int32Array {
    const ids: number[] = []
    for (const { start, end, id } of this.#added.split(text, special)) {
      if (id !== undefined) ids.push(id)
      else this.#encodeStretch(text.slice(start, end), start === 0, continues, ids)
    }
    return Int32Array.from(ids)
  }

  decode(ids: ArrayLike<number>, options: DecodeOptions = {}): string {
    const decoder = this.decoder(options)
    let text = ''
    for (let i = 0; i < ids.length; i++) text += decoder.push(ids[i])
    return text + decoder.end()
  }

  bytes(id: number): Uint8Array {
    const text = this.#text(id)
    return this.#byteOf[id] === -1 ? new TextEncoder().encode(text) : Uint8Array.of(this.#byteOf[id])
  }

  /** Bytes are shown when their run has ended: if any of it is not UTF-8, each of them is U+FFFD, as elsewhere. */
  decoder({ special = true, continues = false }: DecodeOptions = {}): TokenDecoder {
    let run: number[] = []
    let strips = this.#model.strips && !continues
    const shown = (text: string): string => {
      if (!strips || text === '') return text
      strips = false
      return text.startsWith(' ') ? text.slice(1) : text
    }
    const endRun = (): string => {
      const bytes = Uint8Array.from(run)
      run = []
      return decodeRun(bytes)
    }
    return {
      push: id => {
        const text = this.#text(id)
        if (!special && this.#added.isSpecial(id)) return ''
        if (this.#byteOf[id] === -1) return shown(endRun() + text)
        run.push(this.#byteOf[id])
        return ''
      },
      end: () => {
        const text = shown(endRun())
        strips = this.#model.strips && !continues
        return text
      },
    }
  }

  lastCut(text: string, { special = false }: EncodeOptions = {}): number {
    const isAllowed = this.#added.cutCheck(text, special)
    const certain = (text.charCodeAt(text.length - 1) & 0xfc00) === 0xd800 ? text.length - 1 : text.length
    let after = -1
    for (let index = certain; index > 0; ) {
      const width = (text.codePointAt(index - 2) ?? 0) > 0xffff && index > 1 ? 2 : 1
      const before = symbolOf(wholeCodePoint(text, index - width))
      if (after !== -1 && this.#isCut(before, after) && isAllowed(index)) return index
      after = before
      index -= width
    }
    return 0
  }

  withSpecialTokens(names: readonly string[]): SentencePieceBPE {
    return new SentencePieceBPE({
      ...this.#model,
      addedTokens: this.#added.extended(names, this.vocabularySize, name => this.#model.pieces.get(name)),
    })
  }

  toJSON(): TokenizerJSON {
    const { pieces, merges, spaces, strips, unknown, fuseUnknown = true, json } = this.#model
    const names: string[] = []
    for (const [piece, id] of pieces) names[id] = piece
    const written = json?.decoder === undefined ? jsonOf(spaces, strips) : json
    return {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: this.#added.list,
      normalizer: written.normalizer ?? null,
      pre_tokenizer: written.pre_tokenizer ?? null,
      post_processor: json?.post_processor ?? null,
      decoder: written.decoder ?? null,
      model: {
        type: 'BPE',
        dropout: null,
        unk_token: unknown ?? null,
        continuing_subword_prefix: null,
        end_of_word_suffix: null,
        fuse_unk: fuseUnknown,
        byte_fallback: true,
        ignore_merges: false,
        vocab: Object.fromEntries(pieces),
        merges: Array.from({ length: merges.length / 3 }, (_, rank) => [
          names[merges[3 * rank]],
          names[merges[3 * rank + 1]],
        ]),
      },
    }
  }

  /** A stretch between added tokens, cut wherever no merge can reach across. */
  #encodeStretch(text: string, isFirst: boolean, continues: boolean, ids: number[]): void {
    if (text === '') return
    const { prefix, doubled } = this.#model.spaces
    const isPrefixed = prefix === 'always' ? !(isFirst && continues) : prefix === 'first' && isFirst && !continues
    const isNeeded = doubled || !(text.startsWith(' ') || text.startsWith(space))
    const stretch = isPrefixed && isNeeded ? ` ${text}` : text
    let start = 0
    let before = -1
    for (let i = 0; i < stretch.length; i++) {
      const codePoint = wholeCodePoint(stretch, i)
      const symbol = symbolOf(codePoint)
      if (before !== -1 && this.#isCut(before, symbol)) {
        this.#encodeWord(stretch.slice(start, i), ids)
        start = i
      }
      before = symbol
      if (codePoint > 0xffff) i++
    }
    if (start < stretch.length) this.#encodeWord(stretch.slice(start), ids)
  }

  #isCut(before: number, after: number): boolean {
    if (this.#model.spaces.split && after === spaceSymbol) return true
    const { unknown, fuseUnknown = true } = this.#model
    // Unknown characters in a row may become one token.
    if (unknown !== undefined && fuseUnknown && !this.#isWritten(before) && !this.#isWritten(after)) return false
    return !this.#joined.has(pairKey(before, after))
  }

  /** Whether a character has a token, or its bytes have. */
  #isWritten(codePoint: number): boolean {
    return this.#characters.has(codePoint) || utf8Of(codePoint).every(byte => this.#byteIds[byte] !== -1)
  }

  #encodeWord(word: string, ids: number[]): void {
    let found = this.#cache.get(word)
    if (found === undefined) {
      found = this.#mergeWord(word)
      if (this.#cache.size >= cachedWords) this.#cache.clear()
      if (word.length <= longestCachedWord) this.#cache.set(word, found)
    }
    for (const id of found) ids.push(id)
  }

  #mergeWord(word: string): Int32Array {
    const symbols = new Int32Array(4 * word.length)
    let length = 0
    for (let i = 0; i < word.length; i++) {
      const codePoint = wholeCodePoint(word, i)
      const known = this.#characters.get(symbolOf(codePoint))
      if (known !== undefined) symbols[length++] = known
      else if (this.#isWritten(codePoint)) for (const byte of utf8Of(codePoint)) symbols[length++] = this.#byteIds[byte]
      else {
        const id = this.#unknownId(codePoint)
        const isFused = (this.#model.fuseUnknown ?? true) && length > 0 && symbols[length - 1] === id
        if (!isFused) symbols[length++] = id
      }
      if (codePoint > 0xffff) i++
    }
    return symbols.slice(0, mergeSymbols(symbols, length, this.#ranks, this.#merged))
  }

  #unknownId(codePoint: number): number {
    const { unknown, pieces } = this.#model
    const id = unknown === undefined ? undefined : pieces.get(unknown)
    if (id !== undefined) return id
    const received = JSON.stringify(String.fromCodePoint(codePoint))
    const expected = 'characters that its vocabulary has, or a token for each of the 256 bytes'
    throw new TokenizerError({ what: 'SentencePieceBPE', expected, received })
  }

  #text(id: number): string {
    const text = this.#texts[id]
    if (text !== undefined) return text
    const expected = `ids of its vocabulary, from 0 to ${this.vocabularySize - 1}`
    const hint = 'Were the ids made by another tokenizer?'
    throw new TokenizerError({ what: 'SentencePieceBPE', expected, received: String(id), hint })
  }
}

/** What stands for a space in a piece: U+2581. */
const space = '▁'
const spaceSymbol = 0x2581

const symbolOf = (codePoint: number): number => (codePoint === 0x20 ? spaceSymbol : codePoint)
const pairKey = (left: number, right: number): number => left * 0x110000 + right

/** The cache is bounded: when it is full it is emptied, and the words of the text at hand fill it anew. */
const cachedWords = 2 ** 16
/** In UTF-16 units. */
const longestCachedWord = 48

/** The byte that a piece like <0x0A> stands for. */
export function byteOf(piece: string): number | undefined {
  return /^<0x[0-9A-F]{2}>$/.test(piece) ? Number.parseInt(piece.slice(3, 5), 16) : undefined
}

const utf8Of = (codePoint: number): number[] => Array.from(new TextEncoder().encode(String.fromCodePoint(codePoint)))

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function decodeRun(bytes: Uint8Array): string {
  if (bytes.length === 0) return ''
  try {
    return strict.decode(bytes)
  } catch {
    return '\ufffd'.repeat(bytes.length)
  }
}

type SpaceJSON = NonNullable<SentencePieceModel['json']>

/** As Llama's own file has it where it can be said so; else as newer files do. */
function jsonOf({ prefix, doubled, split }: SpaceRule, strips: boolean): SpaceJSON {
  const stripping = strips ? [{ type: 'Strip', content: ' ', start: 1, stop: 0 }] : []
  const replaced: JSONObject = { type: 'Replace', pattern: { String: space }, content: ' ' }
  const decoders: JSONValue[] = [replaced, { type: 'ByteFallback' }, { type: 'Fuse' }, ...stripping]
  const decoder: JSONObject = { type: 'Sequence', decoders }
  if (prefix !== 'always' || !doubled || split) {
    return {
      normalizer: null,
      pre_tokenizer: { type: 'Metaspace', replacement: space, prepend_scheme: prefix, split },
      decoder,
    }
  }
  const normalizers: JSONValue[] = [
    { type: 'Prepend', prepend: space },
    { type: 'Replace', pattern: { String: ' ' }, content: space },
  ]
  return { normalizer: { type: 'Sequence', normalizers }, pre_tokenizer: null, decoder }
}
