import type { Shape } from '../base/shape.ts'
import { host } from '../compiler/compile.ts'
import { cachedAttention } from '../ops/cache.ts'
import type { HostTensor } from '../runtime/runtime.ts'
import { applyAll, input, type Tensor } from '../tensor/tensor.ts'
import { type Memory, type MemorySize, nextName } from './memory.ts'

/** ONNX Runtime's operator takes heads whose channels are a multiple of this. */
const headMultiple = 8

/** Zeros behind the channels of each head, which change neither products nor sums: [B, S, H D] to [B, S, H W]. */
function widenHeads(x: Tensor, channels: number, width: number): Tensor {
  if (width === channels) return x
  const [batch, tokens, all] = x.shape
  const padded = x.reshape([batch, tokens, all / channels, channels]).pad(3, 0, width - channels)
  return padded.reshape([batch, tokens, -1])
}

/** Keys and values of the tokens that a model has seen, so that each new token costs one position. */
export class KeyValueCache implements Memory {
  readonly rewinds = true
  readonly inPlace = true
  /** Positions of the new tokens: int64 [S]. */
  readonly positions: Tensor
  /** Tokens that the caches hold. */
  readonly length: number
  readonly #rows: number
  readonly #last: Tensor
  readonly #total: Tensor
  readonly #layers: { readonly shape: Shape; readonly keys: Tensor; readonly values: Tensor }[] = []
  readonly #place: Record<'positions' | 'last' | 'total', HostTensor>

  /** @param context - tokens that the model sees at once */
  constructor({ rows, tokens, room = Infinity }: MemorySize, context: number) {
    this.length = Math.min(room, context)
    this.#rows = rows
    this.positions = input('positions', [tokens], 'int64')
    this.#last = input('last', [rows], 'int32')
    this.#total = input('total', [], 'int32')
    this.#place = {
      positions: host('int64', [tokens], new BigInt64Array(tokens)),
      last: host('int32', [rows], new Int32Array(rows)),
      total: host('int32', [], new Int32Array(1)),
    }
  }

  /**
   * Attention of one layer; layers are told apart by the order of their calls.
   *
   * @param q - queries of the new tokens [B, S, H D]; k and v: keys and values [B, S, K D]
   * @param band - tokens that each query sees, itself among them; by default all before it
   */
  attend(q: Tensor, k: Tensor, v: Tensor, heads: number, band?: number): Tensor {
    const channels = q.shape[2] / heads
    const keyValueHeads = k.shape[2] / channels
    const width = headMultiple * Math.ceil(channels / headMultiple)
    const shape = [this.#rows, keyValueHeads, this.length, width]
    const layer = this.#layers.length
    const past = [input(`keys/${layer}`, shape), input(`values/${layer}`, shape)]
    const attributes = { heads, keyValueHeads, scale: 1 / Math.sqrt(channels), band }
    const padded = [q, k, v].map(part => widenHeads(part, channels, width))
    const [y, keys, values] = applyAll(cachedAttention, [...padded, ...past, this.#last, this.#total], attributes)
    this.#layers.push({ shape, keys, values })
    return width === channels
      ? y
      : y
          .reshape([...q.shape.slice(0, 2), heads, width])
          .slice(3, 0, channels)
          .reshape(q.shape)
  }

  get shapes(): Record<string, Shape> {
    return Object.fromEntries(
      this.#layers.flatMap(({ shape }, i) => [`keys/${i}`, `values/${i}`].map(name => [name, shape])),
    )
  }

  get outputs(): Record<string, Tensor> {
    return Object.fromEntries(
      this.#layers.flatMap(({ keys, values }, i) => [
        [nextName(`keys/${i}`), keys],
        [nextName(`values/${i}`), values],
      ]),
    )
  }

  place(before: number): Record<string, HostTensor> {
    const { positions, last, total } = this.#place
    const tokens = positions.data.length
    for (let i = 0; i < tokens; i++) positions.data[i] = BigInt(before + i)
    last.data.fill((before + tokens - 1) as never)
    total.data[0] = before + tokens
    return this.#place
  }
}
