import { StorageError } from '../base/errors.ts'
import { type ByteChunks, missingFile, nameParts, outOfRange, type Storage } from './storage.ts'

/**
 * Files of the browser's origin-private file system. A write becomes visible when its last byte is there; only the
 * first write of a name shows an empty file until then.
 *
 * @param directory - where the names begin; the root of the origin unless told
 */
export async function webStorage(directory?: FileSystemDirectoryHandle): Promise<Storage> {
  return new WebStorage(directory ?? (await navigator.storage.getDirectory()))
}

class WebStorage implements Storage {
  readonly #root: FileSystemDirectoryHandle

  constructor(root: FileSystemDirectoryHandle) {
    this.#root = root
  }

  locate(name: string): string {
    return `browser:${name}`
  }

  async read(name: string): Promise<Uint8Array> {
    return new Uint8Array(await (await this.#file(name)).arrayBuffer())
  }

  async readRange(name: string, offset: number, length: number): Promise<Uint8Array> {
    const file = await this.#file(name)
    if (offset < 0 || length < 0 || offset + length > file.size)
      throw outOfRange(this.locate(name), offset, length, file.size)
    return new Uint8Array(await file.slice(offset, offset + length).arrayBuffer())
  }

  async size(name: string): Promise<number> {
    return (await this.#file(name)).size
  }

  async write(name: string, chunks: ByteChunks): Promise<void> {
    await this.#change(name, { create: true, keep: false }, async file => {
      for await (const chunk of chunks) await file.write(owned(chunk))
    })
  }

  async append(name: string, data: string | Uint8Array): Promise<void> {
    await this.#change(name, { create: true, keep: true }, async (file, size) => {
      await file.seek(size)
      await file.write(typeof data === 'string' ? data : owned(data))
    })
  }

  async truncate(name: string, length: number): Promise<void> {
    await this.#change(name, { create: false, keep: true }, async (file, size) => {
      if (length > size) throw outOfRange(this.locate(name), 0, length, size)
      await file.truncate(length)
    })
  }

  async list(folder = ''): Promise<string[]> {
    const names: string[] = []
    const start = folder === '' ? this.#root : await this.#directory(nameParts(folder), false).catch(absent)
    const folders = start === undefined ? [] : [{ prefix: folder === '' ? '' : `${folder}/`, handle: start }]
    for (let at = folders.pop(); at !== undefined; at = folders.pop()) {
      for await (const [name, handle] of at.handle.entries()) {
        if (isDirectory(handle)) folders.push({ prefix: `${at.prefix}${name}/`, handle })
        else names.push(at.prefix + name)
      }
    }
    return names.sort()
  }

  async exists(name: string): Promise<boolean> {
    return (await this.#handle(name, false).catch(absent)) !== undefined
  }

  async remove(name: string): Promise<void> {
    if (!(await this.exists(name))) return
    const parts = nameParts(name)
    const directory = await this.#directory(parts.slice(0, -1), false)
    await directory.removeEntry(parts[parts.length - 1])
  }

  async #directory(parts: readonly string[], create: boolean): Promise<FileSystemDirectoryHandle> {
    let directory = this.#root
    for (const part of parts) directory = await directory.getDirectoryHandle(part, { create })
    return directory
  }

  async #handle(name: string, create: boolean): Promise<FileSystemFileHandle> {
    const parts = nameParts(name)
    const directory = await this.#directory(parts.slice(0, -1), create)
    return directory.getFileHandle(parts[parts.length - 1], { create })
  }

  async #file(name: string): Promise<File> {
    try {
      return await (await this.#handle(name, false)).getFile()
    } catch (error) {
      throw this.#explained('Reading', name, error)
    }
  }

  async #change(
    name: string,
    { create, keep }: { create: boolean; keep: boolean },
    change: (file: FileSystemWritableFileStream, size: number) => Promise<void>,
  ): Promise<void> {
    const isNew = !(await this.exists(name))
    try {
      const handle = await this.#handle(name, create)
      const { size } = await handle.getFile()
      const file = await handle.createWritable({ keepExistingData: keep })
      try {
        await change(file, size)
      } catch (error) {
        await file.abort().catch(() => {})
        throw error
      }
      await file.close()
    } catch (error) {
      if (isNew) await this.remove(name)
      throw this.#explained('Writing', name, error)
    }
  }

  #explained(verb: string, name: string, error: unknown): unknown {
    if (!(error instanceof DOMException)) return error
    const what = `${verb} ${this.locate(name)}`
    if (error.name === 'NotFoundError') return missingFile(this.locate(name), { cause: error })
    const [expected, received] =
      error.name === 'QuotaExceededError'
        ? ['room in the space that the browser gives to this page', 'a full one']
        : error.name === 'TypeMismatchError'
          ? ['a file', 'a folder, or a file where a folder should be']
          : ['to succeed', `${error.name}: ${error.message}`]
    return new StorageError({ what, expected, received }, { cause: error })
  }
}

function isDirectory(handle: FileSystemHandle): handle is FileSystemDirectoryHandle {
  return handle.kind === 'directory'
}

/** Turns "there is no such entry" into undefined. */
function absent(error: unknown): undefined {
  if (error instanceof DOMException && (error.name === 'NotFoundError' || error.name === 'TypeMismatchError')) return
  throw error
}

/** The browser does not take views of memory that threads share. */
function owned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = bytes
  return buffer instanceof ArrayBuffer ? new Uint8Array(buffer, byteOffset, byteLength) : new Uint8Array(bytes)
}
