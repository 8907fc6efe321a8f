/**
 * Multinomial logistic regression: one linear layer and a softmax, on sparse vectors. The baseline that every classifier
 * of text has to beat.
 * Cox, The Regression Analysis of Binary Sequences, 1958; Hastie, Tibshirani and Friedman, The Elements of Statistical
 * Learning, 2009, section 4.4.
 * Shapes: B texts of a batch, M numbers of them that are not zero, V numbers of a vector, K classes.
 */
import { zeros } from '../nn/initializers.ts'
import { Parameter, type Tensor } from '../tensor/tensor.ts'

export interface LogisticRegressionConfiguration {
  /** V */
  readonly inputs: number
  /** K */
  readonly classes: number
}

/** A batch of sparse vectors, as three lists of equal length. */
export interface SparseBatch {
  /** Row of each number, from 0 to B - 1. [M], int64 */
  readonly rows: Tensor
  /** Place of each number in its vector. [M], int64 */
  readonly indices: Tensor
  /** [M]; what fills up a batch is 0 */
  readonly values: Tensor
}

export class LogisticRegression {
  readonly weight: Parameter
  readonly bias: Parameter
  readonly #configuration: LogisticRegressionConfiguration

  /** Begins at zero: the loss has one minimum, and every start leads there. */
  constructor(configuration: LogisticRegressionConfiguration) {
    const { inputs, classes } = configuration
    this.weight = new Parameter([inputs, classes], zeros)
    this.bias = new Parameter([classes], zeros)
    this.#configuration = configuration
  }

  get configuration(): LogisticRegressionConfiguration {
    return this.#configuration
  }

  /**
   * z = x W + b, from the rows of W that x is not zero for: no dense x is built.
   * @param count - B
   * @returns [B, K]
   */
  logits({ rows, indices, values }: SparseBatch, count: number): Tensor {
    const { classes } = this.#configuration
    const parts = this.weight.gather(indices).mul(values.reshape([...values.shape, 1])) // [M, K]
    return parts.zeros([count, classes]).scatterAdd(rows, parts).add(this.bias) // [B, K]
  }

  /** L2 = (λ / 2) Σ W², which keeps the weights small; the bias is free. */
  penalty(strength: number): Tensor {
    return this.weight
      .square()
      .sum()
      .mul(strength / 2)
  }
}
