import { ShapeError } from '../base/errors.ts'
import { formatShape, sameShape } from '../base/shape.ts'
import { crossEntropy as crossEntropyOp } from '../ops/composite.ts'
import { apply, type Tensor } from '../tensor/tensor.ts'

/**
 * Negative log-likelihood of each target token in nats, in the shape of the targets; 0 where the target is negative.
 *
 * @param logits - [.., V], before softmax
 * @param targets - [..] token ids; a negative one marks a position left out
 * @param options.smoothing - share of the target's probability that is spread over the vocabulary
 * @throws {ShapeError} if the leading sizes differ
 * @see Goodfellow et al., Deep Learning, 2016, section 6.2.1.1; Szegedy et al., 2016, section 7 (label smoothing)
 */
export function tokenLosses(logits: Tensor, targets: Tensor, { smoothing = 0 }: { smoothing?: number } = {}): Tensor {
  if (!sameShape(logits.shape.slice(0, -1), targets.shape)) {
    const received = `${formatShape(logits.shape)} and ${formatShape(targets.shape)}`
    throw new ShapeError({
      what: 'cross-entropy',
      expected: 'logits [.., V] and targets [..] with equal leading sizes',
      received,
    })
  }
  const rows = logits.reshape([-1, logits.shape.at(-1)!])
  return apply(crossEntropyOp, [rows, targets.reshape([-1])], { smoothing }).reshape(targets.shape)
}

/** Mean of `tokenLosses` over the targets that count. Undefined (not a number) where none does. */
export function crossEntropy(logits: Tensor, targets: Tensor, options: { smoothing?: number } = {}): Tensor {
  const count = targets.greaterOrEqual(0).cast('float32').sum()
  return tokenLosses(logits, targets, options).sum().div(count)
}

/**
 * Cross-entropy with given probabilities in the place of one target, both softened by a temperature: -Σ p log softmax(z / T).
 *
 * @param logits - z [.., V]
 * @param probabilities - p [.., V], softened already
 * @see Hinton et al., Distilling the Knowledge in a Neural Network, 2015, section 2
 */
export function softTokenLosses(logits: Tensor, probabilities: Tensor, temperature: number): Tensor {
  return logits
    .mul(1 / temperature)
    .logSoftmax()
    .mul(probabilities)
    .sum([-1])
    .neg()
}
