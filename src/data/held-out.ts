/** Splits of our own, where publishers made none: at random with a fixed seed, what belongs together on one side. */
import { Random } from '../base/random.ts'

/**
 * Takes about `count` examples away, and whole groups only: hypotheses of one premise never stand on both sides.
 * @param groupOf - what must stay together, by its text
 */
export function holdOut<T>(
  examples: readonly T[],
  count: number,
  groupOf: (example: T) => string,
): { readonly rest: T[]; readonly held: T[] } {
  const groups = new Map<string, T[]>()
  for (const example of examples) {
    const key = groupOf(example)
    const members = groups.get(key)
    if (members === undefined) groups.set(key, [example])
    else members.push(example)
  }
  const held: T[] = []
  const rest: T[] = []
  for (const members of new Random(1, 'held out').shuffle([...groups.values()])) {
    if (held.length < count) held.push(...members)
    else rest.push(...members)
  }
  return { rest, held }
}
