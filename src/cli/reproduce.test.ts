import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { recipes } from '../../recipes/index.ts'
import { columnsOf } from './columns.ts'
import { runCommandLine } from './command.ts'
import { commands } from './commands.ts'
import { measureText } from './reproduce.ts'
import { spreadOf } from './reproduction.ts'

const folder = mkdtempSync(join(tmpdir(), 'nacre-reproduce-'))
afterAll(() => rmSync(folder, { recursive: true }))

async function nacre(words: readonly string[], columns = 80) {
  const out = { code: 0, stdout: '', stderr: '' }
  const sink = (name: 'stdout' | 'stderr') => ({
    isTerminal: false,
    columns,
    write(written: string) {
      out[name] += written
    },
  })
  const environment = { NACRE_DATA_MIRROR: process.env.NACRE_DATA_MIRROR, NACRE_CACHE: folder }
  const host = { version: '0', environment, stdout: sink('stdout'), stderr: sink('stderr'), onInterrupt() {} }
  out.code = await runCommandLine(words, commands, host)
  return out
}

test('the list names every recipe and what it must reach, in 80 columns', async () => {
  const { code, stdout } = await nacre(['reproduce'])
  expect(code).toBe(0)
  for (const { name } of recipes) expect(stdout).toContain(`\n${name} `)
  expect(Math.max(...stdout.split('\n').map(columnsOf))).toBeLessThanOrEqual(80)
  const records = (await nacre(['reproduce', '--json'])).stdout.trim().split('\n')
  expect(new Set(records.map(line => JSON.parse(line).name))).toEqual(new Set(recipes.map(({ name }) => name)))
})

test('wrong usage', async () => {
  expect(await nacre(['reproduce', 'char-shakespear'])).toEqual({
    code: 2,
    stdout: '',
    stderr: 'OptionError: Unknown recipe "char-shakespear". Did you mean "char-shakespeare"?\n',
  })
  const quick = await nacre(['reproduce', 'char-shakespeare', '--quick', '--record'])
  expect(quick).toMatchObject({ code: 2, stderr: expect.stringContaining('what --quick measures is no result') })
  const elsewhere = spawnSync(
    process.execPath,
    [join(import.meta.dirname, 'main.ts'), 'reproduce', 'all', '--record'],
    { cwd: folder, encoding: 'utf8' },
  )
  expect(elsewhere).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('Option --record expected to be run in'),
  })
})

test('a recipe whose data cannot be had fails, and says so', async () => {
  const out = join(folder, 'none')
  const words = ['reproduce', 'char-shakespeare', '--quick', '--mirror', join(folder, 'empty'), '--out', out]
  const { code, stderr } = await nacre(words)
  expect(code).toBe(1)
  expect(stderr).toMatch(/DataError: .*tinyshakespeare/)
  expect(existsSync(join(out, 'result.json'))).toBe(false)
})

test('a run prints every measure, and keeps its result', async () => {
  const out = join(folder, 'neuron')
  const { code, stdout } = await nacre(['reproduce', 'neuron', '--out', out])
  expect(code).toBe(0)
  expect(stdout).toMatch(/\nseed 1: .*\n\nwrong rows .*\n {2}one seed +0\n {2}must reach +at most 0: reached\n/)
  expect(Math.max(...stdout.split('\n').map(columnsOf))).toBeLessThanOrEqual(80)
  const result = JSON.parse(readFileSync(join(out, 'result.json'), 'utf8'))
  expect(result).toMatchObject({ quick: false, seeds: [1], missed: [], command: 'nacre reproduce neuron' })
  const quick = await nacre(['reproduce', 'neuron', '--quick', '--seeds', '2', '--out', out, '--json'])
  const records = quick.stdout.trim().split('\n')
  expect(records.map(line => JSON.parse(line))).toMatchObject([
    { recipe: 'neuron', seed: 1 },
    { recipe: 'neuron', seed: 2 },
    { recipe: 'neuron', quick: true, seeds: [1, 2] },
  ])
})

test('a recorded run stands in the JSON and on the page of the checkout', () => {
  const checkout = join(folder, 'checkout')
  mkdirSync(join(checkout, 'docs'), { recursive: true })
  writeFileSync(join(checkout, 'docs/reproductions.md'), '')
  const words = [join(import.meta.dirname, 'main.ts'), 'reproduce', 'neuron', '--record']
  const { status, stderr } = spawnSync(process.execPath, words, { cwd: checkout, encoding: 'utf8' })
  expect([status, stderr]).toEqual([0, 'Files are in runs/reproduce/neuron.\n'])
  const { runs } = JSON.parse(readFileSync(join(checkout, 'docs/results/neuron.json'), 'utf8'))
  expect(runs).toMatchObject([{ command: 'nacre reproduce neuron', seeds: [1] }])
  expect(readFileSync(join(checkout, 'docs/reproductions.md'), 'utf8')).toContain('| 1943 | [neuron](#neuron) |')
})

test('a missed bound is said; a quick run is not held against it', () => {
  const measure = {
    name: 'error',
    title: 'error, %',
    better: 'lower',
    bound: 1.8,
    published: {
      value: 1.6,
      source: 'somebody who needs a long line to say where exactly the number can be found, 2003',
    },
  } as const
  const lines = measureText(measure, spreadOf([1.9, 2.1]), { quick: false, width: 80 }).split('\n')
  expect(lines.slice(0, 3)).toEqual([
    'error, %',
    '  mean of 2   2 (1.900 to 2.100)',
    '  must reach  at most 1.8: MISSED by 0.20',
  ])
  expect(Math.max(...lines.map(columnsOf))).toBeLessThanOrEqual(80)
  expect(measureText(measure, spreadOf([2]), { quick: true, width: 80 })).toContain('at most 1.8 (in full)')
  expect(measureText(measure, spreadOf([1.8]), { quick: false, width: 80 })).toContain('at most 1.8: reached')
})
