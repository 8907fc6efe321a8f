/**
 * Byte-level byte pair encoding: every text can be written, and nothing is normalized away unless the model says so.
 * Radford et al., Language Models are Unsupervised Multitask Learners, 2019, section 2.2; Sennrich et al., Neural Machine
 * Translation of Rare Words with Subword Units, 2016.
 */
import { DataError, TokenizerError } from '../base/errors.ts'
import { AddedTokens, beginOfTextId, endOfTextId } from './added-tokens.ts'
import { byteCharacters, bytesToText } from './byte-alphabet.ts'
import { mergeSymbols } from './merging.ts'
import { PairTable } from './pair-table.ts'
import { lastSafeCut, type PretokenizationRule } from './pretokenize.ts'
import { decodeUtf8, tokenDecoder } from './token-decoder.ts'
import type { DecodeOptions, EncodeOptions, TokenDecoder, Tokenizer } from './tokenizer.ts'
import type { AddedTokenJSON, JSONObject, JSONValue, TokenizerJSON } from './tokenizer-json.ts'
import { wholeCodePoint } from './unicode-classes.ts'
import { enlarged, WordTable } from './word-table.ts'

export interface ByteLevelBPEModel {
  readonly rule: PretokenizationRule
  /** The bytes of each token, by id; undefined where the id is an added token's or nobody's. */
  readonly tokens: readonly (Uint8Array | undefined)[]
  /** Merges in the order of their ranks, each as three ids: left, right, merged. */
  readonly merges: Int32Array
  /** Tokens found in the text before anything else; usually the special ones. */
  readonly addedTokens?: readonly AddedTokenJSON[]
  /** The name of the special token that ends a document; by default the one of a usual name. */
  readonly endOfText?: string
  /** Whether a pre-token that is a token is taken whole, even where merges would not lead to it; default false. */
  readonly ignoreMerges?: boolean
  /** Whether texts are brought to Unicode's normal form C first, as for Qwen: é is one character, never e and an accent. */
  readonly composes?: boolean
  /** Kept for tokenizer.json: what other programs add around a text. */
  readonly postProcessor?: JSONValue
}

/** The id of a token by what tokenizer.json calls it, its bytes in the byte alphabet. */
export function tokenId(tokens: readonly (Uint8Array | undefined)[], name: string): number | undefined {
  const id = tokens.findIndex(bytes => bytes?.length === name.length && bytesToText(bytes) === name)
  return id < 0 ? undefined : id
}

export class ByteLevelBPE implements Tokenizer {
  readonly kind = 'byte-level-bpe'
  readonly vocabularySize: number
  readonly specialTokens: ReadonlyMap<string, number>
  readonly endOfText: number | undefined
  readonly beginOfText: number | undefined
  readonly rule: PretokenizationRule
  /** Merges in the order of their ranks, each as three ids: left, right, merged. */
  readonly merges: Int32Array
  readonly #tokens: readonly (Uint8Array | undefined)[]
  readonly #model: ByteLevelBPEModel
  readonly #added: AddedTokens
  /** Id of each byte's own token, -1 where the vocabulary lacks it. */
  readonly #byteIds: Int32Array = new Int32Array(256).fill(-1)
  readonly #ranks: PairTable
  readonly #merged: Int32Array
  readonly #wholeTokens: ReadonlyMap<string, number> | undefined
  readonly #cache: WordTable = new WordTable(cachedWords)
  readonly #cachedStarts: Int32Array = new Int32Array(cachedWords + 1)
  #cachedIds: Int32Array = new Int32Array(4 * cachedWords)
  #symbols: Int32Array = new Int32Array(256)

