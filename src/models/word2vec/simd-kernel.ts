/**
 * The fast twin: the kernel as a WebAssembly module, four numbers at once, written for the length of the rows. It gives
 * the bits that {@link plainKernel} gives.
 */
import {
  block,
  type Code,
  f32,
  f32x4,
  get,
  i32,
  repeat,
  set,
  type WasmFunction,
  wasmModule,
} from '../../base/wasm-module.ts'
import type { Kernel } from './kernel.ts'
import type { Word2vecMemory } from './memory.ts'
import { limit, stepsPerUnit } from './sigmoid-table.ts'

const rowsOfLoop = 8

/** Compiles the module for a memory. */
export function simdKernel(memory: Word2vecMemory): Kernel {
  const functions = [
    learnFunction('learn', memory, false),
    learnFunction('learnRow', memory, true),
    ...rowFunctions(memory.rowLength),
  ]
  const module = new WebAssembly.Module(wasmModule(memory, functions))
  const { exports } = new WebAssembly.Instance(module, { env: { memory: memory.memory } })
  return exports as unknown as Kernel
}

/** Whether this machine's WebAssembly has vectors of four numbers. */
export function simdIsThere(): boolean {
  const body = set(0, f32x4.zero)
  return WebAssembly.validate(
    wasmModule({ pages: 1, shared: false }, [{ name: 'f', parameters: [], results: [], locals: ['v128'], body }]),
  )
}

/**
 * A row's length in code: the body for each four numbers, given their offset in bytes. Long rows are a loop of eight at a
 * time, after which the pointers move on.
 */
function overRow(
  rowLength: number,
  counter: number,
  pointers: readonly number[],
  body: (offset: number) => Code,
): Code {
  const steps = rowLength / 4
  const unrolled = (count: number) => block(...Array.from({ length: count }, (_, i) => body(i * 16)))
  if (steps <= 32) return unrolled(steps)
  const move = block(...pointers.map(local => set(local, i32.add(get(local), i32.constant(rowsOfLoop * 16)))))
  const loops = Math.floor(steps / rowsOfLoop)
  return block(
    set(counter, i32.constant(loops)),
    repeat(counter, block(unrolled(rowsOfLoop), move)),
    unrolled(steps % rowsOfLoop),
  )
}

/** `learn`, or with `intoHidden` the function `learnRow`. */
function learnFunction(name: string, { rowLength, size }: Word2vecMemory, intoHidden: boolean): WasmFunction {
  const group = Array.from({ length: size.group }, (_, k) => k)
  const parameters = intoHidden
    ? (['i32', 'i32', 'i32', 'f32'] as const)
    : (['i32', 'i32', 'i32', 'i32', 'i32', 'f32'] as const)
  const [hidden, error, targets, labels, groups, rate] = intoHidden ? [0, 0, 1, 2, -1, 3] : [0, 1, 2, 3, 4, 5]
  const locals: WasmFunction['locals'][number][] = []
  const local = (type: (typeof locals)[number]) => parameters.length + locals.push(type) - 1
  const counter = local('i32')
  const h = local('i32')
  const e = intoHidden ? h : local('i32')
  const index = local('i32')
  const position = local('f32')
  const value = local('v128')
  const sum = local('v128')
  const row = local('v128')
  const o = group.map(() => local('i32'))
  const sums = group.map(() => local('v128')) // first o·h, then g

  const begin = block(set(h, get(hidden)), ...group.map(k => set(o[k], i32.load(get(targets), k * 4))))
  const dots = (offset: number) =>
    block(
      set(value, f32x4.load(get(h), offset)),
      ...group.map(k => set(sums[k], f32x4.add(get(sums[k]), f32x4.mul(f32x4.load(get(o[k]), offset), get(value))))),
    )
  const rates = (k: number) => {
    const lane = (i: number) => f32x4.lane(get(sums[k]), i)
    const dot = f32.add(f32.add(lane(0), lane(2)), f32.add(lane(1), lane(3)))
    const limited = f32.max(f32.constant(-limit), f32.min(f32.constant(limit), dot))
    const low = f32.load(get(index))
    const share = f32.sub(get(position), f32.fromInteger(i32.truncate(get(position))))
    const prediction = f32.add(low, f32.mul(f32.sub(f32.load(get(index), 4), low), share))
    return block(
      set(position, f32.mul(f32.add(limited, f32.constant(limit)), f32.constant(stepsPerUnit))),
      set(index, i32.shiftLeft(i32.truncate(get(position)), i32.constant(2))), // the table begins at address 0
      set(sums[k], f32x4.splat(f32.mul(f32.sub(f32.load(get(labels), k * 4), prediction), get(rate)))),
    )
  }
  const updates = (offset: number) =>
    block(
      set(value, f32x4.load(get(h), offset)),
      set(sum, intoHidden ? get(value) : f32x4.load(get(e), offset)),
      ...group.map(k =>
        block(
          set(row, f32x4.load(get(o[k]), offset)),
          set(sum, f32x4.add(get(sum), f32x4.mul(get(sums[k]), get(row)))),
          f32x4.store(get(o[k]), f32x4.add(get(row), f32x4.mul(get(sums[k]), get(value))), offset),
        ),
      ),
      f32x4.store(get(e), get(sum), offset),
    )
  const whole = block(
    begin,
    ...group.map(k => set(sums[k], f32x4.zero)),
    overRow(rowLength, counter, [h, ...o], dots),
    ...group.map(rates),
    begin,
    intoHidden ? [] : set(e, get(error)),
    overRow(rowLength, counter, intoHidden ? [h, ...o] : [h, e, ...o], updates),
  )
  const next = [targets, labels].map(each => set(each, i32.add(get(each), i32.constant(size.group * 4))))
  return { name, parameters, results: [], locals, body: intoHidden ? whole : repeat(groups, block(whole, ...next)) }
}

/** `add`, `scale` and `clear`. */
function rowFunctions(rowLength: number): WasmFunction[] {
  const [a, b, counter] = [0, 1, 2]
  const of = (pointers: readonly number[], body: (offset: number) => Code): Code =>
    overRow(rowLength, counter, pointers, body)
  const add = (at: number) => f32x4.store(get(a), f32x4.add(f32x4.load(get(a), at), f32x4.load(get(b), at)), at)
  const scale = (at: number) => f32x4.store(get(a), f32x4.mul(f32x4.load(get(a), at), f32x4.splat(get(b))), at)
  return [
    { name: 'add', parameters: ['i32', 'i32'], results: [], locals: ['i32'], body: of([a, b], add) },
    { name: 'scale', parameters: ['i32', 'f32'], results: [], locals: ['i32'], body: of([a], scale) },
    {
      name: 'clear',
      parameters: ['i32'],
      results: [],
      locals: ['i32', 'i32'],
      body: of([a], at => f32x4.store(get(a), f32x4.zero, at)),
    },
  ]
}
