/** Whether vectors find alike what people find alike: the rank correlation of cosines and people's scores. */
import { DataError } from '../base/errors.ts'
import type { WordVectors } from '../models/word-vectors.ts'
import { spearman } from './correlation.ts'

/** Two words, and how alike people found them, on any scale. */
export interface RatedPair {
  readonly words: readonly [string, string]
  readonly score: number
}

export interface SimilarityResult {
  /** Spearman's rank correlation, -1 to 1; NaN if fewer than two pairs are covered. */
  readonly spearman: number
  /** Pairs of which both words have vectors. */
  readonly covered: number
  readonly pairs: number
}

/**
 * Pairs, one in a line: two words and a number, between tabs or spaces. Lines that begin with `#`, and a first line
 * whose third word is no number, are headings.
 *
 * @param location - how messages call the file
 * @throws {DataError} with its number, if a line is something else
 */
export function parseRatedPairs(text: string, location: string): RatedPair[] {
  const pairs: RatedPair[] = []
  let isFirst = true
  for (const [index, line] of text
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue
    const fields = line.trim().split(line.includes('\t') ? /\t+/ : /\s+/)
    const score = Number(fields[2])
    const isHeading = isFirst && fields.length >= 3 && Number.isNaN(score)
    isFirst = false
    if (isHeading) continue
    if (fields.length < 3 || fields[2].trim() === '' || !Number.isFinite(score)) {
      const expected = 'two words and a score'
      throw new DataError({ what: `Line ${index + 1} of ${location}`, expected, received: JSON.stringify(line) })
    }
    pairs.push({ words: [fields[0], fields[1]], score })
  }
  return pairs
}

/** The correlation over the pairs whose words have vectors. */
export function wordSimilarity(vectors: WordVectors, pairs: readonly RatedPair[]): SimilarityResult {
  const cosines: number[] = []
  const scores: number[] = []
  for (const { words, score } of pairs) {
    const [a, b] = words.map(word => vectors.find(word))
    if (a === undefined || b === undefined) continue
    cosines.push(vectors.similarity(a, b))
    scores.push(score)
  }
  return { spearman: spearman(cosines, scores), covered: scores.length, pairs: pairs.length }
}
