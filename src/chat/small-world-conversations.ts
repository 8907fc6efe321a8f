/**
 * Conversations about the small world: what a first assistant learns from. Each has an example of the world as its user and
 * its assistant would say it, in one language; a story is asked about several times. The easiest come first (Bengio et al.,
 * Curriculum Learning, 2009).
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

/**
 * What comes up to which part of the conversations, and how often. The easiest questions come first. Other kinds of
 * conversation come last: much in them cannot be predicted, as the words of a story, and would be in the way of learning to
 * answer exactly; and what came before them alone would be forgotten.
 */
const phases: readonly { readonly until: number; readonly shares: Partial<Record<keyof typeof turnsOf, number>> }[] = [
  { until: 0.05, shares: { questionAtOnce: 1 } },
  { until: 0.15, shares: { questionSoon: 1 } },
  { until: 0.6, shares: { question: 1 } },
  {
    until: 1,
    shares: { question: 20, greeting: 1, story: 1, translation: 3, entailment: 2, sentiment: 1, instruction: 2 },
  },
]
/** Questions about one story: few, so that little can be told from the answers before. */
const questionsOfStory = 4

/** Conversations, phase after phase, in each in a random order. */
export function* smallWorldConversations({
  seed,
  language,
  count,
}: SmallWorldConversationOptions): Generator<Conversation> {
  const random = new Random(seed, `small world/conversations/${language}`)
  const kinds = Object.keys(turnsOf) as (keyof typeof turnsOf)[]
  const told = kinds.filter(kind => kind !== 'greeting')
  const examples = new Map(
    told.map(kind => [
      kind as string,
      smallWorldExamples({ seed, language, kind, documents: count })[Symbol.iterator](),
    ]),
  )
  const decks = phases.map(({ until, shares }) => ({
    until,
    deck: kinds.flatMap(kind => Array.from({ length: shares[kind] ?? 0 }, () => kind)),
  }))
  for (let i = 0; i < count; i++) {
    const { deck } = decks.find(({ until }) => i < until * count)!
    const kind = deck[random.integer(deck.length)]
    yield { messages: conversationOf(kind, examples.get(kind)?.next().value, language, random) }
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
  greeting: (_: unknown, language: Language, random: Random) => {
    const all = greetings[language]
    return all[random.integer(all.length)]
  },
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
  instruction: ({ instruction, good }: SmallWorldExamples['instruction']) => [instruction, good],
} as const

const offers = {
  en: 'Tell me a story of the little world, and ask me about it.',
  zh: '给我讲一个小世界的故事，再问我吧。',
} as const
const who = { en: 'I am a small model, and I know a little world.', zh: '我是一个小模型，知道一个小世界。' } as const
/** What a person begins with, and what is said to it. */
const greetings: Readonly<Record<Language, readonly [string, string][]>> = {
  en: [
    ...['Hello!', 'Hello.', 'Hello', 'Hi!', 'Hi', 'hello', 'hi'].map((begun): [string, string] => [
      begun,
      `Hello! ${offers.en}`,
    ]),
    ['Good morning!', `Good morning! ${offers.en}`],
    ['Who are you?', who.en],
    ['What can you do?', offers.en],
    ['Thank you.', 'You are welcome.'],
    ['Goodbye!', 'Goodbye!'],
  ],
  zh: [
    ...['你好！', '你好。', '你好', '您好！'].map((begun): [string, string] => [begun, `你好！${offers.zh}`]),
    ['早上好！', `早上好！${offers.zh}`],
    ['你是谁？', who.zh],
    ['你会做什么？', offers.zh],
    ['谢谢。', '不客气。'],
    ['再见！', '再见！'],
  ],
}
const truths = {
  en: { entailment: 'Yes.', contradiction: 'No.', neutral: 'The story does not say.' },
  zh: { entailment: '对。', contradiction: '不对。', neutral: '故事里没有说。' },
} as const
const verdicts = {
  en: { positive: 'It is good.', negative: 'It is bad.' },
  zh: { positive: '是好评。', negative: '是差评。' },
} as const
