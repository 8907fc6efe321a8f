import { Random } from '../base/random.ts'
import { elementCount } from '../base/shape.ts'
import { dropout as dropoutOp } from '../ops/composite.ts'
import { apply, constant, input, type Tensor } from '../tensor/tensor.ts'

/**
 * Dropout whose masks are a function of (seed, step, place) alone: the graph mixes two keys, fed at each step for each
 * place where a model drops, with fixed random numbers for each row and each column. A resumed run sees the same masks.
 */
export class Dropout {
  readonly #rate: number
  readonly #keys: Tensor
  readonly #places: number
  #place = 0

  /**
   * @param rate - probability of zeroing an element, from 0 to less than 1
   * @param places - how often `apply` is called at most
   */
  constructor(rate: number, places: number) {
    this.#rate = rate
    this.#places = places
    this.#keys = input('dropoutKeys', [places, 2], 'int32')
  }

  /** How often it was applied. */
  get used(): number {
    return this.#place
  }

  /** x with elements dropped. */
  apply(x: Tensor): Tensor {
    if (this.#rate === 0) return x
    if (this.#place === this.#places) throw new Error(`dropout was made for ${this.#places} places`)
    return apply(dropoutOp, [x, this.#bits(x)], { rate: this.#rate })
  }

  /** int32 numbers in the shape of x: ((row ^ rowKey) · p ^ (column ^ columnKey) · q) · r, with odd p, q, r. */
  #bits(x: Tensor): Tensor {
    const columns = x.shape.at(-1)!
    const rows = elementCount(x.shape) / columns
    const place = this.#place++
    const key = this.#keys.slice(0, place, place + 1) // [1, 2]
    const fixed = (count: number, axis: string) => {
      const random = new Random(place, `dropout/${axis}`)
      return Array.from({ length: count }, () => random.uint32() | 0)
    }
    const rowBits = constant(fixed(rows, 'rows'), [rows, 1], 'int32')
      .bitwiseXor(key.slice(1, 0, 1))
      .mul(0x85ebca6b | 0)
    const columnBits = constant(fixed(columns, 'columns'), [1, columns], 'int32')
      .bitwiseXor(key.slice(1, 1, 2))
      .mul(0xc2b2ae35 | 0)
    return rowBits
      .bitwiseXor(columnBits)
      .mul(0x9e3779b1 | 0)
      .reshape(x.shape)
  }
}

/** The keys of one step: int32 [places, 2]. */
export function dropoutKeys(seed: number, step: number, places: number): Int32Array {
  const random = new Random(seed, 'dropout', step * places * 2)
  return Int32Array.from({ length: places * 2 }, () => random.uint32() | 0)
}

/** How often a computation drops, found by describing it once. */
export function countDropouts(compute: (dropout: Dropout) => unknown): number {
  const dropout = new Dropout(0.5, 2 ** 16)
  compute(dropout)
  return dropout.used
}
