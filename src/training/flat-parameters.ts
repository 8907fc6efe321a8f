import { elementCount, type Shape } from '../base/shape.ts'
import type { HostTensor } from '../runtime/runtime.ts'
import type { Parameter } from '../tensor/tensor.ts'

/** Where a parameter lies in the flat buffers, in elements. */
export interface Placement {
  readonly name: string
  readonly shape: Shape
  readonly offset: number
  readonly length: number
}

/** A run of elements of the flat buffers that are updated alike. */
export interface Chunk {
  readonly offset: number
  readonly decays: boolean
  /** Whether it holds parameters that their optimizer sees whole, not by chunks. */
  readonly whole: boolean
}

/**
 * Elements that one run of the update handles: enough that two threads share each operator, few enough that its arrays
 * stay in the caches (measured for 33 million parameters: 65,536 in 196 ms, 262,144 in 143, 2,097,152 in 217).
 */
const largestChunk = 262_144
/** Tensors start at multiples of a cache line. */
const alignment = 16

const roundUp = (value: number, multiple: number): number => Math.ceil(value / multiple) * multiple

/**
 * Parameters, gradients and optimizer state, each as one flat buffer with a view per parameter: the gradient program
 * writes into the views, and the update goes over chunks of the whole without copying anything.
 *
 * Parameters that decay come first, then the others, then those that are updated whole; each group is padded to whole
 * chunks. Of the last group, those alike in shape lie side by side with nothing between them.
 */
export class FlatParameters {
  readonly placements: readonly Placement[]
  readonly chunks: readonly Chunk[]
  readonly chunkLength: number
  readonly weights: Float32Array
  readonly gradients: Float32Array
  readonly state: readonly Float32Array[]

  constructor(
    parameters: ReadonlyMap<string, Parameter>,
    stateCount: number,
    decays: (name: string, shape: Shape) => boolean,
    whole: (name: string, shape: Shape) => boolean = () => false,
  ) {
    const groupOf = (name: string, shape: Shape): number => (whole(name, shape) ? 2 : decays(name, shape) ? 0 : 1)
    const groups = [0, 1, 2].map(group => [...parameters].filter(([name, { shape }]) => groupOf(name, shape) === group))
    const total = [...parameters.values()].reduce((sum, { shape }) => sum + elementCount(shape), 0)
    this.chunkLength = Math.min(largestChunk, 2 ** Math.ceil(Math.log2(Math.max(alignment, total / 4))))
    const placements: Placement[] = []
    const chunks: Chunk[] = []
    let offset = 0
    for (const [i, group] of groups.entries()) {
      const start = offset
      const alike = Map.groupBy(group, ([name, { shape }]) => (i === 2 ? shape.join() : name))
      for (const members of alike.values()) {
        for (const [name, { shape }] of members) {
          const length = elementCount(shape)
          placements.push({ name, shape, offset, length })
          offset += length
        }
        offset = roundUp(offset, alignment)
      }
      offset = roundUp(offset, this.chunkLength)
      for (let chunk = start; chunk < offset; chunk += this.chunkLength)
        chunks.push({ offset: chunk, decays: i === 0, whole: i === 2 })
    }
    this.placements = placements
    this.chunks = chunks
    this.weights = new Float32Array(offset)
    this.gradients = new Float32Array(offset)
    this.state = Array.from({ length: stateCount }, () => new Float32Array(offset))
  }

  /** A named tensor over each parameter's part of a flat buffer; writing to the buffer changes the tensors. */
  views(buffer: Float32Array, prefix = ''): Record<string, HostTensor> {
    return Object.fromEntries(
      this.placements.map(({ name, shape, offset, length }) => [
        prefix + name,
        { dtype: 'float32', shape, data: buffer.subarray(offset, offset + length) },
      ]),
    )
  }

  /** One chunk of a flat buffer as a tensor. */
  chunk(buffer: Float32Array, { offset }: Chunk): HostTensor {
    return { dtype: 'float32', shape: [this.chunkLength], data: buffer.subarray(offset, offset + this.chunkLength) }
  }
}
