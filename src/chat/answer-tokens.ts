import type { TrainingExample } from '../data/packing.ts'
import type { Tokenizer } from '../tokenizers/tokenizer.ts'
import type { Conversation } from './conversation.ts'
import type { ChatTemplate, Span } from './template.ts'

/**
 * A conversation's tokens, and which of them are the assistant's. A token on the border belongs to the answer.
 * @throws {DataError} if the template raises
 * @throws {TokenizerError} if the vocabulary lacks something of the text
 */
export function conversationTokens(
  tokenizer: Tokenizer,
  template: ChatTemplate,
  conversation: Conversation,
): TrainingExample {
  const { text, answers } = template.renderAnswers(conversation, [...tokenizer.specialTokens.keys()])
  return markedTokens(tokenizer, text, answers)
}

/**
 * The same as one example; as several, each with its last answer, where the template writes turns otherwise once others follow.
 * @throws {DataError} if the template raises
 * @throws {TokenizerError} if the vocabulary lacks something of the text
 */
export function conversationExamples(
  tokenizer: Tokenizer,
  template: ChatTemplate,
  conversation: Conversation,
): TrainingExample[] {
  const texts = template.renderAnswersApart(conversation, [...tokenizer.specialTokens.keys()])
  return texts.map(({ text, answers }) => markedTokens(tokenizer, text, answers))
}

/** The special tokens that end the assistant's turn in a template: where generation stops. */
export function turnEndIds(tokenizer: Tokenizer, template: ChatTemplate): readonly number[] {
  const messages = [
    { role: 'user', content: '' },
    { role: 'assistant', content: '' },
  ] as const
  const { ids, isAnswer } = conversationTokens(tokenizer, template, { messages })
  const last = ids[isAnswer.lastIndexOf(1)]
  return [...tokenizer.specialTokens.values()].includes(last) ? [last] : []
}

/** A text's tokens, and which of them reach into one of its spans. */
export function markedTokens(tokenizer: Tokenizer, text: string, spans: readonly Span[]): TrainingExample {
  const ids = tokenizer.encode(text, { special: true })
  const isAnswer = new Uint8Array(ids.length)
  const ends = spelledEnds(tokenizer, ids, text)
  for (const span of spans) {
    const [begin, end] = ends === undefined ? commonTokens(tokenizer, ids, text, span) : spelledTokens(ends, text, span)
    isAnswer.fill(1, begin, end)
  }
  return { ids, isAnswer }
}

/** Where each token ends, in bytes of the text; undefined where the tokens do not spell it. */
function spelledEnds(tokenizer: Tokenizer, ids: Int32Array, text: string): Float64Array | undefined {
  const bytes = new TextEncoder().encode(text)
  const ends = new Float64Array(ids.length)
  let position = 0
  for (let i = 0; i < ids.length; i++) {
    for (const byte of tokenizer.bytes(ids[i])) if (bytes[position++] !== byte) return undefined
    ends[i] = position
  }
  return position === bytes.length ? ends : undefined
}

/** The tokens that reach into a span. */
function spelledTokens(ends: Float64Array, text: string, { begin, end }: Span): [number, number] {
  const firstByte = byteLength(text.slice(0, begin))
  const lastByte = firstByte + byteLength(text.slice(begin, end))
  const first = ends.findIndex(position => position > firstByte)
  const last = ends.findIndex(position => position >= lastByte)
  return [first < 0 ? ends.length : first, last < 0 ? ends.length : last + 1]
}

const byteLength = (text: string): number => new TextEncoder().encode(text).length

/** Tokens from the first that differs from those of the text before the span, up to what the text with it has. */
function commonTokens(tokenizer: Tokenizer, ids: Int32Array, text: string, { begin, end }: Span): [number, number] {
  const first = commonLength(tokenizer.encode(text.slice(0, begin), { special: true }), ids)
  const whole = tokenizer.encode(text.slice(0, end), { special: true })
  const last = commonLength(whole, ids)
  return [first, last < whole.length ? last + 1 : last]
}

function commonLength(a: Int32Array, b: Int32Array): number {
  let length = 0
  while (length < a.length && length < b.length && a[length] === b[length]) length++
  return length
}
