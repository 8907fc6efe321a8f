import type { Dropout } from '../nn/dropout.ts'
import type { Memory, MemorySize } from '../nn/memory.ts'
import type { Tensor } from '../tensor/tensor.ts'

export interface LogitsOptions<M extends Memory = Memory> {
  /** In training: drops elements. */
  readonly dropout?: Dropout
  /** Of the tokens before these; without it these are the first. */
  readonly memory?: M
  /** Only the last token's logits: [B, 1, V]. */
  readonly lastOnly?: boolean
}

/** What every language model of the line answers: the logits of the next token after each token. */
export interface LanguageModel<M extends Memory = Memory> {
  /** Tokens of a training window: what an attention sees at once, how far a recurrence's gradient goes back. */
  readonly context: number
  /** Tokens before the next one that it can depend on: the context, or without end for a recurrence. */
  readonly reach: number
  /** Different tokens. */
  readonly vocabulary: number
  /** What the model was made of: plain data. */
  readonly configuration: object
  /** A memory of tokens before, for `logits`. */
  memory(size: MemorySize): M
  /**
   * @param ids - int64 [B, T]
   * @returns [B, T, V]: logits of the token that follows position t
   */
  logits(ids: Tensor, options?: LogitsOptions<M>): Tensor
}

/** Whether a model's memory is carried from window to window. */
export const isRecurrent = ({ context, reach }: LanguageModel): boolean => reach > context
