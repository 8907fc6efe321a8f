import { attention as attentionOp } from '../ops/composite.ts'
import { apply, constant, type Tensor } from '../tensor/tensor.ts'
import type { Dropout } from './dropout.ts'

/** 0 where a query may look at a key, -∞ (as the lowest float32) where the key lies after it: [T, S]. */
export function causalMask(queries: number, keys: number = queries): Tensor {
  const values = new Float32Array(queries * keys)
  for (let t = 0; t < queries; t++) {
    for (let s = t + keys - queries + 1; s < keys; s++) values[t * keys + s] = -3.4028234663852886e38
  }
  return constant(values, [queries, keys])
}

/**
 * softmax(Q Kᵀ / √D + mask) V.
 *
 * @param q - queries [B, H, T, D]
 * @param k - keys [B, H, S, D]
 * @param v - values [B, H, S, D]
 * @param mask - broadcasts to [B, H, T, S]; added before the softmax
 * @param dropout - applied to the attention weights in training
 * @see Vaswani et al., Attention Is All You Need, 2017, section 3.2.1
 */
export function attention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor, dropout?: Dropout): Tensor {
  const scale = 1 / Math.sqrt(q.shape[3])
  if (dropout === undefined) return apply(attentionOp, [q, k, v, mask], { scale })
  const weights = q.matmul(k, { transposeB: true, scale }).add(mask).softmax() // [B, H, T, S]
  return dropout.apply(weights).matmul(v)
}
