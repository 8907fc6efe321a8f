/**
 * WordPiece: a word is written by the longest pieces that the vocabulary has, from left to right; those inside of a word
 * begin with ##. Wu et al., Google's Neural Machine Translation System, 2016, section 4.1; Devlin et al., 2018.
 */
import { DataError } from '../base/errors.ts'
import { type Subword, type SubwordModel, SubwordTokenizer } from './subwords.ts'
import { type JSONObject, specialToken, type TokenizerJSON } from './tokenizer-json.ts'

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

export class WordPiece extends SubwordTokenizer {
  readonly kind = 'word-piece'
  readonly #model: SubwordModel

  /** @throws {TokenizerError} if the vocabulary has no [UNK] */
  constructor(model: SubwordModel) {
    super(model, bertTokens.unknown, 'WordPiece')
    this.#model = model
  }

  withSpecialTokens(names: readonly string[]): WordPiece {
    return new WordPiece({
      ...this.#model,
      addedTokens: this.added.extended(names, this.vocabularySize, name => this.#model.tokens.get(name)),
    })
  }

  toJSON(): TokenizerJSON {
    return this.json({
      post_processor: this.#template(),
      decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
      model: {
        type: 'WordPiece',
        unk_token: bertTokens.unknown,
        continuing_subword_prefix: '##',
        max_input_chars_per_word: longestWord,
        vocab: this.vocabulary(),
      },
    })
  }

  protected piece(token: string): Subword {
    const isInner = token.length > 2 && token.startsWith('##')
    return { text: isInner ? token.slice(2) : token, joinsBefore: isInner, joinsAfter: false }
  }

  protected cut(word: string): readonly number[] {
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
