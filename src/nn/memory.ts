import { elementCount, type Shape } from '../base/shape.ts'
import { host } from '../compiler/compile.ts'
import type { HostTensor, Value } from '../runtime/runtime.ts'
import type { Tensor } from '../tensor/tensor.ts'

/**
 * What a model remembers of the tokens before the ones that it is given: keys and values of an attention, the state of a
 * recurrence. Symbolic: the memory as it was is inputs of the compiled program, which are zero at the beginning of a
 * text; as it is after the new tokens, it is outputs. Shapes and outputs are known once the model has used it.
 */
export interface Memory {
  /** Shape of each part by the name of its input. */
  readonly shapes: Readonly<Record<string, Shape>>
  /** The parts after the new tokens, by `nextName` of the input. */
  readonly outputs: Readonly<Record<string, Tensor>>
  /** Whether it can go back to any beginning of the tokens that it holds; a recurrence only knows the last. */
  readonly rewinds: boolean
  /** Whether the outputs may be written to the memory of the inputs. */
  readonly inPlace: boolean
  /**
   * Values of the program's inputs that say where the new tokens stand. They last until the next call.
   * @param before - tokens in the memory
   */
  place(before: number): Readonly<Record<string, HostTensor>>
}

/** What a memory is made for. */
export interface MemorySize {
  /** Sequences side by side. */
  readonly rows: number
  /** New tokens of one run. */
  readonly tokens: number
  /** Tokens in all that it has room for, where it holds them one by one; by default as many as the model sees at once. */
  readonly room?: number
}

/** The output that takes the place of an input. */
export const nextName = (name: string): string => `next/${name}`

/** The parts of a memory at the beginning of a text. */
export function firstState(memory: Memory | undefined): Record<string, Value> {
  return Object.fromEntries(
    Object.entries(memory?.shapes ?? {}).map(([name, shape]) => [
      name,
      host('float32', shape, new Float32Array(elementCount(shape))),
    ]),
  )
}

/** The parts of a memory after a run, under the names of its inputs. */
export function nextState(results: Readonly<Record<string, Value>>, memory: Memory | undefined): Record<string, Value> {
  return Object.fromEntries(Object.keys(memory?.shapes ?? {}).map(name => [name, results[nextName(name)]]))
}
