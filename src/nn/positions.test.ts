import { expect, test } from 'vitest'
import { rotaryFrequencies, rotaryTables, sinusoids } from './positions.ts'

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
  const { cosines, sines } = rotaryTables(3, rotaryFrequencies(4, 100))
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

test('a slowed rotation: all pairs alike, or only those that turn seldom in a text of the former length', () => {
  const plain = rotaryFrequencies(128, 500_000)
  expect(rotaryFrequencies(128, 500_000, { kind: 'linear', factor: 4 })).toEqual(plain.map(frequency => frequency / 4))
  const llama3 = { kind: 'llama3', factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, context: 8192 } as const
  const shares = rotaryFrequencies(128, 500_000, llama3).map((frequency, i) => frequency / plain[i])
  const turns = plain.map(frequency => (8192 * frequency) / (2 * Math.PI))
  for (const [i, share] of shares.entries()) {
    const between = (turns[i] - 1) / 3 + (4 - turns[i]) / 24
    expect(share).toBeCloseTo(turns[i] >= 4 ? 1 : turns[i] <= 1 ? 1 / 8 : between, 12)
  }
  expect(turns.filter(count => count > 1 && count < 4).length).toBeGreaterThan(3)
})
