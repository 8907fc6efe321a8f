import { expect, test } from 'vitest'
import { block, f32, f32x4, get, i32, repeat, set, type WasmFunction, wasmModule } from './wasm-module.ts'

/** The functions of a module on a memory of one page. */
function instantiate(functions: readonly WasmFunction[], shared = false) {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared })
  const module = new WebAssembly.Module(wasmModule({ pages: 1, shared }, functions))
  const { exports } = new WebAssembly.Instance(module, { env: { memory } })
  return { memory, exports: exports as unknown as Record<string, (...values: number[]) => number> }
}

test.each([0, 1, -1, 63, 64, -64, -65, 127, 128, 8191, -8192, 2 ** 31 - 1, -(2 ** 31)])('the integer %i', value => {
  const { exports } = instantiate([
    { name: 'value', parameters: [], results: ['i32'], locals: [], body: i32.constant(value) },
  ])
  expect(exports.value()).toBe(value)
})

test('numbers, and what they are truncated to', () => {
  const x = get(0)
  const { exports } = instantiate([
    { name: 'half', parameters: ['f32'], results: ['f32'], locals: [], body: f32.mul(x, f32.constant(0.5)) },
    { name: 'whole', parameters: ['f32'], results: ['i32'], locals: [], body: i32.truncate(x) },
    {
      name: 'between',
      parameters: ['f32'],
      results: ['f32'],
      locals: [],
      body: f32.max(f32.constant(-1), f32.min(f32.constant(1), x)),
    },
  ])
  expect([exports.half(3), exports.half(0.1)]).toEqual([1.5, Math.fround(0.1) / 2])
  expect([2.9, -2.9, 1e20, Number.NaN].map(value => exports.whole(value))).toEqual([2, -2, 2 ** 31 - 1, 0])
  expect([-7, 0.25, 7].map(value => exports.between(value))).toEqual([-1, 0.25, 1])
})

test.each([false, true])('vectors, a loop and memory (shared: %s)', shared => {
  const [address, count, sum] = [0, 1, 2]
  const step = block(
    set(sum, f32x4.add(get(sum), f32x4.load(get(address), 16))),
    set(address, i32.add(get(address), i32.constant(16))),
  )
  const body = block(repeat(count, step), f32x4.store(i32.constant(0), get(sum)), f32x4.lane(get(sum), 3))
  const { exports, memory } = instantiate(
    [{ name: 'sum', parameters: ['i32', 'i32'], results: ['f32'], locals: ['v128'], body }],
    shared,
  )
  const floats = new Float32Array(memory.buffer)
  for (let i = 0; i < 12; i++) floats[4 + i] = i
  expect(exports.sum(0, 3)).toBe(3 + 7 + 11)
  expect([...floats.subarray(0, 4)]).toEqual([12, 15, 18, 21])
})
