import type { Shape } from '../base/shape.ts'
import { cachedAttention } from '../ops/cache.ts'
import { applyAll, input, type Tensor } from '../tensor/tensor.ts'

/**
 * Keys and values of the tokens that a model has seen, so that each new token costs one position. Symbolic: `inputs` of
 * the compiled program are the caches as they were, `outputs` as they are after the new tokens.
 */
export class KeyValueCache {
  /** Positions of the new tokens: int64 [S]. */
  readonly positions: Tensor
  readonly #length: number
  readonly #last: Tensor
  readonly #total: Tensor
  readonly #layers: { readonly shape: Shape; readonly keys: Tensor; readonly values: Tensor }[] = []

  /**
   * @param tokens - new tokens of one run
   * @param length - tokens that the caches hold
   */
  constructor(tokens: number, length: number) {
    this.#length = length
    this.positions = input('positions', [tokens], 'int64')
    this.#last = input('last', [1], 'int32')
    this.#total = input('total', [], 'int32')
  }

  /**
   * Attention of one layer; layers are told apart by the order of their calls.
   *
   * @param q - queries of the new tokens [1, S, H D]; k and v: keys and values [1, S, K D]
   */
  attend(q: Tensor, k: Tensor, v: Tensor, heads: number): Tensor {
    const channels = q.shape[2] / heads
    const keyValueHeads = k.shape[2] / channels
    const shape = [1, keyValueHeads, this.#length, channels]
    const layer = this.#layers.length
    const past = [input(`keys/${layer}`, shape), input(`values/${layer}`, shape)]
    const attributes = { heads, keyValueHeads, scale: 1 / Math.sqrt(channels) }
    const [y, keys, values] = applyAll(cachedAttention, [q, k, v, ...past, this.#last, this.#total], attributes)
    this.#layers.push({ shape, keys, values })
    return y
  }

  /** Shape of each cache by the name of its input. */
  get shapes(): Record<string, Shape> {
    return Object.fromEntries(
      this.#layers.flatMap(({ shape }, i) => [`keys/${i}`, `values/${i}`].map(name => [name, shape])),
    )
  }

  /** The caches with the new tokens, by the name of the output: `next/` and the name of the input. */
  get outputs(): Record<string, Tensor> {
    return Object.fromEntries(
      this.#layers.flatMap(({ keys, values }, i) => [
        [`next/keys/${i}`, keys],
        [`next/values/${i}`, values],
      ]),
    )
  }
}
