import { DataError } from '../base/errors.ts'
import { readChunks, type Storage } from '../storage/storage.ts'
import { gunzip } from './gzip.ts'

/** Unsigned bytes in a box of one or more axes. */
export interface IdxArray {
  readonly sizes: readonly number[]
  /** Last axis fastest. */
  readonly data: Uint8Array
}

/** `0x00000803` */
const hexadecimal = (value: number): string => `0x${value.toString(16).padStart(8, '0')}`

/**
 * Reads an idx file of unsigned bytes, the format of MNIST: a magic number (two zeros, the type 8, the number of axes),
 * the size of each axis as a big-endian 32-bit integer, the bytes. Gzip is unpacked.
 *
 * @param axes - how many the file must have
 * @throws {DataError} if it has another magic number, another length than its sizes say, or is gzip that was cut short
 */
export async function readIdx(storage: Storage, name: string, axes: number): Promise<IdxArray> {
  const what = storage.locate(name)
  const stored = await bytesOf(readChunks(storage, name))
  const packed = stored[0] === 0x1f && stored[1] === 0x8b
  return parseIdx(what, packed ? await bytesOf(gunzip(what, [stored])) : stored, axes)
}

/** The array that the bytes of an idx file hold; errors as in `readIdx`, with this name. */
export function parseIdx(what: string, bytes: Uint8Array, axes: number): IdxArray {
  const magic = 0x0800 + axes
  const headerBytes = 4 + 4 * axes
  const expected = `an idx file with the magic number ${hexadecimal(magic)}`
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < headerBytes) throw new DataError({ what, expected, received: `a file of ${bytes.length} bytes` })
  if (view.getUint32(0) !== magic) {
    const received = hexadecimal(view.getUint32(0))
    const isIdx = view.getUint16(0) === 0 && bytes[2] === 8
    const hint = isIdx ? `It has ${bytes[3]} axes and not ${axes}: are images and labels mixed up?` : undefined
    throw new DataError({ what, expected, received, hint })
  }
  const sizes = Array.from({ length: axes }, (_, axis) => view.getUint32(4 + 4 * axis))
  const length = headerBytes + sizes.reduce((product, size) => product * size, 1)
  if (bytes.length !== length) {
    const hint = bytes.length < length ? 'Was it cut short?' : undefined
    const wanted = `${length} bytes for ${sizes.join(' x ')}`
    throw new DataError({ what, expected: wanted, received: String(bytes.length), hint })
  }
  return { sizes, data: bytes.subarray(headerBytes) }
}

async function bytesOf(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  for await (const chunk of chunks) pieces.push(chunk)
  const bytes = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0))
  let offset = 0
  for (const piece of pieces) {
    bytes.set(piece, offset)
    offset += piece.length
  }
  return bytes
}
