/** Numbers words (stretches of UTF-16 units) in the order of their first addition, without a string for each. */
export class WordTable {
  #mask: number
  #slots: Int32Array
  #hashes: Int32Array
  #starts: Int32Array
  #units: Uint16Array
  #size = 0
  /** Of the word that `find` looked for last. */
  #lastHash = 0

  constructor(expectedSize = 1024) {
    const capacity = 2 ** Math.ceil(Math.log2(Math.max(16, 2 * expectedSize)))
    this.#mask = capacity - 1
    this.#slots = new Int32Array(capacity).fill(-1)
    this.#hashes = new Int32Array(capacity)
    this.#starts = new Int32Array(capacity / 2 + 1)
    this.#units = new Uint16Array(8 * capacity)
  }

  get size(): number {
    return this.#size
  }

  /** UTF-16 units of all words together. */
  get unitCount(): number {
    return this.#starts[this.#size]
  }

  /** The number of the word text[start, end), or -1 - s where s is the slot that it would take. */
  find(text: string, start: number, end: number): number {
    const [length, mask] = [end - start, this.#mask]
    let hash = 0
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x9e3779b1) ^ (hash >>> 15)
    hash ^= hash >>> 15
    this.#lastHash = hash
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const word = this.#slots[slot]
      if (word === -1) return -1 - slot
      if (this.#hashes[slot] !== hash) continue
      const first = this.#starts[word]
      if (this.#starts[word + 1] - first !== length) continue
      let i = 0
      while (i < length && this.#units[first + i] === text.charCodeAt(start + i)) i++
      if (i === length) return word
    }
  }
  /** Adds the word that `find` has just missed; `missing` is what it returned. */
  insert(text: string, start: number, end: number, missing: number): number {
    const slot = -1 - missing
    const word = this.#size++
    const first = this.#starts[word]
    if (first + end - start > this.#units.length) this.#units = enlarged(this.#units, first + end - start)
    for (let i = start; i < end; i++) this.#units[first + i - start] = text.charCodeAt(i)
    this.#starts[word + 1] = first + end - start
    this.#slots[slot] = word
    this.#hashes[slot] = this.#lastHash
    if (2 * this.#size > this.#mask) this.#grow()
    return word
  }

  /** A word by its number; a lone surrogate comes as U+FFFD. */
  word(index: number): string {
    return utf16.decode(this.#units.subarray(this.#starts[index], this.#starts[index + 1]))
  }

  clear(): void {
    this.#slots.fill(-1)
    this.#size = 0
  }

  #grow(): void {
    const [slots, hashes] = [this.#slots, this.#hashes]
    this.#mask = 2 * this.#mask + 1
    this.#slots = new Int32Array(this.#mask + 1).fill(-1)
    this.#hashes = new Int32Array(this.#mask + 1)
    this.#starts = enlarged(this.#starts, (this.#mask + 1) / 2 + 1)
    for (let old = 0; old < slots.length; old++) {
      if (slots[old] === -1) continue
      let slot = hashes[old] & this.#mask
      while (this.#slots[slot] !== -1) slot = (slot + 1) & this.#mask
      this.#slots[slot] = slots[old]
      this.#hashes[slot] = hashes[old]
    }
  }
}

const utf16 = new TextDecoder('utf-16le', { ignoreBOM: true })

/** A copy at least as long as asked, and twice as long as before. */
export function enlarged<T extends Int32Array | Uint16Array | Uint8Array | Float64Array>(array: T, length: number): T {
  const larger = new (array.constructor as new (length: number) => T)(Math.max(length, 2 * array.length))
  larger.set(array)
  return larger
}
