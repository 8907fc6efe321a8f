import { expect, test } from 'vitest'
import { rotaryTables, sinusoids } from './positions.ts'

test('sines in the first half of the channels, cosines in the second, slower from channel to channel', () => {
  const { shape, node } = sinusoids(5, 4)
  expect(shape).toEqual([5, 4])
  const at = (t: number) => [Math.sin(t), Math.sin(t / 100), Math.cos(t), Math.cos(t / 100)]
  for (let t = 0; t < 5; t++) {
    const row = Array.from(node.values as Float32Array).slice(4 * t, 4 * t + 4)
    for (const [i, value] of at(t).entries()) expect(row[i]).toBeCloseTo(value, 6)
  }
})

test('angles of a rotation grow with the position, slower from pair to pair', () => {
  const { cosines, sines } = rotaryTables(3, 4, 100)
  expect([cosines.shape, sines.shape]).toEqual([
    [3, 2],
    [3, 2],
  ])
  for (let t = 0; t < 3; t++) {
    for (const [i, angle] of [t, t / 10].entries()) {
      expect((cosines.node.values as Float32Array)[2 * t + i]).toBeCloseTo(Math.cos(angle), 6)
      expect((sines.node.values as Float32Array)[2 * t + i]).toBeCloseTo(Math.sin(angle), 6)
    }
  }
})
