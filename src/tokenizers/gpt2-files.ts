import { DataError } from '../base/errors.ts'
import { textToBytes } from './byte-alphabet.ts'
import { ByteLevelBPE } from './byte-level-bpe.ts'
import { mergeLines, mergeTriples } from './merging.ts'
import { gpt2Rule } from './pretokenize.ts'
import { describe, specialToken, vocabularyEntries } from './tokenizer-json.ts'

/**
 * The tokenizer of the files that OpenAI released with GPT-2.
 *
 * @param encoder - the parsed contents of encoder.json (vocab.json at Hugging Face)
 * @param merges - the text of vocab.bpe (merges.txt at Hugging Face)
 * @throws {DataError} if the two do not belong together
 */
export function gpt2Tokenizer(encoder: unknown, merges: string): ByteLevelBPE {
  const entries = vocabularyEntries('encoder.json', encoder)
  const special = entries.filter(([token]) => token === '<|endoftext|>')
  return new ByteLevelBPE({
    rule: gpt2Rule,
    ...readVocabulary(entries, mergeLines(merges), new Set(special.map(([, id]) => id))),
    addedTokens: special.map(([content, id]) => specialToken(content, id)),
  })
}

/**
 * Tokens and merges by id, from tokens in the byte-level alphabet.
 *
 * @param merges - as {@link mergeTriples} reads them
 * @param addedIds - ids whose tokens are text and not in the alphabet, unless they are bytes or parts of merges
 * @throws {DataError} if a token is not in the alphabet, or a merge is not of two tokens to a third
 */
export function readVocabulary(
  entries: readonly (readonly [token: string, id: number])[],
  merges: unknown,
  addedIds: ReadonlySet<number>,
): { tokens: (Uint8Array | undefined)[]; merges: Int32Array } {
  const tokens: (Uint8Array | undefined)[] = Array.from({ length: entries.length })
  const triples = mergeTriples(new Map(entries), merges)
  const merged = new Set(triples)
  for (const [token, id] of entries) {
    if (addedIds.has(id) && token.length > 1 && !merged.has(id)) continue
    tokens[id] = textToBytes(token)
    if (tokens[id] === undefined) {
      const expected = "tokens in GPT-2's byte-level alphabet"
      const hint = 'Is it a vocabulary of another kind, with words or SentencePiece pieces?'
      throw new DataError({ what: 'vocabulary', expected, received: `token ${id}, ${describe(token)}`, hint })
    }
  }
  return { tokens, merges: triples }
}
