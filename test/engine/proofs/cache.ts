import type * as cache from '../../../src/ops/cache.ts'
import { cachedAttention } from '../../../src/ops/cache.ts'
import { applyAll, constant } from '../../../src/tensor/tensor.ts'
import { softmaxOf } from './normalization.ts'
import { type Case, floats, type Operand, type ProofsOf } from './proof.ts'
import { at, generate, sumOver, type Values } from './values.ts'

interface Sizes {
  readonly batch: number
  readonly heads: number
  readonly keyValueHeads: number
  readonly channels: number
  /** L */
  readonly capacity: number
  /** Tokens before the new ones. */
  readonly past: number
  /** S */
  readonly tokens: number
  readonly band?: number
}

const number = (shape: readonly number[], value: number): Operand => ({
  shape,
  dtype: 'int32',
  values: count => Array(count).fill(value),
})

function cached({
  batch,
  heads,
  keyValueHeads,
  channels,
  capacity,
  past,
  tokens,
  band,
}: Sizes): Case<cache.CachedAttentionAttributes> {
  const rows = [batch, tokens, keyValueHeads * channels]
  const memory = [batch, keyValueHeads, capacity, channels]
  return {
    operands: [
      floats([batch, tokens, heads * channels]),
      ...[rows, rows, memory, memory].map(shape => floats(shape)),
      number([batch], past + tokens - 1),
      number([], past + tokens),
    ],
    attributes: { heads, keyValueHeads, scale: 0.3, ...(band !== undefined && { band }) },
  }
}

const sizes: Sizes = { batch: 2, heads: 2, keyValueHeads: 2, channels: 8, capacity: 6, past: 3, tokens: 1 }

/** A cache after the new rows [B, S, K D] are written behind the old; zero behind those. */
function filled(old: Values, rows: Values, total: number): Values {
  const first = total - rows.shape[1]
  const channels = old.shape[3]
  return generate(old.shape, ([b, k, t, d]) => {
    if (t >= total) return 0
    return t < first ? at(old, [b, k, t, d]) : at(rows, [b, t - first, k * channels + d])
  })
}

export const cacheProofs: ProofsOf<typeof cache> = {
  cachedAttention: {
    cases: [
      cached(sizes),
      cached({ ...sizes, past: 0, tokens: 4 }),
      cached({ ...sizes, past: 5 }),
      cached({ ...sizes, heads: 4, batch: 1 }),
      cached({ ...sizes, past: 0, tokens: 1 }),
      cached({ ...sizes, band: 2 }),
      cached({ ...sizes, past: 0, tokens: 5, band: 2 }),
      cached({ ...sizes, past: 2, tokens: 3, band: 3, batch: 1 }),
    ],
    // What lies behind the last token in a cache is nobody's business: it is made zero.
    build: (inputs, attributes) => {
      const [y, ...caches] = applyAll(cachedAttention, inputs, attributes)
      const capacity = caches[0].shape[2]
      const position = constant([...Array(capacity).keys()], [capacity, 1], 'int32')
      return [y, ...caches.map(cache => position.less(inputs[6]).where(cache, 0))]
    },
    reference: ([queries, keys, values, keyCache, valueCache, , total], attributes) => {
      const { heads, keyValueHeads, scale, band = Number.POSITIVE_INFINITY } = attributes
      const [batch, tokens] = queries.shape
      const channels = keyCache.shape[3]
      const [length] = total.data
      const [k, v] = [filled(keyCache, keys, length), filled(valueCache, values, length)]
      const group = heads / keyValueHeads
      const scores = generate([batch, heads, tokens, length], ([b, h, s, t]) => {
        const own = length - tokens + s
        if (t > own || own - t >= band) return -Infinity
        return (
          scale *
          sumOver(channels, d => at(queries, [b, s, h * channels + d]) * at(k, [b, Math.floor(h / group), t, d]))
        )
      })
      const weights = softmaxOf(scores, 3)
      const y = generate(queries.shape, ([b, s, column]) => {
        const [h, d] = [Math.floor(column / channels), column % channels]
        return sumOver(length, t => at(weights, [b, h, s, t]) * at(v, [b, Math.floor(h / group), t, d]))
      })
      return [y, k, v]
    },
  },
}
