import type { Shape } from '../../../src/base/shape.ts'
import type * as attention from '../../../src/ops/attention.ts'
import { softmaxOf } from './normalization.ts'
import { floats, type Operand, type ProofsOf } from './proof.ts'
import { at, generate, sumOver, type Values } from './values.ts'

/** [B, H, T, D] queries and [B, H, S, D] keys and values. */
const attentionOperands = (queries: Shape, keys: Shape, mask: Shape): Operand[] => [
  floats(queries),
  floats(keys),
  floats(keys),
  floats(mask, -1, 0),
]

/** The output and the weights of every query over every key. */
function plainAttention(q: Values, k: Values, v: Values, mask: Values, scale: number): [Values, Values] {
  const [batch, heads, queries, channels] = q.shape
  const keys = k.shape[2]
  const scores = generate([batch, heads, queries, keys], ([b, h, t, s]) => {
    const product = sumOver(channels, d => at(q, [b, h, t, d]) * at(k, [b, h, s, d]))
    return scale * product + at(mask, [b, h, t, s])
  })
  const weights = softmaxOf(scores, 3)
  const y = generate(q.shape, ([b, h, t, d]) => sumOver(keys, s => at(weights, [b, h, t, s]) * at(v, [b, h, s, d])))
  return [y, weights]
}

/** 0 in a band on and below the diagonal, so low elsewhere that nothing is left of what it is added to. */
const causal = (tokens: number, band: number): Operand => ({
  shape: [tokens, tokens],
  dtype: 'float32',
  values: () =>
    Array.from({ length: tokens ** 2 }, (_, i) => {
      const before = Math.floor(i / tokens) - (i % tokens)
      return before < 0 || before >= band ? -1e9 : 0
    }),
})

const causalCase = (tokens: number, blocks: number, band?: number) => ({
  operands: [
    ...attentionOperands([2, 2, tokens, 3], [2, 2, tokens, 3], []).slice(0, 3),
    causal(tokens, band ?? tokens),
  ],
  attributes: { scale: 0.7, blocks, ...(band !== undefined && { band }) },
})

export const attentionProofs: ProofsOf<typeof attention> = {
  attention: {
    cases: [
      { operands: attentionOperands([2, 2, 3, 4], [2, 2, 3, 4], [3, 3]), attributes: { scale: 0.5 } },
      { operands: attentionOperands([1, 2, 1, 2], [1, 2, 5, 2], [1, 5]), attributes: { scale: 1 } },
      { operands: attentionOperands([2, 1, 4, 1], [2, 1, 1, 1], [2, 1, 4, 1]), attributes: { scale: 0.3 } },
      { operands: attentionOperands([2, 3, 2, 2], [2, 3, 4, 2], []), attributes: { scale: 2 } },
    ],
    // The mask is known in advance: no gradient flows to it.
    constants: [3],
    reference: ([q, k, v, mask], { scale }) => plainAttention(q, k, v, mask, scale),
  },
  causalAttention: {
    cases: [
      ...[causalCase(4, 1), causalCase(6, 2), causalCase(7, 3), causalCase(1, 2), causalCase(5, 5)],
      ...[causalCase(6, 3, 2), causalCase(7, 3, 3), causalCase(4, 4, 1), causalCase(5, 2, 9)],
    ],
    constants: [3],
    reference: ([q, k, v, mask], { scale, blocks, band = Number.POSITIVE_INFINITY }) => {
      const tokens = q.shape[2]
      const [y, weights] = plainAttention(q, k, v, mask, scale)
      const cuts = [...new Set(Array.from({ length: blocks + 1 }, (_, i) => Math.round((i * tokens) / blocks)))]
      const parts = cuts.slice(1).map((end, i) => {
        const first = Math.max(0, cuts[i] - band + 1)
        const shape = [...weights.shape.slice(0, 2), end - cuts[i], end - first]
        return generate(shape, ([b, h, t, s]) => at(weights, [b, h, t + cuts[i], s + first]))
      })
      return [y, ...parts]
    },
  },
}
