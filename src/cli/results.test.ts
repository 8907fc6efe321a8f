import { expect, test } from 'vitest'
import type { Recipe } from '../../recipes/recipe.ts'
import { memoryStorage } from '../storage/memory.ts'
import { readText } from '../storage/storage.ts'
import { spreadOf } from './reproduction.ts'
import { byYear, machineText, pageName, type RecordedRun, recordRun, thisMachine, writePage } from './results.ts'

const recipe: Recipe = {
  name: 'made-up',
  year: 1999,
  title: { en: 'a made-up recipe', zh: '虚构的配方' },
  datasets: [],
  measures: [
    {
      name: 'error',
      title: 'error, %',
      better: 'lower',
      bound: 2,
      published: { value: 1.75, source: 'A | B, 1999' },
    },
  ],
  seeds: 2,
  remarks: 'Not like for like.',
  run: async () => ({ error: 1 }),
}

const run = (date: string, values: number[]): RecordedRun => ({
  date,
  command: 'nacre reproduce made-up',
  machine: { processor: 'abacus', cores: 2, threads: 1, node: '24.0.0', onnxruntime: '1.0.0' },
  seeds: [1, 2],
  seconds: { minimum: 10, maximum: 12.5 },
  measures: { error: spreadOf(values) },
})

test('runs are kept, and the page shows the latest of each measure', async () => {
  const checkout = memoryStorage()
  await writePage(checkout, [recipe])
  expect(await readText(checkout, pageName)).not.toContain('made-up')
  await recordRun(checkout, 'made-up', run('2026-01-01', [2.5, 3.5]))
  await writePage(checkout, [recipe])
  expect(await readText(checkout, pageName)).toContain(
    ' at most 2 | 1.75 (A \\| B, 1999) | 3, **missed by 1** | 2.500 to 3.500 ',
  )
  await recordRun(checkout, 'made-up', run('2026-02-02', [1.5, 2]))
  await writePage(checkout, [recipe])
  const page = await readText(checkout, pageName)
  expect(page).toContain('| 1.750 | 1.500 to 2 | 2 | 10 to 12.5 | 2026-02-02 |')
  expect(page).not.toContain('missed by')
  expect(page).toContain('a made-up recipe\n\n虚构的配方\n\nNot like for like.\n')
  expect(page.match(/^- 2026-.*abacus, 2 cores, 1 thread used, Node 24\.0\.0, onnxruntime 1\.0\.0$/gm)).toHaveLength(2)
  const { runs } = JSON.parse(await readText(checkout, 'docs/results/made-up.json'))
  expect(runs.map(({ measures }: RecordedRun) => measures.error.values)).toEqual([
    [2.5, 3.5],
    [1.5, 2],
  ])
})

test('recipes stand in the order of the line, those without a year at the end', () => {
  const years = [2019, undefined, 1943, undefined, 1982].map((year, i) => ({ ...recipe, year, name: String(i) }))
  expect(byYear(years).map(({ name }) => name)).toEqual(['2', '4', '0', '1', '3'])
})

test('the machine says what it is', () => {
  const machine = thisMachine(2)
  expect(machine.cores).toBeGreaterThan(0)
  expect(machineText(machine)).toMatch(/^.+, \d+ cores.*, Node \d+\.\d+\.\d+, onnxruntime \d+\.\d+\.\d+$/)
})
