/**
 * Phrases: two words that follow each other more often than chance become one, `new_york`.
 * Mikolov et al., Distributed Representations of Words and Phrases and their Compositionality, 2013, section 4:
 *
 *     score(a, b) = (count(a b) − δ) / (count(a) · count(b)) · N
 *
 * with N words in the text, as the published word2phrase has it; the paper leaves N to the threshold.
 */
import { Counter } from './vocabulary.ts'
import { sentenceBreak, type WordSource } from './words.ts'

export interface PhraseOptions {
  /** δ: pairs and words that occur less often form no phrase. */
  readonly minimumCount: number
  /** What the score must exceed. */
  readonly threshold: number
}

/** Pairs, as `a b`, that are a phrase. */
export type Phrases = ReadonlySet<string>

/** Reads a text once and finds its phrases of two. Of three and more are found by a second pass over the joined text. */
export async function learnPhrases(source: WordSource, { minimumCount, threshold }: PhraseOptions): Promise<Phrases> {
  const words = new Counter()
  const pairs = new Counter()
  let all = 0
  let last = sentenceBreak
  for await (const piece of source.words()) {
    for (const word of piece) {
      if (word !== sentenceBreak) {
        all++
        words.add(word)
        if (last !== sentenceBreak) pairs.add(`${last} ${word}`)
      }
      last = word
    }
  }
  const phrases = new Set<string>()
  for (const [pair, count] of pairs.entries()) {
    const [a, b] = pair.split(' ').map(word => words.get(word))
    if (Math.min(a, b) < minimumCount) continue
    if (((count - minimumCount) / a / b) * all > threshold) phrases.add(pair)
  }
  return phrases
}

/** The text with its phrases joined by `_`, from left to right: a word is in one phrase only. */
export function joinPhrases(source: WordSource, phrases: Phrases): WordSource {
  return {
    name: source.name,
    async *words() {
      let first = sentenceBreak // held back until the next word is known
      for await (const piece of source.words()) {
        const joined: string[] = []
        for (const word of piece) {
          if (first !== sentenceBreak && word !== sentenceBreak && phrases.has(`${first} ${word}`)) {
            joined.push(`${first}_${word}`)
            first = sentenceBreak
            continue
          }
          if (first !== sentenceBreak) joined.push(first)
          if (word === sentenceBreak) joined.push(word)
          first = word
        }
        yield joined
      }
      if (first !== sentenceBreak) yield [first]
    },
  }
}

/** Joins again and again; the threshold halves with each pass, as the published example has it. */
export async function phrasedWords(source: WordSource, passes: number, options: PhraseOptions): Promise<WordSource> {
  let phrased = source
  for (let pass = 0; pass < passes; pass++) {
    const threshold = options.threshold / 2 ** pass
    phrased = joinPhrases(phrased, await learnPhrases(phrased, { ...options, threshold }))
  }
  return phrased
}
