import { DataError } from '../../base/errors.ts'
import { type Storage, writeText } from '../../storage/storage.ts'
import { sentenceBreak, type WordSource } from './words.ts'

/** The words that get a vector, from the most frequent to the rarest. */
export interface WordCounts {
  readonly words: readonly string[]
  readonly counts: Int32Array
}

/** Entries at which a counter forgets its rarest; a Map holds 2^24. */
const crowded = 12_000_000

/** Counts by name. Where there are more names than fit, those that are rarest by then are forgotten. */
export class Counter {
  readonly #counts = new Map<string, number>()
  readonly #crowded: number
  #forgotten = 0

  constructor(limit: number = crowded) {
    this.#crowded = limit
  }

  add(name: string): void {
    const count = this.#counts.get(name)
    this.#counts.set(name, (count ?? 0) + 1)
    if (count === undefined && this.#counts.size >= this.#crowded) this.#forget()
  }

  get(name: string): number {
    return this.#counts.get(name) ?? 0
  }

  entries(): IterableIterator<[string, number]> {
    return this.#counts.entries()
  }

  /** As ReduceVocab of the published program: each time counts one higher go. */
  #forget(): void {
    this.#forgotten++
    for (const [name, count] of this.#counts) if (count <= this.#forgotten) this.#counts.delete(name)
  }
}

/**
 * Reads a text once and counts its words.
 * @throws {DataError} if fewer than two words occur often enough
 */
export async function countWords(
  source: WordSource,
  { minimumCount, maximumVocabulary = Number.POSITIVE_INFINITY }: { minimumCount: number; maximumVocabulary?: number },
): Promise<WordCounts> {
  const counter = new Counter()
  let all = 0
  for await (const piece of source.words()) {
    for (const word of piece) {
      if (word === sentenceBreak) continue
      all++
      counter.add(word)
    }
  }
  const entries = [...counter.entries()]
    .filter(([, count]) => count >= minimumCount)
    .sort((a, b) => b[1] - a[1])
    .slice(0, maximumVocabulary)
  if (entries.length < 2) {
    throw new DataError({
      what: source.name,
      expected: `at least two words that occur ${minimumCount} times or more`,
      received: `${entries.length} among ${all} words`,
      hint: 'Take a longer text, or a smaller --minimum-count.',
    })
  }
  return { words: entries.map(([word]) => word), counts: Int32Array.from(entries, ([, count]) => count) }
}

/** Ids of words, in pieces; words that have no vector are left out, and the vocabulary's size ends a sentence. */
export async function* encodeWords(source: WordSource, { words }: WordCounts): AsyncGenerator<Int32Array> {
  const idOf = new Map(words.map((word, id) => [word, id]))
  const end = words.length
  let last = end
  for await (const piece of source.words()) {
    const ids: number[] = []
    for (const word of piece) {
      const id = word === sentenceBreak ? end : idOf.get(word)
      if (id === undefined || (id === end && last === end)) continue
      ids.push(id)
      last = id
    }
    yield Int32Array.from(ids)
  }
}

/** As text, a word and its count in each line: what the published program and gensim save as a vocabulary. */
export function writeWordCounts(storage: Storage, name: string, { words, counts }: WordCounts): Promise<void> {
  return writeText(storage, name, words.map((word, id) => `${word} ${counts[id]}\n`).join(''))
}

/**
 * Reads what `writeWordCounts` wrote.
 * @param text - the file's
 * @param location - how messages call the file
 * @throws {DataError} if a line is not a word and its count
 */
export function parseWordCounts(text: string, location: string): WordCounts {
  const words: string[] = []
  const counts: number[] = []
  for (const [index, line] of text.split('\n').entries()) {
    if (line === '') continue
    const match = /^(.*) (\d+)$/.exec(line)
    if (match === null) {
      const expected = 'a word, a space and its count'
      throw new DataError({ what: `Line ${index + 1} of ${location}`, expected, received: JSON.stringify(line) })
    }
    words.push(match[1])
    counts.push(Number(match[2]))
  }
  return { words, counts: Int32Array.from(counts) }
}
