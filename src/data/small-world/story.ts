/**
 * Stories: two people and two things in up to three places. Where everyone and everything is decides what can happen, so
 * the sentences depend on each other.
 */
import type { Choice, Grammar } from './grammar.ts'
import { lexicon } from './lexicon.ts'

export type Who = 0 | 1

/** What is true at a point of a story. Places and things are numbered in the order in which they are named. */
export interface StoryState {
  readonly phase: 'opening' | 'people' | 'things' | 'events' | 'closing' | 'end'
  /** The place of each person. */
  readonly at: readonly number[]
  /** Of each thing: its place, or -1 - person where that person has it. */
  readonly things: readonly number[]
  /** Places named so far. */
  readonly places: number
  /** Whom the last sentence was about. */
  readonly subject?: Who
  /** Somebody whom the last event made glad or sad. */
  readonly mood?: { readonly person: Who; readonly because: 'gift' | 'use' | 'search' }
  /** Events so far. */
  readonly events: number
}

export const storyStart: StoryState = { phase: 'opening', at: [], things: [], places: 0, events: 0 }

/** How often a story ends after so many events. */
const endingAfter: Readonly<Record<number, number>> = { 3: 0.3, 4: 0.5, 5: 1 }

export const story: Grammar<StoryState> = { lexicon, start: storyStart, choices: state => storyChoices(state) }

/** What may come next. */
export function storyChoices(state: StoryState): readonly Choice<StoryState>[] {
  switch (state.phase) {
    case 'opening':
      return openings(state)
    case 'people':
      return people(state)
    case 'things':
      return thingsOf(state)
    case 'events':
      return [...endings(state), ...sharing(1 - (endingAfter[state.events] ?? 0), events(state))]
    case 'closing':
      return closings(state)
    case 'end':
      return []
  }
}

/** The choices with their weights made to sum to a share. */
export function sharing<State>(share: number, choices: readonly Choice<State>[]): Choice<State>[] {
  if (share === 0) return []
  const total = choices.reduce((sum, { weight }) => sum + weight, 0)
  return choices.map(choice => ({ ...choice, weight: (choice.weight * share) / total }))
}

function openings(state: StoryState): Choice<StoryState>[] {
  const next: StoryState = { ...state, phase: 'people' }
  return [
    { weight: 3, en: 'One {new weather} {new time}, ', zh: '一个{new weather}的{new time}，', next },
    { weight: 1, en: 'It was {new weather.a} {new time}. ', zh: '那是一个{new weather}的{new time}。', next },
  ]
}

function people(state: StoryState): Choice<StoryState>[] {
  const next: StoryState = { ...state, phase: 'things' }
  return [
    {
      weight: 1,
      en: '{new person0} and {new person1} were {new place0.in}.',
      zh: '{new person0}和{new person1}在{new place0.in}。',
      next: { ...next, at: [0, 0], places: 1 },
    },
    {
      weight: 1,
      en: '{new person0} was {new place0.in}, and {new person1} was {new place1.in}.',
      zh: '{new person0}在{new place0.in}，{new person1}在{new place1.in}。',
      next: { ...next, at: [0, 1], places: 2 },
    },
  ]
}

function thingsOf(state: StoryState): Choice<StoryState>[] {
  const thing = state.things.length
  const put = (location: number): StoryState => {
    const things = [...state.things, location]
    return { ...state, things, phase: things.length === 2 ? 'events' : 'things' }
  }
  const a = `{new trait${thing}.a} {new thing${thing}}`
  const one = `{new thing${thing}.one}{new trait${thing}}{thing${thing}}`
  const also = (location: number) => (state.things.includes(location) ? { en: 'also ', zh: '还' } : { en: '', zh: '' })
  const lying = Array.from({ length: state.places }, (_, place) => ({
    weight: 2 / state.places,
    en: ` There was ${also(place).en}${a} {place${place}.in}.`,
    zh: `{place${place}.in}${also(place).zh}有${one}。`,
    next: put(place),
  }))
  const held = ([0, 1] as const).map(person => ({
    weight: 1,
    en: ` {person${person}} ${also(-1 - person).en}had ${a}.`,
    zh: `{person${person}}${also(-1 - person).zh}有${one}。`,
    next: put(-1 - person),
  }))
  return [...lying, ...held]
}

/** How the person whom a sentence is about is called. */
function subjects(state: StoryState, person: Who): { weight: number; name: string }[] {
  const name = `{person${person}}`
  if (state.subject !== person) return [{ weight: 1, name }]
  return [
    { weight: 0.6, name: `{^person${person}.subject}` },
    { weight: 0.4, name },
  ]
}

/** Everything that may happen now. */
export function events(state: StoryState): Choice<StoryState>[] {
  return ([0, 1] as const).flatMap(person => {
    const happenings = [
      ...goings(state, person),
      ...takings(state, person),
      ...uses(state, person),
      ...searches(state, person),
      ...meetings(state, person),
      ...feelings(state, person),
    ]
    return subjects(state, person).flatMap(({ weight, name }) =>
      happenings.map(event => ({
        weight: weight * event.weight,
        en: ` ${name} ${event.en}.`,
        zh: `${name}${event.zh}。`,
        next: {
          ...state,
          mood: undefined,
          ...event.change,
          subject: person,
          events: state.events + 1,
        },
      })),
    )
  })
}

