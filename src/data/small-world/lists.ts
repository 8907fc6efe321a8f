/**
 * Two sentences of one pattern, and what they say once more in any order: the plainest text to learn from what belongs to
 * what.
 */
import type { Choice, Grammar } from './grammar.ts'
import { lexicon } from './lexicon.ts'

interface ListState {
  /** Number of the pattern. */
  readonly pattern?: number
  /** Sentences so far. */
  readonly said: number
  /** Those that were not yet said again. */
  readonly left: readonly number[]
}

interface Pattern {
  readonly en: (i: number) => readonly [said: string, again: string]
  readonly zh: (i: number) => readonly [said: string, again: string]
}

const patterns: readonly Pattern[] = [
  {
    en: i => [`{new person${i}} was {new place${i}.in}.`, `{person${i}} is {place${i}.in}.`],
    zh: i => [`{new person${i}}在{new place${i}.in}。`, `{person${i}}在{place${i}.in}。`],
  },
  {
    en: i => [`{new person${i}} had {new thing${i}.the}.`, `{^thing${i}.the} is with {person${i}}.`],
    zh: i => [`{new person${i}}有{new thing${i}.one}{thing${i}}。`, `{thing${i}}在{person${i}}手里。`],
  },
  {
    en: i => [`There was {new trait${i}.a} {new thing${i}}.`, `{^thing${i}.the} is {trait${i}}.`],
    zh: i => [`有{new thing${i}.one}{new trait${i}}{thing${i}}。`, `{thing${i}}是{trait${i}.is}。`],
  },
]

/** Sentences of a document. */
const length = 2

export const lists: Grammar<ListState> = {
  lexicon,
  start: { said: 0, left: [] },
  choices({ pattern, said, left }) {
    if (pattern === undefined) return patterns.map((_, each) => sentence(each, 0))
    if (said < length) return [sentence(pattern, said)]
    return left.map(i => again(pattern, i, left))
  },
}

function sentence(pattern: number, i: number): Choice<ListState> {
  const { en, zh } = patterns[pattern]
  const said = i + 1
  const left = said < length ? [] : Array.from({ length }, (_, each) => each)
  const isLast = said === length
  return {
    weight: 1,
    en: `${i > 0 ? ' ' : ''}${en(i)[0]}${isLast ? '\nNow:' : ''}`,
    zh: `${zh(i)[0]}${isLast ? '\n现在：' : ''}`,
    next: { pattern, said, left },
  }
}

function again(pattern: number, i: number, left: readonly number[]): Choice<ListState> {
  const { en, zh } = patterns[pattern]
  const rest = left.filter(each => each !== i)
  const end = rest.length === 0 ? '\n\n' : ''
  return {
    weight: 1,
    en: ` ${en(i)[1]}${end}`,
    zh: `${zh(i)[1]}${end}`,
    next: { pattern, said: length, left: rest },
  }
}
