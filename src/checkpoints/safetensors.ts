/**
 * The safetensors format: an 8-byte little-endian length, a JSON header with the type, shape and place of every tensor,
 * then their bytes without gaps. Files equal byte for byte those of the reference library.
 *
 * @see https://github.com/huggingface/safetensors#format
 */
import type { DType } from '../base/dtype.ts'
import { CheckpointError, type ErrorDetail, nearest } from '../base/errors.ts'
import { elementCount, formatShape, type Shape, sameShape } from '../base/shape.ts'
import type { Storage } from '../storage/storage.ts'

/** The array that holds the elements of each type; halves stay bits, see {@link SafetensorsFile.readFloat32}. */
export interface SafetensorsArrays {
  U64: BigUint64Array
  I64: BigInt64Array
  F64: Float64Array
  F32: Float32Array
  U32: Uint32Array
  I32: Int32Array
  BF16: Uint16Array
  F16: Uint16Array
  U16: Uint16Array
  I16: Int16Array
  I8: Int8Array
  U8: Uint8Array
  BOOL: Uint8Array
}

export type SafetensorsDType = keyof SafetensorsArrays
export type SafetensorsArray = SafetensorsArrays[SafetensorsDType]

/** In the order in which the reference lays tensors down: wide types first, so that each one is aligned. */
const arrays: {
  readonly [T in SafetensorsDType]: {
    readonly BYTES_PER_ELEMENT: number
    new (buffer: ArrayBufferLike, byteOffset: number, length: number): SafetensorsArrays[T]
  }
} = {
  U64: BigUint64Array,
  I64: BigInt64Array,
  F64: Float64Array,
  F32: Float32Array,
  U32: Uint32Array,
  I32: Int32Array,
  BF16: Uint16Array,
  F16: Uint16Array,
  U16: Uint16Array,
  I16: Int16Array,
  I8: Int8Array,
  U8: Uint8Array,
  BOOL: Uint8Array,
}
const order = Object.keys(arrays)

/** The type in which each of our element types is stored. */
export const storedDType: { readonly [T in DType]: SafetensorsDType } = {
  float32: 'F32',
  int64: 'I64',
  int32: 'I32',
  uint32: 'U32',
  bool: 'BOOL',
}

/** Where a tensor lies in its file. */
export interface TensorEntry {
  readonly name: string
  readonly dtype: SafetensorsDType
  readonly shape: Shape
  /** In bytes from the beginning of the file. */
  readonly offset: number
  readonly bytes: number
}

/** A tensor to write; a function is called when its turn comes, so that one tensor at a time is in memory. */
export interface StoredTensor {
  readonly name: string
  readonly dtype: SafetensorsDType
  readonly shape: Shape
  readonly data: ArrayBufferView | (() => ArrayBufferView | Promise<ArrayBufferView>)
}

/** An open file: its header is read and checked, its tensors are read one by one. */
export interface SafetensorsFile {
  /** How people call the file. */
  readonly location: string
  readonly metadata: Readonly<Record<string, string>>
  readonly tensors: ReadonlyMap<string, TensorEntry>
  /**
   * The elements of one tensor.
   * @throws {CheckpointError} if it is missing or has another shape
   */
  read(name: string, shape?: Shape): Promise<SafetensorsArray>
  /**
   * The elements of one tensor of F32, F16, BF16 or F64, as float32.
   * @throws {CheckpointError} if it is missing, has another shape, or is not of floating point
   */
  readFloat32(name: string, shape?: Shape): Promise<Float32Array>
}

/** The reference refuses longer headers, so that a wrong file does not exhaust the memory. */
const maximumHeaderBytes = 100_000_000

/**
 * Opens a file and checks its header against its length.
 * @throws {CheckpointError} if it is cut short or malformed
 * @throws {StorageError} if it cannot be read
 */
export async function openSafetensors(storage: Storage, name: string): Promise<SafetensorsFile> {
  const location = storage.locate(name)
  const size = await storage.size(name)
  if (size < 8) throw malformed(location, 'a length in the first 8 bytes', `a file of ${size} bytes`, cutShort)
  const lengthBytes = await storage.readRange(name, 0, 8)
  const headerBytes = Number(new DataView(lengthBytes.buffer, lengthBytes.byteOffset).getBigUint64(0, true))
  if (headerBytes > maximumHeaderBytes)
    throw malformed(location, `a header of at most ${maximumHeaderBytes} bytes`, String(headerBytes), notSafetensors)
  if (8 + headerBytes > size)
    throw malformed(location, `a header of ${headerBytes} bytes`, `a file of ${size} bytes`, cutShort)
  const header = parseHeader(location, await storage.readRange(name, 8, headerBytes))
  const { metadata, tensors } = checkHeader(location, header, 8 + headerBytes, size)
  const read = async (tensor: string, shape?: Shape) => {
    const entry = find(location, tensors, tensor, shape)
    return viewOf(entry.dtype, await storage.readRange(name, entry.offset, entry.bytes))
  }
  return {
    location,
    metadata,
    tensors,
    read,
    async readFloat32(tensor, shape) {
      const { dtype } = find(location, tensors, tensor, shape)
      const data = await read(tensor, shape)
      if (data instanceof Float32Array) return data
      if (data instanceof Float64Array) return Float32Array.from(data)
      if (data instanceof Uint16Array && dtype === 'F16') return float16ToFloat32(data)
      if (data instanceof Uint16Array && dtype === 'BF16') return bfloat16ToFloat32(data)
      throw malformed(`Tensor "${tensor}" of ${location}`, 'one of F32, F16, BF16, F64', dtype)
    },
  }
}

