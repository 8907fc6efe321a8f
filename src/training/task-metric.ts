/** Metrics that the best model of a fine-tuning is chosen by: higher is better. */
import { OptionError } from '../base/errors.ts'
import {
  accuracy,
  type Confusion,
  classScore,
  confusionOf,
  macroScore,
  matthews,
} from '../evaluation/classification-metrics.ts'

/** Of a classifier, computed from all held-out labels and predictions. */
const ofClasses: Readonly<Record<string, (confusion: Confusion) => number>> = {
  accuracy,
  f1: confusion => classScore(confusion, 1).f1,
  'macro-f1': confusion => macroScore(confusion).f1,
  matthews,
}

export const answerMetricNames = ['exact-match', 'token-f1'] as const
export type AnswerMetricName = (typeof answerMetricNames)[number]

export const taskMetricNames = ['loss', 'accuracy', 'f1', 'macro-f1', 'matthews', 'exact-match', 'token-f1'] as const
export type TaskMetricName = (typeof taskMetricNames)[number]

/** A metric of predicted classes. */
export type ClassMetric = (labels: ArrayLike<number>, predictions: ArrayLike<number>) => number

/**
 * The metric of a classifier, accuracy unless told; undefined for the loss.
 * @param classes - K
 * @throws {OptionError} if it is one of answers, or that of two classes where there are more
 */
export function classMetric(name: TaskMetricName = 'accuracy', classes: number): ClassMetric | undefined {
  if (name === 'loss') return undefined
  if (!Object.hasOwn(ofClasses, name)) {
    throw new OptionError({
      what: 'Option --metric',
      expected: `one of classes: ${['loss', ...Object.keys(ofClasses)].join(', ')}`,
      received: `"${name}", which is of answers`,
    })
  }
  if (name === 'f1' && classes !== 2) {
    const received = `"f1", which is that of the second of two, and ${classes} classes`
    throw new OptionError({ what: 'Option --metric', expected: 'macro-f1 for more than two classes', received })
  }
  return (labels, predictions) => ofClasses[name](confusionOf(labels, predictions, classes))
}

/**
 * The metric of answers; undefined for the loss, which it is unless told.
 * @throws {OptionError} if it is one of classes
 */
export function answerMetric(name: TaskMetricName = 'loss'): AnswerMetricName | undefined {
  const found = answerMetricNames.find(known => known === name)
  if (found !== undefined || name === 'loss') return found
  throw new OptionError({
    what: 'Option --metric',
    expected: `one of answers: loss, ${answerMetricNames.join(', ')}`,
    received: `"${name}", which is of classes`,
  })
}
