import { Random } from './random.ts'

/** Numbers that are made ahead. */
const ahead = 1024

/**
 * 32-bit random numbers for inner loops, in about a nanosecond each: xoshiro128**, seeded by {@link Random}.
 * Blackman & Vigna, Scrambled Linear Pseudorandom Number Generators, 2021, section 5.
 */
export class FastRandom {
  readonly #state: Uint32Array
  readonly #numbers: Uint32Array = new Uint32Array(ahead)
  #next = ahead

  /**
   * @param seed - an integer from 0 to 2^53 - 1
   * @param stream - names an independent sequence
   */
  constructor(seed: number, stream: string) {
    const random = new Random(seed, stream)
    this.#state = Uint32Array.from({ length: 4 }, () => random.uint32())
    if (this.#state.every(word => word === 0)) this.#state[0] = 1 // the one state that it never leaves
  }

  /** An integer from 0 to 2^32 - 1. */
  uint32(): number {
    if (this.#next === ahead) this.#fill()
    return this.#numbers[this.#next++]
  }

  #fill(): void {
    let [s0, s1, s2, s3] = this.#state
    for (let i = 0; i < ahead; i++) {
      const product = Math.imul(s1, 5)
      this.#numbers[i] = Math.imul((product << 7) | (product >>> 25), 9)
      const shifted = s1 << 9
      s2 ^= s0
      s3 ^= s1
      s1 ^= s2
      s0 ^= s3
      s2 ^= shifted
      s3 = (s3 << 11) | (s3 >>> 21)
    }
    this.#state.set([s0, s1, s2, s3])
    this.#next = 0
  }
}
