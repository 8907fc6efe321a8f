import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type BleuOptions, bleu } from './bleu.ts'
import { type ChrfOptions, chrf } from './chrf.ts'
import { formatDigits, sacrebleuVersion } from './translation-metric.ts'

interface Golden {
  readonly version: string
  readonly materials: readonly {
    readonly name: string
    readonly hypotheses: readonly string[]
    readonly references: readonly (readonly (string | null)[])[]
    readonly results: readonly (
      | { readonly metric: 'bleu'; readonly options: BleuOptions; readonly score: number; readonly line: string }
      | { readonly metric: 'chrf'; readonly options: ChrfOptions; readonly score: number; readonly line: string }
    )[]
  }[]
}

const path = new URL('../../test/goldens/sacrebleu.json', import.meta.url)
const golden: Golden = JSON.parse(readFileSync(path, 'utf8'))

describe('BLEU and chrF are what sacrebleu prints', () => {
  test('of the release that signatures name', () => expect(golden.version).toBe(sacrebleuVersion))

  test.each(golden.materials)('$name', ({ hypotheses, references, results }) => {
    const sets = references.map(set => set.map(reference => reference ?? undefined))
    for (const result of results) {
      const ours =
        result.metric === 'bleu' ? bleu(hypotheses, sets, result.options) : chrf(hypotheses, sets, result.options)
      expect(ours.line).toBe(result.line)
      expect(ours.score).toBeCloseTo(result.score, 9)
    }
  })
})

test('what BLEU consists of', () => {
  const { score, precisions, brevityPenalty, hypothesisLength, referenceLength } = bleu(
    ['the cat sat on the mat'],
    [['the cat sat on the red mat']],
  )
  expect([hypothesisLength, referenceLength]).toEqual([6, 7])
  expect(precisions).toEqual([100, 80, 75, (100 * 2) / 3])
  expect(brevityPenalty).toBeCloseTo(Math.exp(1 - 7 / 6), 12)
  expect(score).toBeCloseTo(brevityPenalty * (100 * 80 * 75 * (200 / 3)) ** 0.25, 9)
})

test('a translation compared with itself', () => {
  const texts = ['Zwei Männer sitzen am Fluss.', '两个人坐在河边。', 'One.']
  for (const tokenize of ['13a', 'zh', 'char', 'none'] as const)
    expect(bleu(texts, [texts], { tokenize }).score).toBeCloseTo(100, 9)
  expect(chrf(texts, [texts], { wordOrder: 2 }).score).toBeCloseTo(100, 9)
})

test('nothing to compare, or not as much on both sides', () => {
  expect(() => bleu([], [[]])).toThrow('BLEU expected hypotheses. Received none.')
  expect(() => chrf(['a'], [])).toThrow('chrF expected at least one set of references.')
  expect(() => bleu(['a', 'b'], [['a', 'b'], ['a']])).toThrow(
    'BLEU, set 2 of references, expected 2 references, one for each hypothesis. Received 1.',
  )
  expect(() => chrf(['a', 'b'], [['a', undefined]])).toThrow('chrF, hypothesis 2, expected a reference. Received none.')
})

test('digits as Python rounds them', () => {
  const values = [31.25, 31.35, 31.75, 0.125, 2.675, 12.5, 99.995]
  expect(values.map(value => formatDigits(value, 1))).toEqual(['31.2', '31.4', '31.8', '0.1', '2.7', '12.5', '100.0'])
  expect(formatDigits(0.125, 2)).toBe('0.12')
  expect(formatDigits(0.375, 2)).toBe('0.38')
})
