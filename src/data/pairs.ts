/** Pairs of sentences: a source and what it is to become, for translation and dialogue. */
import { DataError } from '../base/errors.ts'
import { Random } from '../base/random.ts'
import { linesOf, type TextSource } from './text.ts'

export interface SentencePair {
  readonly source: string
  readonly target: string
}

export interface PairsOptions {
  /** What to do with a line without a tab: name it in an error, or leave it out; default `refuse`. */
  readonly missingTab?: 'refuse' | 'skip'
  /** Whether the second column is the source; default false. */
  readonly secondIsSource?: boolean
}

export interface ReadPairs {
  readonly pairs: SentencePair[]
  /** Numbers of the lines that were left out, 1 at first. */
  readonly skipped: number[]
}

/**
 * Pairs from a text with a tab between the two sides of each line; further columns and empty lines are left out.
 * @throws {DataError} with the number of the line, if a side is empty or a tab is missing and not to be skipped
 */
export async function readPairs(text: TextSource, options: PairsOptions = {}): Promise<ReadPairs> {
  const { missingTab = 'refuse', secondIsSource = false } = options
  const pairs: SentencePair[] = []
  const skipped: number[] = []
  let number = 0
  for await (const line of linesOf(text)) {
    number++
    if (line.trim() === '') continue
    const columns = line.split('\t').map(column => column.trim())
    if (columns.length < 2 || columns[0] === '' || columns[1] === '') {
      if (missingTab === 'refuse') throw malformed(text.name, number, line, columns.length < 2)
      skipped.push(number)
      continue
    }
    const [first, second] = columns
    pairs.push(secondIsSource ? { source: second, target: first } : { source: first, target: second })
  }
  if (pairs.length === 0) throw new DataError({ what: text.name, expected: 'pairs of sentences', received: 'none' })
  return { pairs, skipped }
}

function malformed(name: string, number: number, line: string, hasNoTab: boolean): DataError {
  return new DataError({
    what: `${name}, line ${number},`,
    expected: 'two sentences with a tab between them',
    received: `${JSON.stringify(line.slice(0, 60))}, ${hasNoTab ? 'without a tab' : 'with an empty side'}`,
    hint: 'Mend the line, or leave such lines out with --skip-malformed.',
  })
}

/**
 * Pairs from two texts whose lines belong together.
 * @throws {DataError} if one has more lines
 */
export async function alignLines(source: TextSource, target: TextSource): Promise<SentencePair[]> {
  const [sources, targets] = [await allLines(source), await allLines(target)]
  if (sources.length !== targets.length) {
    const expected = `as many lines as ${source.name} has (${sources.length})`
    throw new DataError({ what: target.name, expected, received: String(targets.length) })
  }
  return sources.map((line, i) => ({ source: line.trim(), target: targets[i].trim() }))
}

async function allLines(text: TextSource): Promise<string[]> {
  const lines: string[] = []
  for await (const line of linesOf(text)) lines.push(line)
  return lines
}

export interface SplitPairs {
  readonly train: SentencePair[]
  readonly validation: SentencePair[]
  readonly test: SentencePair[]
}

/**
 * Splits pairs at random; the same seed gives the same parts. Pairs with one target, apart from case and punctuation,
 * stay together, so that no part knows the answers of another.
 *
 * @param options.validation - the share of the pairs that is held out to choose by; options.test - to report
 */
export function splitPairs(
  pairs: readonly SentencePair[],
  { seed, validation, test }: { seed: number; validation: number; test: number },
): SplitPairs {
  const groups = new Map<string, SentencePair[]>()
  for (const pair of pairs) {
    const key = pair.target
      .toLowerCase()
      .replaceAll(/[\p{P}\p{S}\s]+/gu, ' ')
      .trim()
    const group = groups.get(key)
    if (group) group.push(pair)
    else groups.set(key, [pair])
  }
  const shuffled = new Random(seed, 'split').shuffle([...groups.values()])
  const parts: SplitPairs = { train: [], validation: [], test: [] }
  for (const group of shuffled) {
    const part =
      parts.test.length < test * pairs.length
        ? parts.test
        : parts.validation.length < validation * pairs.length
          ? parts.validation
          : parts.train
    part.push(...group)
  }
  return parts
}
