/**
 * Writes small WebAssembly modules: code is bytes, an expression is its operands' bytes and then its operator's.
 *
 * ```ts
 * const twice = functionOf('twice', ['f32'], ['f32'], [], [f32.add(get(0), get(0))])
 * const { twice } = instance.exports
 * ```
 *
 * @see https://webassembly.github.io/spec/core/binary, and appendix "Index of Instructions" for the codes
 */

export type Code = readonly number[]
export type WasmType = keyof typeof types

const types = { i32: 0x7f, f32: 0x7d, v128: 0x7b } as const

/** A function that a module exports: its locals are the parameters, then `locals`. */
export interface WasmFunction {
  readonly name: string
  readonly parameters: readonly WasmType[]
  readonly results: readonly WasmType[]
  readonly locals: readonly WasmType[]
  readonly body: Code
}

/** The memory that a module imports as `env.memory`. */
export interface ImportedMemory {
  readonly pages: number
  /** Threads see the same one; it cannot grow. */
  readonly shared: boolean
}

const join = (...parts: readonly Code[]): Code => parts.flat()

/** LEB128, unsigned. */
function unsigned(value: number): number[] {
  const bytes: number[] = []
  do {
    const low = value % 128
    value = Math.floor(value / 128)
    bytes.push(value > 0 ? low | 0x80 : low)
  } while (value > 0)
  return bytes
}

/** LEB128, signed, of 32 bits. */
function signed(value: number): number[] {
  const bytes: number[] = []
  for (;;) {
    const low = value & 0x7f
    value >>= 7
    if ((value === 0 && (low & 0x40) === 0) || (value === -1 && (low & 0x40) !== 0)) return [...bytes, low]
    bytes.push(low | 0x80)
  }
}

type Unary = (a: Code) => Code
type Binary = (a: Code, b: Code) => Code
/** Reads from an address plus a constant offset in bytes. */
type Load = (address: Code, offset?: number) => Code
type Store = (address: Code, value: Code, offset?: number) => Code

const vector = (code: number): Code => [0xfd, ...unsigned(code)]
const unary =
  (code: Code): Unary =>
  a =>
    join(a, code)
const binary =
  (code: Code): Binary =>
  (a, b) =>
    join(a, b, code)
/** Aligned to four bytes, 2^2. */
const alignment = 2
const load =
  (code: Code): Load =>
  (address, offset = 0) =>
    join(address, code, [alignment], unsigned(offset))
const store =
  (code: Code): Store =>
  (address, value, offset = 0) =>
    join(address, value, code, [alignment], unsigned(offset))

export const get = (local: number): Code => [0x20, ...unsigned(local)]
export const set = (local: number, value: Code): Code => join(value, [0x21, ...unsigned(local)])

interface Integers {
  constant(value: number): Code
  readonly load: Load
  readonly add: Binary
  readonly sub: Binary
  readonly shiftLeft: Binary
  /** A float32 towards zero; out of range becomes the nearest integer, NaN becomes 0. */
  readonly truncate: Unary
}

/** 32-bit integers: addresses and counters. */
export const i32: Integers = {
  constant: value => [0x41, ...signed(value)],
  load: load([0x28]),
  add: binary([0x6a]),
  sub: binary([0x6b]),
  shiftLeft: binary([0x74]),
  truncate: unary([0xfc, 0x00]),
}

interface Floats extends Readonly<Record<'add' | 'sub' | 'mul' | 'min' | 'max', Binary>> {
  constant(value: number): Code
  readonly load: Load
  readonly fromInteger: Unary
}

export const f32: Floats = {
  constant: value => [0x43, ...new Uint8Array(Float32Array.of(value).buffer)],
  load: load([0x2a]),
  add: binary([0x92]),
  sub: binary([0x93]),
  mul: binary([0x94]),
  min: binary([0x96]),
  max: binary([0x97]),
  fromInteger: unary([0xb2]),
}

interface Vectors {
  readonly load: Load
  readonly store: Store
  readonly splat: Unary
  lane(a: Code, lane: number): Code
  readonly zero: Code
  readonly add: Binary
  readonly mul: Binary
}

/** Four float32 at once. */
export const f32x4: Vectors = {
  load: load(vector(0x00)),
  store: store(vector(0x0b)),
  splat: unary(vector(0x13)),
  lane: (a, lane) => join(a, vector(0x1f), [lane]),
  zero: join(vector(0x0c), Array<number>(16).fill(0)),
  add: binary(vector(0xe4)),
  mul: binary(vector(0xe6)),
}

/** Repeats the body, counting an i32 local down to 0; it must be at least 1 before. */
export function repeat(counter: number, body: Code): Code {
  const again = [0x22, ...unsigned(counter), 0x0d, 0x00] // local.tee, br_if 0
  return join([0x03, 0x40], body, i32.sub(get(counter), i32.constant(1)), again, [0x0b])
}

export const block = (...statements: readonly Code[]): Code => statements.flat()

/** The bytes of a module. */
export function wasmModule(memory: ImportedMemory, functions: readonly WasmFunction[]): Uint8Array<ArrayBuffer> {
  const list = (items: readonly Code[]): Code => join(unsigned(items.length), ...items)
  const section = (id: number, content: Code): Code => join([id], unsigned(content.length), content)
  const name = (text: string): Code => {
    const bytes = [...new TextEncoder().encode(text)]
    return join(unsigned(bytes.length), bytes)
  }
  const pages = unsigned(memory.pages)
  const limits = memory.shared ? join([0x03], pages, pages) : join([0x00], pages)
  const signature = (of: readonly WasmType[]): Code => list(of.map(type => [types[type]]))
  const bodies = functions.map(({ locals, body }) => {
    const code = join(list(locals.map(type => [1, types[type]])), body, [0x0b])
    return join(unsigned(code.length), code)
  })
  return Uint8Array.from(
    join(
      [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
      section(
        1,
        list(functions.map(({ parameters, results }) => join([0x60], signature(parameters), signature(results)))),
      ),
      section(2, list([join(name('env'), name('memory'), [0x02], limits)])),
      section(3, list(functions.map((_, index) => unsigned(index)))),
      section(7, list(functions.map((item, index) => join(name(item.name), [0x00], unsigned(index))))),
      section(10, list(bodies)),
    ),
  )
}
