/** Word vectors on a plane, by their two principal components: as much of their differences as a plane can show. */
import { OptionError } from '../base/errors.ts'
import type { WordVectors } from '../models/word-vectors.ts'

export interface MappedWord {
  readonly word: string
  readonly x: number
  readonly y: number
}

export interface WordMap {
  readonly words: readonly MappedWord[]
  /** The share of the variance that the plane shows, 0 to 1. */
  readonly shown: number
}

/**
 * The words' directions, centred, along the two axes of their largest variance.
 * Pearson, On Lines and Planes of Closest Fit to Systems of Points in Space, 1901.
 *
 * @param ids - rows of the vectors, at least three
 */
export function mapWords(vectors: WordVectors, ids: readonly number[]): WordMap {
  if (ids.length < 3)
    throw new OptionError({ what: 'A map', expected: 'at least three words', received: String(ids.length) })
  const { channels, directions, words } = vectors
  const points = ids.map(id => Float64Array.from(directions.subarray(id * channels, (id + 1) * channels)))
  const mean = new Float64Array(channels)
  for (const point of points) for (let i = 0; i < channels; i++) mean[i] += point[i] / points.length
  for (const point of points) for (let i = 0; i < channels; i++) point[i] -= mean[i]
  const variance = points.reduce((sum, point) => sum + dot(point, point), 0)
  const first = principalAxis(points, [])
  const second = principalAxis(points, [first])
  const placed = points.map((point, i) => ({ word: words[ids[i]], x: dot(point, first), y: dot(point, second) }))
  const shown = placed.reduce((sum, { x, y }) => sum + x * x + y * y, 0) / variance
  return { words: placed, shown: variance === 0 ? 1 : shown }
}

/** The direction of the largest variance at right angles to others, by power iteration on the points themselves. */
function principalAxis(points: readonly Float64Array[], others: readonly Float64Array[]): Float64Array {
  const channels = points[0].length
  let axis = Float64Array.from({ length: channels }, (_, i) => Math.cos(i * i + others.length)) // no axis of the data
  for (let step = 0; step < 500; step++) {
    const next = new Float64Array(channels)
    for (const point of points) {
      const along = dot(point, axis)
      for (let i = 0; i < channels; i++) next[i] += along * point[i]
    }
    for (const other of others) {
      const along = dot(next, other)
      for (let i = 0; i < channels; i++) next[i] -= along * other[i]
    }
    const length = Math.sqrt(dot(next, next))
    if (length === 0) return new Float64Array(channels) // nothing varies that way
    for (let i = 0; i < channels; i++) next[i] /= length
    const change = 1 - Math.abs(dot(next, axis))
    axis = next
    if (change < 1e-12) break
  }
  // The same picture each time: the largest part of the axis points up.
  const largest = axis.reduce((best, value) => (Math.abs(value) > Math.abs(best) ? value : best), 0)
  return largest < 0 ? axis.map(value => -value) : axis
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return sum
}
