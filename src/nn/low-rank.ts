/**
 * Adapters of low rank, put on a model from outside: a layer's matrix stays as it is, and a product of two narrow ones is
 * added to it. Hu et al., LoRA: Low-Rank Adaptation of Large Language Models, 2021, section 4.1.
 * Shapes: I inputs, O outputs, R rank.
 */
import { OptionError } from '../base/errors.ts'
import { elementCount } from '../base/shape.ts'
import { Parameter, type Tensor } from '../tensor/tensor.ts'
import { normal, uniform, zeros } from './initializers.ts'
import { Embedding, Linear } from './layers.ts'

export interface LowRankOptions {
  /** R */
  readonly rank: number
  /** The product is multiplied by alpha / rank. */
  readonly alpha: number
  /** Ends of dotted names of the layers, for example `attention.query`. */
  readonly targets: readonly string[]
}

/** y = x W + b + (x A) B · α / R, in the place of a `Linear`. */
export class LowRankLinear {
  readonly weight: Parameter
  readonly bias?: Parameter
  /** A [I, R] */
  readonly down: Parameter
  /** B [R, O], zero at first: so the model begins as the one that it adapts. */
  readonly up: Parameter
  readonly #scale: number

  constructor({ weight, bias }: Linear, { rank, alpha }: Pick<LowRankOptions, 'rank' | 'alpha'>) {
    const [inputs, outputs] = weight.shape
    this.weight = weight
    if (bias) this.bias = bias
    this.down = new Parameter([inputs, rank], uniform(1 / Math.sqrt(inputs)))
    this.up = new Parameter([rank, outputs], zeros)
    this.#scale = alpha / rank
  }

  get scale(): number {
    return this.#scale
  }

  /** @param x - [.., I]; returns [.., O] */
  apply(x: Tensor): Tensor {
    const y = x.matmul(this.weight)
    const low = x.matmul(this.down).matmul(this.up, { scale: this.#scale })
    return (this.bias ? y.add(this.bias) : y).add(low)
  }
}

/** Of B on an embedding, about that of its vectors: with 1, as PEFT has it, a word goes many times as far at the same rate. */
const tableDeviation = 0.1

/** E + A B · α / R, in the place of an `Embedding`, in the head that shares it as well. */
export class LowRankEmbedding {
  readonly weight: Parameter
  /** A [count, R], zero at first: so the model begins as the one that it adapts. */
  readonly down: Parameter
  /** B [R, channels] */
  readonly up: Parameter
  readonly #scale: number
  #table: Tensor | undefined

  constructor({ weight }: Embedding, { rank, alpha }: Pick<LowRankOptions, 'rank' | 'alpha'>) {
    const [count, channels] = weight.shape
    this.weight = weight
    this.down = new Parameter([count, rank], zeros)
    this.up = new Parameter([rank, channels], normal(tableDeviation))
    this.#scale = alpha / rank
  }

  get scale(): number {
    return this.#scale
  }

  get table(): Tensor {
    this.#table ??= this.weight.add(this.down.matmul(this.up, { scale: this.#scale }))
    return this.#table
  }

  /** @param ids - int64 or int32, any shape; returns [.., channels] */
  apply(ids: Tensor): Tensor {
    return this.weight.gather(ids).add(this.down.gather(ids).matmul(this.up, { scale: this.#scale }))
  }
}

/** A layer with an adapter on it. */
export type LowRankLayer = LowRankLinear | LowRankEmbedding

/**
 * Puts adapters on layers of a model; the names of its parameters stay, those of the adapters are `LAYER.down` and
 * `LAYER.up`.
 * @throws {OptionError} if a target is the end of no layer's name
 */
export function addLowRank(model: object, options: LowRankOptions): ReadonlyMap<string, LowRankLayer> {
  const adapted = new Map<string, LowRankLayer>()
  const layers = [...adaptableLayers(model)]
  for (const target of options.targets) {
    const found = layers.filter(({ name }) => name === target || name.endsWith(`.${target}`))
    if (found.length === 0) {
      const names = new Set(layers.map(({ name }) => name.replace(/^.*\.\d+\./, '')))
      const expected = `the end of a layer's name: ${[...names].join(', ')}`
      throw new OptionError({ what: 'targets', expected, received: `"${target}"` })
    }
    for (const { name, parent, key, layer } of found) {
      if (adapted.has(name)) continue
      const replacement =
        layer instanceof Linear ? new LowRankLinear(layer, options) : new LowRankEmbedding(layer, options)
      Reflect.set(parent, key, replacement)
      adapted.set(name, replacement)
    }
  }
  return adapted
}

/** The adapters of a model, by the names of their layers. */
export function lowRankLayers(model: object): Map<string, LowRankLayer> {
  return new Map(
    [...fieldsOf(model)].flatMap(({ name, value }) =>
      value instanceof LowRankLinear || value instanceof LowRankEmbedding ? [[name, value]] : [],
    ),
  )
}

/**
 * The weights of the model without its adapters, which it then equals: W + A B · α / R in the place of W.
 *
 * @param weights - of the adapted model
 */
export function mergeLowRank(
  adapted: ReadonlyMap<string, LowRankLayer>,
  weights: ReadonlyMap<string, Float32Array>,
): Map<string, Float32Array> {
  const merged = new Map(weights)
  for (const [name, { down, up, scale }] of adapted) {
    const [inputs, rank] = down.shape
    const [, outputs] = up.shape
    const [a, b] = [weights.get(`${name}.down`)!, weights.get(`${name}.up`)!]
    const sum = weights.get(`${name}.weight`)!.slice()
    for (let i = 0; i < inputs; i++) {
      for (let r = 0; r < rank; r++) {
        const factor = a[i * rank + r] * scale
        for (let o = 0; o < outputs; o++) sum[i * outputs + o] += factor * b[r * outputs + o]
      }
    }
    merged.set(`${name}.weight`, sum)
    merged.delete(`${name}.down`)
    merged.delete(`${name}.up`)
  }
  return merged
}

/** Elements of all adapters. */
export const lowRankCount = (adapted: ReadonlyMap<string, LowRankLayer>): number =>
  [...adapted.values()].reduce((sum, { down, up }) => sum + elementCount(down.shape) + elementCount(up.shape), 0)

interface Place {
  readonly name: string
  readonly parent: object
  readonly key: string
  readonly layer: Linear | Embedding
}

function* adaptableLayers(model: object): Generator<Place> {
  for (const { name, parent, key, value } of fieldsOf(model)) {
    if (value instanceof Linear || value instanceof Embedding) yield { name, parent, key, layer: value }
  }
}

/** Every object in a model's tree of fields, by its dotted path. */
function* fieldsOf(parent: object, path = ''): Generator<{ name: string; parent: object; key: string; value: object }> {
  for (const [key, value] of Object.entries(parent) as [string, unknown][]) {
    if (typeof value !== 'object' || value === null || value instanceof Parameter || ArrayBuffer.isView(value)) continue
    const name = path === '' ? key : `${path}.${key}`
    yield { name, parent, key, value }
    yield* fieldsOf(value, name)
  }
}
