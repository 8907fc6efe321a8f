import { expect, test } from 'vitest'
import { sinusoids } from './positions.ts'

test('sines in the first half of the channels, cosines in the second, slower from channel to channel', () => {
  const { shape, node } = sinusoids(5, 4)
  expect(shape).toEqual([5, 4])
  const at = (t: number) => [Math.sin(t), Math.sin(t / 100), Math.cos(t), Math.cos(t / 100)]
  for (let t = 0; t < 5; t++) {
    const row = Array.from(node.values as Float32Array).slice(4 * t, 4 * t + 4)
    for (const [i, value] of at(t).entries()) expect(row[i]).toBeCloseTo(value, 6)
  }
})
