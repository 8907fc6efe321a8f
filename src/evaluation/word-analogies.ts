/** How many analogies vectors complete: "Athens" is to "Greece" as "Oslo" is to ... */
import { DataError } from '../base/errors.ts'
import { type AnalogyRule, analogyScores, type WordVectors } from '../models/word-vectors.ts'

export interface AnalogySection {
  readonly name: string
  /** a is to b as c is to d. */
  readonly questions: readonly (readonly [a: string, b: string, c: string, d: string])[]
}

export interface SectionResult {
  readonly name: string
  readonly correct: number
  /** Questions of which all four words have vectors. */
  readonly covered: number
  readonly questions: number
}

export interface AnalogyResult extends Omit<SectionResult, 'name'> {
  readonly sections: readonly SectionResult[]
  /** Correct among the covered ones; NaN where none is covered. */
  readonly accuracy: number
}

/**
 * Questions, one in a line: four words; `: name` begins a section, as in Google's questions-words.txt and CA8.
 *
 * @param location - how messages call the file
 * @throws {DataError} with its number, if a line is something else
 */
export function parseAnalogies(text: string, location: string): AnalogySection[] {
  const sections: { name: string; questions: [string, string, string, string][] }[] = []
  for (const [index, line] of text
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .entries()) {
    if (line.trim() === '') continue
    if (line.startsWith(':')) {
      sections.push({ name: line.slice(1).trim(), questions: [] })
      continue
    }
    const words = line.trim().split(/\s+/)
    if (words.length !== 4) {
      const expected = 'four words, or ": " and the name of a section'
      throw new DataError({ what: `Line ${index + 1} of ${location}`, expected, received: JSON.stringify(line) })
    }
    if (sections.length === 0) sections.push({ name: 'all', questions: [] })
    sections[sections.length - 1].questions.push([words[0], words[1], words[2], words[3]])
  }
  return sections
}

/**
 * The share of questions whose best answer, the three given words left out, is the right one.
 *
 * @param among - answers, and questions, only of so many of the most frequent words; default 30,000, as the published
 * program has it
 */
export function analogyAccuracy(
  vectors: WordVectors,
  sections: readonly AnalogySection[],
  { rule = 'add', among = 30_000 }: { rule?: AnalogyRule; among?: number } = {},
): AnalogyResult {
  const find = (word: string) => {
    const id = vectors.find(word)
    return id !== undefined && id < among ? id : undefined
  }
  const results = sections.map(({ name, questions }) => {
    const rows = new Map<number, Float32Array>() // the words of a section return many times
    const similarities = (id: number) => {
      const row = rows.get(id) ?? vectors.similarities(id, among)
      rows.set(id, row)
      return row
    }
    let [correct, covered] = [0, 0]
    for (const question of questions) {
      const ids = question.map(find)
      if (!isWhole(ids)) continue
      covered++
      const [a, b, c, d] = ids
      const scores = analogyScores(rule, similarities(a), similarities(b), similarities(c))
      for (const id of [a, b, c]) scores[id] = Number.NEGATIVE_INFINITY
      if (best(scores) === d) correct++
    }
    return { name, correct, covered, questions: questions.length }
  })
  const sum = (of: 'correct' | 'covered' | 'questions') => results.reduce((total, result) => total + result[of], 0)
  const [correct, covered] = [sum('correct'), sum('covered')]
  return { sections: results, correct, covered, questions: sum('questions'), accuracy: correct / covered }
}

function best(scores: Float32Array): number {
  let at = 0
  for (let i = 1; i < scores.length; i++) if (scores[i] > scores[at]) at = i
  return at
}

const isWhole = (ids: readonly (number | undefined)[]): ids is number[] => ids.every(id => id !== undefined)
