import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { NacreError, StorageError } from '../base/errors.ts'
import { type ByteChunks, missingFile, nameParts, outOfRange, type Storage } from './storage.ts'

/**
 * Files of a directory, which need not exist yet.
 *
 * A write goes to a temporary file beside its target, which is flushed to the disk and then renamed, so a full disk, a
 * crash or a kill leaves the old file whole. What a killed process left behind is swept by the next write.
 */
export function nodeStorage(directory: string): Storage {
  return new NodeStorage(resolve(directory))
}

class NodeStorage implements Storage {
  readonly #directory: string
  readonly #swept = new Set<string>()

  constructor(directory: string) {
    this.#directory = directory
  }

  locate(name: string): string {
    return join(this.#directory, ...nameParts(name))
  }

  async read(name: string): Promise<Uint8Array> {
    const path = this.locate(name)
    return withFile('Reading', path, constants.O_RDONLY, async file => readAt(file, path, 0, (await file.stat()).size))
  }

  async readRange(name: string, offset: number, length: number): Promise<Uint8Array> {
    const path = this.locate(name)
    return withFile('Reading', path, constants.O_RDONLY, file => readAt(file, path, offset, length))
  }

  async size(name: string): Promise<number> {
    const path = this.locate(name)
    return withFile('Reading', path, constants.O_RDONLY, async file => (await file.stat()).size)
  }

  async write(name: string, chunks: ByteChunks): Promise<void> {
    const path = this.locate(name)
    const temporary = temporaryPath(path)
    try {
      await this.#prepare(path)
      const file = await open(temporary, 'wx')
      try {
        for await (const chunk of chunks) await writeAll(file, chunk)
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(temporary, path)
      await syncDirectory(dirname(path))
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => {})
      throw explained('Writing', path, error)
    }
  }

  async append(name: string, data: string | Uint8Array): Promise<void> {
    const path = this.locate(name)
    await this.#prepare(path).catch(error => {
      throw explained('Writing', path, error)
    })
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND
    await withFile('Writing', path, flags, async file => {
      const { size } = await file.stat()
      try {
        await writeAll(file, typeof data === 'string' ? new TextEncoder().encode(data) : data)
      } catch (error) {
        await file.truncate(size) // half a line is worse than none
        throw error
      }
    })
  }

  async truncate(name: string, length: number): Promise<void> {
    const path = this.locate(name)
    await withFile('Writing', path, constants.O_RDWR, async file => {
      const { size } = await file.stat()
      if (length > size) throw outOfRange(path, 0, length, size)
      await file.truncate(length)
      await file.sync()
    })
  }

  async list(folder = ''): Promise<string[]> {
    const root = folder === '' ? this.#directory : this.locate(folder)
    const names: string[] = []
    const folders = [folder]
    for (let at = folders.pop(); at !== undefined; at = folders.pop()) {
      const path = join(this.#directory, at)
      const entries = await readdir(path, { withFileTypes: true }).catch(error => {
        if (error.code === 'ENOENT' && path === root) return []
        throw explained('Reading', path, error)
      })
      for (const entry of entries) {
        const name = at === '' ? entry.name : `${at}/${entry.name}`
        const isFolder = entry.isSymbolicLink() ? await isDirectory(join(path, entry.name)) : entry.isDirectory()
        if (isFolder) folders.push(name)
        else if (!temporaryName.test(entry.name)) names.push(name)
      }
    }
    return names.sort()
  }

  async exists(name: string): Promise<boolean> {
    const path = this.locate(name)
    try {
      return (await stat(path)).isFile()
    } catch (error) {
      if (isSystemError(error) && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return false
      throw explained('Reading', path, error)
    }
  }

  async remove(name: string): Promise<void> {
    const path = this.locate(name)
    try {
      await rm(path, { force: true })
    } catch (error) {
      throw explained('Removing', path, error)
    }
  }

  /** Makes the directory of a file, and sweeps it once. */
  async #prepare(path: string): Promise<void> {
    const directory = dirname(path)
    if (this.#swept.has(directory)) return
    await mkdir(directory, { recursive: true })
    await sweep(directory)
    this.#swept.add(directory)
  }
}

async function withFile<T>(
  verb: string,
  path: string,
  flags: number,
  use: (file: FileHandle) => Promise<T>,
): Promise<T> {
  let file: FileHandle | undefined
  try {
    file = await open(path, flags)
    return await use(file)
  } catch (error) {
    throw explained(verb, path, error)
  } finally {
    await file?.close()
  }
}

/** The most that one system call is asked to move; Linux itself stops below 2 GiB. */
const callBytes = 2 ** 30

async function readAt(file: FileHandle, path: string, offset: number, length: number): Promise<Uint8Array> {
  const { size } = await file.stat()
  if (offset < 0 || length < 0 || offset + length > size) throw outOfRange(path, offset, length, size)
  const bytes = new Uint8Array(length)
  for (let done = 0; done < length; ) {
    const { bytesRead } = await file.read(bytes, done, Math.min(length - done, callBytes), offset + done)
    if (bytesRead === 0) throw outOfRange(path, offset, length, offset + done)
    done += bytesRead
  }
  return bytes
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; )
    done += (await file.write(bytes, done, Math.min(bytes.length - done, callBytes))).bytesWritten
}

