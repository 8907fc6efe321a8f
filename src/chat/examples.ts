/** From records of any format to tokens that are learned from. */
import { DataError, TokenizerError } from '../base/errors.ts'
import { Random } from '../base/random.ts'
import type { TrainingExample } from '../data/packing.ts'
import type { RecordProblems } from '../data/records.ts'
import type { Tokenizer } from '../tokenizers/tokenizer.ts'
import { conversationExamples, markedTokens } from './answer-tokens.ts'
import type { Conversation } from './conversation.ts'
import type { PlacedRecord } from './formats.ts'
import type { ChatTemplate } from './template.ts'

/**
 * What becomes of an example that is longer than the context: it is left out; the beginning of its prompt is, so that the
 * end of the prompt and the answer stay; or it is an error. Texts without a prompt are cut into windows instead.
 */
export const tooLongPolicies = ['drop', 'cut-left', 'error'] as const
export type TooLong = (typeof tooLongPolicies)[number]

export interface ExampleOptions {
  readonly tokenizer: Tokenizer
  /** For conversations. */
  readonly template: ChatTemplate
  /** T: an example has at most one token more, the last target. */
  readonly context: number
  readonly tooLong: TooLong
}

/** Examples and what became of the records. */
export interface ExampleReport {
  readonly examples: TrainingExample[]
  /** Tokens of all examples, and those of the answers. */
  readonly tokens: number
  readonly answerTokens: number
  /** Too long for the context, and left out; an answer that fills it alone is always left out. */
  readonly dropped: number
  /** Too long for the context, and cut. */
  readonly cut: number
}

/**
 * What is learned from and what is held out: at random, or of records in order, which grow harder, one in so many.
 * @param options - of `limit`, so many at random are learned from
 */
export function splitRecords<T>(
  records: readonly T[],
  options: {
    readonly seed: number
    readonly validationFraction: number
    readonly limit?: number
    readonly inOrder: boolean
  },
): [train: T[], held: T[]] {
  const { seed, validationFraction, limit, inOrder } = options
  const shuffled = new Random(seed, 'split').shuffle([...records])
  const count = Math.min(shuffled.length - 1, Math.max(1, Math.floor(shuffled.length * validationFraction)))
  if (!inOrder) return [shuffled.slice(count).slice(0, limit), shuffled.slice(0, count)]
  const every = Math.max(2, Math.round(1 / validationFraction))
  const held = records.filter((_, i) => count > 0 && i % every === 0) // a single one is learned
  const isHeld = new Set(held)
  const isPicked = new Set(shuffled.filter(record => !isHeld.has(record)).slice(0, limit))
  return [records.filter(record => isPicked.has(record)), held]
}

/**
 * Tokens of all records. What is wrong is counted in `problems`, which the caller checks before training.
 * @throws {DataError} if a record is too long and that is an error
 */
export async function buildExamples(
  records: AsyncIterable<PlacedRecord>,
  problems: RecordProblems,
  options: ExampleOptions,
): Promise<ExampleReport> {
  const examples: TrainingExample[] = []
  const limit = options.context + 1
  let dropped = 0
  let cut = 0
  for await (const record of records) {
    for (const tokens of writableTokens(record, problems, options)) {
      const { length } = tokens.ids
      if (length <= limit) examples.push(tokens)
      else if (record.kind === 'text') {
        cut++
        for (const window of windows(tokens, limit)) examples.push(window)
      } else if (options.tooLong === 'error') {
        throw new DataError({
          what: record.where,
          expected: `at most ${limit} tokens, one more than the context`,
          received: String(length),
          hint: 'Take a longer context, or drop or cut such examples.',
        })
      } else {
        const rest = options.tooLong === 'cut-left' ? endOf(tokens, limit) : undefined
        if (rest === undefined) dropped++
        else {
          cut++
          examples.push(rest)
        }
      }
    }
  }
  const sum = (count: (example: TrainingExample) => number) => examples.reduce((total, one) => total + count(one), 0)
  return {
    examples,
    tokens: sum(({ ids }) => ids.length),
    answerTokens: sum(({ isAnswer }) => isAnswer.reduce((total, one) => total + one, 0)),
    dropped,
    cut,
  }
}

/** A vocabulary may lack a character of one record and of no other. */
function writableTokens(...[record, problems, options]: Parameters<typeof tokensOf>): ReturnType<typeof tokensOf> {
  try {
    return tokensOf(record, problems, options)
  } catch (error) {
    if (!(error instanceof TokenizerError)) throw error
    problems.add(record.where, "a text that the model's vocabulary can write", String(error.received))
    return []
  }
}

