/**
 * Words are sorted into two groups, each with a sign that means nothing elsewhere: what belongs to which can only be told
 * from the lines before. Learning in context is measured with it. Some pairs of groups are held out.
 */
import type { Choice, Grammar } from './grammar.ts'
import { lexicon } from './lexicon.ts'

/** Lines of a document: one more than the shots of the longest prompt, and some. */
export const sortedLines = 20

const groups = ['someone', 'something', 'somewhere', 'colour', 'mood', 'creature'] as const
type Group = (typeof groups)[number]

/** Pairs that no text to learn from has; each of their groups is in others. */
const heldOut: readonly (readonly [Group, Group])[] = [
  ['someone', 'somewhere'],
  ['something', 'mood'],
  ['colour', 'creature'],
]
const isHeldOut = (a: Group, b: Group): boolean => heldOut.some(pair => a !== b && pair.includes(a) && pair.includes(b))

export interface SortingState {
  /** Groups in the order in which they came: the first has the first sign. */
  readonly seen: readonly Group[]
  readonly lines: number
}

function sortingOf(areTogether: (a: Group, b: Group) => boolean): Grammar<SortingState> {
  const partners = (group: Group) => groups.filter(other => other !== group && areTogether(group, other))
  return {
    lexicon,
    start: { seen: [], lines: 0 },
    choices({ seen, lines }) {
      if (lines === sortedLines) return []
      const [first, second] = seen
      if (first === undefined) return groups.map(group => lineOf([group], 0, 0, partners(group).length))
      if (second !== undefined) return seen.map((_, which) => lineOf(seen, which, lines, 1))
      const others = partners(first)
      return [
        lineOf(seen, 0, lines, 1),
        ...others.map(other => lineOf([first, other], 1, lines, 1 / others.length, true)),
      ]
    },
  }
}

/** Sorted words, of pairs of groups to learn from. */
export const sorting: Grammar<SortingState> = sortingOf((a, b) => !isHeldOut(a, b))
/** Of the pairs that are held out. */
export const newSorting: Grammar<SortingState> = sortingOf(isHeldOut)

/** A word of the group of that number, with its sign. */
function lineOf(
  seen: readonly Group[],
  which: number,
  lines: number,
  weight: number,
  isNew: boolean = lines === 0,
): Choice<SortingState> {
  const word = `{new ${seen[which]}${lines}}`
  const sign = isNew ? `{new sign${which}}` : `{sign${which}}`
  const end = lines === sortedLines - 1 ? '\n\n' : '\n'
  return { weight, en: `${word}: ${sign}${end}`, zh: `${word}：${sign}${end}`, next: { seen, lines: lines + 1 } }
}
