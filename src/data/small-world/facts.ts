/** A short story without an ending, and everything that is true at its end: the densest text to learn from who is where. */
import type { Choice, Grammar } from './grammar.ts'
import { lexicon } from './lexicon.ts'
import { everyQuestion } from './question.ts'
import { events, type StoryState, sharing, story, storyStart } from './story.ts'

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

/** The answer to everything that can be asked. */
function everythingTrue(state: StoryState): Choice<StoryState> {
  const all = everyQuestion(state)
  return {
    weight: 1,
    en: `\nNow: ${all.map(({ en: [, , fact] }) => fact).join(' ')}\n\n`,
    zh: `\n现在：${all.map(({ zh: [, , fact] }) => fact).join('')}\n\n`,
    next: { ...storyStart, phase: 'end' },
  }
}
