/**
 * A language model that learned to predict text, made a classifier: one linear layer on what it makes of the last token.
 * Radford et al., Improving Language Understanding by Generative Pre-Training, 2018, sections 3.2 and 3.3.
 * Shapes: B examples of R sequences, T tokens, C channels, K classes.
 */
import { cutPair } from '../data/cut-pair.ts'
import type { Dropout } from '../nn/dropout.ts'
import { normal, transformerDeviation } from '../nn/initializers.ts'
import { Linear } from '../nn/layers.ts'
import { tokenLosses } from '../nn/losses.ts'
import { constant, input, type Tensor } from '../tensor/tensor.ts'
import { dropoutPlaces, type LanguageModel } from './language-model.ts'

/**
 * What is done with the sequences of an example: one is classified; of a pair that comes in both orders, what the model
 * makes of the two is added; of several answers to one question, the scores are what is chosen by.
 */
export type Combination = 'one' | 'sum' | 'choice'

export interface FineTunedConfiguration {
  readonly combination: Combination
  /** K; for a choice the number of answers. */
  readonly classes: number
}

interface FineTunedOptions {
  readonly dropout?: Dropout
  readonly auxiliary?: Tensor[]
}

export class FineTunedClassifier {
  readonly base: LanguageModel & object
  /** W_y, without a bias. */
  readonly score: Linear
  readonly #configuration: FineTunedConfiguration
  readonly #dropoutPlaces: number

  constructor(base: LanguageModel & object, configuration: FineTunedConfiguration) {
    const ids = input('ids', [1, 1], 'int64')
    const channels = base.states(ids).shape[2]
    const outputs = configuration.combination === 'choice' ? 1 : configuration.classes
    this.base = base
    this.score = new Linear(channels, outputs, { bias: false, initialize: normal(transformerDeviation(channels)) })
    this.#configuration = configuration
    this.#dropoutPlaces = dropoutPlaces(base) + 1
  }

  get configuration(): FineTunedConfiguration {
    return this.#configuration
  }
  /** Those of the base, and one before the linear layer. */
  get dropoutPlaces(): number {
    return this.#dropoutPlaces
  }
  /** R */
  get sequences(): number {
    const { combination, classes } = this.#configuration
    return { one: 1, sum: 2, choice: classes }[combination]
  }

  /**
   * P(y | x¹ .. xᵐ) = softmax(h_m W_y), of which these are the logits.
   *
   * @param ids - int64 [B R, T], each sequence with what follows it left empty
   * @param lengths - int64 [B R]
   * @param options.auxiliary - receives the language-modelling loss, L₁ of equation 5, in nats per token
   * @returns [B, K]
   */
  logits(ids: Tensor, lengths: Tensor, { dropout, auxiliary }: FineTunedOptions = {}): Tensor {
    const [rows, tokens] = ids.shape
    const { combination, classes } = this.#configuration
    const states = this.base.states(ids, { dropout }) // [B R, T, C]
    const starts = constant(
      Array.from({ length: rows }, (_, row) => row * tokens - 1),
      [rows],
      'int64',
    )
    const last = states.reshape([rows * tokens, -1]).gather(lengths.add(starts)) // [B R, C]
    const ends = combination === 'sum' ? last.reshape([rows / 2, 2, -1]).sum([1]) : last // [B or B R, C]
    if (auxiliary) auxiliary.push(this.#nextTokens(states, ids, lengths))
    return this.score.apply(dropout?.apply(ends) ?? ends).reshape([-1, classes])
  }

  /** Mean over all tokens that have one before them. */
  #nextTokens(states: Tensor, ids: Tensor, lengths: Tensor): Tensor {
    const [rows, tokens] = ids.shape
    const places = constant([...Array(tokens - 1).keys()], [1, tokens - 1], 'int64')
    const exists = places.less(lengths.reshape([rows, 1]).sub(1)) // [B R, T - 1]
    const targets = exists.where(ids.slice(1, 1, tokens), -1)
    const losses = tokenLosses(this.base.project(states.slice(1, 0, tokens - 1)), targets)
    return losses.sum().div(exists.cast('float32').sum().maximum(1))
  }
}

/** The ids of the tokens that the inputs of tasks are put together with. */
export interface TaskTokens {
  readonly start: number
  readonly delimiter: number
  /** Ends a sequence: what the model makes of it is classified. */
  readonly extract: number
}

type Ids = ArrayLike<number>

/** One text: start, text, extract. A text that is too long for the context loses its end. Figure 1 of the paper. */
export function textInput(text: Ids, { start, extract }: TaskTokens, context: number): number[] {
  return [start, ...Array.from(text).slice(0, context - 2), extract]
}

/**
 * An answer to a question about a text: start, text, question, delimiter, answer, extract. Where they are too long, the
 * text loses its end, so that the question stays.
 */
export function answerInput(text: Ids, question: Ids, answer: Ids, tokens: TaskTokens, context: number): number[] {
  const room = Math.max(0, context - 3 - question.length - answer.length)
  const kept = question.length === 0 ? text.length : room
  return pairInput([...Array.from(text).slice(0, kept), ...Array.from(question)], answer, tokens, context)
}

/** Two texts: start, first, delimiter, second, extract. Where they are too long, the longer loses its end. */
export function pairInput(
  first: Ids,
  second: Ids,
  { start, delimiter, extract }: TaskTokens,
  context: number,
): number[] {
  const [begin, end] = cutPair(first, second, context - 3)
  return [start, ...begin, delimiter, ...end, extract]
}
