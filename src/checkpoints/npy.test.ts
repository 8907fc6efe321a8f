import { expect, test } from 'vitest'
import { readNpy } from './npy.ts'

const bytesOf = (base64: string) => Uint8Array.from(atob(base64), character => character.charCodeAt(0))
/** `numpy.save` of [[1.5, -2, 3], [4, 5, 6]] in float32. */
const saved = bytesOf(
  'k05VTVBZAQB2AHsnZGVzY3InOiAnPGY0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsIDMpLCB9ICAgICAgICAgICAgICAgIC' +
    'AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAMA/AAAAwAAAQEAAAIBAAACgQAAAwEA=',
)

/** The same file with a part of its header changed for one of as many characters. */
function changed(from: string, to: string): Uint8Array {
  const text = String.fromCharCode(...saved).replace(from, to)
  return Uint8Array.from(text, character => character.charCodeAt(0))
}

test("NumPy's file is read, also in its second version and out of a larger buffer", () => {
  const expected = { shape: [2, 3], data: Float32Array.of(1.5, -2, 3, 4, 5, 6) }
  expect(readNpy({ name: 'a.npy', bytes: saved })).toEqual(expected)
  const second = Uint8Array.of(...saved.subarray(0, 6), 2, 0, saved[8], saved[9], 0, 0, ...saved.subarray(10))
  expect(readNpy({ name: 'a.npy', bytes: second })).toEqual(expected)
  const larger = new Uint8Array(saved.length + 3)
  larger.set(saved, 3)
  expect(readNpy({ name: 'a.npy', bytes: larger.subarray(3) })).toEqual(expected)
  expect(readNpy({ name: 'a.npy', bytes: changed('(2, 3)', '(6, ) ') }).shape).toEqual([6])
})

test.each([
  ['a short file', saved.subarray(0, 8), "expected a file of NumPy's, which begins with \\x93NUMPY. Received 8 bytes"],
  ['text', new TextEncoder().encode('[1, 2, 3, 4, 5]'), "expected a file of NumPy's"],
  ['double precision', changed('<f4', '<f8'), 'expected float32 numbers (<f4). Received <f8. In NumPy'],
  ['columns', changed('False', 'True '), 'expected rows one after the other. Received columns'],
  ['no shape', changed("'shape'", "'other'"), 'expected a header with descr, fortran_order and shape'],
  ['a file cut short', saved.subarray(0, -4), 'expected 152 bytes, by its header. Received 148. Was it cut short?'],
])('%s is refused', (_, bytes, message) => {
  expect(() => readNpy({ name: 'a.npy', bytes })).toThrow(`a.npy ${message}`)
})
