import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { catalog } from '../data/catalog.ts'
import { type Host, runCommandLine } from './command.ts'
import { commands } from './commands.ts'

const directory = mkdtempSync(join(tmpdir(), 'nacre-cli-data-'))
afterAll(() => rmSync(directory, { recursive: true }))
const mirror = process.env.NACRE_DATA_MIRROR

async function nacre(words: readonly string[], environment: Host['environment'] = {}) {
  const out = { code: 0, stdout: '', stderr: '' }
  const sink = (name: 'stdout' | 'stderr') => ({
    isTerminal: false,
    columns: 100,
    write(text: string) {
      out[name] += text
    },
  })
  const host = { version: '0', environment, stdout: sink('stdout'), stderr: sink('stderr'), onInterrupt() {} }
  out.code = await runCommandLine(words, commands, host)
  return out
}

test('the list, for people and for programs', async () => {
  const { stdout } = await nacre(['data', 'list'])
  for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100)
  expect(stdout).toMatch(/^NAME .*\ntinyshakespeare +en +1\.1 MB +public domain +plays of Shakespeare/)
  const lines = (await nacre(['data', 'list', '--json'])).stdout.trim().split('\n')
  const records = catalog.map(dataset => ({ type: 'dataset', ...dataset }))
  expect(lines.map(line => JSON.parse(line))).toEqual(JSON.parse(JSON.stringify(records)))
})

test('a dataset that is made here', async () => {
  expect((await nacre(['data', 'list'])).stdout).toMatch(/\nsmall-world +en +made here +Apache-2\.0 +stories/)
  expect(await nacre(['data', 'get', 'small-world-zh'])).toEqual({
    code: 0,
    stdout: '',
    stderr: 'small-world-zh: made here, there is nothing to fetch. Use it with --data small-world-zh.\n',
  })
})

test('a name that is not in the list', async () => {
  expect(await nacre(['data', 'get', 'tinyshakespear'])).toEqual({
    code: 2,
    stdout: '',
    stderr: 'OptionError: Unknown dataset "tinyshakespear". Did you mean "tinyshakespeare"?\n',
  })
})

test('a mirror with another file, or with none', async () => {
  mkdirSync(join(directory, 'names'))
  writeFileSync(join(directory, 'names', 'names.txt'), 'emma\n')
  const wrong = await nacre(['data', 'get', 'names', '--mirror', directory])
  expect(wrong).toMatchObject({ code: 1, stdout: '' })
  expect(wrong.stderr).toContain(`DataError: ${join(directory, 'names', 'names.txt')} expected SHA-256 0a30b555`)
  const none = await nacre(['data', 'get', 'tinyshakespeare', '--json'], { NACRE_DATA_MIRROR: directory })
  expect(none.code).toBe(1)
  expect(JSON.parse(none.stdout)).toMatchObject({ error: 'DataError', expected: 'the file of tinyshakespeare' })
})

test.skipIf(!mirror)('the files of a mirror (needs NACRE_DATA_MIRROR)', async () => {
  const { code, stdout } = await nacre(['data', 'get', 'names', 'chinese-novels'], { NACRE_DATA_MIRROR: mirror })
  expect(code).toBe(0)
  expect(stdout.trim().split('\n')).toHaveLength(5)
  expect(stdout).toMatch(/names[\\/]names\.txt\n/)
})
