/**
 * Conversations about the small world: what a first assistant learns from. Each has an example of the world as its user and
 * its assistant would say it, in one language; a story is asked about several times. The easiest come first (Bengio et al.,
 * Curriculum Learning, 2009): stories in which nothing happens yet, then those of one or two events.
 */
import { Random } from '../base/random.ts'
import { type Language, type SmallWorldExamples, smallWorldExamples } from '../data/small-world.ts'
import type { Conversation, Message } from './conversation.ts'

export interface SmallWorldConversationOptions {
  /** Decides every conversation; two seeds have different ones. */
  readonly seed: number
  readonly language: Language
  /** How many. */
  readonly count: number
}

/** How often each kind comes: most conversations are about a story, for its questions are what is hard. */
const shares: Readonly<Record<Exclude<keyof typeof turnsOf, 'questionAtOnce' | 'questionSoon'>, number>> = {
  question: 24,
  story: 1,
  translation: 2,
  entailment: 2,
  sentiment: 1,
  dialogue: 1,
  instruction: 1,
}
/** What part of the conversations each kind of easy question is, at the beginning. */
const easyShares = { questionAtOnce: 0.15, questionSoon: 0.15 } as const
/** Questions about one story: few, so that little can be told from the answers before. */
const questionsOfStory = 4

/** Conversations: easy questions, then all kinds in a random order. */
export function* smallWorldConversations({
  seed,
  language,
  count,
}: SmallWorldConversationOptions): Generator<Conversation> {
  const random = new Random(seed, `small world/conversations/${language}`)
  const kinds = Object.keys(turnsOf) as (keyof typeof turnsOf)[]
  const deck = (Object.keys(shares) as (keyof typeof shares)[]).flatMap(kind =>
    Array.from({ length: shares[kind] }, () => kind),
  )
  const examples = new Map(
    kinds.map(kind => [kind, smallWorldExamples({ seed, language, kind, documents: count })[Symbol.iterator]()]),
  )
  const { questionAtOnce, questionSoon } = easyShares
  for (let i = 0; i < count; i++) {
    const isEasy = i < count * (questionAtOnce + questionSoon)
    const easy = i < count * questionAtOnce ? 'questionAtOnce' : 'questionSoon'
    const kind = isEasy ? easy : deck[random.integer(deck.length)]
    yield { messages: conversationOf(kind, examples.get(kind)!.next().value, language, random) }
  }
}

function conversationOf(
  kind: keyof typeof turnsOf,
  example: unknown,
  language: Language,
  random: Random,
): readonly Message[] {
  const turns = (turnsOf[kind] as (example: unknown, language: Language, random: Random) => string[])(
    example,
    language,
    random,
  )
  return turns.map((content, i) => ({ role: i % 2 === 0 ? 'user' : 'assistant', content }))
}

/** A story and a question about it, as a user types it. */
export const askAbout = (story: string, question: string, language: Language): string =>
  language === 'en' ? `${story} ${question}` : `${story}${question}`

function asked({ story, all }: SmallWorldExamples['question'], language: Language, random: Random): string[] {
  return random
    .shuffle([...all])
    .slice(0, questionsOfStory)
    .flatMap(({ question, fact }, i) => [i === 0 ? askAbout(story, question, language) : question, fact])
}

/** What user and assistant say by turns. */
const turnsOf = {
  questionAtOnce: asked,
  questionSoon: asked,
  question: asked,
  story: ({ story }: SmallWorldExamples['story'], language: Language) => [
    language === 'en' ? 'Tell me a story.' : '给我讲一个故事。',
    story,
  ],
  translation: ({ en, zh }: SmallWorldExamples['translation'], language: Language) =>
    language === 'en' ? [`Translate into Chinese: ${en}`, zh] : [`翻译成英语：${zh}`, en],
  entailment: ({ premise, hypothesis, label }: SmallWorldExamples['entailment'], language: Language) => [
    language === 'en' ? `${premise} Is it true? ${hypothesis}` : `${premise}对不对？${hypothesis}`,
    truths[language][label],
  ],
  sentiment: ({ text, label }: SmallWorldExamples['sentiment'], language: Language) => [
    language === 'en' ? `Is this review good or bad? ${text}` : `这条评论是好评还是差评？${text}`,
    verdicts[language][label],
  ],
  dialogue: ({ turns }: SmallWorldExamples['dialogue']) =>
    turns.slice(0, turns.length - (turns.length % 2)).map(({ text }) => text),
  instruction: ({ instruction, good }: SmallWorldExamples['instruction']) => [instruction, good],
} as const

const truths = {
  en: { entailment: 'Yes.', contradiction: 'No.', neutral: 'The story does not say.' },
  zh: { entailment: '对。', contradiction: '不对。', neutral: '故事里没有说。' },
} as const
const verdicts = {
  en: { positive: 'It is good.', negative: 'It is bad.' },
  zh: { positive: '是好评。', negative: '是差评。' },
} as const
