import { ShapeError } from './errors.ts'

/** The sizes of a tensor's axes; `[]` is a scalar. */
export type Shape = readonly number[]

/** The number of elements. */
export function elementCount(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1)
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis])
}

export function formatShape(shape: Shape): string {
  return `[${shape.join(', ')}]`
}

/**
 * The shape that two or more shapes broadcast to: aligned at the last axis, sizes equal or 1.
 * @throws {ShapeError} if two sizes differ and neither is 1
 */
export function broadcastShapes(what: string, ...shapes: Shape[]): Shape {
  const rank = Math.max(...shapes.map(shape => shape.length))
  return Array.from({ length: rank }, (_, axis) => {
    let size = 1
    for (const shape of shapes) {
      const own = shape[axis - rank + shape.length] ?? 1
      if (own === 1 || own === size) continue
      if (size !== 1) {
        const received = shapes.map(formatShape).join(' and ')
        throw new ShapeError({ what, expected: 'sizes that are equal or 1, aligned at the last axis', received })
      }
      size = own
    }
    return size
  })
}

/**
 * A non-negative axis; -1 is the last.
 * @throws {ShapeError} if the axis is outside of the rank
 */
export function normalizeAxis(what: string, axis: number, rank: number): number {
  const normalized = axis < 0 ? axis + rank : axis
  if (!Number.isInteger(axis) || normalized < 0 || normalized >= rank) {
    throw new ShapeError({ what, expected: `an axis from ${-rank} to ${rank - 1}`, received: String(axis) })
  }
  return normalized
}
