import { expect, test } from 'vitest'
import { bar, clock, Pace, startLines, stepLine, validationLine } from './progress.ts'
import type { MeasuredStep, StartEvent } from './run.ts'

const step: MeasuredStep = {
  ...{ type: 'step', step: 1200, loss: 1.98765, bitsPerByte: 2.8676, gradientNorm: 0.5, learningRate: 1e-3 },
  ...{ tokensPerSecond: 34567.8, durationMs: 20, matmulShare: 0.634 },
}

test('time that is left', () => {
  expect([0, 5, 59.6, 125, 3599.4, 3725, -3].map(clock)).toEqual([
    ...['0:00', '0:05', '1:00', '2:05'],
    ...['59:59', '1:02:05', '0:00'],
  ])
})

test('a bar is as wide as told', () => {
  expect([bar(0, 4), bar(0.5, 4), bar(1, 4), bar(2, 4), bar(-1, 4), bar(0.5, 0)]).toEqual([
    ...['────', '━━──', '━━━━'],
    ...['━━━━', '────', ''],
  ])
})

test('lines for people', () => {
  expect(stepLine(step, 2000, 16)).toBe(
    'step 1,200/2,000  loss 1.988  2.868 bits/byte  34,568 tokens/s  63 % of matmul  0:16 left',
  )
  const validation = {
    type: 'validation',
    step: 250,
    loss: 2,
    bitsPerByte: 2.885,
    best: true,
    sinceBest: 0,
    whole: false,
  } as const
  expect(validationLine(validation)).toBe('step 250: validation: loss 2.0000, perplexity 7.39, 2.885 bits/byte (best)')
  expect(validationLine({ ...validation, best: false, sinceBest: 1, whole: true })).toBe(
    'step 250: all held-out text: loss 2.0000, perplexity 7.39, 2.885 bits/byte',
  )
  const start: StartEvent = {
    ...{ type: 'start', model: 'gpt2', parameters: 809_856, vocabulary: 65, trainTokens: 1_003_854 },
    ...{ validationTokens: 111_540, steps: 2000, from: 0, microBatches: 1, matmulFlops: 3.8e9, matmulRate: 164e9 },
  }
  expect(startLines(start)).toEqual([
    'gpt2: 809,856 parameters, vocabulary 65',
    'text: 1,003,854 tokens to learn from, 111,540 held out',
    'work: 3.8 GFLOP of matrix products a step; this machine does 164 GFLOP/s on large ones',
    '2,000 steps',
  ])
  expect(startLines({ ...start, from: 500 })[3]).toBe('resumed at step 500 of 2,000')
})

test('rates are averaged, so that one slow step does not make the line jump', () => {
  const pace = new Pace()
  expect(pace.smooth(step, 2000)).toEqual({ event: step, secondsLeft: 16 })
  const slow = pace.smooth({ ...step, step: 1201, durationMs: 220, tokensPerSecond: 3142.5 }, 2000)
  expect(slow.secondsLeft).toBeCloseTo((799 * 30) / 1000)
  expect(slow.event.tokensPerSecond).toBeGreaterThan(30_000)
  expect(slow.event.loss).toBe(step.loss)
})