  /** @throws {DataError} if a merge names an id that is no token */
  constructor(model: ByteLevelBPEModel) {
    const { tokens, merges, addedTokens = [] } = model
    this.#model = model
    this.#added = new AddedTokens(addedTokens)
    this.rule = model.rule
    this.merges = merges
    this.specialTokens = this.#added.special
    this.endOfText = endOfTextId(this.specialTokens, model.endOfText)
    this.beginOfText = beginOfTextId(model.postProcessor, this.specialTokens)
    this.vocabularySize = addedTokens.reduce((size, { id }) => Math.max(size, id + 1), tokens.length)
    const allTokens = Array.from({ length: this.vocabularySize }, (_, id) => tokens[id])
    for (const { id, content } of addedTokens) allTokens[id] ??= new TextEncoder().encode(content)
    this.#tokens = allTokens
    for (const [id, bytes] of tokens.entries()) if (bytes?.length === 1) this.#byteIds[bytes[0]] = id
    this.#ranks = new PairTable(merges.length / 3)
    this.#merged = new Int32Array(merges.length / 3)
    for (let rank = 0; rank < this.#merged.length; rank++) {
      const [left, right, merged] = merges.subarray(3 * rank, 3 * rank + 3)
      if (tokens[left] === undefined || tokens[right] === undefined || tokens[merged] === undefined) {
        const received = `merge ${rank} of ids ${left} and ${right} to ${merged}`
        throw new DataError({ what: 'ByteLevelBPE', expected: 'merges between tokens of the vocabulary', received })
      }
      this.#ranks.set(left, right, rank)
      this.#merged[rank] = merged
    }
    if (model.ignoreMerges) {
      this.#wholeTokens = new Map(
        tokens.flatMap((bytes, id) => (bytes === undefined ? [] : [[bytesToText(bytes), id]])),
      )
    }
  }

  encode(text: string, { special = false }: EncodeOptions = {}): Int32Array {
    let ids = new Int32Array(16 + Math.ceil(text.length / 2))
    let count = 0
    for (const piece of this.#added.split(text, special)) {
      if (piece.id !== undefined) {
        if (count === ids.length) ids = enlarged(ids, count + 1)
        ids[count++] = piece.id
        continue
      }
      // Lookahead must stop at the piece's end, so a piece beside added tokens is a text of its own.
      const written = piece.end - piece.start === text.length ? text : text.slice(piece.start, piece.end)
      const part = this.#model.composes ? written.normalize('NFC') : written
      for (let start = 0, end = 0; start < part.length; start = end) {
        end = this.rule.end(part, start)
        const found = this.#encodeWord(part, start, end)
        if (count + found.length > ids.length) ids = enlarged(ids, count + found.length)
        for (let i = 0; i < found.length; i++) ids[count++] = found.ids[found.first + i]
      }
    }
    return ids.slice(0, count)
  }

  decode(ids: ArrayLike<number>, { special = true }: DecodeOptions = {}): string {
    let bytes = new Uint8Array(16 + 4 * ids.length)
    let length = 0
    for (let i = 0; i < ids.length; i++) {
      const token = this.#visibleBytes(ids[i], special)
      if (token === undefined) continue
      if (length + token.length > bytes.length) bytes = enlarged(bytes, length + token.length)
      bytes.set(token, length)
      length += token.length
    }
    return decodeUtf8(bytes.subarray(0, length))
  }

  bytes(id: number): Uint8Array {
    return this.#bytes(id).slice()
  }

  decoder({ special = true }: DecodeOptions = {}): TokenDecoder {
    return tokenDecoder(id => this.#visibleBytes(id, special))
  }

  lastCut(text: string, { special = false }: EncodeOptions = {}): number {
    return lastSafeCut(text, this.#added.cutCheck(text, special), this.rule.isSafeCut)
  }

  withSpecialTokens(names: readonly string[]): ByteLevelBPE {
    const idOf = (name: string) => tokenId(this.#model.tokens, name)
    return new ByteLevelBPE({ ...this.#model, addedTokens: this.#added.extended(names, this.vocabularySize, idOf) })
  }

  toJSON(): TokenizerJSON {
    // Only the pre-tokenizer looks at add_prefix_space; decoders are published with true.
    const decoder = { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true }
    const byteLevel = { ...decoder, add_prefix_space: false, use_regex: this.rule.name === 'gpt2' }
    const added = new Map(this.#added.list.map(({ id, content }) => [id, content]))
    const texts = this.#tokens.map(
      (bytes, id) => added.get(id) ?? (bytes === undefined ? undefined : bytesToText(bytes)),
    )
    const split = { type: 'Split', pattern: { Regex: this.rule.patterns[0] }, behavior: 'Isolated', invert: false }
    const rule: JSONObject =
      this.rule.name === 'gpt2' ? byteLevel : { type: 'Sequence', pretokenizers: [split, byteLevel] }
    return {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: this.#added.list,
      normalizer: this.#model.composes ? { type: 'NFC' } : null,
      pre_tokenizer: rule,
      post_processor: this.#model.postProcessor ?? { ...decoder, trim_offsets: false },
      decoder,
      model: {
        type: 'BPE',
        dropout: null,
        unk_token: null,
        continuing_subword_prefix: null,
        end_of_word_suffix: null,
        fuse_unk: false,
        byte_fallback: false,
        ignore_merges: this.#model.ignoreMerges ?? false,
        // fromEntries, because a token may be called __proto__.
        vocab: Object.fromEntries(texts.flatMap((token, id) => (token === undefined ? [] : [[token, id]]))),
        merges: Array.from({ length: this.merges.length / 3 }, (_, rank) => [
          texts[this.merges[3 * rank]]!,
          texts[this.merges[3 * rank + 1]]!,
        ]),
      },
    }
  }

  #bytes(id: number): Uint8Array {
    const bytes = this.#tokens[id]
    if (bytes !== undefined) return bytes
    const expected = `ids of its vocabulary, from 0 to ${this.vocabularySize - 1}`
    const hint = 'Were the ids made by another tokenizer?'
    throw new TokenizerError({ what: 'ByteLevelBPE', expected, received: String(id), hint })
  }

  #visibleBytes(id: number, special: boolean): Uint8Array | undefined {
    const bytes = this.#bytes(id)
    return special || !this.#added.isSpecial(id) ? bytes : undefined
  }

  /** The ids of one pre-token: `length` of them in `ids` from `first`, valid until the next call. */
  #encodeWord(text: string, start: number, end: number): { ids: Int32Array; first: number; length: number } {
    if (end - start > longestCachedWord) {
      const length = this.#mergeWord(text, start, end)
      return { ids: this.#symbols, first: 0, length }
    }
    let word = this.#cache.find(text, start, end)
    if (word < 0) {
      const length = this.#mergeWord(text, start, end)
      if (this.#cache.size === cachedWords) {
        this.#cache.clear()
        word = this.#cache.find(text, start, end)
      }
      word = this.#cache.insert(text, start, end, word)
      const first = this.#cachedStarts[word]
      if (first + length > this.#cachedIds.length) this.#cachedIds = enlarged(this.#cachedIds, first + length)
      for (let i = 0; i < length; i++) this.#cachedIds[first + i] = this.#symbols[i]
      this.#cachedStarts[word + 1] = first + length
    }
    const first = this.#cachedStarts[word]
    return { ids: this.#cachedIds, first, length: this.#cachedStarts[word + 1] - first }
  }

  /** Writes the ids of a pre-token into #symbols. */
  #mergeWord(text: string, start: number, end: number): number {
    if (this.#symbols.length < 3 * (end - start)) this.#symbols = enlarged(this.#symbols, 3 * (end - start))
    const length = this.#writeBytes(text, start, end)
    if (this.#wholeTokens !== undefined) {
      const whole = this.#wholeTokens.get(this.#symbolsAsText(length))
      if (whole !== undefined) this.#symbols[0] = whole
      if (whole !== undefined) return 1
    }
    return mergeSymbols(this.#symbols, length, this.#ranks, this.#merged)
  }

  /** Writes the ids of the UTF-8 bytes into #symbols; a lone surrogate is U+FFFD. */
  #writeBytes(text: string, start: number, end: number): number {
    let length = 0
    const write = (byte: number): void => {
      const id = this.#byteIds[byte]
      if (id === -1) throw missingByte(byte)
      this.#symbols[length++] = id
    }
    for (let i = start; i < end; i++) {
      const codePoint = wholeCodePoint(text, i)
      if (codePoint < 0x80) write(codePoint)
      else if (codePoint < 0x800) {
        write(0xc0 | (codePoint >> 6))
        write(0x80 | (codePoint & 63))
      } else if (codePoint < 0x10000) {
        write(0xe0 | (codePoint >> 12))
        write(0x80 | ((codePoint >> 6) & 63))
        write(0x80 | (codePoint & 63))
      } else {
        write(0xf0 | (codePoint >> 18))
        write(0x80 | ((codePoint >> 12) & 63))
        write(0x80 | ((codePoint >> 6) & 63))
        write(0x80 | (codePoint & 63))
        i++
      }
    }
    return length
  }

  #symbolsAsText(length: number): string {
    let text = ''
    for (let i = 0; i < length; i++) text += byteCharacters[this.#tokens[this.#symbols[i]]![0]]
    return text
  }
}

/** The cache is bounded: when it is full it is emptied, and the words of the text at hand fill it anew. */
const cachedWords = 2 ** 16
/** In UTF-16 units. */
const longestCachedWord = 24

function missingByte(byte: number): TokenizerError {
  const expected = 'a vocabulary with a token for each of the 256 bytes'
  const received = `one without byte 0x${byte.toString(16).padStart(2, '0')}`
  const hint = 'Was it trained without the byte-level alphabet?'
  return new TokenizerError({ what: 'ByteLevelBPE', expected, received, hint })
}
