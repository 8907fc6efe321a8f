import type { Dropout } from '../nn/dropout.ts'
import type { Tensor } from '../tensor/tensor.ts'

export interface EncodeTextOptions {
  /** In training. */
  readonly dropout?: Dropout
  /** Collects the attention weights of each layer by its number: [B, H, T, T]. */
  readonly attentions?: Map<string, Tensor>
}

/** What a row of tokens is, beside the tokens. */
export interface EncodeTextInput {
  /** int64 [B, T]; what stands behind the end of a row changes nothing. */
  readonly ids: Tensor
  /** Which text of a pair each token belongs to, 0 or 1: int64 [B, T]. */
  readonly segments: Tensor
  /** Tokens of each row, at least one: int64 [B]. */
  readonly lengths: Tensor
}

/**
 * A model that sees a text from both sides: it fills in words that were masked, and makes vectors of words and texts. It
 * is no {@link LanguageModel}: it gives no probability to a whole text, and does not write from left to right.
 */
export interface MaskedLanguageModel {
  /** How many different tokens it knows. */
  readonly vocabulary: number
  /** Tokens that it sees at once, with the ones put around the texts. */
  readonly context: number
  /** How often `encode` drops. */
  readonly dropoutPlaces: number

  /** A state for each token [B, T, C], and one for each row [B, C], made of its first token. */
  encode(input: EncodeTextInput, options?: EncodeTextOptions): { readonly states: Tensor; readonly pooled: Tensor }

  /**
   * Scores of every token of the vocabulary in place of some tokens, before softmax. Only those positions are multiplied
   * by the vocabulary, which would otherwise be the largest product of a small model.
   *
   * @param states - [B, T, C]
   * @param positions - int64 [N], numbers of tokens in all rows: row × T + place
   * @returns [N, V]
   */
  maskLogits(states: Tensor, positions: Tensor): Tensor

  /**
   * Scores that the second text of each pair follows the first (0), or was taken from elsewhere (1), before softmax.
   * @returns [B, 2]
   */
  nextLogits(pooled: Tensor): Tensor
}
