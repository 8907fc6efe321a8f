/**
 * BLEU: how many of a translation's n-grams stand in its references, over a whole corpus.
 * Papineni et al., BLEU: a Method for Automatic Evaluation of Machine Translation, 2002; smoothing: Chen and Cherry, A
 * Systematic Comparison of Smoothing Techniques for Sentence-Level BLEU, 2014. Equal to sacrebleu to the printed digit
 * (Post, A Call for Clarity in Reporting BLEU Scores, 2018).
 */
import { type BleuTokenization, bleuTokenizers } from './bleu-tokenization.ts'
import {
  countNgrams,
  formatDigits,
  referencesOf,
  signatureOf,
  splitSpace,
  type TranslationScore,
  trimSpace,
} from './translation-metric.ts'

export interface BleuOptions {
  /** How words are found: `13a` (mteval's, for European languages; default), `zh`, `char`, or `none`: white space. */
  readonly tokenize?: BleuTokenization
  /** Whether everything is lower-cased first; default false. */
  readonly lowercase?: boolean
  /** What becomes of an n-gram length without a match; default `exp`. */
  readonly smoothing?: BleuSmoothing
  /** Of `floor` (default 0.1) and `add-k` (default 1). */
  readonly smoothingValue?: number
  /** Whether lengths of n-grams that the translations are too short for do not count, for single sentences. */
  readonly effectiveOrder?: boolean
}

/**
 * A length without a match counts as half a match, a quarter for the next (`exp`); as `smoothingValue` matches (`floor`);
 * `smoothingValue` is added to matches and n-grams of two and more words (`add-k`); or the score is 0 (`none`).
 */
export type BleuSmoothing = 'exp' | 'floor' | 'add-k' | 'none'

export interface Bleu extends TranslationScore {
  /** Share of the n-grams that stand in a reference, in per cent, for 1, 2, 3 and 4 words. */
  readonly precisions: readonly number[]
  /** e to 1 - r/c, where translations (c words) are shorter than references (r words); else 1. */
  readonly brevityPenalty: number
  readonly hypothesisLength: number
  readonly referenceLength: number
}

/** n-grams of one to four words. */
const maximumOrder = 4

/**
 * BLEU of a corpus.
 *
 * @param hypotheses - translations, one sentence each
 * @param references - one or more sets of references, each as long as the hypotheses
 * @throws {OptionError} if there is nothing to compare, or lengths differ
 */
export function bleu(
  hypotheses: readonly string[],
  references: readonly (readonly (string | undefined)[])[],
  options: BleuOptions = {},
): Bleu {
  const { tokenize = '13a', lowercase = false, smoothing = 'exp', effectiveOrder = false } = options
  const smoothingValue = options.smoothingValue ?? smoothingValues[smoothing]
  const wordsOf = (text: string): string[] =>
    splitSpace(bleuTokenizers[tokenize](trimSpace(lowercase ? text.toLowerCase() : text)))
  const allReferences = referencesOf('BLEU', hypotheses, references)
  const statistics = { matches: [0, 0, 0, 0], totals: [0, 0, 0, 0], hypothesisLength: 0, referenceLength: 0 }
  for (const [i, hypothesis] of hypotheses.entries())
    addSentence(statistics, wordsOf(hypothesis), allReferences[i].map(wordsOf))
  const { hypothesisLength, referenceLength } = statistics
  const { score, precisions } = scoreOf(statistics, { smoothing, smoothingValue, effectiveOrder })
  const brevityPenalty = brevity(statistics)
  const hasValue = smoothing === 'floor' || smoothing === 'add-k'
  const signature = signatureOf(allReferences, {
    case: lowercase ? 'lc' : 'mixed',
    eff: effectiveOrder ? 'yes' : 'no',
    tok: tokenize,
    smooth: hasValue ? `${smoothing}[${formatDigits(smoothingValue, 2)}]` : smoothing,
  })
  const ratio = referenceLength === 0 ? 0 : hypothesisLength / referenceLength
  const shown = precisions.map(precision => formatDigits(precision, 1)).join('/')
  const detail =
    `${shown} (BP = ${formatDigits(brevityPenalty, 3)} ratio = ${formatDigits(ratio, 3)} ` +
    `hyp_len = ${hypothesisLength} ref_len = ${referenceLength})`
  const line = `BLEU|${signature} = ${formatDigits(score, 2)} ${detail}`
  return { name: 'BLEU', score, signature, line, precisions, brevityPenalty, hypothesisLength, referenceLength }
}

const smoothingValues: Readonly<Record<BleuSmoothing, number>> = { exp: 0, none: 0, floor: 0.1, 'add-k': 1 }

interface Statistics {
  /** n-grams that stand in a reference, at most as often as there. */
  readonly matches: number[]
  readonly totals: number[]
  hypothesisLength: number
  referenceLength: number
}

function addSentence(statistics: Statistics, hypothesis: readonly string[], references: readonly string[][]): void {
  const own = countNgrams(hypothesis, maximumOrder, ' ')
  const theirs = references.map(words => countNgrams(words, maximumOrder, ' '))
  for (const [n, ngrams] of own.entries()) {
    for (const [ngram, count] of ngrams) {
      statistics.totals[n] += count
      statistics.matches[n] += Math.min(count, Math.max(...theirs.map(counts => counts[n].get(ngram) ?? 0)))
    }
  }
  statistics.hypothesisLength += hypothesis.length
  statistics.referenceLength += closestLength(
    hypothesis.length,
    references.map(words => words.length),
  )
}

/** The length nearest to a translation's; of two that are equally near the shorter. */
function closestLength(length: number, candidates: readonly number[]): number {
  return candidates.reduce((best, candidate) => {
    const nearer = Math.abs(candidate - length) - Math.abs(best - length)
    return nearer < 0 || (nearer === 0 && candidate < best) ? candidate : best
  })
}

function brevity({ hypothesisLength, referenceLength }: Statistics): number {
  if (hypothesisLength >= referenceLength) return 1
  return hypothesisLength > 0 ? Math.exp(1 - referenceLength / hypothesisLength) : 0
}

/** BLEU = BP · exp(mean over n of ln pₙ), and the pₙ. */
function scoreOf(
  statistics: Statistics,
  { smoothing, smoothingValue, effectiveOrder }: Required<Omit<BleuOptions, 'tokenize' | 'lowercase'>>,
): { score: number; precisions: number[] } {
  const precisions: number[] = Array(maximumOrder).fill(0)
  if (!statistics.matches.some(count => count > 0)) return { score: 0, precisions }
  let order = maximumOrder
  let halving = 1
  for (let n = 0; n < maximumOrder; n++) {
    const added = smoothing === 'add-k' && n > 0 ? smoothingValue : 0
    const matches = statistics.matches[n] + added
    const total = statistics.totals[n] + added
    if (total === 0) break
    if (effectiveOrder) order = n + 1
    if (matches > 0) precisions[n] = (100 * matches) / total
    else if (smoothing === 'exp') {
      halving *= 2
      precisions[n] = 100 / (halving * total)
    } else if (smoothing === 'floor') precisions[n] = (100 * smoothingValue) / total
  }
  // A precision of 0 takes the whole score to 0.
  const logarithms = precisions.slice(0, order).map(precision => (precision === 0 ? -9999999999 : Math.log(precision)))
  const mean = logarithms.reduce((sum, value) => sum + value, 0) / order
  return { score: brevity(statistics) * Math.exp(mean), precisions }
}
