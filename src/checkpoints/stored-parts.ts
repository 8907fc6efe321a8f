import { elementCount, type Shape } from '../base/shape.ts'
import { namedParameters } from '../nn/parameters.ts'
import type { StoredTensor } from './safetensors.ts'

/** A tensor of a file, and where its elements lie in one of ours. */
export interface StoredPart {
  readonly name: string
  readonly shape: Shape
  /** Our dotted name. */
  readonly own: string
  readonly place: (index: number) => number
}

/** Our part of a dotted name, and the tensors of a layout that hold it, in the order in which ours lie side by side. */
export type PartNames = readonly (readonly [ours: string, theirs: readonly string[]])[]

/** How a layout names layers, and which way round it keeps their matrices. */
export interface LayerLayout {
  /** The names of one of our layers, in the order in which its outputs lie side by side. */
  names(own: string): readonly string[]
  /** Whether matrices are [inputs, outputs], as ours. */
  readonly inputsFirst: boolean
  /** What the matrix of a layer, by its name there, is ours multiplied with; 1 where this is left out. */
  factor?(name: string): number
}

/** The names of what we call by one, which may be the beginning of more. */
export function theirNames(own: string, table: PartNames): string[] {
  let names = [own]
  for (const [ours, theirs] of table) {
    if (names[0].includes(ours)) names = theirs.map(part => names[0].replace(ours, part))
  }
  return names
}

/**
 * The tensors in which PyTorch's `Linear` and `Embedding` keep a model of ours: matrices as [outputs, inputs], tables as
 * they are, and apart what we keep side by side.
 *
 * @param tables - beginnings of the names of tables, which are not turned
 */
export function storedParts(model: object, names: PartNames, tables: readonly string[]): StoredPart[] {
  const isTable = (own: string): boolean => tables.some(table => own.startsWith(table))
  return [...namedParameters(model)].flatMap(([own, { shape }]) => partsOf(own, shape, names, isTable(own)))
}

function partsOf(own: string, shape: Shape, table: PartNames, isTable: boolean): StoredPart[] {
  const names = theirNames(own, table)
  if (shape.length === 1 || isTable) {
    const size = shape[0] / names.length
    return names.map((name, i) => ({
      name,
      own,
      shape: [size, ...shape.slice(1)],
      place: index => index + i * size, // several only where a bias is cut
    }))
  }
  const [inputs, all] = shape
  const outputs = all / names.length
  return names.map((name, i) => ({
    name,
    own,
    shape: [outputs, inputs],
    place: index => (index % inputs) * all + i * outputs + Math.floor(index / inputs),
  }))
}

/** The tensors of a file, from our weights by dotted name. */
export function toStored(
  parts: readonly StoredPart[],
  weights: ReadonlyMap<string, Float32Array>,
): (StoredTensor & { readonly data: Float32Array })[] {
  return parts.map(({ name, shape, own, place }) => {
    const values = weights.get(own)!
    return {
      name,
      dtype: 'F32',
      shape,
      data: Float32Array.from({ length: elementCount(shape) }, (_, i) => values[place(i)]),
    }
  })
}

/** Our weights, from the tensors of a file. */
export async function fromStored(
  model: object,
  parts: readonly StoredPart[],
  read: (part: StoredPart) => Promise<Float32Array>,
): Promise<Map<string, Float32Array>> {
  const weights = new Map(
    [...namedParameters(model)].map(([name, { shape }]) => [name, new Float32Array(elementCount(shape))]),
  )
  for (const part of parts) {
    const values = await read(part)
    const target = weights.get(part.own)!
    for (let i = 0; i < values.length; i++) target[part.place(i)] = values[i]
  }
  return weights
}
