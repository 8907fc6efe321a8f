import { StorageError } from '../base/errors.ts'

/** Bytes in pieces, so that a file of many gigabytes needs no buffer of its size. */
export type ByteChunks = Iterable<Uint8Array> | AsyncIterable<Uint8Array>

/**
 * Bytes by name. Names are relative, with `/` between folders, for example `checkpoints/last/model.safetensors`;
 * folders come into being with their first file.
 *
 * Every method throws a {@link StorageError} that names the file.
 */
export interface Storage {
  /** How people call a file: its path, where it has one. */
  locate(name: string): string
  read(name: string): Promise<Uint8Array>
  /** Exactly `length` bytes from `offset`. */
  readRange(name: string, offset: number, length: number): Promise<Uint8Array>
  /** Length in bytes. */
  size(name: string): Promise<number>
  /** Replaces a file as a whole: whatever happens meanwhile, readers see either the old bytes or all of the new. */
  write(name: string, chunks: ByteChunks): Promise<void>
  /** Adds to the end of a file, or begins it. */
  append(name: string, data: string | Uint8Array): Promise<void>
  /** Cuts a file after `length` bytes. */
  truncate(name: string, length: number): Promise<void>
  /** Names of all files in a folder and in its folders, sorted; none when there is no such folder. */
  list(folder?: string): Promise<string[]>
  exists(name: string): Promise<boolean>
  /** Removes a file; nothing happens when it is not there. */
  remove(name: string): Promise<void>
}

/**
 * The parts of a name, which stay inside of the storage.
 * @throws {StorageError} if the name is empty, absolute or leads outside
 */
export function nameParts(name: string): string[] {
  const parts = name.split('/')
  if (parts.some(part => part === '' || part === '.' || part === '..' || /[\\\0]/.test(part))) {
    throw new StorageError({
      what: 'A storage',
      expected: 'a relative name without empty parts, "." or ".."',
      received: JSON.stringify(name),
    })
  }
  return parts
}

/** The error for a file that is not there. */
export function missingFile(location: string, options?: ErrorOptions): StorageError {
  return new StorageError(
    { what: location, expected: 'a file that exists', received: 'none', hint: 'Is the path right?' },
    options,
  )
}

/** The error for a range that a file does not have. */
export function outOfRange(location: string, offset: number, length: number, size: number): StorageError {
  return new StorageError({
    what: location,
    expected: `${length} bytes from byte ${offset}`,
    received: `a file of ${size} bytes`,
    hint: 'Was it cut short?',
  })
}

/**
 * The text of a UTF-8 file.
 * @throws {StorageError} if the bytes are not UTF-8
 */
export async function readText(storage: Storage, name: string): Promise<string> {
  const bytes = await storage.read(name)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new StorageError({ what: storage.locate(name), expected: 'UTF-8 text' }, { cause })
  }
}

/** Replaces a file by a text, in UTF-8. */
export function writeText(storage: Storage, name: string, text: string): Promise<void> {
  return storage.write(name, [new TextEncoder().encode(text)])
}

/** A file from its beginning in pieces. */
export async function* readChunks(
  storage: Storage,
  name: string,
  chunkBytes: number = 2 ** 20,
): AsyncGenerator<Uint8Array> {
  const size = await storage.size(name)
  for (let offset = 0; offset < size; offset += chunkBytes)
    yield await storage.readRange(name, offset, Math.min(chunkBytes, size - offset))
}
