import { OptionError } from '../base/errors.ts'
import { attention as attentionOp, causalAttention as causalAttentionOp } from '../ops/attention.ts'
import { apply, constant, type Tensor } from '../tensor/tensor.ts'
import type { Dropout } from './dropout.ts'

/** In the place of -∞. */
const lowest = -3.4028234663852886e38

/** @throws {OptionError} if the channels cannot be shared evenly among the heads */
export function checkHeads(channels: number, heads: number): void {
  if (channels % heads === 0) return
  throw new OptionError({
    what: 'channels',
    expected: `a multiple of heads (${heads})`,
    received: String(channels),
    hint: `Try ${Math.max(1, Math.round(channels / heads)) * heads}.`,
  })
}

/** Several documents in a row of tokens: each begins at position 0, and none sees another. */
export interface Packing {
  /** Index of each token in its own document: int64 [B, T]. */
  readonly positions: Tensor
  /** Number of its document in the row: int64 [B, T]. */
  readonly documents: Tensor
  /**
   * Number of the document that its own goes on from, and sees: a prefix that several share, and that stands before them.
   * That of its own where there is none: int64 [B, T].
   */
  readonly prefixes?: Tensor
}

/**
 * 0 where a query may look at a key of its own document, or of the prefix that it goes on from, -∞ where that lies after it
 * or in another: [B, 1, T, T].
 * @param band - keys that each query sees, by their positions: its own and those right before it
 */
export function packedMask({ documents, positions, prefixes }: Packing, band?: number): Tensor {
  const [batch, tokens] = documents.shape
  const [ofQueries, ofKeys] = [
    [batch, 1, tokens, 1],
    [batch, 1, 1, tokens],
  ]
  const keys = documents.reshape(ofKeys)
  let mask: Tensor = causalMask(tokens)
  if (band !== undefined) {
    const near = positions
      .reshape(ofKeys)
      .add(band - 1)
      .greaterOrEqual(positions.reshape(ofQueries))
    mask = near.where(mask, lowest)
  }
  const seen = (of: Tensor, otherwise: Tensor | number): Tensor =>
    of.reshape(ofQueries).equal(keys).where(mask, otherwise)
  return seen(documents, prefixes ? seen(prefixes, lowest) : lowest)
}

/**
 * 0 where a query may look at a key, -∞ (as the lowest float32) where the key lies after it: [T, S].
 * @param band - keys that each query sees: its own and those right before it
 */
export function causalMask(queries: number, keys: number = queries, band: number = keys): Tensor {
  const values = new Float32Array(queries * keys).fill(lowest)
  for (let t = 0; t < queries; t++) {
    const own = t + keys - queries
    values.fill(0, t * keys + Math.max(0, own - band + 1), t * keys + own + 1)
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
  const weights = q.matmul(k, { transposeB: true, scale }).maskedSoftmax(mask) // [B, H, T, S]
  return dropout.apply(weights).matmul(v)
}

/**
 * Queries of a block. Measured on two cores: context 1,024, 4 layers, 768 channels: 1,434 ms a step in one block, 1,257 in four;
 * context 256: nothing is gained by two.
 */
const blockTokens = 256
/**
 * Queries of a block where each sees a band: as many as the band is wide, but products of fewer are slow, and more compute too
 * much for nothing. Measured in decision 0017.
 */
const bandedBlock = (band: number): number => Math.min(128, Math.max(64, band))

export interface CausalAttentionOptions {
  /** Applied to the attention weights in training. */
  readonly dropout?: Dropout
  /** In the place of the causal mask, and of the band: see `packedMask`. */
  readonly mask?: Tensor
  /** Keys that each query sees, its own among them: all of those before it unless told otherwise. */
  readonly band?: number
}

/**
 * softmax(Q Kᵀ / √D) V, where each query sees its own key and those before it, or the last of them in a band; about half of
 * the work of `attention` with a causal mask, or less.
 *
 * @param q - queries [B, H, T, D]
 * @param k - keys [B, K, T, D], v likewise: each of K heads for H / K queries (Ainslie et al., GQA, 2023)
 */
export function causalAttention(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  { dropout, mask: given, band: asked = q.shape[2] }: CausalAttentionOptions = {},
): Tensor {
  const tokens = q.shape[2]
  const band = asked < tokens ? asked : undefined
  const blocks = Math.floor(tokens / (band === undefined ? blockTokens : bandedBlock(band)))
  const group = q.shape[1] / k.shape[1]
  if (given !== undefined || dropout !== undefined || blocks <= 1) {
    const mask = given ?? causalMask(tokens, tokens, band)
    return group === 1 ? attention(q, k, v, mask, dropout) : groupedAttention(q, k, v, mask, dropout)
  }
  const scale = 1 / Math.sqrt(q.shape[3])
  const inputs = [q, repeatHeads(k, group), repeatHeads(v, group), causalMask(tokens, tokens, band)] as const
  return apply(causalAttentionOp, inputs, { scale, blocks, ...(band !== undefined && { band }) })
}

/** The queries of a group are one after another as if they were more tokens: nothing is repeated but the mask. */
function groupedAttention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor, dropout?: Dropout): Tensor {
  const [batch, heads, tokens, channels] = q.shape
  const keyValueHeads = k.shape[1]
  const group = heads / keyValueHeads
  const queries = q.reshape([batch, keyValueHeads, group * tokens, channels])
  const rows = mask.shape.slice(0, -2)
  const tiled = mask.reshape([...rows, 1, tokens, tokens]).expand([...rows, group, tokens, tokens])
  const y = attention(queries, k, v, tiled.reshape([...rows, group * tokens, tokens]), dropout)
  return y.reshape(q.shape)
}

/** Each head as often as its group has queries: [B, K, T, D] to [B, K group, T, D]. */
function repeatHeads(x: Tensor, group: number): Tensor {
  if (group === 1) return x
  const [batch, heads, tokens, channels] = x.shape
  const repeated = x.reshape([batch, heads, 1, tokens, channels]).expand([batch, heads, group, tokens, channels])
  return repeated.reshape([batch, heads * group, tokens, channels])
}
