import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { nodeStorage } from './node.ts'
import { writeText } from './storage.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'nacre-node-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

const host = hostname().replace(/[^A-Za-z0-9-]/g, '-')
const module = join(import.meta.dirname, 'node.ts')

/** A program that writes `old`, then tries to write and to append 4 MB, and prints what happened. */
const program = `
  const { nodeStorage } = await import(${JSON.stringify(module)})
  const storage = nodeStorage(process.argv[1])
  await storage.write('file', [new TextEncoder().encode('old')])
  await storage.append('log', 'line 1\\n')
  function* chunks() { for (let i = 0; i < 64; i++) yield new Uint8Array(65536).fill(i + 1) }
  const attempts = [() => storage.write('file', chunks()), () => storage.append('log', new Uint8Array(2 ** 22).fill(1))]
  for (const attempt of attempts)
    await attempt().then(() => console.log('no error'), error => console.log(error.name + ': ' + error.message))
  console.log((await storage.list()).join(' '), new TextDecoder().decode(await storage.read('file')), await storage.size('log'))
  console.log((await import('node:fs')).readdirSync(process.argv[1]).length)
`
const shell = (script: string) =>
  spawnSync('bash', ['-c', script, process.execPath, program, directory], { encoding: 'utf8' })

const canMount = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'none', tmpdir()]).status === 0

test.skipIf(!canMount)('a full disk leaves the old file whole (needs unshare and tmpfs)', () => {
  const { stdout, stderr } = shell(
    `unshare -rm sh -c 'mount -t tmpfs -o size=1m none "$2" && exec "$0" --input-type=module -e "$1" "$2"' "$0" "$1" "$2"`,
  )
  expect(stderr).toBe('')
  const full = 'expected room on the disk. Received a full disk (ENOSPC). Free some space or choose another directory.'
  expect(stdout.split('\n')).toEqual([
    `StorageError: Writing ${join(directory, 'file')} ${full} What was there before is whole.`,
    `StorageError: Writing ${join(directory, 'log')} ${full} What was there before is whole.`,
    'file log old 7',
    '2',
    '',
  ])
})

test.skipIf(process.platform === 'win32')('a file too large leaves the old file whole', () => {
  const { stdout } = shell(`ulimit -f 1024; exec "$0" --input-type=module -e "$1" "$2"`)
  expect(stdout).toContain(`StorageError: Writing ${join(directory, 'file')} expected a file size that the system`)
  expect(stdout).toContain('(EFBIG)')
  expect(stdout).toContain('file log old 7\n2\n')
})

test('a path through a file, and a directory in place of a file', async () => {
  writeFileSync(join(directory, 'taken'), '')
  mkdirSync(join(directory, 'folder', 'inner'), { recursive: true })
  const storage = nodeStorage(directory)
  await expect(writeText(storage, 'taken/file', 'x')).rejects.toThrow(
    /^Writing .*taken.file expected directories before the last part of the path\. Received a file among them/,
  )
  await expect(writeText(storage, 'folder', 'x')).rejects.toMatchObject({ name: 'StorageError' })
  await expect(storage.read('folder')).rejects.toThrow(/^Reading .*folder expected a file\. Received a directory/)
  expect(readdirSync(directory).sort()).toEqual(['folder', 'taken'])
})

const isRoot = process.getuid?.() === 0

test.skipIf(process.platform === 'win32')('a directory that cannot be written', () => {
  chmodSync(directory, 0o555)
  const attempt = `
    const { nodeStorage } = await import(${JSON.stringify(module)})
    process.setuid?.(${isRoot ? 65534 : process.getuid?.()})
    await nodeStorage(process.argv[1]).write('file', []).catch(error => console.log(error.name + ': ' + error.message))`
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', attempt, directory], {
    encoding: 'utf8',
  })
  chmodSync(directory, 0o755)
  expect(stdout).toBe(
    `StorageError: Writing ${join(directory, 'file')} expected permission. Received none (EACCES). ` +
      'Choose another directory, or change its permissions.\n',
  )
})

test('temporary files of killed processes are swept, living ones are kept', async () => {
  const ended = spawnSync(process.execPath, ['-e', '']).pid
  const day = (name: string, days: number) =>
    utimesSync(join(directory, name), Date.now() / 1000, Date.now() / 1000 - days * 86400)
  const stale = [
    `.model.${host}.${ended}.0123abcd.tmp`,
    `.model.elsewhere.1.0123abcd.tmp`,
    `.model.${host}.${process.pid}.0123abcd.tmp`,
  ]
  const living = [
    `.model.elsewhere.2.0123abcd.tmp`,
    `.model.${host}.${process.ppid}.0123abcd.tmp`,
    `.model.${host}.${process.pid}.4567abcd.tmp`,
    'own.tmp',
  ]
  for (const name of [...stale, ...living]) writeFileSync(join(directory, name), '')
  day(stale[1], 2)
  day(stale[2], 0.9)
  const storage = nodeStorage(directory)
  await writeText(storage, 'model', 'x')
  expect(readdirSync(directory).sort()).toEqual([...living, 'model'].sort())
  expect(await storage.list()).toEqual(['model', 'own.tmp'])
})

test('a killed write leaves the old file, and its rest is swept', async () => {
  const storage = nodeStorage(directory)
  await writeText(storage, 'file', 'old')
  const endless = `
    const { nodeStorage } = await import(${JSON.stringify(module)})
    async function* chunks() { for (let i = 0; ; i++) { yield new Uint8Array(1000); if (i === 50) process.kill(process.pid, 'SIGKILL') } }
    await nodeStorage(process.argv[1]).write('file', chunks())`
  spawnSync(process.execPath, ['--input-type=module', '-e', endless, directory])
  expect(readdirSync(directory)).toHaveLength(2)
  expect(readFileSync(join(directory, 'file'), 'utf8')).toBe('old')
  await writeText(nodeStorage(directory), 'file', 'new')
  expect(readdirSync(directory)).toEqual(['file'])
})
