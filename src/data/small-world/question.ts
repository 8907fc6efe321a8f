/** A short story without an ending, and a question whose answer follows from it. */
import type { Choice, Grammar } from './grammar.ts'
import { lexicon } from './lexicon.ts'
import { events, type StoryState, sharing, story, storyStart, type Who } from './story.ts'

/** @param askedAfter - how often the question comes after so many events */
const questionAfter = (askedAfter: Readonly<Record<number, number>>): Grammar<StoryState> => ({
  lexicon,
  start: storyStart,
  choices(state) {
    if (state.phase !== 'events') return story.choices(state)
    const share = askedAfter[state.events] ?? 0
    return [...sharing(share, questions(state)), ...sharing(1 - share, events(state))]
  },
})

/** After two or three events; for learning there are easier ones: before anything happens, and after one or two events. */
export const question: Grammar<StoryState> = questionAfter({ 2: 0.5, 3: 1 })
export const questionAtOnce: Grammar<StoryState> = questionAfter({ 0: 1 })
export const questionSoon: Grammar<StoryState> = questionAfter({ 1: 0.5, 2: 1 })

const end: StoryState = { ...storyStart, phase: 'end' }

/** What a question is about: where a person or a thing is, what a person has, who has a thing, what it is like, who is together. */
export type Topic = 'person place' | 'possessions' | 'thing place' | 'holder' | 'trait' | 'together'

export interface Asked {
  readonly about: Topic
  readonly weight: number
  /** The last is the answer as a whole sentence, which a fact is too. */
  readonly en: readonly [question: string, answer: string, fact: string]
  readonly zh: readonly [question: string, answer: string, fact: string]
}

/** Everything that can be asked of a state, with its answer, as templates. */
export function everyQuestion(state: StoryState): Asked[] {
  return [
    ...([0, 1] as const).flatMap(person => [whereIsPerson(state, person), whatHas(state, person)]),
    ...[0, 1].flatMap(thing => [whereIsThing(state, thing), whoHas(state, thing), whatLike(thing)]),
    together(state),
  ]
}

function questions(state: StoryState): Choice<StoryState>[] {
  return everyQuestion(state).map(({ weight, en, zh }) => ({
    weight,
    en: `\nQuestion: ${en[0]}\nAnswer: ${en[1]}\n\n`,
    zh: `\n问题：${zh[0]}\n回答：${zh[1]}\n\n`,
    next: end,
  }))
}

function whereIsPerson({ at }: StoryState, person: Who): Asked {
  return {
    about: 'person place',
    weight: 2,
    en: [
      `Where is {person${person}} now?`,
      `{^place${at[person]}.in}.`,
      `{person${person}} is {place${at[person]}.in}.`,
    ],
    zh: [
      `{person${person}}现在在哪里？`,
      `在{place${at[person]}.in}。`,
      `{person${person}}在{place${at[person]}.in}。`,
    ],
  }
}

/** What somebody has is where that person is. */
function whereIsThing({ at, things }: StoryState, thing: number): Asked {
  const location = things[thing]
  const place = location >= 0 ? location : at[-1 - location]
  return {
    about: 'thing place',
    weight: 3,
    en: [`Where is {thing${thing}.the} now?`, `{^place${place}.in}.`, `{^thing${thing}.the} is {place${place}.in}.`],
    zh: [`{thing${thing}}现在在哪里？`, `在{place${place}.in}。`, `{thing${thing}}在{place${place}.in}。`],
  }
}

function whoHas({ things }: StoryState, thing: number): Asked {
  const location = things[thing]
  const en = `Who has {thing${thing}.the} now?`
  const zh = `{thing${thing}}现在在谁手里？`
  if (location >= 0) {
    return {
      about: 'holder',
      weight: 2,
      en: [en, 'Nobody.', `Nobody has {thing${thing}.the}.`],
      zh: [zh, '不在任何人手里。', `{thing${thing}}不在任何人手里。`],
    }
  }
  const holder = `{person${-1 - location}}`
  return {
    about: 'holder',
    weight: 2,
    en: [en, `${holder}.`, `${holder} has {thing${thing}.the}.`],
    zh: [zh, `在${holder}手里。`, `{thing${thing}}在${holder}手里。`],
  }
}

function whatHas({ things }: StoryState, person: Who): Asked {
  const held = things.flatMap((location, thing) => (location === -1 - person ? [thing] : []))
  const listed = (open: string) => held.map((thing, i) => `${i === 0 ? open : '{thing'}${thing}.the}`).join(' and ')
  const chinese = held.map(thing => `{thing${thing}}`).join('和')
  const nothing = held.length === 0
  return {
    about: 'possessions',
    weight: 2,
    en: [
      `What does {person${person}} have now?`,
      nothing ? 'Nothing.' : `${listed('{^thing')}.`,
      nothing ? `{person${person}} has nothing.` : `{person${person}} has ${listed('{thing')}.`,
    ],
    zh: [
      `{person${person}}现在有什么？`,
      nothing ? '什么也没有。' : `${chinese}。`,
      nothing ? `{person${person}}什么也没有。` : `{person${person}}有${chinese}。`,
    ],
  }
}

function whatLike(thing: number): Asked {
  return {
    about: 'trait',
    weight: 1,
    en: [`What is {thing${thing}.the} like?`, `It is {trait${thing}}.`, `{^thing${thing}.the} is {trait${thing}}.`],
    zh: [`{thing${thing}}是什么样的？`, `是{trait${thing}.is}。`, `{thing${thing}}是{trait${thing}.is}。`],
  }
}

function together({ at }: StoryState): Asked {
  const yes = at[0] === at[1]
  return {
    about: 'together',
    weight: 1,
    en: [
      'Are {person0} and {person1} in the same place now?',
      yes ? 'Yes.' : 'No.',
      `{person0} and {person1} are ${yes ? '' : 'not '}in the same place.`,
    ],
    zh: [
      '{person0}和{person1}现在在同一个地方吗？',
      yes ? '在。' : '不在。',
      `{person0}和{person1}${yes ? '' : '不'}在同一个地方。`,
    ],
  }
}