interface Happening {
  readonly weight: number
  readonly en: string
  readonly zh: string
  readonly change: Partial<StoryState>
}

function goings(state: StoryState, person: Who): Happening[] {
  const go = (place: number, weight: number): Happening[] => {
    const at = state.at.map((now, who) => (who === person ? place : now))
    const change = { at, places: Math.max(state.places, place + 1) }
    const target = place === state.places ? `{new place${place}.to}` : `{place${place}.to}`
    return [
      { weight: weight * 0.7, en: `{new moving} ${target}`, zh: `{new moving}${target}`, change },
      {
        weight: weight * 0.3,
        en: `{new manner} {new moving} ${target}`,
        zh: `{new manner}{new moving}${target}`,
        change,
      },
    ]
  }
  const known = Array.from({ length: state.places }, (_, place) => place).filter(place => place !== state.at[person])
  return [...known.flatMap(place => go(place, 1.5)), ...(state.places < 3 ? go(state.places, 2) : [])]
}

const moved = (state: StoryState, thing: number, to: number) => ({
  things: state.things.map((now, i) => (i === thing ? to : now)),
})

/** Things that lie here are taken. */
function takings(state: StoryState, person: Who): Happening[] {
  return state.things.flatMap((location, thing): Happening[] => {
    if (location !== state.at[person]) return []
    const the = `{thing${thing}.the}`
    const change = moved(state, thing, -1 - person)
    return [
      { weight: 2, en: `{new taking} ${the}`, zh: `{new taking}${the}`, change },
      { weight: 1, en: `{new manner} {new taking} ${the}`, zh: `{new manner}{new taking}${the}`, change },
    ]
  })
}

/** What a person has can be left here, used, or given to somebody who is here too, but not given back at once. */
function uses(state: StoryState, person: Who): Happening[] {
  const other = (1 - person) as Who
  const here = state.at[person]
  const because = state.mood?.person === person ? state.mood.because : undefined
  return state.things.flatMap((location, thing): Happening[] => {
    if (location !== -1 - person) return []
    const the = `{thing${thing}.the}`
    const there = `{place${here}.in}`
    const happenings: Happening[] = [
      {
        weight: 2,
        en: `{new leaving} ${the} ${there}`,
        zh: `把${the}{new leaving}${there}`,
        change: moved(state, thing, here),
      },
    ]
    if (because !== 'use') {
      const use = `{thing${thing}.use}`
      happenings.push({ weight: 1.5, en: use, zh: use, change: { mood: { person, because: 'use' } } })
    }
    if (state.at[other] === here && because !== 'gift')
      happenings.push({
        weight: 3,
        en: `{new giving} ${the} to {person${other}}`,
        zh: `把${the}{new giving}{person${other}}`,
        change: { ...moved(state, thing, -1 - other), mood: { person: other, because: 'gift' } },
      })
    return happenings
  })
}

/** What is not here is looked for in vain. */
function searches(state: StoryState, person: Who): Happening[] {
  if (state.mood?.person === person && state.mood.because === 'search') return [] // just done
  const other = (1 - person) as Who
  return state.things.flatMap((location, thing): Happening[] => {
    const change = { mood: { person, because: 'search' } } as const
    const [en, zh] = [`looked for {thing${thing}.the}, but `, `在找{thing${thing}.the}，可是`]
    if (location >= 0 && location !== state.at[person])
      return [{ weight: 1, en: `${en}it was {place${location}.in}`, zh: `${zh}它在{place${location}.in}`, change }]
    if (location === -1 - other)
      return [{ weight: 1, en: `${en}{person${other}} had it`, zh: `${zh}它在{person${other}}手里`, change }]
    return []
  })
}

function meetings(state: StoryState, person: Who): Happening[] {
  if (state.at[0] !== state.at[1]) return []
  const other = `{person${1 - person}}`
  return [
    {
      weight: 1,
      en: `{new meeting.before} ${other}{meeting.after}`,
      zh: `{new meeting.before}${other}{meeting.after}`,
      change: {},
    },
  ]
}

function feelings({ mood }: StoryState, person: Who): Happening[] {
  if (mood?.person !== person) return []
  const kind = mood.because === 'search' ? 'sadness' : 'gladness'
  return [{ weight: 10, en: `was {new ${kind}}`, zh: `很{new ${kind}}`, change: {} }]
}

/** Where something is in the end. */
function endings(state: StoryState): Choice<StoryState>[] {
  const share = endingAfter[state.events] ?? 0
  if (share === 0) return []
  return state.things.map((location, thing) => {
    const next: StoryState = { ...storyStart, phase: 'closing' }
    const the = `{thing${thing}.the}`
    const weight = share / state.things.length
    return location >= 0
      ? {
          weight,
          en: ` In the end, ${the} was {place${location}.in}.`,
          zh: `最后，${the}在{place${location}.in}。`,
          next,
        }
      : {
          weight,
          en: ` In the end, {person${-1 - location}} had ${the}.`,
          zh: `最后，${the}在{person${-1 - location}}手里。`,
          next,
        }
  })
}

function closings(state: StoryState): Choice<StoryState>[] {
  const next: StoryState = { ...state, phase: 'end' }
  return [
    { weight: 1, en: '\n\n', zh: '\n\n', next },
    { weight: 2, en: ' It was {new quality.a} {time}.\n\n', zh: '那是一个{new quality}{time}。\n\n', next },
  ]
}
