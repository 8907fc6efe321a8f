/**
 * Conversations about the small world: what a first assistant learns from. Each has an example of the world as its user and
 * its assistant would say it, in one language; a story is asked about several times. The easiest come first (Bengio et al.,
 * Curriculum Learning, 2009).
 */
import { Random } from '../base/random.ts'
import {
  type AnsweredQuestion,
  type Language,
  type SmallWorldExamples,
  smallWorldExamples,
  type Topic,
} from '../data/small-world.ts'
import type { Conversation, Message } from './conversation.ts'

export interface SmallWorldConversationOptions {
  /** Decides every conversation; two seeds have different ones. */
  readonly seed: number
  readonly language: Language
  /** How many. */
  readonly count: number
}

const questionKinds = ['questionAtOnce', 'questionSoon', 'question'] as const
type QuestionKind = (typeof questionKinds)[number]
type Kind = QuestionKind | keyof typeof turnsOf
const isQuestion = (kind: Kind): kind is QuestionKind => questionKinds.some(one => one === kind)

interface Phase {
  /** Up to which part of the conversations. */
  readonly until: number
  /** What kinds of example come, and how often. */
  readonly shares: Partial<Record<Kind, number>>
  /** Questions about a story, each asked in a conversation of its own, and how often what they are about comes. */
  readonly questions: number
  readonly topics: Readonly<Record<Topic, number>>
  /** How much oftener come those whose answer something in the story has changed. */
  readonly changed: number
}

const everything = {
  ...{ questions: 10, changed: 1 },
  topics: { 'person place': 2, possessions: 6, 'thing place': 3, holder: 3, trait: 0.3, together: 3 },
} as const
/** What somebody has takes a look at everything that happened, and is learned last, as what has changed is. */
const theHardest = {
  ...{ questions: 5, changed: 3 },
  topics: { 'person place': 1, possessions: 5, 'thing place': 3, holder: 2.5, trait: 1, together: 3.5 },
} as const
/** As the world itself asks: what was asked too often is answered too often (decision 0025). */
const asTheWorldAsks = {
  ...{ questions: 5, changed: 1 },
  topics: { 'person place': 2, possessions: 2, 'thing place': 3, holder: 2, trait: 1, together: 1 },
} as const
/** How often each kind of example comes where all of them do. */
const everyKind: Phase['shares'] = {
  ...{ question: 20, greeting: 4, story: 2, translation: 3, entailment: 2, sentiment: 1, instruction: 2 },
}

/**
 * The easiest questions come first. Other kinds of example come last: much in them cannot be predicted, as the words of a
 * story, and would be in the way of learning to answer exactly; and what came before them alone would be forgotten.
 */
const phases: readonly Phase[] = [
  { until: 0.12, shares: { questionAtOnce: 1 }, ...everything },
  { until: 0.22, shares: { questionSoon: 1 }, ...everything },
  { until: 0.4, shares: { question: 1 }, ...everything },
  { until: 0.6, shares: { question: 1 }, ...theHardest },
  { until: 0.75, shares: everyKind, ...theHardest },
  { until: 1, shares: everyKind, ...asTheWorldAsks },
]
/**
 * What part of the stories is asked about in conversations of one question each, so that no answer can be told from one
 * before it; their common beginning stands in a packed row once. The others are asked about by turns.
 */
const apart = 0.8
const questionsByTurns = 4

/** Conversations, phase after phase, in each in a random order. */
export function* smallWorldConversations({
  seed,
  language,
  count,
}: SmallWorldConversationOptions): Generator<Conversation> {
  const random = new Random(seed, `small world/conversations/${language}`)
  const kinds: readonly Kind[] = [...questionKinds, ...(Object.keys(turnsOf) as (keyof typeof turnsOf)[])]
  const told = kinds.filter(kind => kind !== 'greeting')
  const examples = new Map(
    told.map(kind => [
      kind as string,
      smallWorldExamples({ seed, language, kind, documents: count })[Symbol.iterator](),
    ]),
  )
  const decks = phases.map(({ shares }) => kinds.flatMap(kind => Array.from({ length: shares[kind] ?? 0 }, () => kind)))
  for (let i = 0; i < count; ) {
    const number = phases.findIndex(({ until }) => i < until * count)
    const deck = decks[number]
    const kind = deck[random.integer(deck.length)]
    const example = examples.get(kind)?.next().value
    const conversations = isQuestion(kind)
      ? askedTurns(example as SmallWorldExamples['question'], { language, random, ...phases[number] })
      : [turnsOf[kind](example as never, language, random)]
    for (const turns of conversations.slice(0, count - i)) yield { messages: turns.map(messageOf) }
    i += conversations.length
  }
}

const messageOf = (content: string, i: number): Message => ({ role: i % 2 === 0 ? 'user' : 'assistant', content })

/** A story and a question about it, as a user types it. */
export const askAbout = (story: string, question: string, language: Language): string =>
  language === 'en' ? `${story} ${question}` : `${story}${question}`

interface Asking extends Pick<Phase, 'questions' | 'topics' | 'changed'> {
  readonly language: Language
  readonly random: Random
}

/** The turns of one or more conversations about a story. */
function askedTurns(
  { story, all }: SmallWorldExamples['question'],
  { language, random, questions, topics, changed }: Asking,
): string[][] {
  const drawn = drawnByWeight(all, ({ about, hasChanged }) => topics[about] * (hasChanged ? changed : 1), random)
  const firstTurns = ({ question, fact }: AnsweredQuestion): string[] => [askAbout(story, question, language), fact]
  if (random.uniform() < apart) return drawn.slice(0, questions).map(firstTurns)
  const [first, ...others] = drawn.slice(0, questionsByTurns)
  return [[...firstTurns(first), ...others.flatMap(({ question, fact }) => [question, fact])]]
}

/** All in a random order, those of large weight mostly first: Efraimidis and Spirakis, Weighted random sampling, 2006. */
function drawnByWeight<T>(items: readonly T[], weightOf: (item: T) => number, random: Random): T[] {
  return items
    .map(item => ({ item, key: Math.log(1 - random.uniform()) / weightOf(item) }))
    .toSorted((a, b) => b.key - a.key)
    .map(({ item }) => item)
}

/** What user and assistant say by turns. */
const turnsOf = {
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
