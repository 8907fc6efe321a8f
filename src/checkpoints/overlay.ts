/** Files of a folder that are made when their bytes are asked for. */
import { StorageError } from '../base/errors.ts'
import { outOfRange, type Storage } from '../storage/storage.ts'
import { byteLength, layOut, type StoredTensor } from './safetensors.ts'

/** A file of known length whose bytes are made when they are asked for. */
export interface MadeFile {
  /** How people call it. */
  readonly location: string
  readonly size: number
  range(offset: number, length: number): Promise<Uint8Array>
}

/**
 * A storage with some files in the place of its own or beside them; whatever reads folders reads it.
 *
 * @param files - by their names, in no folder
 * @param reason - why nothing can be written, for the message
 */
export function overlay(below: Storage, files: ReadonlyMap<string, MadeFile>, reason: string): Storage {
  const locate = (name: string): string => files.get(name)?.location ?? below.locate(name)
  const range = async (name: string, offset: number, length: number): Promise<Uint8Array> => {
    const file = files.get(name)
    if (file === undefined) return below.readRange(name, offset, length)
    if (offset < 0 || length < 0 || offset + length > file.size)
      throw outOfRange(locate(name), offset, length, file.size)
    return file.range(offset, length)
  }
  const refuse = async (name: string): Promise<never> => {
    const expected = `to be read only: ${reason}`
    throw new StorageError({ what: locate(name), expected, received: 'something to write' })
  }
  const size = async (name: string): Promise<number> => files.get(name)?.size ?? below.size(name)
  return {
    locate,
    size,
    readRange: range,
    read: async name => range(name, 0, await size(name)),
    exists: async name => files.has(name) || below.exists(name),
    list: async (folder = '') => {
      const own = folder === '' ? [...files.keys()] : []
      return [...new Set([...(await below.list(folder)), ...own])].sort()
    },
    write: refuse,
    append: refuse,
    truncate: refuse,
    remove: refuse,
  }
}

export const bytesFile = (location: string, bytes: Uint8Array): MadeFile => ({
  location,
  size: bytes.length,
  range: async (offset, length) => bytes.slice(offset, offset + length),
})

/** A file of another storage. */
export const storedFile = async (storage: Storage, name: string): Promise<MadeFile> => ({
  location: storage.locate(name),
  size: await storage.size(name),
  range: (offset, length) => storage.readRange(name, offset, length),
})

/** A safetensors file, each tensor made when bytes of it are asked for. */
export function tensorsFile(location: string, tensors: readonly StoredTensor[]): MadeFile {
  const { header, sorted } = layOut(location, tensors)
  const places: { readonly tensor: StoredTensor; readonly begin: number; readonly end: number }[] = []
  let size = header.length
  for (const tensor of sorted) {
    places.push({ tensor, begin: size, end: size + byteLength(tensor) })
    size += byteLength(tensor)
  }
  return {
    location,
    size,
    range: async (offset, length) => {
      const bytes = new Uint8Array(length)
      if (offset < header.length) bytes.set(header.subarray(offset, offset + length))
      for (const { tensor, begin, end } of places) {
        const [from, to] = [Math.max(begin, offset), Math.min(end, offset + length)]
        if (from >= to) continue
        const { buffer, byteOffset, byteLength: all } = await (tensor.data as () => Promise<ArrayBufferView>)()
        bytes.set(new Uint8Array(buffer, byteOffset, all).subarray(from - begin, to - begin), from - offset)
      }
      return bytes
    },
  }
}
