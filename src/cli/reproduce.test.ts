import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { recipes } from '../../recipes/index.ts'
import { columnsOf } from './columns.ts'
import { runCommandLine } from './command.ts'
import { commands } from './commands.ts'

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
  expect(records.map(line => JSON.parse(line).name)).toEqual(recipes.map(({ name }) => name))
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

test('a quick run prints every measure, and keeps its result', async context => {
  if (!process.env.NACRE_DATA_MIRROR) context.skip('NACRE_DATA_MIRROR is not set')
  const out = join(folder, 'quick')
  const { code, stdout } = await nacre(['reproduce', 'char-shakespeare', '--quick', '--out', out])
  expect(code).toBe(0)
  expect(stdout).toContain('These numbers are no result.')
  expect(stdout).toMatch(/must reach +at most 1\.88 \(in full\)\n +published +1\.88 \(nanoGPT's README\)/)
  expect(Math.max(...stdout.split('\n').map(columnsOf))).toBeLessThanOrEqual(80)
  const result = JSON.parse(readFileSync(join(out, 'result.json'), 'utf8'))
  expect(result).toMatchObject({
    quick: true,
    seeds: [1],
    missed: [],
    command: 'nacre reproduce char-shakespeare --quick',
  })
})
