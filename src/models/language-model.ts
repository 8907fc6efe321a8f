import type { Dropout } from '../nn/dropout.ts'
import type { Tensor } from '../tensor/tensor.ts'

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
  logits(ids: Tensor, options?: { readonly dropout?: Dropout }): Tensor
}
