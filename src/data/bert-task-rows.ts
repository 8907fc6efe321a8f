/** Rows of BERT for tasks with several answers: tags of words, places of an answer. Devlin et al., 2018, section 4. */
import type { Tokenizer } from '../tokenizers/tokenizer.ts'
import { bertPair, bertText } from './bert-rows.ts'
import type { AnsweredQuestion } from './questions.ts'
import type { TaggedWords } from './tagged-words.ts'
import type { EncodedText } from './text-batches.ts'

type Vocabulary = Pick<Tokenizer, 'specialTokens' | 'encode'>

/** A row of words, and at which place each begins; -1 of words that no longer fit. */
export interface WordsRow {
  readonly ids: Int32Array
  readonly places: readonly number[]
}

export function wordsRow(words: readonly string[], tokenizer: Vocabulary, context: number): WordsRow {
  const ids: number[] = []
  const places = words.map(word => {
    const pieces = tokenizer.encode(word)
    if (pieces.length === 0 || ids.length + pieces.length > context - 2) return -1
    ids.push(...pieces)
    return ids.length - pieces.length + 1 // behind [CLS]
  })
  return { ids: bertText(tokenizer, ids).ids, places }
}

/** The first piece of each word has its tag, the others count for nothing. An unknown tag is one, too. */
export function taggedRow(
  { words, tags }: TaggedWords,
  labels: readonly string[],
  tokenizer: Vocabulary,
  context: number,
): EncodedText {
  const { ids, places } = wordsRow(words, tokenizer, context)
  const answers = new Int32Array(ids.length).fill(-1)
  for (const [i, place] of places.entries()) if (place > 0) answers[place] = labels.indexOf(tags[i])
  return { ids, answers, label: -1, ...(places.includes(-1) && { isCut: true }) }
}

/** Tokens of a text, and where each stands in it, in UTF-16 units. */
interface PlacedTokens {
  readonly ids: readonly number[]
  readonly starts: readonly number[]
  readonly ends: readonly number[]
}

/** As BERT cuts words: at white space, and around punctuation and Chinese characters. */
const unit = /\p{Script=Han}|[\p{L}\p{N}\p{M}]+|[^\s]/gu

/** The words of a text, and where each stands, in UTF-16 units. */
export const wordsOfText = (text: string): { readonly word: string; readonly start: number; readonly end: number }[] =>
  Array.from(text.matchAll(unit), ({ 0: word, index }) => ({ word, start: index, end: index + word.length }))

function placedTokens(text: string, tokenizer: Vocabulary): PlacedTokens {
  const [ids, starts, ends]: number[][] = [[], [], []]
  for (const { word, start, end } of wordsOfText(text)) {
    for (const id of tokenizer.encode(word)) {
      ids.push(id)
      starts.push(start)
      ends.push(end)
    }
  }
  return { ids, starts, ends }
}

/** Tokens that two windows of a long text share at least. */
const overlap = 0.5

/** A question and a window of the text. */
export interface QuestionWindow {
  readonly ids: Int32Array
  /** The place of the window's first token. */
  readonly begin: number
  /** Where each of its tokens stands in the text. */
  readonly starts: readonly number[]
  readonly ends: readonly number[]
}

/** [CLS] question [SEP] window [SEP], for windows over the whole text. */
export function questionWindows(
  { question, text }: Pick<AnsweredQuestion, 'question' | 'text'>,
  tokenizer: Vocabulary,
  context: number,
): QuestionWindow[] {
  const asked = tokenizer.encode(question).subarray(0, Math.floor(context / 2))
  const { ids, starts, ends } = placedTokens(text, tokenizer)
  const room = context - 3 - asked.length
  const step = Math.max(1, Math.floor(room * overlap))
  const windows: QuestionWindow[] = []
  for (let first = 0; first === 0 || first + room - step < ids.length; first += step) {
    const end = first + room
    windows.push({
      ids: bertPair(tokenizer, asked, ids.slice(first, end)).ids,
      begin: asked.length + 2,
      starts: starts.slice(first, end),
      ends: ends.slice(first, end),
    })
  }
  return windows
}

/** The window that shows most before and behind the answer, with its first and last place. */
export function questionRow(question: AnsweredQuestion, tokenizer: Vocabulary, context: number): EncodedText {
  const { start, end } = question.answer
  const rows = questionWindows(question, tokenizer, context).flatMap(({ ids, begin, starts, ends }) => {
    const first = ends.findIndex(place => place > start)
    const last = starts.findLastIndex(place => place < end)
    const isWhole = first >= 0 && last >= first && starts[first] <= start && ends[last] >= end
    return isWhole ? [{ ids, answers: [begin + first, begin + last], margin: Math.min(first, ids.length - last) }] : []
  })
  const best = rows.reduce((a, b) => (b.margin > a.margin ? b : a), rows[0])
  if (best !== undefined) return { ids: best.ids, answers: best.answers, label: -1 }
  return { ids: questionWindows(question, tokenizer, context)[0].ids, answers: [-1, -1], label: -1 }
}