/**
 * Writes tensors as one file, in the reference's order, without copying them.
 *
 * @param metadata - transformers reads only files that say `format: 'pt'`
 * @throws {CheckpointError} if two names are equal or the data does not fit its shape
 * @throws {StorageError} if the file cannot be written; the old one is then whole
 */
export async function writeSafetensors(
  storage: Storage,
  name: string,
  tensors: readonly StoredTensor[],
  metadata: Readonly<Record<string, string>> = { format: 'pt' },
): Promise<void> {
  const location = storage.locate(name)
  const { header, sorted } = layOut(location, tensors, metadata)
  await storage.write(name, chunks(location, header, sorted))
}

/**
 * The beginning of a file with these tensors, which follow it in this order.
 * @throws {CheckpointError} if two names are equal
 */
export function layOut<T extends Pick<StoredTensor, 'name' | 'dtype' | 'shape'>>(
  location: string,
  tensors: readonly T[],
  metadata: Readonly<Record<string, string>> = { format: 'pt' },
): { readonly header: Uint8Array; readonly sorted: readonly T[] } {
  const sorted = [...tensors].sort(
    (a, b) => order.indexOf(a.dtype) - order.indexOf(b.dtype) || (a.name < b.name ? -1 : 1),
  )
  const header = new Map<string, unknown>()
  if (Object.keys(metadata).length > 0) header.set('__metadata__', metadata)
  let end = 0
  for (const tensor of sorted) {
    if (header.has(tensor.name)) throw malformed(location, 'every name once', `"${tensor.name}" twice`)
    const begin = end
    end += byteLength(tensor)
    header.set(tensor.name, { dtype: tensor.dtype, shape: tensor.shape, data_offsets: [begin, end] })
  }
  // Built by hand: an object would put names such as "0" first.
  const entries = [...header].map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`)
  const json = new TextEncoder().encode(`{${entries.join(',')}}`)
  const padded = new Uint8Array(8 + Math.ceil(json.length / 8) * 8).fill(0x20)
  new DataView(padded.buffer).setBigUint64(0, BigInt(padded.length - 8), true)
  padded.set(json, 8)
  return { header: padded, sorted }
}

async function* chunks(
  location: string,
  header: Uint8Array,
  tensors: readonly StoredTensor[],
): AsyncGenerator<Uint8Array> {
  yield header
  for (const tensor of tensors) {
    const data = typeof tensor.data === 'function' ? await tensor.data() : tensor.data
    if (data.byteLength !== byteLength(tensor)) {
      const expected = `${byteLength(tensor)} bytes of ${tensor.dtype} for ${formatShape(tensor.shape)}`
      throw malformed(`Tensor "${tensor.name}" of ${location}`, expected, `${data.byteLength} bytes`)
    }
    yield new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  }
}

/** Bytes of a tensor. */
export function byteLength({ dtype, shape }: { dtype: SafetensorsDType; shape: Shape }): number {
  return elementCount(shape) * arrays[dtype].BYTES_PER_ELEMENT
}

function find(
  location: string,
  tensors: ReadonlyMap<string, TensorEntry>,
  name: string,
  shape: Shape | undefined,
): TensorEntry {
  const entry = tensors.get(name)
  if (entry === undefined) {
    const near = nearest(name, [...tensors.keys()])
    const hint = near === undefined ? 'Is it the checkpoint of another model?' : `The nearest name is "${near}".`
    throw malformed(location, `a tensor "${name}"`, `${tensors.size} others`, hint)
  }
  if (shape !== undefined && !sameShape(entry.shape, shape)) {
    const hint = 'Does the configuration belong to this file?'
    throw malformed(`Tensor "${name}" of ${location}`, `shape ${formatShape(shape)}`, formatShape(entry.shape), hint)
  }
  return entry
}

function viewOf(dtype: SafetensorsDType, bytes: Uint8Array): SafetensorsArray {
  const { BYTES_PER_ELEMENT } = arrays[dtype]
  const aligned = bytes.byteOffset % BYTES_PER_ELEMENT === 0 ? bytes : bytes.slice()
  return new arrays[dtype](aligned.buffer, aligned.byteOffset, aligned.length / BYTES_PER_ELEMENT)
}

function parseHeader(location: string, bytes: Uint8Array): Record<string, unknown> {
  let header: unknown
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    header = JSON.parse(text)
  } catch (error) {
    const received = error instanceof Error ? error.message : String(error)
    throw malformed(location, 'a header in JSON', received, notSafetensors)
  }
  if (!isRecord(header) || !text.startsWith('{'))
    throw malformed(location, 'a header that is a JSON object', text.slice(0, 40), notSafetensors)
  const twice = repeatedKey(text)
  if (twice !== undefined) throw malformed(location, 'every name of its header once', `"${twice}" twice`)
  return header
}

/** The first key that occurs twice in one object of valid JSON, which JSON.parse would let pass. */
function repeatedKey(json: string): string | undefined {
  const open: Set<string>[] = []
  for (const [token, key] of json.matchAll(/("[^"\\]*(?:\\.[^"\\]*)*")\s*:|"[^"\\]*(?:\\.[^"\\]*)*"|[{}]/g)) {
    if (token === '{') open.push(new Set())
    else if (token === '}') open.pop()
    else if (key !== undefined) {
      const name: string = JSON.parse(key)
      const names = open[open.length - 1]
      if (names.has(name)) return name
      names.add(name)
    }
  }
  return undefined
}

function checkHeader(
  location: string,
  { __metadata__: metadata = {}, ...header }: Record<string, unknown>,
  dataOffset: number,
  size: number,
): Pick<SafetensorsFile, 'metadata' | 'tensors'> {
  if (!isTexts(metadata)) throw malformed(location, '__metadata__ of texts by name', JSON.stringify(metadata))
  const entries = Object.entries(header)
    .map(([name, value]) => checkEntry(location, name, value, dataOffset))
    .sort((a, b) => a.offset - b.offset || a.bytes - b.bytes)
  let end = dataOffset
  for (const { name, offset, bytes } of entries) {
    if (offset !== end) {
      const expected = `data from byte ${end - dataOffset}, where the tensor before it ends`
      throw malformed(`Tensor "${name}" of ${location}`, expected, `data from byte ${offset - dataOffset}`)
    }
    end = offset + bytes
    if (end > size) {
      const expected = `data up to byte ${end} of the file`
      throw malformed(`Tensor "${name}" of ${location}`, expected, `a file of ${size} bytes`, cutShort)
    }
  }
  if (end !== size) throw malformed(location, `${end} bytes, as its header says`, `${size}`, 'Was something appended?')
  return { metadata, tensors: new Map(entries.map(entry => [entry.name, entry])) }
}

function checkEntry(location: string, name: string, value: unknown, dataOffset: number): TensorEntry {
  const fail = (expected: string, received: unknown) =>
    malformed(`Tensor "${name}" of ${location}`, expected, JSON.stringify(received))
  if (!isRecord(value)) throw fail('dtype, shape and data_offsets', value)
  const { dtype, shape, data_offsets: offsets } = value
  if (!isDType(dtype)) throw fail(`a dtype of ${order.join(', ')}`, dtype)
  if (!isSizes(shape)) throw fail('a shape of sizes', shape)
  if (!isSizes(offsets) || offsets.length !== 2 || offsets[0] > offsets[1])
    throw fail('data_offsets [begin, end]', offsets)
  const [begin, end] = offsets
  if (end - begin !== byteLength({ dtype, shape }))
    throw fail(`${byteLength({ dtype, shape })} bytes for ${dtype} ${formatShape(shape)}`, end - begin)
  return { name, dtype, shape, offset: dataOffset + begin, bytes: end - begin }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isTexts(value: unknown): value is Record<string, string> {
  return isRecord(value) && Object.values(value).every(item => typeof item === 'string')
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every(item => Number.isSafeInteger(item) && item >= 0)
}

function isDType(value: unknown): value is SafetensorsDType {
  return typeof value === 'string' && order.includes(value)
}

const cutShort = 'Was the file cut short? Fetch or save it again.'
const notSafetensors = 'Is it a safetensors file?'

function malformed(what: string, expected: string, received: string, hint?: string): CheckpointError {
  const detail: ErrorDetail = { what, expected, received, hint }
  return new CheckpointError(detail)
}

/** IEEE 754 half precision, from bits. */
export function float16ToFloat32(bits: Uint16Array): Float32Array {
  float16Table ??= Float32Array.from({ length: 65536 }, (_, half) => {
    const sign = half & 0x8000 ? -1 : 1
    const exponent = (half >>> 10) & 0x1f
    const fraction = half & 0x3ff
    if (exponent === 0) return sign * fraction * 2 ** -24
    if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN
    return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
  })
  const table = float16Table
  const values = new Float32Array(bits.length)
  for (let i = 0; i < bits.length; i++) values[i] = table[bits[i]]
  return values
}
let float16Table: Float32Array | undefined

/** The upper half of a float32, from bits. */
export function bfloat16ToFloat32(bits: Uint16Array): Float32Array {
  const words = new Uint32Array(bits.length)
  for (let i = 0; i < bits.length; i++) words[i] = bits[i] << 16
  return new Float32Array(words.buffer)
}
