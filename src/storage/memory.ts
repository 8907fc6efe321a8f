import { type ByteChunks, missingFile, nameParts, outOfRange, type Storage } from './storage.ts'

/** Files in memory: for tests, and for browsers that keep nothing. */
export function memoryStorage(files: Readonly<Record<string, Uint8Array | string>> = {}): Storage {
  return new MemoryStorage(files)
}

class MemoryStorage implements Storage {
  readonly #files = new Map<string, Uint8Array>()

  constructor(files: Readonly<Record<string, Uint8Array | string>>) {
    for (const [name, data] of Object.entries(files)) this.#files.set(checked(name), bytesOf(data).slice())
  }

  locate(name: string): string {
    return `memory:${name}`
  }

  async read(name: string): Promise<Uint8Array> {
    return this.#file(name).slice()
  }

  async readRange(name: string, offset: number, length: number): Promise<Uint8Array> {
    const file = this.#file(name)
    if (offset < 0 || length < 0 || offset + length > file.length)
      throw outOfRange(this.locate(name), offset, length, file.length)
    return file.slice(offset, offset + length)
  }

  async size(name: string): Promise<number> {
    return this.#file(name).length
  }

  async write(name: string, chunks: ByteChunks): Promise<void> {
    const copies: Uint8Array[] = []
    for await (const chunk of chunks) copies.push(chunk.slice())
    this.#files.set(checked(name), concatenate(copies))
  }

  async append(name: string, data: string | Uint8Array): Promise<void> {
    const before = this.#files.get(checked(name)) ?? new Uint8Array()
    this.#files.set(name, concatenate([before, bytesOf(data)]))
  }

  async truncate(name: string, length: number): Promise<void> {
    const file = this.#file(name)
    if (length > file.length) throw outOfRange(this.locate(name), 0, length, file.length)
    this.#files.set(name, file.slice(0, length))
  }

  async list(folder = ''): Promise<string[]> {
    const start = folder === '' ? '' : `${checked(folder)}/`
    return [...this.#files.keys()].filter(name => name.startsWith(start)).sort()
  }

  async exists(name: string): Promise<boolean> {
    return this.#files.has(checked(name))
  }

  async remove(name: string): Promise<void> {
    this.#files.delete(checked(name))
  }

  #file(name: string): Uint8Array {
    const file = this.#files.get(checked(name))
    if (file === undefined) throw missingFile(this.locate(name))
    return file
  }
}

function checked(name: string): string {
  return nameParts(name).join('/')
}

function bytesOf(data: string | Uint8Array): Uint8Array {
  return typeof data === 'string' ? new TextEncoder().encode(data) : data
}

function concatenate(chunks: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(chunks.reduce((length, chunk) => length + chunk.length, 0))
  let offset = 0
  for (const chunk of chunks) {
    bytes.set(chunk, offset)
    offset += chunk.length
  }
  return bytes
}
