import { expect, test } from 'vitest'
import { muonOrAdamW } from './muon-options.ts'

test('a rate beside Muon’s takes Muon', () => {
  const adam = { weightDecay: 0 }
  expect(() => muonOrAdamW({ optimizer: 'adamw', adamRate: 0.5 }, adam)).toThrow('--adam-rate')
  expect(muonOrAdamW({ optimizer: 'adamw', adamRate: 1 }, adam).name).toBe('adamw')
  const [half, whole] = [0.5, 1].map(adamRate => muonOrAdamW({ optimizer: 'muon', adamRate }, adam))
  expect(half.name).toBe('muon')
  expect(half.scalars(7).stepSize).toBe(0.5 * whole.scalars(7).stepSize)
})
