/** Which tokens of a row are asked for, and what stands in their places. Devlin et al., 2018, section 3.1, task 1. */
import type { Random } from '../base/random.ts'

export interface MaskingOptions {
  /** Share of the tokens that are asked for; 0.15 as published. */
  readonly share: number
  /** Most tokens of a row that are asked for. */
  readonly most: number
  /** The id of [MASK]. */
  readonly mask: number
  /** Ids that may stand in the place of another token. */
  readonly randomIds: Int32Array
}

/**
 * "The training data generator chooses 15% of the token positions at random for prediction. If the i-th token is chosen, we
 * replace it with (1) the [MASK] token 80% of the time (2) a random token 10% of the time (3) the unchanged i-th token 10%."
 *
 * @param ids - of a row; changed in place
 * @param words - first and last place (exclusive) of each word that may be chosen; its tokens are chosen together
 * @returns the chosen places in ascending order, and what stood there
 */
export function maskWords(
  ids: Int32Array,
  words: readonly (readonly [start: number, end: number])[],
  { share, most, mask, randomIds }: MaskingOptions,
  random: Random,
): { readonly places: number[]; readonly answers: number[] } {
  const tokens = words.reduce((sum, [start, end]) => sum + end - start, 0)
  const wanted = Math.min(most, Math.max(1, Math.round(tokens * share)))
  const places: number[] = []
  for (const [start, end] of random.shuffle([...words])) {
    if (places.length + end - start > wanted) continue
    for (let place = start; place < end; place++) places.push(place)
    if (places.length === wanted) break
  }
  places.sort((a, b) => a - b)
  const answers = places.map(place => ids[place])
  for (const place of places) {
    const drawn = random.uniform()
    if (drawn < 0.8) ids[place] = mask
    else if (drawn < 0.9) ids[place] = randomIds[random.integer(randomIds.length)]
  }
  return { places, answers }
}
