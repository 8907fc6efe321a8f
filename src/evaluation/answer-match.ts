/**
 * Whether an answer is the expected one, but for case, marks, articles and white space; and how many words both share.
 * Rajpurkar et al., SQuAD: 100,000+ Questions for Machine Comprehension of Text, 2016, section 6.1. Words of Chinese are
 * its characters, and marks are those of all languages, as in Lewis et al., MLQA, 2020, section 4.
 */

/** Lower case, without marks and English articles, one space between words. */
export function normalizeAnswer(text: string): string {
  return text.toLowerCase().replace(marks, '').replace(articles, ' ').split(/\s+/).filter(Boolean).join(' ')
}

/** What ASCII counts as marks, `$` and `+` too, and the punctuation of all languages. */
const marks = /[!-/:-@[-`{-~]|\p{P}/gu
const articles = /(?<![\p{L}\p{N}_])(?:a|an|the)(?![\p{L}\p{N}_])/gu

/** Whether two answers are the same once they are normalized. Spaces between Chinese characters say nothing. */
export function exactMatch(answer: string, expected: string): boolean {
  return answerWords(answer).join(' ') === answerWords(expected).join(' ')
}

/** F1 of the words of an answer against those of the expected one; where one has none, 1 if both have none, else 0. */
export function tokenF1(answer: string, expected: string): number {
  const [words, wanted] = [answerWords(answer), answerWords(expected)]
  if (words.length === 0 || wanted.length === 0) return words.length === wanted.length ? 1 : 0
  const left = new Map<string, number>()
  for (const word of wanted) left.set(word, (left.get(word) ?? 0) + 1)
  let shared = 0
  for (const word of words) {
    const count = left.get(word) ?? 0
    if (count === 0) continue
    left.set(word, count - 1)
    shared++
  }
  return (2 * shared) / (words.length + wanted.length)
}

/** Words of a normalized answer: what spaces separate, and each Han character by itself. */
function answerWords(text: string): string[] {
  return normalizeAnswer(text).match(/\p{Script=Han}|[^\s\p{Script=Han}]+/gu) ?? []
}
