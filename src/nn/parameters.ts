import { Random } from '../base/random.ts'
import { elementCount } from '../base/shape.ts'
import type { HostTensor } from '../runtime/runtime.ts'
import { type Node, Parameter } from '../tensor/tensor.ts'

/**
 * The parameters of a model by their dotted path, in the order of its fields. A model is plain data: fields, arrays and
 * parameters are walked; a parameter that stands in two places (a tied one) is named for the first.
 */
export function namedParameters(model: object): Map<string, Parameter> {
  const found = new Map<string, Parameter>()
  const seen = new Set<object>()
  const visit = (value: unknown, path: string): void => {
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || seen.has(value)) return
    seen.add(value)
    if (value instanceof Parameter) found.set(path, value)
    else for (const [key, field] of Object.entries(value)) visit(field, path === '' ? key : `${path}.${key}`)
  }
  visit(model, '')
  return found
}

/** Names by node, for the compiler. */
export function parameterNames(parameters: ReadonlyMap<string, Parameter>): Map<Node, string> {
  return new Map([...parameters].map(([name, parameter]) => [parameter.node, name]))
}

/** First values of every parameter; each draws from a stream of its own, so that adding a layer changes no other. */
export function initialWeights(parameters: ReadonlyMap<string, Parameter>, seed: number): Map<string, Float32Array> {
  return new Map(
    [...parameters].map(([name, { initialize, shape }]) => [
      name,
      initialize(shape, new Random(seed, `weights/${name}`)),
    ]),
  )
}

/** A model's weights as inputs of its programs. */
export function weightFeeds(model: object, weights: ReadonlyMap<string, Float32Array>): Record<string, HostTensor> {
  return Object.fromEntries(
    [...namedParameters(model)].map(([name, { shape }]) => [
      name,
      { dtype: 'float32', shape, data: weights.get(name)! },
    ]),
  )
}

export function parameterCount(model: object): number {
  return [...namedParameters(model).values()].reduce((sum, { shape }) => sum + elementCount(shape), 0)
}
