/** What outcomes of a task come to: metrics with their intervals. */
import type { TaskForm } from '../data/task.ts'
import { classScore, confusionOf, macroScore, matthews } from './classification-metrics.ts'
import { pearson, spearman } from './correlation.ts'
import { bootstrap, type Interval, wilson } from './intervals.ts'
import type { Outcome } from './language-task.ts'

export interface Metric {
  /** For example `accuracy`, `macro F1`. */
  readonly name: string
  readonly value: number
  /** Whether it is a share of 1, which people read in per cent. */
  readonly isShare: boolean
  /** With 95 % confidence: Wilson's of a proportion, otherwise by bootstrap. */
  readonly interval: Interval
  readonly examples: number
}

export interface MetricOptions {
  /** Names of the classes, where all examples have the same; a prediction may be one that is no label. */
  readonly classes?: readonly string[]
  /** Of the bootstrap. */
  readonly seed?: number
}

/** Every metric of a task's form. Of two classes, F1 is of the second as well. */
export function taskMetrics(form: TaskForm, outcomes: readonly Outcome[], options: MetricOptions = {}): Metric[] {
  if (form === 'scores') return scoreMetrics(outcomes, options)
  if (form === 'answers') return answerMetrics(outcomes, options)
  if (form === 'last-word') return lastWordMetrics(outcomes, options)
  return choiceMetrics(outcomes, options)
}

function choiceMetrics(outcomes: readonly Outcome[], { classes, seed }: MetricOptions): Metric[] {
  const labels = outcomes.map(({ label }) => label!)
  const predictions = outcomes.map(({ prediction }) => prediction!)
  const metrics = [proportion('accuracy', outcomes, ({ label, prediction }) => label === prediction)]
  if (outcomes.every(({ predictionByByte }) => predictionByByte !== undefined))
    metrics.push(proportion('accuracy by byte', outcomes, one => one.label === one.predictionByByte))
  if (outcomes.every(({ predictionByToken }) => predictionByToken !== undefined))
    metrics.push(proportion('accuracy by token', outcomes, one => one.label === one.predictionByToken))
  if (outcomes.every(({ predictionOverPrior }) => predictionOverPrior !== undefined))
    metrics.push(proportion('accuracy over prior', outcomes, one => one.label === one.predictionOverPrior))
  if (classes === undefined) return metrics
  const confusion = (indices: Uint32Array) =>
    confusionOf(
      Uint32Array.from(indices, i => labels[i]),
      Uint32Array.from(indices, i => predictions[i]),
      classes.length,
    )
  const sampled = (name: string, statistic: (indices: Uint32Array) => number) =>
    bootstrapped(name, outcomes.length, statistic, seed)
  if (classes.length === 2) metrics.push(sampled(`F1 (${classes[1]})`, of => classScore(confusion(of), 1).f1))
  metrics.push(sampled('macro F1', of => macroScore(confusion(of)).f1))
  metrics.push(sampled('Matthews', of => matthews(confusion(of))))
  return metrics
}

function scoreMetrics(outcomes: readonly Outcome[], { seed }: MetricOptions): Metric[] {
  const pick = (indices: Uint32Array) =>
    [
      Float64Array.from(indices, i => outcomes[i].score!),
      Float64Array.from(indices, i => outcomes[i].predictedScore!),
    ] as const
  return [
    bootstrapped('Pearson', outcomes.length, of => pearson(...pick(of)), seed),
    bootstrapped('Spearman', outcomes.length, of => spearman(...pick(of)), seed),
  ]
}

/** Of each group by itself as well. */
function answerMetrics(outcomes: readonly Outcome[], { seed }: MetricOptions): Metric[] {
  const groups = [...Map.groupBy(outcomes, ({ group }) => group)]
  const own = groups.flatMap(([group, members]) =>
    group === undefined || groups.length === 1 ? [] : [proportion(`exact match (${group})`, members, matches)],
  )
  const mean = (of: Uint32Array) => of.reduce((sum, i) => sum + outcomes[i].f1!, 0) / of.length
  return [proportion('exact match', outcomes, matches), bootstrapped('token F1', outcomes.length, mean, seed), ...own]
}

function lastWordMetrics(outcomes: readonly Outcome[], { seed }: MetricOptions): Metric[] {
  const perplexity = (of: Uint32Array) =>
    Math.exp(-of.reduce((sum, i) => sum + outcomes[i].logProbability!, 0) / of.length)
  return [proportion('accuracy', outcomes, matches), bootstrapped('perplexity', outcomes.length, perplexity, seed)]
}

const matches = ({ match }: Outcome): boolean => match === true

function proportion(name: string, outcomes: readonly Outcome[], isRight: (outcome: Outcome) => boolean): Metric {
  const right = outcomes.filter(isRight).length
  const examples = outcomes.length
  return { name, value: right / examples, isShare: true, interval: wilson(right, examples), examples }
}

function bootstrapped(
  name: string,
  examples: number,
  statistic: (indices: Uint32Array) => number,
  seed?: number,
): Metric {
  const all = Uint32Array.from({ length: examples }, (_, i) => i)
  const isShare = /F1/.test(name)
  return { name, value: statistic(all), isShare, interval: bootstrap(examples, statistic, { seed }), examples }
}

/** The share of the commonest label: what answering without reading reaches. */
export function commonestShare(outcomes: readonly Outcome[]): number {
  const counts = [...Map.groupBy(outcomes, ({ label }) => label).values()].map(members => members.length)
  return Math.max(...counts) / outcomes.length
}
