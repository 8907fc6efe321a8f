/** Every metric against scikit-learn, scipy, statsmodels and torchmetrics: test/goldens/metrics.json. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { exactMatch, normalizeAnswer, tokenF1 } from './answer-match.ts'
import { accuracy, classScore, confusionOf, macroScore, matthews, microScore } from './classification-metrics.ts'
import { pearson, ranks, spearman } from './correlation.ts'
import { bootstrap, percentileInterval, wilson } from './intervals.ts'

interface Shares {
  readonly precision: number
  readonly recall: number
  readonly f1: number
}

interface Golden {
  readonly classifications: readonly {
    readonly name: string
    readonly classes: number
    readonly labels: readonly number[]
    readonly predictions: readonly number[]
    readonly confusion: readonly (readonly number[])[]
    readonly accuracy: number
    readonly second: Shares
    readonly macro: Shares
    readonly micro: Shares
    readonly matthews: number
  }[]
  readonly correlations: readonly {
    readonly name: string
    readonly a: readonly number[]
    readonly b: readonly number[]
    readonly pearson: number | null
    readonly spearman: number | null
  }[]
  readonly proportions: readonly { readonly successes: number; readonly count: number; readonly interval: number[] }[]
  readonly answers: readonly { given: string; expected: string; match: boolean; f1: number }[]
  readonly percentiles: readonly { readonly values: number[]; readonly interval: number[] }[]
  readonly bootstrap: { readonly values: number[]; readonly mean: number[]; readonly spearman: number[] }
}

const path = new URL('../../test/goldens/metrics.json', import.meta.url)
const golden = JSON.parse(readFileSync(path, 'utf8')) as Golden

/** Equal to the last digits of double precision; NaN is null in JSON. */
function expectEqual(value: number, reference: number | null): void {
  const difference = reference === null ? Number(!Number.isNaN(value)) : Math.abs(value - reference)
  expect(difference).toBeLessThan(1e-12)
}

describe('classification', () => {
  test.each(golden.classifications)('$name', ({ classes, labels, predictions, ...reference }) => {
    const confusion = confusionOf(labels, predictions, classes)
    expect([...confusion.counts]).toEqual(reference.confusion.flat())
    expectEqual(accuracy(confusion), reference.accuracy)
    expectEqual(matthews(confusion), reference.matthews)
    for (const [score, shares] of [
      [classScore(confusion, 1), reference.second],
      [macroScore(confusion), reference.macro],
      [microScore(confusion), reference.micro],
    ] as const)
      for (const name of ['precision', 'recall', 'f1'] as const) expectEqual(score[name], shares[name])
  })

  test('no examples; a prediction too many', () => {
    expect(accuracy(confusionOf([], [], 2))).toBeNaN()
    expect(() => confusionOf([0], [0, 1], 2)).toThrow('expected a prediction for each label. Received 1 labels and 2')
  })
})

describe('correlation', () => {
  test.each(golden.correlations)('$name', ({ a, b, pearson: r, spearman: rho }) => {
    expectEqual(pearson(a, b), r)
    expectEqual(spearman(a, b), rho)
  })

  test('ranks share their mean', () => {
    expect([...ranks([3, 1, 3, 2])]).toEqual([3.5, 1, 3.5, 2])
    expect(pearson([1], [1])).toBeNaN()
  })
})

describe('answers', () => {
  test.each(golden.answers)('$given / $expected', ({ given, expected, match, f1 }) => {
    expect(exactMatch(given, expected)).toBe(match)
    expect(tokenF1(given, expected)).toBeCloseTo(f1, 6)
  })

  test('Chinese by characters, whatever its marks and spaces', () => {
    expect(normalizeAnswer('「小张」在 A 城。')).toBe('小张在 城')
    expect(exactMatch('在河里。', '在河里')).toBe(true)
    expect(exactMatch('1998 年', '1998年')).toBe(true)
    expect(exactMatch('在河里', '在湖里')).toBe(false)
    expect(tokenF1('在河里。', '在湖里')).toBeCloseTo(2 / 3, 12)
    expect(tokenF1('GPT 模型', 'gpt模型')).toBe(1)
  })
})

describe('intervals', () => {
  test.each(golden.proportions)('Wilson: $successes of $count', ({ successes, count, interval }) => {
    const ours = wilson(successes, count)
    for (const [i, end] of interval.entries()) expectEqual(ours[i], end)
  })

  test.each(golden.percentiles)('percentiles $#', ({ values, interval }) => {
    const ours = percentileInterval(values)
    for (const [i, end] of interval.entries()) expectEqual(ours[i], end)
  })

  test('bootstrap: near to what scipy draws, the same for the same seed', () => {
    const { values, mean, spearman: rho } = golden.bootstrap
    const average = (indices: Uint32Array) => indices.reduce((sum, i) => sum + values[i], 0) / indices.length
    const ours = bootstrap(values.length, average, { samples: 20_000 })
    for (const [i, end] of mean.entries()) expect(Math.abs(ours[i] - end)).toBeLessThan(0.01)
    const { a, b } = golden.correlations[0]
    const pick = (of: readonly number[], indices: Uint32Array) => Array.from(indices, i => of[i])
    const correlation = (indices: Uint32Array) => spearman(pick(a, indices), pick(b, indices))
    const interval = bootstrap(a.length, correlation, { samples: 5000 })
    for (const [i, end] of rho.entries()) expect(Math.abs(interval[i] - end)).toBeLessThan(0.02)
    expect(bootstrap(values.length, average)).toEqual(bootstrap(values.length, average, { seed: 1 }))
    expect(bootstrap(values.length, average)).not.toEqual(bootstrap(values.length, average, { seed: 2 }))
  })

  test('nothing to be sure of', () => {
    expect(wilson(0, 0)).toEqual([Number.NaN, Number.NaN])
    expect(bootstrap(0, () => 0)).toEqual([Number.NaN, Number.NaN])
    expect(bootstrap(3, () => Number.NaN)).toEqual([Number.NaN, Number.NaN])
  })
})
