import { expect, test } from 'vitest'
import { constantRate, cosine, inverseSquareRoot, linear, warmUp } from './schedules.ts'

const close = (rate: number) => expect.closeTo(rate, 12)

test('a constant rate', () => {
  expect([0, 1, 1000].map(constantRate(0.1))).toEqual([0.1, 0.1, 0.1])
})

test('linear: begins at the rate, ends at the final one and stays there', () => {
  expect([0, 50, 100, 200].map(linear(1, 0.2, 100))).toEqual([1, 0.6, 0.2, 0.2].map(close))
})

test('cosine: half a wave from the rate to the final one', () => {
  expect([0, 25, 50, 100, 150].map(cosine(1, 0.1, 100))).toEqual(
    [1, 0.1 + 0.45 * (1 + Math.SQRT1_2), 0.55, 0.1, 0.1].map(close),
  )
})

test('warm-up rises in a straight line, never from zero at the first step, and meets what follows', () => {
  const schedule = warmUp(9, cosine(1, 0, 100))
  expect([1, 5, 9].map(schedule)).toEqual([0.1, 0.5, 0.9].map(close))
  expect(schedule(10)).toBeCloseTo(cosine(1, 0, 100)(1), 12)
  for (let step = 1; step < 9; step++) expect(schedule(step + 1)).toBeGreaterThan(schedule(step))
  for (let step = 10; step < 109; step++) expect(schedule(step + 1)).toBeLessThan(schedule(step))
})

test('the Transformer rises in a straight line and falls with the square root of the step', () => {
  const schedule = inverseSquareRoot(512, 4000)
  expect(schedule(4000)).toBeCloseTo((512 * 4000) ** -0.5, 12)
  expect(schedule(1000)).toBeCloseTo(schedule(4000) / 4, 12)
  expect(schedule(16_000)).toBeCloseTo(schedule(4000) / 2, 12)
  expect(inverseSquareRoot(512, 4000, 3)(7)).toBeCloseTo(3 * schedule(7), 12)
})
