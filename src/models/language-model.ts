import type { Dropout } from '../nn/dropout.ts'
import type { KeyValueCache } from '../nn/key-value-cache.ts'
import type { Tensor } from '../tensor/tensor.ts'

export interface LogitsOptions {
  /** In training: drops elements. */
  readonly dropout?: Dropout
  /** In generation: keys and values of the tokens before these. */
  readonly cache?: KeyValueCache
  /** Only the last token's logits: [B, 1, V]. */
  readonly lastOnly?: boolean
}

/** What every language model of the line answers: the logits of the next token after each token. */
export interface LanguageModel {
  /** Tokens that the model sees at once. */
  readonly context: number
  /** Different tokens. */
  readonly vocabulary: number
  /**
   * @param ids - int64 [B, T]
   * @returns [B, T, V]: logits of the token that follows position t
   */
  logits(ids: Tensor, options?: LogitsOptions): Tensor
}
