/** A hash table from pairs of token ids to numbers from 0; open addressing, at most half full. */
export class PairTable {
  #mask: number
  #keys: Int32Array
  #values: Int32Array
  #size = 0

  constructor(expectedSize = 512) {
    const capacity = 2 ** Math.ceil(Math.log2(Math.max(16, 2 * expectedSize)))
    this.#mask = capacity - 1
    this.#keys = new Int32Array(2 * capacity)
    this.#values = new Int32Array(capacity).fill(-1)
  }

  get size(): number {
    return this.#size
  }

  /** The number of a pair, or -1. */
  get(left: number, right: number): number {
    const mask = this.#mask
    for (let slot = hashPair(left, right) & mask; ; slot = (slot + 1) & mask) {
      const value = this.#values[slot]
      if (value === -1 || (this.#keys[2 * slot] === left && this.#keys[2 * slot + 1] === right)) return value
    }
  }

  /** Sets the number of a pair, over an earlier one. */
  set(left: number, right: number, value: number): void {
    if (2 * this.#size > this.#mask) this.#grow()
    this.#size += this.#put(left, right, value)
  }

  #put(left: number, right: number, value: number): 0 | 1 {
    for (let slot = hashPair(left, right) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const isNew = this.#values[slot] === -1
      if (!isNew && (this.#keys[2 * slot] !== left || this.#keys[2 * slot + 1] !== right)) continue
      this.#keys[2 * slot] = left
      this.#keys[2 * slot + 1] = right
      this.#values[slot] = value
      return isNew ? 1 : 0
    }
  }

  #grow(): void {
    const [keys, values] = [this.#keys, this.#values]
    this.#mask = 2 * this.#mask + 1
    this.#keys = new Int32Array(2 * keys.length)
    this.#values = new Int32Array(2 * values.length).fill(-1)
    for (let slot = 0; slot < values.length; slot++) {
      if (values[slot] !== -1) this.#put(keys[2 * slot], keys[2 * slot + 1], values[slot])
    }
  }
}

function hashPair(left: number, right: number): number {
  const hash = Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca6b)
  return hash ^ (hash >>> 15)
}
