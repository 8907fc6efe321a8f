import { DataError } from '../base/errors.ts'
import { ByteLevelBPE } from './byte-level-bpe.ts'
import type { PretokenizationRule } from './pretokenize.ts'
import { describe, specialToken } from './tokenizer-json.ts'

/**
 * The tokenizer of a .tiktoken file: a line for each token, its bytes in base 64 and its rank, which is its id. The
 * file names no merges; any two tokens whose bytes together are a token may be merged, the lowest rank first.
 *
 * @param specialTokens - ids by name; they stand in no file
 * @throws {DataError} if a line is not a token and its rank
 */
export function tiktokenTokenizer(
  text: string,
  rule: PretokenizationRule,
  specialTokens: Readonly<Record<string, number>> = {},
): ByteLevelBPE {
  const tokens: (Uint8Array | undefined)[] = []
  const ids = new Map<string, number>()
  for (const [index, line] of text.split('\n').entries()) {
    if (line === '') continue
    const [, base64, rank] = /^([A-Za-z0-9+/]+=*) (\d+)\r?$/.exec(line) ?? []
    if (rank === undefined || tokens[Number(rank)] !== undefined) {
      const expected = 'a token in base 64, a space and a different rank on each line'
      throw new DataError({ what: '.tiktoken file', expected, received: `${describe(line)} on line ${index + 1}` })
    }
    const bytes = atob(base64)
    ids.set(bytes, Number(rank))
    tokens[Number(rank)] = Uint8Array.from(bytes, character => character.charCodeAt(0))
  }
  const addedTokens = Object.entries(specialTokens).map(([name, id]) => specialToken(name, id))
  return new ByteLevelBPE({ rule, tokens, merges: possibleMerges(ids), addedTokens, ignoreMerges: true })
}

/** All merges of two tokens to a third, by the rank of the third, then of the first two, as Hugging Face orders them. */
function possibleMerges(ids: ReadonlyMap<string, number>): Int32Array {
  const merges: number[] = []
  for (const [bytes, merged] of [...ids].sort(([, a], [, b]) => a - b)) {
    const pairs: (readonly [left: number, right: number])[] = []
    for (let cut = 1; cut < bytes.length; cut++) {
      const left = ids.get(bytes.slice(0, cut))
      const right = ids.get(bytes.slice(cut))
      if (left !== undefined && right !== undefined) pairs.push([left, right])
    }
    for (const [left, right] of pairs.sort((a, b) => a[0] - b[0] || a[1] - b[1])) merges.push(left, right, merged)
  }
  return Int32Array.from(merges)
}
