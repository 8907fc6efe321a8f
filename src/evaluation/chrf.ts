/**
 * chrF: how well the character n-grams of translations and references agree, as an F-score; chrF++ adds n-grams of words.
 * Popović, chrF: character n-gram F-score for automatic MT evaluation, 2015; chrF++: words helping character n-grams,
 * 2017. Equal to sacrebleu to the printed digit.
 */
import {
  countNgrams,
  formatDigits,
  referencesOf,
  signatureOf,
  splitSpace,
  type TranslationScore,
} from './translation-metric.ts'

export interface ChrfOptions {
  /** Longest n-gram of characters; default 6. */
  readonly characterOrder?: number
  /** Longest n-gram of words: 0 for chrF (default), 2 for chrF++. */
  readonly wordOrder?: number
  /** How much more recall counts than precision; default 2. */
  readonly beta?: number
  readonly lowercase?: boolean
  /** Whether white space counts as a character; default false. */
  readonly whitespace?: boolean
}

/**
 * chrF of a corpus.
 *
 * @param hypotheses - translations, one sentence each
 * @param references - one or more sets of references, each as long as the hypotheses; of several the best one counts
 * @throws {OptionError} if there is nothing to compare, or lengths differ
 */
export function chrf(
  hypotheses: readonly string[],
  references: readonly (readonly (string | undefined)[])[],
  options: ChrfOptions = {},
): TranslationScore {
  const { characterOrder = 6, wordOrder = 0, beta = 2, lowercase = false, whitespace = false } = options
  const ngramsOf = (text: string): Ngrams => {
    const cased = lowercase ? text.toLowerCase() : text
    const characters = Array.from(whitespace ? cased : splitSpace(cased).join(''))
    return [...countNgrams(characters, characterOrder, ''), ...countNgrams(chrfWords(cased), wordOrder, ' ')]
  }
  const allReferences = referencesOf('chrF', hypotheses, references)
  const sums: Counts[] = Array.from({ length: characterOrder + wordOrder }, () => ({ own: 0, theirs: 0, matches: 0 }))
  for (const [i, hypothesis] of hypotheses.entries()) {
    const own = ngramsOf(hypothesis)
    const candidates = allReferences[i].map(reference => compare(own, ngramsOf(reference)))
    const best = candidates.reduce((first, next) => (fScore(next, beta) > fScore(first, beta) ? next : first))
    for (const [n, { own: mine, theirs, matches }] of best.entries()) {
      sums[n].own += mine
      sums[n].theirs += theirs
      sums[n].matches += matches
    }
  }
  const score = fScore(sums, beta)
  const name = `chrF${beta}${'+'.repeat(wordOrder)}`
  const signature = signatureOf(allReferences, {
    case: lowercase ? 'lc' : 'mixed',
    eff: 'yes',
    nc: characterOrder,
    nw: wordOrder,
    space: whitespace ? 'yes' : 'no',
  })
  return { name, score, signature, line: `${name}|${signature} = ${formatDigits(score, 2)}` }
}

/** How often each n-gram comes, by length. */
type Ngrams = readonly ReadonlyMap<string, number>[]

/** n-grams of one length: in the translation, in the reference, in both. */
interface Counts {
  own: number
  theirs: number
  matches: number
}

function compare(hypothesis: Ngrams, reference: Ngrams): Counts[] {
  return hypothesis.map((ngrams, n) => {
    const counts: Counts = { own: 0, theirs: 0, matches: 0 }
    for (const count of reference[n].values()) counts.theirs += count
    if (counts.theirs === 0) return counts // where a reference is too short, nothing counts
    for (const [ngram, count] of ngrams) {
      counts.own += count
      counts.matches += Math.min(count, reference[n].get(ngram) ?? 0)
    }
    return counts
  })
}

/** F = (1 + β²) P R / (β² P + R), with precision and recall averaged over the lengths that both sides have. */
function fScore(counts: readonly Counts[], beta: number): number {
  const effective = counts.filter(({ own, theirs }) => own > 0 && theirs > 0)
  if (effective.length === 0) return 0
  const precision = effective.reduce((sum, { own, matches }) => sum + matches / own, 0) / effective.length
  const recall = effective.reduce((sum, { theirs, matches }) => sum + matches / theirs, 0) / effective.length
  if (precision + recall === 0) return 0
  return (100 * (1 + beta ** 2) * precision * recall) / (beta ** 2 * precision + recall)
}

/** Words, with a mark at their end or else at their beginning as a word of its own. */
function chrfWords(text: string): string[] {
  return splitSpace(text).flatMap(word => {
    if (word.length === 1) return [word]
    if (marks.has(word.at(-1)!)) return [word.slice(0, -1), word.at(-1)!]
    return marks.has(word[0]) ? [word[0], word.slice(1)] : [word]
  })
}

const marks: ReadonlySet<string> = new Set('!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~')
