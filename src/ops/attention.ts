import type { Tensor } from '../tensor/tensor.ts'
import type { Op, Ternary } from './op.ts'

/**
 * Softmax attention, softmax(scale Q Kᵀ + mask) V; the second output is the attention weights.
 * Vaswani et al., Attention Is All You Need, 2017, section 3.2.1.
 *
 * Inputs: queries [B, H, T, D], keys and values [B, H, S, D], mask that broadcasts to [B, H, T, S] (0 or -∞).
 */
export const attention: Op<readonly [...Ternary, Ternary[0]], { readonly scale: number }> = {
  name: 'attention',
  infer: ([q, k]) => [q, { dtype: 'float32', shape: k.shape.with(2, q.shape[2]).with(3, k.shape[2]) }],
  compose: ([q, k, v, mask], { scale }) => {
    const weights = q.matmul(k, { transposeB: true, scale }).maskedSoftmax(mask) // [B, H, T, S]
    return [weights.matmul(v), weights]
  },
  gradient: ({ dys: [dy, dWeights], inputs: [q, k, v], outputs: [y, weights], attributes: { scale } }) => {
    const dOutput = dy ?? y.mul(0)
    // Σ_s dW_ts W_ts = Σ_d dy_td y_td: the row sums of the softmax's gradient without a pass over the weights
    // (Dao et al., FlashAttention, 2022, appendix B.2)
    const base = dOutput.mul(y).sum([-1], true)
    let dProduct = dOutput.matmul(v, { transposeB: true })
    let rowSum = base
    if (dWeights) {
      dProduct = dProduct.add(dWeights)
      rowSum = base.add(dWeights.mul(weights).sum([-1], true))
    }
    const dScores = dProduct.sub(rowSum).mul(weights) // dS = W (dW - Σ dW W)
    return [
      dScores.matmul(k, { scale }), // dQ = scale dS K
      dScores.matmul(q, { transposeA: true, scale }), // dK = scale dSᵀ Q
      weights.matmul(dOutput, { transposeA: true }), // dV = Wᵀ dY
      null,
    ]
  },
}

/** Queries of one block: they are `start` to `end - 1`, and see the keys `first` to `end - 1`. */
interface Block {
  readonly start: number
  readonly end: number
  readonly first: number
}

/**
 * A number of blocks as equal as can be.
 * @param band - keys that each query sees: the last of those that are not after it
 */
function blocksOf(tokens: number, count: number, band: number = tokens): Block[] {
  const cut = (i: number): number => Math.round((i * tokens) / count)
  const blocks = Array.from({ length: count }, (_, i) => ({ start: cut(i), end: cut(i + 1) }))
  return blocks
    .filter(({ start, end }) => end > start)
    .map(block => ({ ...block, first: Math.max(0, block.start - band + 1) }))
}

/**
 * Causal attention, block by block of the queries: scores of keys that lie after a whole block, or before the band that
 * its queries see, are not computed. The same numbers as `attention` with that mask, which is its slow twin.
 *
 * Inputs: queries, keys and values [B, H, T, D], causal mask [T, T] (0 or -∞), which says the band too. Outputs:
 * [B, H, T, D] and, for each block of t queries that see e keys together, the attention weights [B, H, t, e].
 */
export const causalAttention: Op<
  readonly [...Ternary, Ternary[0]],
  { readonly scale: number; readonly blocks: number; readonly band?: number }
> = {
  name: 'causalAttention',
  infer: ([q], { blocks, band }) => {
    const [batch, heads, tokens] = q.shape
    const weights = blocksOf(tokens, blocks, band).map(({ start, end, first }) => [
      ...[batch, heads, end - start, end - first],
    ])
    return [q, ...weights.map(shape => ({ dtype: 'float32', shape }) as const)]
  },
  compose: ([q, k, v, mask], { scale, blocks, band }) => {
    const parts = blocksOf(q.shape[2], blocks, band).map(({ start, end, first }) => {
      const visible = mask.slice(0, start, end).slice(1, first, end)
      const scores = q.slice(2, start, end).matmul(k.slice(2, first, end), { transposeB: true, scale })
      const weights = scores.maskedSoftmax(visible) // [B, H, t, e]
      return { y: weights.matmul(v.slice(2, first, end)), weights }
    })
    return [joined(parts.map(({ y }) => y)), ...parts.map(({ weights }) => weights)]
  },
  gradient: ({
    dys: [dy, ...dWeights],
    inputs: [q, k, v],
    outputs: [y, ...weights],
    attributes: { scale, blocks, band },
  }) => {
    const dOutput = dy ?? y.mul(0)
    const base = dOutput.mul(y).sum([-1], true) // Σ_s dW_ts W_ts, as in `attention`
    const parts = blocksOf(q.shape[2], blocks, band).map(({ start, end, first }, i) => {
      const dBlock = dOutput.slice(2, start, end)
      let dProduct = dBlock.matmul(v.slice(2, first, end), { transposeB: true })
      let rowSum = base.slice(2, start, end)
      const given = dWeights[i]
      if (given) {
        dProduct = dProduct.add(given)
        rowSum = rowSum.add(given.mul(weights[i]).sum([-1], true))
      }
      const dScores = dProduct.sub(rowSum).mul(weights[i]) // dS = W (dW - Σ dW W)
      return {
        dq: dScores.matmul(k.slice(2, first, end), { scale }),
        dk: after(dScores.matmul(q.slice(2, start, end), { transposeA: true, scale }), first), // [B, H, end, D]
        dv: after(weights[i].matmul(dBlock, { transposeA: true }), first),
      }
    })
    return [
      joined(parts.map(({ dq }) => dq)),
      summed(parts.map(({ dk }) => dk)),
      summed(parts.map(({ dv }) => dv)),
      null,
    ]
  },
}

const joined = ([first, ...rest]: readonly Tensor[]): Tensor => (rest.length === 0 ? first : first.concat(rest, 2))

/** Zeros for the tokens before the first. */
const after = (x: Tensor, first: number): Tensor => (first === 0 ? x : x.pad(2, first, 0))

/** The sum of tensors that begin at the same token, each longer than the one before. */
const summed = (parts: readonly Tensor[]): Tensor =>
  parts.reduce((sum, part) => part.add(sum.pad(2, 0, part.shape[2] - sum.shape[2])))
