import { expect, test } from 'vitest'
import { interpolatedSigmoid, sigmoidTable } from './sigmoid-table.ts'

test('is the logistic function, and 1/2 at 0', () => {
  const table = sigmoidTable()
  let worst = 0
  for (let x = -20; x <= 20; x += 0.00137)
    worst = Math.max(worst, Math.abs(interpolatedSigmoid(table, x) - 1 / (1 + Math.exp(-x))))
  expect(worst).toBeLessThan(4e-6)
  expect(interpolatedSigmoid(table, 0)).toBe(0.5)
  for (const end of [-1e30, -Infinity]) expect(interpolatedSigmoid(table, end)).toBeLessThan(2e-7)
  for (const end of [16, 1e30, Infinity]) expect(interpolatedSigmoid(table, end)).toBeGreaterThan(1 - 2e-7)
})
