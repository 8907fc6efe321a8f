/**
 * How well predicted classes agree with labels. Everything is computed from the confusion matrix, and equal to
 * scikit-learn: a share of nothing counts as 0 (`zero_division=0`).
 */
import { ShapeError } from '../base/errors.ts'

/** How many examples of each class (row) were taken for each class (column): K × K, row by row. */
export interface Confusion {
  readonly classes: number
  readonly counts: Uint32Array
}

/**
 * Counts labels against predictions.
 * @param classes - K; labels and predictions are from 0 to K - 1
 * @throws {ShapeError} if there are not as many predictions as labels
 */
export function confusionOf(labels: ArrayLike<number>, predictions: ArrayLike<number>, classes: number): Confusion {
  if (labels.length !== predictions.length) {
    const received = `${labels.length} labels and ${predictions.length} predictions`
    throw new ShapeError({ what: 'confusion', expected: 'a prediction for each label', received })
  }
  const counts = new Uint32Array(classes * classes)
  for (let i = 0; i < labels.length; i++) counts[labels[i] * classes + predictions[i]]++
  return { classes, counts }
}

/** Share of examples whose prediction is their label; NaN where there are none. */
export function accuracy({ classes, counts }: Confusion): number {
  let [right, all] = [0, 0]
  for (const [i, count] of counts.entries()) {
    all += count
    if (i % (classes + 1) === 0) right += count
  }
  return right / all
}

export interface PrecisionRecall {
  /** Of what was taken for the class, the share that is of it. */
  readonly precision: number
  /** Of what is of the class, the share that was taken for it. */
  readonly recall: number
  /** F1 = 2 P R / (P + R), the harmonic mean of both. */
  readonly f1: number
}

/** Precision, recall and F1 of one class: of two classes usually of the second, the positive one. */
export function classScore({ classes, counts }: Confusion, of: number): PrecisionRecall {
  let [taken, real] = [0, 0]
  for (let other = 0; other < classes; other++) {
    taken += counts[other * classes + of]
    real += counts[of * classes + other]
  }
  const right = counts[of * classes + of]
  return {
    precision: share(right, taken),
    recall: share(right, real),
    f1: share(2 * right, taken + real),
  }
}

/** The mean over classes, each counting alike; over those that are a label or a prediction at all. */
export function macroScore(confusion: Confusion): PrecisionRecall {
  const { classes, counts } = confusion
  let [precision, recall, f1, present] = [0, 0, 0, 0]
  for (let of = 0; of < classes; of++) {
    let seen = 0
    for (let other = 0; other < classes; other++) seen += counts[of * classes + other] + counts[other * classes + of]
    if (seen === 0) continue
    const score = classScore(confusion, of)
    present++
    precision += score.precision
    recall += score.recall
    f1 += score.f1
  }
  return { precision: share(precision, present), recall: share(recall, present), f1: share(f1, present) }
}

/** Over all decisions, each counting alike: where every example has one class, all three are the accuracy. */
export function microScore({ classes, counts }: Confusion): PrecisionRecall {
  let [right, all] = [0, 0]
  for (const [i, count] of counts.entries()) {
    all += count
    if (i % (classes + 1) === 0) right += count
  }
  const value = share(right, all)
  return { precision: value, recall: value, f1: value }
}

/**
 * Matthews' correlation of labels and predictions, for any number of classes.
 * Gorodkin, Comparing two K-category assignments by a K-category correlation coefficient, 2004.
 * @returns from -1 to 1; 0 where all labels or all predictions are one class
 */
export function matthews({ classes, counts }: Confusion): number {
  const real = new Float64Array(classes)
  const taken = new Float64Array(classes)
  let [right, all] = [0, 0]
  for (const [i, count] of counts.entries()) {
    const [row, column] = [Math.floor(i / classes), i % classes]
    real[row] += count
    taken[column] += count
    all += count
    if (row === column) right += count
  }
  let [both, realSquares, takenSquares] = [right * all, all * all, all * all]
  for (let k = 0; k < classes; k++) {
    both -= real[k] * taken[k]
    realSquares -= real[k] ** 2
    takenSquares -= taken[k] ** 2
  }
  const scale = Math.sqrt(realSquares) * Math.sqrt(takenSquares)
  return scale === 0 ? 0 : both / scale
}

const share = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole)
