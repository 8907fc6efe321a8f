import type { TokenizerJSON } from './tokenizer-json.ts'

export interface EncodeOptions {
  /**
   * Whether the name of a special token in the text becomes that token; default false, because text from outside must
   * not end a document or a turn. Prompts made of templates set it.
   */
  readonly special?: boolean
  /** Whether the text goes on one before it; default false: tokenizers that put a space before a text then do not. */
  readonly continues?: boolean
}

export interface DecodeOptions {
  /** Whether special tokens are written by their names; default true. */
  readonly special?: boolean
  /** Whether the tokens go on a text before them; default false: a space that was put before a text is taken away. */
  readonly continues?: boolean
}

/** Turns text into token ids and back. */
export interface Tokenizer {
  readonly kind: 'characters' | 'byte-level-bpe' | 'word-bpe' | 'sentencepiece-bpe' | 'words' | 'word-piece'
  /** One more than the highest id: how many rows an embedding needs. */
  readonly vocabularySize: number
  /** Ids of tokens that stand for no text, by name. */
  readonly specialTokens: ReadonlyMap<string, number>
  /** The id that ends a document, if there is one. */
  readonly endOfText: number | undefined
  /** The id that models of this tokenizer expect before a text, if they do. */
  readonly beginOfText?: number | undefined

  /**
   * The ids of a text, without any that models put around it. A lone surrogate is read as U+FFFD.
   * @throws {TokenizerError} if the vocabulary lacks a character or byte of the text
   */
  encode(text: string, options?: EncodeOptions): Int32Array

  /**
   * The text of the tokens; U+FFFD for bytes that are not UTF-8.
   * @throws {TokenizerError} for an id outside of the vocabulary
   */
  decode(ids: ArrayLike<number>, options?: DecodeOptions): string

  /**
   * The UTF-8 bytes of one token, which may be a part of a character.
   * @throws {TokenizerError} for an id outside of the vocabulary
   */
  bytes(id: number): Uint8Array

  /** Decodes a stream of tokens. */
  decoder(options?: DecodeOptions): TokenDecoder

  /**
   * The last index where a text that may go on can be cut, so that its two parts encode to what the whole encodes to,
   * the second as one that continues; 0 where there is none. See {@link encodeChunks}.
   */
  lastCut(text: string, options?: EncodeOptions): number

  /** The same tokenizer with more special tokens, for example of a chat template; they take the ids after the highest. */
  withSpecialTokens(names: readonly string[]): Tokenizer

  /** The contents of Hugging Face's tokenizer.json. */
  toJSON(): TokenizerJSON
}

/** Decodes token by token. All pieces joined are what `decode` gives; no piece ends inside of a character. */
export interface TokenDecoder {
  /** The text that is certain after one more token, often the empty string. */
  push(id: number): string
  /** What is left, U+FFFD for a character that was cut short. The decoder can be used anew. */
  end(): string
}

/** The ids of a text as a model is given its beginning: after the token that it expects before a text, if any. */
export function promptIds(tokenizer: Tokenizer, text: string, options?: EncodeOptions): number[] {
  const { beginOfText } = tokenizer
  return [...(beginOfText === undefined ? [] : [beginOfText]), ...tokenizer.encode(text, options)]
}

/**
 * Encodes a text that arrives in chunks exactly as if it were whole. Memory is bounded by the longest stretch without a
 * safe cut, in ordinary text a few words beyond one chunk.
 *
 * @throws {TokenizerError} if the vocabulary lacks a character or byte of the text
 */
export async function* encodeChunks(
  tokenizer: Tokenizer,
  chunks: AsyncIterable<string> | Iterable<string>,
  options?: EncodeOptions,
): AsyncGenerator<Int32Array, void, undefined> {
  let continues = options?.continues ?? false
  for await (const part of cutChunks(text => tokenizer.lastCut(text, options), chunks)) {
    yield tokenizer.encode(part, { ...options, continues })
    continues = true
  }
}

/** Code units that are looked at together: engines cannot replace in texts of any length. */
const mostAtOnce = 1 << 20

/** The same text in other chunks, none much longer than others, cut only where `lastCut` allows. */
export async function* cutChunks(
  lastCut: (text: string) => number,
  chunks: AsyncIterable<string> | Iterable<string>,
): AsyncGenerator<string, void, undefined> {
  let pending = ''
  let examinedLength = 0
  for await (const chunk of shortened(chunks)) {
    pending += chunk
    // Where no cut was found, look again only when the text has doubled: long stretches stay linear in time.
    if (pending.length < 2 * examinedLength) continue
    const cut = lastCut(pending)
    if (cut > 0) yield pending.slice(0, cut)
    pending = pending.slice(cut)
    examinedLength = cut > 0 ? 0 : pending.length
  }
  if (pending !== '') yield pending
}

async function* shortened(chunks: AsyncIterable<string> | Iterable<string>): AsyncGenerator<string, void, undefined> {
  for await (const chunk of chunks)
    for (let i = 0; i < chunk.length; i += mostAtOnce) yield chunk.slice(i, i + mostAtOnce)
}
