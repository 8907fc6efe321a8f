/** What BLEU and chrF share: references, signatures and printed digits as the program sacrebleu has them. */
import { OptionError } from '../base/errors.ts'

/** The release of sacrebleu whose numbers are met; signatures name it. */
export const sacrebleuVersion = '2.6.0'

/** A score of 0 to 100, and how it came about. */
export interface TranslationScore {
  /** As sacrebleu calls it: BLEU, chrF2, chrF2++. */
  readonly name: string
  readonly score: number
  /** All settings, as sacrebleu writes them. */
  readonly signature: string
  /** The line that sacrebleu prints. */
  readonly line: string
}

/**
 * The references of each hypothesis.
 *
 * @param sets - one or more sets of references, each as long as the hypotheses; undefined is a reference that is missing
 * @throws {OptionError} if there is nothing to compare, a set has another length, or a hypothesis has no reference
 */
export function referencesOf(
  metric: string,
  hypotheses: readonly string[],
  sets: readonly (readonly (string | undefined)[])[],
): string[][] {
  if (hypotheses.length === 0) throw new OptionError({ what: metric, expected: 'hypotheses', received: 'none' })
  if (sets.length === 0) throw new OptionError({ what: metric, expected: 'at least one set of references' })
  for (const [index, set] of sets.entries()) {
    if (set.length === hypotheses.length) continue
    const expected = `${hypotheses.length} references, one for each hypothesis`
    throw new OptionError({
      what: `${metric}, set ${index + 1} of references,`,
      expected,
      received: String(set.length),
    })
  }
  return hypotheses.map((_, i) => {
    const references = sets.flatMap(set => set[i] ?? [])
    if (references.length > 0) return references
    throw new OptionError({ what: `${metric}, hypothesis ${i + 1},`, expected: 'a reference', received: 'none' })
  })
}

/** `nrefs:1|case:mixed|...|version:2.6.0` */
export function signatureOf(
  references: readonly (readonly string[])[],
  settings: Record<string, string | number>,
): string {
  const counts = new Set(references.map(own => own.length))
  const nrefs = counts.size === 1 ? references[0].length : 'var'
  const pairs = Object.entries({ nrefs, ...settings, version: sacrebleuVersion })
  return pairs.map(([name, value]) => `${name}:${value}`).join('|')
}

/** How often each n-gram comes, for n from 1 to `order`: of words, or of the characters of a string. */
export function countNgrams(items: readonly string[], order: number, separator: string): Map<string, number>[] {
  return Array.from({ length: order }, (_, i) => {
    const counts = new Map<string, number>()
    for (let begin = 0; begin + i < items.length; begin++) {
      const ngram = items.slice(begin, begin + i + 1).join(separator)
      counts.set(ngram, (counts.get(ngram) ?? 0) + 1)
    }
    return counts
  })
}

/** The pieces between what Python's `split()` takes for white space. */
export function splitSpace(text: string): string[] {
  return text.split(pythonSpace).filter(Boolean)
}

/** A text without white space around it, as Python's `strip()`. */
export function trimSpace(text: string): string {
  return text.replace(surroundingSpace, '')
}

const spaceClass = '[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+'
const pythonSpace = new RegExp(spaceClass)
const surroundingSpace = new RegExp(`^${spaceClass}|${spaceClass}$`, 'g')

/** A number as Python prints it: of two decimals that are equally near the even one, where `toFixed` takes the larger. */
export function formatDigits(value: number, digits: number): string {
  const scaled = value * 10 ** digits
  const isTie = Number.isInteger(value * 2 ** (digits + 1)) && scaled % 1 === 0.5
  return (isTie ? (2 * Math.round(scaled / 2)) / 10 ** digits : value).toFixed(digits)
}
