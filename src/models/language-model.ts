import { OptionError } from '../base/errors.ts'
import type { Packing } from '../nn/attention.ts'
import { countDropouts, type Dropout } from '../nn/dropout.ts'
import type { Memory, MemorySize } from '../nn/memory.ts'
import { input, type Tensor } from '../tensor/tensor.ts'

export interface LogitsOptions<M extends Memory = Memory> {
  /** In training: drops elements. */
  readonly dropout?: Dropout
  /** Of the tokens before these; without it these are the first. */
  readonly memory?: M
  /** Only of the last token: [B, 1, ..]. */
  readonly lastOnly?: boolean
  /** Several documents in a row, none of which sees another. For models that attend, in training. */
  readonly packing?: Packing
  /** In training: of a block only its input is kept for the backward pass, which computes the rest again. */
  readonly recompute?: boolean
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
   * What the model makes of each token and those before it.
   * @param ids - int64 [B, T]
   * @returns [B, T, C]: what the logits are a projection of
   */
  states(ids: Tensor, options?: LogitsOptions<M>): Tensor
  /** From states [.., C] to logits [.., V]. */
  project(states: Tensor): Tensor
  /**
   * @param ids - int64 [B, T]
   * @returns [B, T, V]: logits of the token that follows position t
   */
  logits(ids: Tensor, options?: LogitsOptions<M>): Tensor
}

/** Whether a model's memory is carried from window to window. */
export const isRecurrent = ({ context, reach }: LanguageModel): boolean => reach > context

/** Tokens of a window unless another is asked for: a model may see more at once than a machine has memory for. */
const usualWindow = 2048

/**
 * Tokens that are computed as one window, by training or scoring.
 * @param wanted - by default as many as the model sees at once, 2,048 at most
 * @throws {OptionError} if the model does not see so many
 */
export function windowTokens(model: LanguageModel, wanted: number = Math.min(model.context, usualWindow)): number {
  if (wanted <= model.reach) return wanted
  const expected = `at most ${model.reach} tokens, as many as the model sees at once`
  throw new OptionError({ what: 'Option --context', expected, received: String(wanted) })
}

/** How often a forward pass drops. */
export const dropoutPlaces = (model: LanguageModel): number =>
  countDropouts(dropout => model.states(input('ids', [1, 1], 'int64'), { dropout }))

/** A fresh model of the same configuration: adapters are put on one, and not on the other. */
export const sameModel = <M extends LanguageModel & object>(model: M): M => withVocabulary(model, model.vocabulary)

/** A model of the same configuration with another vocabulary. */
export function withVocabulary<M extends LanguageModel & object>(model: M, vocabulary: number): M {
  const Model = model.constructor as new (configuration: object) => M
  return new Model({ ...model.configuration, vocabulary })
}
