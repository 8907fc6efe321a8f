import type { FastRandom } from '../../base/fast-random.ts'

/**
 * Draws from any distribution in constant time: each index shares its equal part with one other, its alias.
 * Walker 1977; the tables as in Vose, A Linear Algorithm for Generating Random Numbers with a Given Distribution, 1991.
 */
export class AliasTable {
  readonly #length: number
  /** Of 2^32, the share of the part that is the index's own. */
  readonly #threshold: Float64Array
  readonly #alias: Int32Array

  /** @param weights - at least one, none negative, their sum above 0 */
  constructor(weights: ArrayLike<number>) {
    const { length } = weights
    let sum = 0
    for (let i = 0; i < length; i++) sum += weights[i]
    const share = Float64Array.from(weights, weight => (weight * length) / sum)
    this.#length = length
    this.#threshold = new Float64Array(length).fill(2 ** 32)
    this.#alias = Int32Array.from({ length }, (_, i) => i)
    const small: number[] = []
    const large: number[] = []
    for (let i = 0; i < length; i++) (share[i] < 1 ? small : large).push(i)
    while (small.length > 0 && large.length > 0) {
      const poor = small.pop()!
      const rich = large[large.length - 1]
      this.#threshold[poor] = share[poor] * 2 ** 32
      this.#alias[poor] = rich
      share[rich] -= 1 - share[poor]
      if (share[rich] < 1) small.push(large.pop()!)
    }
  }

  draw(random: FastRandom): number {
    const index = Math.floor((random.uint32() / 2 ** 32) * this.#length)
    return random.uint32() < this.#threshold[index] ? index : this.#alias[index]
  }
}