/** Makes a rename last through a power cut; not every system can, and none needs it to stay consistent. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r').catch(() => undefined)
  try {
    await handle?.sync().catch(() => {})
  } finally {
    await handle?.close()
  }
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    stats => stats.isDirectory(),
    () => false,
  )
}

const thisHost = hostname().replace(/[^A-Za-z0-9-]/g, '-')
/** `.model.safetensors.host.1234.5f3a9c01.tmp`: whose it is stands in the name. */
const temporaryName = /^\..+\.([A-Za-z0-9-]*)\.(\d+)\.[0-9a-f]{8}\.tmp$/
const dayMs = 24 * 60 * 60 * 1000

function temporaryPath(path: string): string {
  const name = `.${basename(path)}.${thisHost}.${process.pid}.${randomUUID().slice(0, 8)}.tmp`
  return join(dirname(path), name)
}

/** Removes temporary files that nobody writes any more. */
async function sweep(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    const match = temporaryName.exec(name)
    if (match === null) continue
    const path = join(directory, name)
    const modifiedMs = await stat(path).then(
      stats => stats.mtimeMs,
      () => undefined,
    )
    if (modifiedMs !== undefined && isStale(match[1], Number(match[2]), modifiedMs))
      await rm(path, { force: true }).catch(() => {})
  }
}

function isStale(host: string, processId: number, modifiedMs: number): boolean {
  if (Date.now() - modifiedMs > dayMs) return true
  if (host !== thisHost) return false
  // A container gives the same process id to each process in turn.
  if (processId === process.pid) return modifiedMs < Date.now() - process.uptime() * 1000
  try {
    process.kill(processId, 0)
    return false
  } catch (error) {
    return isSystemError(error) && error.code === 'ESRCH'
  }
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && 'syscall' in error
}

const spaceHint = 'Free some space or choose another directory. What was there before is whole.'
const accessHint = 'Choose another directory, or change its permissions.'
const causes: Readonly<Record<string, readonly [expected: string, received: string, hint: string]>> = {
  ENOSPC: ['room on the disk', 'a full disk', spaceHint],
  EDQUOT: ['room in the quota', 'a full quota', spaceHint],
  EFBIG: ['a file size that the system allows', 'a file too large', spaceHint],
  EACCES: ['permission', 'none', accessHint],
  EPERM: ['permission', 'none', accessHint],
  EROFS: ['a file system that can be written', 'one that is read-only', 'Choose another directory.'],
  ENOTDIR: ['directories before the last part of the path', 'a file among them', 'Choose another path.'],
  EEXIST: ['directories before the last part of the path', 'a file among them', 'Choose another path.'],
  EISDIR: ['a file', 'a directory', 'Choose another path.'],
  ENAMETOOLONG: ['a shorter name', 'one longer than the system allows', 'Choose another path.'],
  EMFILE: ['a free file handle', 'none', 'Close other files, or raise the limit (ulimit -n).'],
}

/** A system's error in words; others pass. */
function explained(verb: string, path: string, error: unknown): unknown {
  if (error instanceof NacreError || !isSystemError(error)) return error
  if (error.code === 'ENOENT' && verb === 'Reading') return missingFile(path, { cause: error })
  const [expected, received, hint] = causes[error.code ?? ''] ?? ['to succeed', error.message, undefined]
  const detail = error.code === undefined ? received : `${received} (${error.code})`
  return new StorageError({ what: `${verb} ${path}`, expected, received: detail, hint }, { cause: error })
}
