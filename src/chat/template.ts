/** Chat templates: Jinja that writes a conversation as the text a model was trained on, as in Hugging Face's folders. */
import { Template } from '@huggingface/jinja'
import { DataError } from '../base/errors.ts'
import type { Conversation } from './conversation.ts'

/** A stretch of a text, in UTF-16 units. */
export interface Span {
  readonly begin: number
  readonly end: number
}

/** A text, and where the assistant's words stand in it. */
export interface AnsweredText {
  readonly text: string
  readonly answers: readonly Span[]
}

export interface ChatTemplateOptions {
  /** What templates call by name: bos_token, eos_token, and so on. */
  readonly specialTokens?: Readonly<Record<string, string>>
}

/** Variables whose values stand for the generation tags while a text is being written. */
const [opening, ending] = ['nacre_answer_begins', 'nacre_answer_ends']
const generationTag = /\{%(-?)\s*(end)?generation\s*(-?)%\}/g

/** A template that has been read. */
export class ChatTemplate {
  readonly source: string
  /** Whether it says by generation tags which words are the assistant's. */
  readonly marksAnswers: boolean
  readonly #specialTokens: Readonly<Record<string, string>>
  readonly #plain: Template
  readonly #marked: Template | undefined

  /** @throws {DataError} if it does not parse, with the words of the library */
  constructor(source: string, { specialTokens = {} }: ChatTemplateOptions = {}) {
    this.source = source
    this.#specialTokens = specialTokens
    this.#plain = parse(source)
    const marked = source.replace(generationTag, (_, left: string, end: string | undefined, right: string) =>
      // Blocks on both sides, so that white space goes where it went beside the tag.
      end === undefined
        ? `{%${left} if true %}{{ ${opening} }}{% if true ${right}%}`
        : `{%${left} endif %}{{ ${ending} }}{% endif ${right}%}`,
    )
    this.marksAnswers = marked !== source
    if (this.marksAnswers) this.#marked = parse(marked)
  }

  /**
   * The text of a conversation.
   *
   * @param options.addGenerationPrompt - whether it ends with the beginning of an answer
   * @throws {DataError} if the template raises, with its words
   */
  render(conversation: Conversation, options: { readonly addGenerationPrompt?: boolean } = {}): string {
    return this.#render(this.#plain, conversation, options.addGenerationPrompt ?? false)
  }

  /**
   * The text of a conversation and where the assistant's turns stand in it: its words and the token that ends a turn.
   * Generation tags say where; without them, what a turn adds to the text of those before it.
   *
   * @param turnEnds - texts of special tokens: where there are no tags, a turn ends with the last of them
   * @throws {DataError} if the template raises, or writes turns otherwise once others follow
   */
  renderAnswers(conversation: Conversation, turnEnds: readonly string[]): AnsweredText {
    if (this.#marked === undefined) return this.#answersByPrefixes(conversation, turnEnds)
    const [begins, ends] = unusedCharacters(this.source + JSON.stringify([conversation, this.#specialTokens]))
    const marks = { [opening]: begins, [ending]: ends }
    return spansOf(this.#render(this.#marked, conversation, false, marks), begins, ends)
  }

  /**
   * The same as one text; as several, each with its last answer, where the template writes turns otherwise once others follow:
   * Qwen 3's writes thoughts in the last turn only. So each answer comes after what the model is given when it is asked.
   *
   * @throws {DataError} if the template raises, or an answer does not follow the beginning of an answer
   */
  renderAnswersApart(conversation: Conversation, turnEnds: readonly string[]): readonly AnsweredText[] {
    if (this.#marked !== undefined) return [this.renderAnswers(conversation, turnEnds)]
    const text = this.render(conversation)
    const turns = this.#turns(conversation, text)
    if (turns.every(({ after }) => text.startsWith(after))) return [answered(text, turns, turnEnds)]
    return turns.map(turn => answered(turn.after, [turn], turnEnds))
  }

  #answersByPrefixes(conversation: Conversation, turnEnds: readonly string[]): AnsweredText {
    const text = this.render(conversation)
    return answered(text, this.#turns(conversation, text), turnEnds)
  }

  /** What is written before each turn of the assistant, and with it; the text is that of all of them. */
  #turns(conversation: Conversation, text: string): Turn[] {
    const { messages } = conversation
    const upTo = (count: number): Conversation => ({ ...conversation, messages: messages.slice(0, count) })
    return messages.flatMap(({ role }, i): Turn[] => {
      if (role !== 'assistant') return []
      const before = this.render(upTo(i), { addGenerationPrompt: true })
      return [{ number: i + 1, before, after: i + 1 === messages.length ? text : this.render(upTo(i + 1)) }]
    })
  }

  #render(template: Template, { messages, tools }: Conversation, addGenerationPrompt: boolean, marks = {}): string {
    try {
      const given = { messages, tools: tools ?? null, add_generation_prompt: addGenerationPrompt }
      return template.render({ ...this.#specialTokens, ...given, ...marks })
    } catch (cause) {
      throw new DataError(
        { what: 'The chat template', expected: 'a conversation that it can write', received: messageOf(cause) },
        { cause },
      )
    }
  }
}

interface Turn {
  readonly number: number
  readonly before: string
  readonly after: string
}

/** @throws {DataError} if the text does not begin as it did up to one of the turns */
function answered(text: string, turns: readonly Turn[], turnEnds: readonly string[]): AnsweredText {
  const answers = turns.map(({ number, before, after }): Span => {
    if (!text.startsWith(before) || !text.startsWith(after)) {
      throw new DataError({
        what: `The chat template, turn ${number},`,
        expected: 'a text that is the same whatever follows',
        received: 'another one',
        hint: 'Mark the answers in the template: {% generation %} ... {% endgeneration %}.',
      })
    }
    const words = after.slice(before.length)
    const ends = turnEnds.map(token => words.lastIndexOf(token) + (words.includes(token) ? token.length : 1))
    const length = Math.max(0, ...ends)
    return { begin: before.length, end: before.length + (length > 0 ? length : words.length) }
  })
  return { text, answers }
}

function parse(source: string): Template {
  try {
    return new Template(source)
  } catch (cause) {
    const hint = 'Is it whole, and every block of it closed?'
    throw new DataError({ what: 'The chat template', expected: 'Jinja', received: messageOf(cause), hint }, { cause })
  }
}

const messageOf = (cause: unknown): string => `"${cause instanceof Error ? cause.message : String(cause)}"`

/** Two characters for private use that a text has not. */
function unusedCharacters(text: string): string[] {
  const found: string[] = []
  for (let code = 0xf8ff; code >= 0xe000 && found.length < 2; code--)
    if (!text.includes(String.fromCharCode(code))) found.push(String.fromCharCode(code))
  if (found.length === 2) return found
  const [expected, received] = ['two characters for private use that it has not', 'one that has them all']
  throw new DataError({ what: 'A conversation', expected, received })
}

function spansOf(marked: string, opening: string, ending: string): AnsweredText {
  let text = ''
  const answers: Span[] = []
  let begin = 0
  for (const piece of marked.split(new RegExp(`(${opening}|${ending})`))) {
    if (piece === opening) begin = text.length
    else if (piece === ending) answers.push({ begin, end: text.length })
    else text += piece
  }
  return { text, answers: answers.filter(span => span.end > span.begin) }
}
