/**
 * One token for each word, the frequent ones; the rest is `<unk>`. The tokenizer of word-level recurrent networks, of
 * word vectors and of classifiers. White space is not kept, and unknown words do not come back: it is not lossless.
 */
import { TokenizerError } from '../base/errors.ts'
import { AddedTokens, endOfTextId } from './added-tokens.ts'
import { type Segmenter, segmenterFor } from './segmenter.ts'
import { cutChunks, type DecodeOptions, type EncodeOptions, type TokenDecoder, type Tokenizer } from './tokenizer.ts'
import { type AddedTokenJSON, specialToken, type TokenizerJSON } from './tokenizer-json.ts'

export interface WordModel {
  /** Ids by word. */
  readonly words: ReadonlyMap<string, number>
  readonly segmenter: Segmenter
  /** The word that stands for every other one; it has an id. */
  readonly unknown: string
  /** Whether text is lower-cased first; default false. */
  readonly lowercase?: boolean
  readonly addedTokens?: readonly AddedTokenJSON[]
  readonly endOfText?: string
}

export interface WordTrainingOptions {
  /** How text is cut; by default the host's segmentation for the language of the first chunk. */
  readonly segmenter?: Segmenter
  /** Tokens at most, with `<unk>` and special ones; default all. */
  readonly vocabularySize?: number
  /** Rarer words become `<unk>`; default 1. */
  readonly minimumCount?: number
  readonly lowercase?: boolean
  /** Whether a line break is a word, so that a language model learns where lines end; default false. */
  readonly lineBreaks?: boolean
  readonly specialTokens?: readonly string[]
}

/**
 * The tokenizer of the frequent words of a corpus: `<unk>` is 0, then words by falling frequency (equally frequent ones
 * as they first came), then special tokens.
 */
export async function trainWords(
  chunks: AsyncIterable<string> | Iterable<string>,
  options: WordTrainingOptions = {},
): Promise<WordTokenizer> {
  const { minimumCount = 1, lowercase = false, lineBreaks = false, specialTokens = [] } = options
  let { segmenter } = options
  const counts = new Map<string, number>()
  for await (const part of cutChunks(afterLastSpace, chunks)) {
    segmenter ??= segmenterFor(part)
    for (const word of wordsOf(lowercase ? part.toLowerCase() : part, segmenter, lineBreaks))
      counts.set(word, (counts.get(word) ?? 0) + 1)
  }
  for (const name of [unknownWord, ...specialTokens]) counts.delete(name)
  const room = Math.max(0, (options.vocabularySize ?? Infinity) - 1 - specialTokens.length)
  const frequent = [...counts].filter(([, count]) => count >= minimumCount).sort((a, b) => b[1] - a[1])
  const words = new Map([[unknownWord, 0], ...frequent.slice(0, room).map(([word], i) => [word, i + 1] as const)])
  return new WordTokenizer({
    words,
    segmenter: segmenter ?? segmenterFor(''),
    unknown: unknownWord,
    lowercase,
    addedTokens: [specialToken(unknownWord, 0), ...specialTokens.map((name, i) => specialToken(name, words.size + i))],
  })
}

export class WordTokenizer implements Tokenizer {
  readonly kind = 'words'
  readonly vocabularySize: number
  readonly specialTokens: ReadonlyMap<string, number>
  readonly endOfText: number | undefined
  /** The id of every word that has none. */
  readonly unknown: number
  readonly segmenter: Segmenter
  readonly #model: WordModel
  readonly #added: AddedTokens
  readonly #hasLineBreaks: boolean
  readonly #texts: (string | undefined)[] = []

