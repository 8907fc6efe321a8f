/** A premise, and a hypothesis that follows from it, contradicts it, or does neither. */
import type { Choice, Grammar } from './grammar.ts'
import { lexicon } from './lexicon.ts'
import { events, type StoryState, sharing, story, storyStart, type Who } from './story.ts'

export type Label = 'entailment' | 'contradiction' | 'neutral'

/** As Chinese documents say it. */
export const chineseLabels = { entailment: '蕴含', contradiction: '矛盾', neutral: '中立' } as const

export const entailment: Grammar<StoryState> = {
  lexicon,
  start: storyStart,
  choices(state) {
    const { phase } = state
    if (phase === 'opening') return [{ weight: 1, en: 'Premise: ', zh: '前提：', next: { ...state, phase: 'people' } }]
    if (phase !== 'events') return story.choices(state)
    const share = state.events === 0 ? 0 : state.events === 1 ? 0.5 : 1
    return [...sharing(share, hypotheses(state)), ...sharing(1 - share, events(state))]
  },
}

const end: StoryState = { ...storyStart, phase: 'end' }

/** A sentence in the present tense. */
interface Statement {
  readonly en: string
  readonly zh: string
}

/** Each label equally often. */
function hypotheses(state: StoryState): Choice<StoryState>[] {
  const statements: Readonly<Record<Label, readonly Statement[]>> = {
    entailment: facts(state, true),
    contradiction: facts(state, false),
    neutral: unknowns(state),
  }
  return (['entailment', 'contradiction', 'neutral'] as const).flatMap(label =>
    statements[label].map(({ en, zh }) => ({
      weight: 1 / statements[label].length,
      en: `\nHypothesis: ${en}.\nLabel: ${label}\n\n`,
      zh: `\n假设：${zh}。\n关系：${chineseLabels[label]}\n\n`,
      next: end,
    })),
  )
}

/** What the premise says to be so, or not to be so. */
function facts(state: StoryState, isTrue: boolean): Statement[] {
  const { at, things, places } = state
  const people = [0, 1] as const
  const whereabouts = people.flatMap(person =>
    Array.from({ length: places }, (_, place) => place)
      .filter(place => (at[person] === place) === isTrue)
      .map(place => ({ en: `{person${person}} is {place${place}.in}`, zh: `{person${person}}在{place${place}.in}` })),
  )
  const possessions = people.flatMap(person =>
    things.map((location, thing) => {
      const has = location === -1 - person
      return has === isTrue
        ? { en: `{person${person}} has {thing${thing}.the}`, zh: `{thing${thing}}在{person${person}}手里` }
        : {
            en: `{person${person}} does not have {thing${thing}.the}`,
            zh: `{thing${thing}}不在{person${person}}手里`,
          }
    }),
  )
  const areTogether = at[0] === at[1]
  const together =
    areTogether === isTrue
      ? { en: '{person0} and {person1} are in the same place', zh: '{person0}和{person1}在同一个地方' }
      : { en: '{person0} and {person1} are in different places', zh: '{person0}和{person1}在不同的地方' }
  return [...whereabouts, ...possessions, together]
}

/** What the premise does not say. */
function unknowns({ places }: StoryState): Statement[] {
  return ([0, 1] as Who[]).flatMap(person => [
    { en: `{person${person}} likes {person${1 - person}}`, zh: `{person${person}}喜欢{person${1 - person}}` },
    { en: `{person${person}} is {new need}`, zh: `{person${person}}{new need}了` },
    {
      en: `{person${person}} wants {new trait2.a} {new thing2}`,
      zh: `{person${person}}想要{new thing2.one}{new trait2}{thing2}`,
    },
    {
      en: `{person${person}} will go {new place${places}.to} tomorrow`,
      zh: `{person${person}}明天要去{new place${places}}`,
    },
  ])
}
