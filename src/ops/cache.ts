import type { Op, Variadic } from './op.ts'

export type CachedAttentionAttributes = {
  readonly heads: number
  readonly keyValueHeads: number
  readonly scale: number
  /** Tokens that each query sees, itself among them; all of those before it unless told otherwise. */
  readonly band?: number
}

/**
 * Causal attention of S new tokens over themselves and the tokens before them, whose keys and values lie in caches of a
 * fixed length; the new ones are added there. In use only: no gradient.
 *
 * Inputs: queries [B, S, H D], keys and values [B, S, K D], key and value caches [B, K, L, D], index of the last token
 * int32 [B], number of tokens with the new ones int32 []. Outputs: [B, S, H D] and the two caches, which may be written
 * to the memory of the old ones.
 */
export const cachedAttention: Op<Variadic, CachedAttentionAttributes> = {
  name: 'cachedAttention',
  onnx: ({ heads, keyValueHeads, scale, band }) => ({
    type: 'GroupQueryAttention',
    domain: 'com.microsoft',
    attributes: {
      ...{ num_heads: heads, kv_num_heads: keyValueHeads, scale: { float: scale } },
      ...(band !== undefined && { local_window_size: band }),
    },
  }),
  infer: ([queries, , , keyCache, valueCache]) => [queries, keyCache, valueCache],
}
