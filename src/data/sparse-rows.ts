/** Vectors that are zero but in a few places, row after row (compressed sparse rows). */

export interface SparseVector {
  /** Places that are not zero, ascending. */
  readonly indices: Uint32Array
  readonly values: Float32Array
}

export class SparseRows {
  readonly width: number
  /** Where each row begins in `indices` and `values`; one more than rows. */
  readonly offsets: Uint32Array
  readonly indices: Uint32Array
  readonly values: Float32Array

  /** @param width - numbers of a row */
  constructor(width: number, rows: readonly SparseVector[]) {
    this.width = width
    this.offsets = new Uint32Array(rows.length + 1)
    for (const [i, row] of rows.entries()) this.offsets[i + 1] = this.offsets[i] + row.indices.length
    this.indices = new Uint32Array(this.offsets[rows.length])
    this.values = new Float32Array(this.offsets[rows.length])
    for (const [i, row] of rows.entries()) {
      this.indices.set(row.indices, this.offsets[i])
      this.values.set(row.values, this.offsets[i])
    }
  }

  get count(): number {
    return this.offsets.length - 1
  }

  row(index: number): SparseVector {
    const [begin, end] = [this.offsets[index], this.offsets[index + 1]]
    return { indices: this.indices.subarray(begin, end), values: this.values.subarray(begin, end) }
  }
}

/** The sparse vector of values by place. */
export function sparseVector(values: ReadonlyMap<number, number>): SparseVector {
  const indices = Uint32Array.from(values.keys()).sort()
  return { indices, values: Float32Array.from(indices, index => values.get(index)!) }
}

/** Inner product. */
export function dot(a: SparseVector, b: SparseVector): number {
  let sum = 0
  for (let i = 0, j = 0; i < a.indices.length && j < b.indices.length; ) {
    if (a.indices[i] === b.indices[j]) sum += a.values[i++] * b.values[j++]
    else if (a.indices[i] < b.indices[j]) i++
    else j++
  }
  return sum
}

/** Cosine of the angle between two vectors; 0 where one has no direction. */
export function cosine(a: SparseVector, b: SparseVector): number {
  const lengths = length(a) * length(b)
  return lengths === 0 ? 0 : dot(a, b) / lengths
}

/** Euclidean length. */
export function length({ values }: SparseVector): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0))
}
