/**
 * Two ways to share the cores: all threads work on each operator, or each has micro-batches of its own, a lane. The
 * operators of a small model are too short to be shared (docs/decisions/0019).
 */
import { elementCount, type Shape } from '../base/shape.ts'
import type { Runtime } from '../runtime/runtime.ts'

/** Elements of the parameters. The operators of a larger model are long enough, and each lane has gradients of its own. */
const largestModel = 4_000_000

/** How many micro-batches of a model could be computed at once: of all its parameters, also of those that stay. */
export function lanesOf({ lanes = 1 }: Runtime, parameters: ReadonlyMap<string, { readonly shape: Shape }>): number {
  const elements = [...parameters.values()].reduce((sum, { shape }) => sum + elementCount(shape), 0)
  return elements <= largestModel ? lanes : 1
}

/** Does everything, in so many lanes, each of which takes the next when it is done. */
export async function inLanes<T>(
  items: readonly T[],
  lanes: number,
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  const waiting = items.values()
  const lane = async (): Promise<void> => {
    for (const item of waiting) await work(item)
  }
  await together(Array.from({ length: Math.min(lanes, items.length) }, lane))
}

/** The results of all; where one fails, the others are waited for before its error is thrown. */
export async function together<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(promises)
  return Promise.all(promises)
}
