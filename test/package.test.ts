/** The published package, without its installation: what the build emits, run from another folder. */
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'nacre-package-'))
const installed = join(folder, 'node_modules/nacre')
afterAll(() => rmSync(folder, { recursive: true }))

function run(command: string, ...words: string[]) {
  const { status, stdout, stderr } = spawnSync(command, words, { cwd: folder, encoding: 'utf8' })
  return { status, stdout, stderr }
}

beforeAll(() => {
  mkdirSync(installed, { recursive: true })
  copyFileSync(join(root, 'package.json'), join(installed, 'package.json'))
  symlinkSync(join(root, 'node_modules'), join(installed, 'node_modules'))
  const tsc = join(root, 'node_modules/.bin/tsc')
  const { status, stdout } = run(tsc, '-p', join(root, 'tsconfig.build.json'), '--outDir', join(installed, 'dist'))
  if (status !== 0) throw new Error(stdout)
}, 120_000)

test('nacre reproduce finds the recipes', () => {
  const main = join(installed, 'dist/src/cli/main.js')
  expect(run(process.execPath, main, '--version').stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  const list = run(process.execPath, main, 'reproduce')
  expect(list).toMatchObject({ status: 0, stderr: '' })
  expect(list.stdout).toContain('\nchar-shakespeare ')
})

test('its doors open', () => {
  const script =
    "import { trainCharacters } from 'nacre'; import { nodeRuntime } from 'nacre/node'; console.log(typeof trainCharacters, nodeRuntime({ threads: 1 }).device)"
  expect(run(process.execPath, '--input-type=module', '--eval', script)).toEqual({
    status: 0,
    stdout: 'function cpu\n',
    stderr: '',
  })
})
