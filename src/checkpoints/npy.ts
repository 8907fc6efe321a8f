/**
 * Reads NumPy's files of one array each.
 *
 * @see https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
import { CheckpointError } from '../base/errors.ts'
import { elementCount, type Shape } from '../base/shape.ts'
import type { NamedBytes } from './llama2c.ts'

export interface NpyArray {
  readonly shape: Shape
  readonly data: Float32Array
}

/** "\x93NUMPY" */
const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]

/**
 * An array of float32 numbers, in the order in which they are stored: rows one after the other.
 * @throws {CheckpointError} if the file is none of NumPy's, is cut short, or holds something else
 */
export function readNpy({ name, bytes }: NamedBytes): NpyArray {
  const fail = (expected: string, received: string, hint?: string): CheckpointError =>
    new CheckpointError({ what: name, expected, received, hint })
  if (bytes.length < 12 || magic.some((byte, i) => bytes[i] !== byte))
    throw fail("a file of NumPy's, which begins with \\x93NUMPY", `${bytes.length} bytes that begin otherwise`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const isShort = bytes[6] === 1 // since version 2.0, four bytes tell the length of the header
  const begin = isShort ? 10 : 12
  const end = begin + (isShort ? view.getUint16(8, true) : view.getUint32(8, true))
  const header = new TextDecoder().decode(bytes.subarray(begin, end))
  const [, type] = /'descr': *'([^']*)'/.exec(header) ?? []
  const [, order] = /'fortran_order': *(True|False)/.exec(header) ?? []
  const [, sizes] = /'shape': *\(([\d, ]*)\)/.exec(header) ?? []
  if (type === undefined || order === undefined || sizes === undefined)
    throw fail('a header with descr, fortran_order and shape', header.trim().slice(0, 60) || 'none')
  if (type !== '<f4') throw fail('float32 numbers (<f4)', type, "In NumPy: array.astype('<f4').")
  const shape = sizes
    .split(',')
    .filter(size => size.trim() !== '')
    .map(Number)
  if (order === 'True' && shape.length > 1) throw fail('rows one after the other', 'columns (fortran_order)')
  const expected = end + 4 * elementCount(shape)
  if (bytes.length !== expected) {
    const hint = bytes.length < expected ? 'Was it cut short?' : undefined
    throw fail(`${expected} bytes, by its header`, `${bytes.length}`, hint)
  }
  // Copied by its own elements: slice of a Node Buffer is a view of a larger one.
  return { shape, data: new Float32Array(Uint8Array.from(bytes.subarray(end)).buffer) }
}