  /** @throws {TokenizerError} if the unknown word has no id */
  constructor(model: WordModel) {
    const { words, segmenter, addedTokens = [], endOfText } = model
    const unknown = words.get(model.unknown) ?? addedTokens.find(({ content }) => content === model.unknown)?.id
    if (unknown === undefined) {
      const expected = 'a vocabulary with its unknown word'
      throw new TokenizerError({ what: 'WordTokenizer', expected, received: `none called ${model.unknown}` })
    }
    this.#model = model
    this.unknown = unknown
    this.segmenter = segmenter
    this.#hasLineBreaks = words.has('\n')
    for (const [word, id] of words) this.#texts[id] = word
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
      else for (const word of this.words(text.slice(start, end))) ids.push(this.#model.words.get(word) ?? this.unknown)
    }
    return Int32Array.from(ids)
  }

  /** The words that a text is cut into, known or not. */
  words(text: string): string[] {
    const whole = text.toWellFormed()
    return wordsOf(this.#model.lowercase ? whole.toLowerCase() : whole, this.segmenter, this.#hasLineBreaks)
  }

  decode(ids: ArrayLike<number>, options: DecodeOptions = {}): string {
    const decoder = this.decoder(options)
    let text = ''
    for (let i = 0; i < ids.length; i++) text += decoder.push(ids[i])
    return text
  }

  /** Of the word, without what separates it from others. */
  bytes(id: number): Uint8Array {
    return new TextEncoder().encode(this.#text(id))
  }

  decoder({ special = true }: DecodeOptions = {}): TokenDecoder {
    let isFirst = true
    return {
      push: id => {
        const text = this.#text(id)
        if (!special && this.#added.isSpecial(id)) return ''
        // No space stands beside a line break.
        const separator = isFirst || text === '\n' ? '' : this.segmenter.separator
        isFirst = text === '\n'
        return separator + text
      },
      end: () => {
        isFirst = true
        return ''
      },
    }
  }

  lastCut(text: string, { special = false }: EncodeOptions = {}): number {
    const isAllowed = this.#added.cutCheck(text, special)
    let index = afterLastSpace(text)
    while (index > 0 && !isAllowed(index)) index = afterLastSpace(text.slice(0, index - 1))
    return index
  }

  withSpecialTokens(names: readonly string[]): WordTokenizer {
    return new WordTokenizer({
      ...this.#model,
      addedTokens: this.#added.extended(names, this.vocabularySize, name => this.#model.words.get(name)),
    })
  }

  /** Other programs cut at white space only: give them text that the segmenter has cut and spaces have joined. */
  toJSON(): TokenizerJSON {
    const lineBreaks = { type: 'Split', pattern: { Regex: '\\n|\\S+' }, behavior: 'Removed', invert: true }
    return {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: this.#added.list,
      normalizer: this.#model.lowercase ? { type: 'Lowercase' } : null,
      pre_tokenizer: this.#hasLineBreaks ? lineBreaks : { type: 'WhitespaceSplit' },
      post_processor: null,
      decoder: this.segmenter.separator === ' ' ? null : { type: 'Fuse' },
      model: {
        type: 'WordLevel',
        vocab: Object.fromEntries(this.#texts.flatMap((text, id) => (text === undefined ? [] : [[text, id]]))),
        unk_token: this.#model.unknown,
      },
    }
  }

  #text(id: number): string {
    const text = this.#texts[id]
    if (text !== undefined) return text
    const expected = `ids of its vocabulary, from 0 to ${this.vocabularySize - 1}`
    const hint = 'Were the ids made by another tokenizer?'
    throw new TokenizerError({ what: 'WordTokenizer', expected, received: String(id), hint })
  }
}

const unknownWord = '<unk>'

function wordsOf(text: string, segmenter: Segmenter, lineBreaks: boolean): string[] {
  if (!lineBreaks) return segmenter.segment(text)
  return text.split('\n').flatMap((line, i) => [...(i > 0 ? ['\n'] : []), ...segmenter.segment(line)])
}

/** The index after the last white space, where any text can be cut; 0 where there is none. */
function afterLastSpace(text: string): number {
  let index = text.length
  while (index > 0 && !/\p{White_Space}/u.test(text[index - 1])) index--
  return index
}
