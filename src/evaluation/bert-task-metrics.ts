/** What a tagger's names and a reader's answers come to: metrics with their intervals. */
import { stretchesOfTags } from '../data/tagged-words.ts'
import { exactMatch, tokenF1 } from './answer-match.ts'
import { bootstrap, wilson } from './intervals.ts'
import type { Metric } from './task-metrics.ts'

/** A sentence: its tags, and those that were predicted; undefined where the model did not see the word. */
export interface TagOutcome {
  readonly tags: readonly string[]
  readonly predicted: readonly (string | undefined)[]
}

/** Names that are there, that were found, and that are both: the same kind from the same word to the same word. */
interface NameCounts {
  readonly wanted: number
  readonly found: number
  readonly right: number
}

const countsOf = ({ tags, predicted }: TagOutcome): NameCounts => {
  const names = (of: readonly string[]) => stretchesOfTags(of).map(({ kind, first, end }) => `${kind} ${first} ${end}`)
  const wanted = new Set(names(tags))
  const found = names(predicted.map(tag => tag ?? 'O'))
  return { wanted: wanted.size, found: found.length, right: found.filter(name => wanted.has(name)).length }
}

/** F1, precision and recall of names as conlleval counts them (Tjong Kim Sang and De Meulder, 2003), and the share of right tags. */
export function tagMetrics(outcomes: readonly TagOutcome[], { seed }: { readonly seed?: number } = {}): Metric[] {
  const counts = outcomes.map(countsOf)
  const total = (indices: Iterable<number>): NameCounts => {
    let [wanted, found, right] = [0, 0, 0]
    for (const i of indices) {
      wanted += counts[i].wanted
      found += counts[i].found
      right += counts[i].right
    }
    return { wanted, found, right }
  }
  const share = (part: number, whole: number) => (whole === 0 ? Number.NaN : part / whole)
  const metrics: readonly (readonly [string, (counts: NameCounts) => number])[] = [
    ['F1 of names', ({ wanted, found, right }) => share(2 * right, wanted + found)],
    ['precision', ({ found, right }) => share(right, found)],
    ['recall', ({ wanted, right }) => share(right, wanted)],
  ]
  const words = outcomes.flatMap(({ tags, predicted }) => tags.map((tag, i) => tag === predicted[i]))
  const rightTags = words.filter(Boolean).length
  return [
    ...metrics.map(([name, of]): Metric => {
      const interval = bootstrap(outcomes.length, indices => of(total(indices)), { seed })
      return { name, value: of(total(outcomes.keys())), isShare: true, interval, examples: outcomes.length }
    }),
    {
      ...{ name: 'accuracy of tags', value: share(rightTags, words.length), isShare: true },
      ...{ interval: wilson(rightTags, words.length), examples: words.length },
    },
  ]
}

/** A question: the answer that was found, and those that count as right. */
export interface ReadingOutcome {
  readonly answer: string
  readonly expected: readonly string[]
}

/** Exact match and F1 of words, of the best of the expected answers: SQuAD's. */
export function readingMetrics(
  outcomes: readonly ReadingOutcome[],
  { seed }: { readonly seed?: number } = {},
): Metric[] {
  const exact = outcomes.filter(({ answer, expected }) => expected.some(one => exactMatch(answer, one))).length
  const shares = outcomes.map(({ answer, expected }) => Math.max(...expected.map(one => tokenF1(answer, one))))
  const mean = (indices: Iterable<number>) => {
    let sum = 0
    for (const i of indices) sum += shares[i]
    return sum / shares.length
  }
  const examples = outcomes.length
  const interval = bootstrap(examples, mean, { seed })
  return [
    { name: 'exact match', value: exact / examples, isShare: true, interval: wilson(exact, examples), examples },
    { name: 'F1 of words', value: mean(outcomes.keys()), isShare: true, interval, examples },
  ]
}
