import { elementCount } from '../base/shape.ts'
import type { Initializer } from '../tensor/tensor.ts'

export const zeros: Initializer = shape => new Float32Array(elementCount(shape))

export const ones: Initializer = shape => new Float32Array(elementCount(shape)).fill(1)

/** Normally distributed with mean 0. */
export function normal(deviation: number): Initializer {
  return (shape, random) => {
    const values = new Float32Array(elementCount(shape))
    random.fillNormal(values, deviation)
    return values
  }
}

/** Uniform from -bound to bound. */
export function uniform(bound: number): Initializer {
  return (shape, random) => {
    const values = new Float32Array(elementCount(shape))
    for (let i = 0; i < values.length; i++) values[i] = bound * (2 * random.uniform() - 1)
    return values
  }
}
