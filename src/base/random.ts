/**
 * Counter-based random numbers: the nth number of a stream is a function of (seed, stream, n) alone, so a resumed run
 * draws what the uninterrupted one would have drawn. Nothing needs to be saved but the counter.
 *
 * Philox-4x32 with ten rounds: Salmon et al., Parallel Random Numbers: As Easy as 1, 2, 3, 2011, section 4.3.
 */
export class Random {
  readonly #key: readonly [number, number]
  #counter: number
  readonly #block: Uint32Array = new Uint32Array(4)
  #blockIndex = -1

  /**
   * @param seed - an integer from 0 to 2^53 - 1
   * @param stream - names an independent sequence, for example `data` or `sampling`
   * @param counter - numbers already drawn
   */
  constructor(seed: number, stream = '', counter = 0) {
    this.#key = [(seed ^ hashString(stream)) >>> 0, (Math.floor(seed / 2 ** 32) + hashString(`${stream}/`)) >>> 0]
    this.#counter = counter
  }

  /** How many 32-bit numbers were drawn; hand it to the constructor to go on from here. */
  get counter(): number {
    return this.#counter
  }

  /** An integer from 0 to 2^32 - 1. */
  uint32(): number {
    const blockIndex = Math.floor(this.#counter / 4)
    if (blockIndex !== this.#blockIndex) {
      philox(this.#key, blockIndex, this.#block)
      this.#blockIndex = blockIndex
    }
    return this.#block[this.#counter++ % 4]
  }

  /** Uniform in [0, 1), with 53 bits. */
  uniform(): number {
    return ((this.uint32() >>> 5) * 2 ** 26 + (this.uint32() >>> 6)) / 2 ** 53
  }

  /** An integer in [0, bound), without bias that could be measured. */
  integer(bound: number): number {
    return Math.floor(this.uniform() * bound)
  }

  /** Normally distributed with mean 0 and deviation 1 (Box and Muller, 1958). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()))
    return radius * Math.cos(2 * Math.PI * this.uniform())
  }

  /**
   * Fills an array with normally distributed numbers of mean 0: a hundred million in seconds. Each block of four 32-bit
   * numbers gives two pairs, by both halves of Box and Muller's formula.
   */
  fillNormal(values: Float32Array, deviation: number): void {
    const block = new Uint32Array(4)
    let blockIndex = Math.ceil(this.#counter / 4)
    for (let i = 0; i < values.length; i += 4) {
      philox(this.#key, blockIndex++, block)
      for (let pair = 0; pair < 4; pair += 2) {
        const radius = deviation * Math.sqrt(-2 * Math.log((block[pair] + 0.5) / 2 ** 32))
        const angle = (block[pair + 1] * 2 * Math.PI) / 2 ** 32
        // Writes beyond the end of a typed array are ignored.
        values[i + pair] = radius * Math.cos(angle)
        values[i + pair + 1] = radius * Math.sin(angle)
      }
    }
    this.#counter = blockIndex * 4
  }

  /** Shuffles in place (Fisher and Yates). */
  shuffle<T>(items: T[]): T[] {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.integer(i + 1)
      ;[items[i], items[j]] = [items[j], items[i]]
    }
    return items
  }
}

/** One Philox-4x32-10 block for a 64-bit key and a counter, into four 32-bit words. */
export function philox(key: readonly [number, number], counter: number, out: Uint32Array): void {
  let [k0, k1] = key
  let c0 = counter >>> 0
  let c1 = Math.floor(counter / 2 ** 32) >>> 0
  let c2 = 0
  let c3 = 0
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(0xd2511f53, c0)
    const low0 = Math.imul(0xd2511f53, c0) >>> 0
    const high1 = multiplyHigh(0xcd9e8d57, c2)
    const low1 = Math.imul(0xcd9e8d57, c2) >>> 0
    c0 = (high1 ^ c1 ^ k0) >>> 0
    c1 = low1
    c2 = (high0 ^ c3 ^ k1) >>> 0
    c3 = low0
    k0 = (k0 + 0x9e3779b9) >>> 0
    k1 = (k1 + 0xbb67ae85) >>> 0
  }
  out[0] = c0
  out[1] = c1
  out[2] = c2
  out[3] = c3
}

/** The high 32 bits of a 32 by 32 bit product. */
function multiplyHigh(a: number, b: number): number {
  const aHigh = a >>> 16
  const aLow = a & 0xffff
  const bHigh = b >>> 16
  const bLow = b & 0xffff
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16)
  const carry = aLow * bHigh + (middle & 0xffff)
  return (aHigh * bHigh + Math.floor(middle / 65536) + Math.floor(carry / 65536)) >>> 0
}

/** FNV-1a over UTF-16 units, to turn a stream's name into a key. */
function hashString(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}
