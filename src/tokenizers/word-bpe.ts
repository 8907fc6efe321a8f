/**
 * Byte pair encoding of words, as GPT-1 has it: a word is its characters, the last with </w>, and pairs are merged from the
 * lowest rank up. Sennrich et al., Neural Machine Translation of Rare Words with Subword Units, 2016, section 3.2; Radford
 * et al., Improving Language Understanding by Generative Pre-Training, 2018, section 4.1. Words are read as BERT reads them,
 * as transformers does where the authors' own cutter of words (spaCy) is not there.
 */
import { DataError } from '../base/errors.ts'
import { mergeLines, mergeSymbols, mergeTriples } from './merging.ts'
import { PairTable } from './pair-table.ts'
import { type Subword, type SubwordModel, SubwordTokenizer } from './subwords.ts'
import { specialToken, type TokenizerJSON, vocabularyEntries } from './tokenizer-json.ts'

export interface WordBPEModel extends SubwordModel {
  /** Ids of left, right and merged, three for each rank. */
  readonly merges: Int32Array
}

/** Stands for every character that has no token. */
export const unknownToken = '<unk>'
/** Ends the last piece of a word. */
export const wordEnd = '</w>'

export class WordBPE extends SubwordTokenizer {
  readonly kind = 'word-bpe'
  readonly #model: WordBPEModel
  readonly #ranks: PairTable
  readonly #merged: Int32Array

  /** @throws {TokenizerError} if the vocabulary has no <unk> */
  constructor(model: WordBPEModel) {
    super(model, unknownToken, 'WordBPE')
    this.#model = model
    const { merges } = model
    this.#ranks = new PairTable(merges.length / 3)
    this.#merged = new Int32Array(merges.length / 3)
    for (let rank = 0; rank < this.#merged.length; rank++) {
      const [left, right, merged] = merges.subarray(3 * rank, 3 * rank + 3)
      this.#ranks.set(left, right, rank)
      this.#merged[rank] = merged
    }
  }

  withSpecialTokens(names: readonly string[]): WordBPE {
    return new WordBPE({
      ...this.#model,
      addedTokens: this.added.extended(names, this.vocabularySize, name => this.#model.tokens.get(name)),
    })
  }

  toJSON(): TokenizerJSON {
    const { merges } = this.#model
    return this.json({
      post_processor: null,
      decoder: { type: 'BPEDecoder', suffix: wordEnd },
      model: {
        type: 'BPE',
        dropout: null,
        unk_token: unknownToken,
        continuing_subword_prefix: '',
        end_of_word_suffix: wordEnd,
        fuse_unk: false,
        byte_fallback: false,
        ignore_merges: false,
        vocab: this.vocabulary(),
        merges: Array.from({ length: merges.length / 3 }, (_, rank) =>
          Array.from(merges.subarray(3 * rank, 3 * rank + 2), id => this.token(id)),
        ),
      },
    })
  }

  protected piece(token: string): Subword {
    const isLast = token.length > wordEnd.length && token.endsWith(wordEnd)
    return { text: isLast ? token.slice(0, -wordEnd.length) : token, joinsBefore: false, joinsAfter: !isLast }
  }

  protected cut(word: string): readonly number[] {
    const { tokens } = this.#model
    const characters = Array.from(word)
    const last = characters.length - 1
    const symbols = Int32Array.from(characters, (character, i) => {
      return tokens.get(i === last ? character + wordEnd : character) ?? this.unknown
    })
    return Array.from(symbols.subarray(0, mergeSymbols(symbols, symbols.length, this.#ranks, this.#merged)))
  }
}

/**
 * The tokenizer of the files that OpenAI released with GPT-1.
 *
 * @param encoder - the parsed contents of encoder_bpe_40000.json (vocab.json at Hugging Face)
 * @param merges - the text of vocab_40000.bpe (merges.txt at Hugging Face)
 * @throws {DataError} if the two do not belong together
 */
export function gptTokenizer(encoder: unknown, merges: string): WordBPE {
  const tokens = new Map(vocabularyEntries('encoder_bpe_40000.json', encoder))
  const unknown = tokens.get(unknownToken)
  if (unknown === undefined) {
    const received = `${tokens.size} tokens without it`
    throw new DataError({ what: 'encoder_bpe_40000.json', expected: `a token ${unknownToken}`, received })
  }
  return new WordBPE({
    ...{ tokens, merges: mergeTriples(tokens, mergeLines(merges)), addedTokens: [specialToken(unknownToken, unknown)] },
    ...{ lowercase: true, stripAccents: true, splitChinese: true },
  })
}
