/** A short story without an ending, and everything that is true at its end: the densest text to learn from who is where. */
import type { Choice, Grammar } from './grammar.ts'
import { lexicon } from './lexicon.ts'
import { events, type StoryState, sharing, story, storyStart, type Who } from './story.ts'

/** How often the facts come after so many events: the fewer, the easier they are to see. */
const toldAfter: Readonly<Record<number, number>> = { 0: 0.25, 1: 0.35, 2: 0.5, 3: 1 }

export const facts: Grammar<StoryState> = {
  lexicon,
  start: storyStart,
  choices(state) {
    if (state.phase !== 'events') return story.choices(state)
    const share = toldAfter[state.events] ?? 0
    return [...sharing(share, [everythingTrue(state)]), ...sharing(1 - share, events(state))]
  },
}

interface Fact {
  readonly en: string
  readonly zh: string
}

function everythingTrue(state: StoryState): Choice<StoryState> {
  const all = [
    ...([0, 1] as const).flatMap(person => [whereIsPerson(state, person), whatHas(state, person)]),
    ...[0, 1].flatMap(thing => [whereIsThing(state, thing), whoHas(state, thing), whatLike(thing)]),
  ]
  return {
    weight: 1,
    en: `\nNow: ${all.map(({ en }) => en).join(' ')}\n\n`,
    zh: `\n现在：${all.map(({ zh }) => zh).join('')}\n\n`,
    next: { ...storyStart, phase: 'end' },
  }
}

const whereIsPerson = ({ at }: StoryState, person: Who): Fact => ({
  en: `{person${person}} is {place${at[person]}.in}.`,
  zh: `{person${person}}在{place${at[person]}.in}。`,
})

function whatHas({ things }: StoryState, person: Who): Fact {
  const held = things.flatMap((location, thing) => (location === -1 - person ? [thing] : []))
  if (held.length === 0) return { en: `{person${person}} has nothing.`, zh: `{person${person}}什么也没有。` }
  return {
    en: `{person${person}} has ${held.map(thing => `{thing${thing}.the}`).join(' and ')}.`,
    zh: `{person${person}}有${held.map(thing => `{thing${thing}}`).join('和')}。`,
  }
}

/** What somebody has is where that person is. */
function whereIsThing({ at, things }: StoryState, thing: number): Fact {
  const location = things[thing]
  const place = location >= 0 ? location : at[-1 - location]
  return { en: `{^thing${thing}.the} is {place${place}.in}.`, zh: `{thing${thing}}在{place${place}.in}。` }
}

function whoHas({ things }: StoryState, thing: number): Fact {
  const location = things[thing]
  return location < 0
    ? { en: `{person${-1 - location}} has {thing${thing}.the}.`, zh: `{thing${thing}}在{person${-1 - location}}手里。` }
    : { en: `Nobody has {thing${thing}.the}.`, zh: `{thing${thing}}不在任何人手里。` }
}

const whatLike = (thing: number): Fact => ({
  en: `{^thing${thing}.the} is {trait${thing}}.`,
  zh: `{thing${thing}}是{trait${thing}.is}。`,
})
