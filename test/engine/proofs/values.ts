/** Tensors with numbers in double precision, for references that read like their formula. */
import { elementCount, type Shape } from '../../../src/base/shape.ts'

export interface Values {
  readonly shape: Shape
  readonly data: readonly number[]
}

/** A tensor made of a function of the index. */
export function generate(shape: Shape, element: (index: number[]) => number): Values {
  const data = Array.from({ length: elementCount(shape) }, (_, flat) => {
    const index: number[] = []
    for (const size of shape.toReversed()) {
      index.unshift(flat % size)
      flat = Math.floor(flat / size)
    }
    return element(index)
  })
  return { shape, data }
}

/** The element at an index of a shape to which the tensor broadcasts. */
export function at({ shape, data }: Values, index: readonly number[]): number {
  const extra = index.length - shape.length
  return data[shape.reduce((flat, size, axis) => flat * size + (size === 1 ? 0 : index[axis + extra]), 0)]
}

/** Σ f(0) .. f(count - 1). */
export function sumOver(count: number, term: (i: number) => number): number {
  let sum = 0
  for (let i = 0; i < count; i++) sum += term(i)
  return sum
}

/** Every index of a shape. */
export function indices(shape: Shape): number[][] {
  const all: number[][] = []
  generate(shape, index => all.push(index))
  return all
}
