/** Element types that a tensor may have. */
export type DType = 'float32' | 'int64' | 'int32' | 'uint32' | 'bool'

/** The typed array that holds elements of each type in memory; a bool is one byte. */
export interface TypedArrays {
  float32: Float32Array
  int64: BigInt64Array
  int32: Int32Array
  uint32: Uint32Array
  bool: Uint8Array
}

export type TypedArray = TypedArrays[DType]

/** Bytes of one element. */
export const bytesPerElement: { readonly [T in DType]: number } = { float32: 4, int64: 8, int32: 4, uint32: 4, bool: 1 }

const constructors: { readonly [T in DType]: new (length: number) => TypedArrays[T] } = {
  float32: Float32Array,
  int64: BigInt64Array,
  int32: Int32Array,
  uint32: Uint32Array,
  bool: Uint8Array,
}

/** Zeros of a type. */
export function zeros<T extends DType>(dtype: T, length: number): TypedArrays[T] {
  return new constructors[dtype](length)
}

/** A typed array with the given numbers, converted. */
export function typedArray<T extends DType>(dtype: T, values: ArrayLike<number>): TypedArrays[T] {
  const array = zeros(dtype, values.length)
  for (let i = 0; i < values.length; i++) array[i] = dtype === 'int64' ? BigInt(values[i]) : values[i]
  return array
}