/** One example, as a rule; none of a record with a problem. */
function tokensOf(
  record: PlacedRecord,
  problems: RecordProblems,
  { tokenizer, template }: ExampleOptions,
): TrainingExample[] {
  if (record.kind === 'labelled') {
    problems.add(record.where, 'a text, a completion or a conversation', 'a labelled text, which a classifier learns')
    return []
  }
  if (record.kind === 'choice') {
    problems.add(
      record.where,
      'a text, a completion or a conversation',
      'choices, of which a classifier learns the right one',
    )
    return []
  }
  if (record.kind === 'conversation') {
    const [turn, name] = specialTokenIn(record, tokenizer)
    if (name === undefined) return writtenTokens(record, problems, { tokenizer, template })
    problems.add(
      `${record.where}, ${turn === 0 ? 'the tools' : `turn ${turn}`}`,
      'words without special tokens',
      `"${name}"`,
    )
    return []
  }
  if (record.kind === 'text') return [withEnd(allAnswer(tokenizer.encode(record.text)), tokenizer)]
  const { prompt, completion } = record
  const name = [...tokenizer.specialTokens.keys()].find(token => (prompt + completion).includes(token))
  if (name !== undefined) {
    problems.add(record.where, 'words without special tokens', `"${name}"`)
    return []
  }
  const text = prompt + completion
  return [withEnd(markedTokens(tokenizer, text, [{ begin: prompt.length, end: text.length }]), tokenizer)]
}

/** A template may raise for one conversation and not for another. */
function writtenTokens(
  record: PlacedRecord & { readonly kind: 'conversation' },
  problems: RecordProblems,
  { tokenizer, template }: Pick<ExampleOptions, 'tokenizer' | 'template'>,
): TrainingExample[] {
  try {
    return conversationExamples(tokenizer, template, record)
  } catch (error) {
    if (!(error instanceof DataError)) throw error
    problems.add(record.where, error.expected, `${error.received} from the chat template`)
    return []
  }
}

/** The first turn, or 0 for the tools, whose words would become a special token, which could end a turn. */
function specialTokenIn(
  { messages, tools }: Conversation,
  { specialTokens }: Tokenizer,
): [turn: number, name: string | undefined] {
  const names = [...specialTokens.keys()]
  const inText = (text: string) => names.find(name => text.includes(name))
  const inValues = (values: unknown) => {
    if (values === undefined) return undefined
    const text = JSON.stringify(values)
    return names.find(name => text.includes(JSON.stringify(name).slice(1, -1)))
  }
  const ofTools = inValues(tools)
  if (ofTools !== undefined) return [0, ofTools]
  for (const [i, { content, tool_calls: calls }] of messages.entries()) {
    const name = inText(content) ?? inValues(calls)
    if (name !== undefined) return [i + 1, name]
  }
  return [0, undefined]
}

const allAnswer = (ids: Int32Array): TrainingExample => ({ ids, isAnswer: new Uint8Array(ids.length).fill(1) })

/** With the token that ends a document, where there is one: it is to be learned too. */
function withEnd({ ids, isAnswer }: TrainingExample, { endOfText }: Tokenizer): TrainingExample {
  if (endOfText === undefined) return { ids, isAnswer }
  return { ids: Int32Array.of(...ids, endOfText), isAnswer: Uint8Array.of(...isAnswer, 1) }
}

/** Windows of which each begins with the last token of the one before. */
function windows({ ids, isAnswer }: TrainingExample, limit: number): TrainingExample[] {
  const found: TrainingExample[] = []
  for (let begin = 0; begin + 1 < ids.length; begin += limit - 1)
    found.push({ ids: ids.slice(begin, begin + limit), isAnswer: isAnswer.slice(begin, begin + limit) })
  return found
}

/** The last tokens; none where they would begin within an answer that has lost its prompt. */
function endOf({ ids, isAnswer }: TrainingExample, limit: number): TrainingExample | undefined {
  const rest = { ids: ids.slice(-limit), isAnswer: isAnswer.slice(-limit) }
  const prompt = rest.isAnswer.indexOf(0)
  if (prompt < 0) return undefined
  if (rest.isAnswer[0] === 0) return rest.isAnswer.includes(1) ? rest : undefined
  rest.isAnswer.fill(0, 0, prompt) // the end of an earlier answer is only read
  return rest.isAnswer.includes(1) ? rest : undefined
}
