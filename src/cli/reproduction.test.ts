import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { Measured, Recipe } from '../../recipes/recipe.ts'
import { nodeRuntime } from '../runtime/node.ts'
import { boundText, missedBy, numberText, reproduce, spreadOf, spreadText, statedText } from './reproduction.ts'

const out = mkdtempSync(join(tmpdir(), 'nacre-reproduction-'))
afterAll(() => rmSync(out, { recursive: true }))

const error = { name: 'error', title: 'error, %', better: 'lower', bound: 2 } as const
const accuracy = { name: 'accuracy', title: 'accuracy, %', better: 'higher', bound: 80 } as const

const recipe: Recipe = {
  name: 'made-up',
  title: { en: 'made up', zh: '虚构' },
  datasets: [],
  measures: [error, accuracy],
  seeds: 3,
  async run({ seed, save }) {
    await save('plot.svg', `<svg>${seed}</svg>`)
    return { error: seed, accuracy: 79 + seed }
  },
}

const options = {
  quick: false,
  explain: false,
  runtime: nodeRuntime(),
  out,
  dataset: async () => [],
  print: () => {},
}

test('every seed runs, is told, and keeps its files', async () => {
  const told: number[] = []
  const results = await reproduce(recipe, { ...options, seeds: [4, 5], onSeed: ({ seed }) => told.push(seed) })
  expect(results.map(({ measured }) => measured)).toEqual([
    { error: 4, accuracy: 83 },
    { error: 5, accuracy: 84 },
  ])
  expect(told).toEqual([4, 5])
  expect(readFileSync(join(out, 'seed-5/plot.svg'), 'utf8')).toBe('<svg>5</svg>')
})

test('a number that is left out, or is none, is a defect of the recipe', async () => {
  const incomplete: Measured[] = [{ error: 1 }, { error: 1, accuracy: Number.NaN }]
  for (const measured of incomplete) {
    const broken = { ...recipe, run: async () => measured }
    await expect(reproduce(broken, { ...options, seeds: [1] })).rejects.toThrow(/made-up gave .* for accuracy, seed 1/)
  }
})

test('an interrupted reproduction starts no further seed', async () => {
  const controller = new AbortController()
  const seeds: number[] = []
  const onSeed = ({ seed }: { seed: number }) => {
    seeds.push(seed)
    controller.abort()
  }
  const running = reproduce(recipe, { ...options, seeds: [1, 2], onSeed, signal: controller.signal })
  await expect(running).rejects.toThrow(/abort/)
  expect(seeds).toEqual([1])
})

test('a bound is missed on its wrong side only', () => {
  expect([1.9, 2, 2.25].map(mean => missedBy(error, mean))).toEqual([0, 0, 0.25])
  expect([79.5, 80, 90].map(mean => missedBy(accuracy, mean))).toEqual([0.5, 0, 0])
  expect(missedBy({ ...error, bound: undefined }, 100)).toBe(0)
  expect([boundText(error), boundText(accuracy)]).toEqual(['at most 2', 'at least 80'])
})

test('numbers as people write them', () => {
  expect([0, 1.77, 0.97, 34.125, 1234.5, 60_000, 0.00001, 3].map(value => numberText(value))).toEqual([
    '0',
    '1.770',
    '0.9700',
    '34.13',
    '1,235',
    '60,000',
    '1.000e-5',
    '3',
  ])
  expect([1.88, 80, 0.7].map(statedText)).toEqual(['1.88', '80', '0.7'])
  expect(spreadText(spreadOf([1, 2, 4]))).toBe('2.333 (1 to 4)')
  expect(spreadText(spreadOf([1.5]))).toBe('1.500')
})

test('what a recipe makes of a training that was stopped is no result', async () => {
  const controller = new AbortController()
  const run: Recipe['run'] = async () => {
    controller.abort()
    return { error: 1, accuracy: 90 }
  }
  const told: number[] = []
  const { signal } = controller
  const onSeed = ({ seed }: { seed: number }) => told.push(seed)
  await expect(reproduce({ ...recipe, run }, { ...options, seeds: [1], signal, onSeed })).rejects.toThrow(/abort/)
  expect(told).toEqual([])
})
