import { type DType, type TypedArray, typedArray } from '../base/dtype.ts'
import { ShapeError } from '../base/errors.ts'
import type { Random } from '../base/random.ts'
import { elementCount, formatShape, normalizeAxis, type Shape } from '../base/shape.ts'
import * as composite from '../ops/composite.ts'
import * as elementwise from '../ops/elementwise.ts'
import * as indexing from '../ops/indexing.ts'
import * as leaves from '../ops/leaves.ts'
import { matmul } from '../ops/matmul.ts'
import { layerNormalization, logSoftmax, maskedSoftmax, rmsNormalization, softmax } from '../ops/normalization.ts'
import type { Attributes, Op, TensorType, Variadic } from '../ops/op.ts'
import * as rearrange from '../ops/rearrange.ts'
import { keep } from '../ops/recompute.ts'
import * as reduce from '../ops/reduce.ts'
import { rotary } from '../ops/rotary.ts'

/** One application of an operation. */
export interface Node {
  readonly op: Op
  readonly inputs: readonly Tensor[]
  readonly attributes: Attributes
  readonly outputs: readonly TensorType[]
  /** Values of a constant. */
  readonly values?: TypedArray
}

/**
 * A symbolic tensor: the description of a computation, with its element type and sizes known. Numbers come when a
 * compiled program runs. Immutable; every method returns a new tensor.
 */
export class Tensor implements TensorType {
  readonly node: Node
  /** Which output of the node this is. */
  readonly index: number

  constructor(node: Node, index = 0) {
    this.node = node
    this.index = index
  }

  get dtype(): DType {
    return this.node.outputs[this.index].dtype
  }
  get shape(): Shape {
    return this.node.outputs[this.index].shape
  }
  get rank(): number {
    return this.shape.length
  }

  // Arithmetic, element by element; sizes broadcast, numbers become constants.
  add(other: Tensor | number): Tensor {
    return apply(elementwise.add, [this, this.#operand(other)], {})
  }
  sub(other: Tensor | number): Tensor {
    return apply(elementwise.sub, [this, this.#operand(other)], {})
  }
  mul(other: Tensor | number): Tensor {
    return apply(elementwise.mul, [this, this.#operand(other)], {})
  }
  div(other: Tensor | number): Tensor {
    return apply(elementwise.div, [this, this.#operand(other)], {})
  }
  maximum(other: Tensor | number): Tensor {
    return apply(elementwise.maximum, [this, this.#operand(other)], {})
  }
  minimum(other: Tensor | number): Tensor {
    return apply(elementwise.minimum, [this, this.#operand(other)], {})
  }
  square(): Tensor {
    return this.mul(this)
  }
  neg(): Tensor {
    return apply(elementwise.neg, [this], {})
  }
  exp(): Tensor {
    return apply(elementwise.exp, [this], {})
  }
  log(): Tensor {
    return apply(elementwise.log, [this], {})
  }
  sqrt(): Tensor {
    return apply(elementwise.sqrt, [this], {})
  }
  reciprocal(): Tensor {
    return apply(elementwise.reciprocal, [this], {})
  }
  abs(): Tensor {
    return apply(elementwise.abs, [this], {})
  }
  sign(): Tensor {
    return apply(elementwise.sign, [this], {})
  }
  sin(): Tensor {
    return apply(elementwise.sin, [this], {})
  }
  cos(): Tensor {
    return apply(elementwise.cos, [this], {})
  }
  erf(): Tensor {
    return apply(elementwise.erf, [this], {})
  }

  // Activations.
  tanh(): Tensor {
    return apply(elementwise.tanh, [this], {})
  }
  sigmoid(): Tensor {
    return apply(elementwise.sigmoid, [this], {})
  }
  relu(): Tensor {
    return apply(elementwise.relu, [this], {})
  }
  /** x Φ(x), or GPT-2's tanh approximation of it. */
  gelu(approximate: 'none' | 'tanh' = 'none'): Tensor {
    return apply(approximate === 'tanh' ? composite.geluTanh : composite.gelu, [this], {})
  }

  /** This as a gate: x σ(x) u. */
  swiglu(u: Tensor): Tensor {
    return apply(composite.swiglu, [this, u], {})
  }

  // Comparisons and choice.
  equal(other: Tensor | number): Tensor {
    return apply(elementwise.equal, [this, this.#operand(other)], {})
  }
  less(other: Tensor | number): Tensor {
    return apply(elementwise.less, [this, this.#operand(other)], {})
  }
  lessOrEqual(other: Tensor | number): Tensor {
    return apply(elementwise.lessOrEqual, [this, this.#operand(other)], {})
  }
  greater(other: Tensor | number): Tensor {
    return apply(elementwise.greater, [this, this.#operand(other)], {})
  }
  greaterOrEqual(other: Tensor | number): Tensor {
    return apply(elementwise.greaterOrEqual, [this, this.#operand(other)], {})
  }
  not(): Tensor {
    return apply(elementwise.not, [this], {})
  }
  /** With this as the condition: the first where true, the second elsewhere. */
  where(yes: Tensor | number, no: Tensor | number): Tensor {
    const like = yes instanceof Tensor ? yes : no instanceof Tensor ? no : undefined
    const operand = (x: Tensor | number) => (x instanceof Tensor ? x : scalar(x, like?.dtype ?? 'float32'))
    return apply(elementwise.where, [this, operand(yes), operand(no)], {})
  }
  bitwiseXor(other: Tensor | number): Tensor {
    return apply(elementwise.bitwiseXor, [this, this.#operand(other)], {})
  }
  cast(to: DType): Tensor {
    return to === this.dtype ? this : apply(elementwise.cast, [this], { to })
  }

  // Reductions; all axes unless some are named. Over none, each element is by itself.
  sum(axes?: readonly number[], keepDims = false): Tensor {
    if (axes?.length === 0) return this
    return apply(reduce.sum, [this], { axes: this.#axes(axes), keepDims })
  }
  mean(axes?: readonly number[], keepDims = false): Tensor {
    if (axes?.length === 0) return this
    return apply(reduce.mean, [this], { axes: this.#axes(axes), keepDims })
  }
  max(axes?: readonly number[], keepDims = false): Tensor {
    if (axes?.length === 0) return this
    return apply(reduce.max, [this], { axes: this.#axes(axes), keepDims })
  }
  sumSquare(axes?: readonly number[], keepDims = false): Tensor {
    if (axes?.length === 0) return this.mul(this)
    return apply(reduce.sumSquare, [this], { axes: this.#axes(axes), keepDims })
  }
  argmax(axis = -1): Tensor {
    return apply(reduce.argmax, [this], { axis: this.#axis(axis) })
  }
  cumulativeSum(axis = -1, reverse = false): Tensor {
    return apply(reduce.cumulativeSum, [this], { axis: this.#axis(axis), reverse })
  }

  // Shape.
  /** The same elements in another shape; one size may be -1, which is then computed. */
  reshape(shape: Shape): Tensor {
    const known = shape.reduce((product, size) => (size === -1 ? product : product * size), 1)
    const resolved = shape.map(size => (size === -1 ? elementCount(this.shape) / known : size))
    return apply(rearrange.reshape, [this], { shape: resolved })
  }
  permute(order: readonly number[]): Tensor {
    return apply(rearrange.permute, [this], { order })
  }
  /** Swaps two axes; by default the last two. */
  transpose(first = -2, second = -1): Tensor {
    const order = [...this.shape.keys()]
    const [a, b] = [this.#axis(first), this.#axis(second)]
    ;[order[a], order[b]] = [order[b], order[a]]
    return this.permute(order)
  }
  expand(shape: Shape): Tensor {
    return apply(rearrange.expand, [this], { shape })
  }
  slice(axis: number, start: number, end: number): Tensor {
    return apply(rearrange.slice, [this], { axis: this.#axis(axis), start, end })
  }
  pad(axis: number, before: number, after: number): Tensor {
    return apply(rearrange.pad, [this], { axis: this.#axis(axis), before, after })
  }
  concat(others: readonly Tensor[], axis: number): Tensor {
    return apply(rearrange.concat, [this, ...others], { axis: this.#axis(axis) })
  }
  split(sizes: readonly number[], axis: number): Tensor[] {
    return applyAll(rearrange.split, [this], { axis: this.#axis(axis), sizes })
  }
  /** Zeros above the given diagonal of the last two axes. */
  lowerTriangle(diagonal = 0): Tensor {
    return apply(rearrange.triangle, [this], { upper: false, diagonal })
  }
  /** Zeros below the given diagonal of the last two axes. */
  upperTriangle(diagonal = 0): Tensor {
    return apply(rearrange.triangle, [this], { upper: true, diagonal })
  }

  // Products, picking, normalization.
  /** scale A B over the last two axes; leading axes broadcast. */
  matmul(other: Tensor, options: { transposeA?: boolean; transposeB?: boolean; scale?: number } = {}): Tensor {
    const { transposeA = false, transposeB = false, scale = 1 } = options
    return apply(matmul, [this, other], { transposeA, transposeB, scale })
  }
  /** Rows of this table by ids. */
  gather(ids: Tensor): Tensor {
    return apply(indexing.gather, [this, ids], {})
  }
  /** This table with rows added at ids; rows of equal ids add up. */
  scatterAdd(ids: Tensor, rows: Tensor): Tensor {
    return apply(indexing.scatterAdd, [this, ids.cast('int64').reshape([...ids.shape, 1]), rows], {})
  }
  gatherElements(indices: Tensor, axis: number): Tensor {
    return apply(indexing.gatherElements, [this, indices], { axis: this.#axis(axis) })
  }
  scatterElementsAdd(indices: Tensor, updates: Tensor, axis: number): Tensor {
    return apply(indexing.scatterElementsAdd, [this, indices, updates], { axis: this.#axis(axis) })
  }
  softmax(axis = -1): Tensor {
    return apply(softmax, [this], { axis: this.#axis(axis) })
  }
  /** Of this and a mask that broadcasts, along the last axis: exactly 0 where the mask is -∞ or nearly. */
  maskedSoftmax(mask: Tensor): Tensor {
    return apply(maskedSoftmax, [this, mask], {})
  }
  logSoftmax(axis = -1): Tensor {
    return apply(logSoftmax, [this], { axis: this.#axis(axis) })
  }
  layerNormalization(gamma: Tensor, beta: Tensor, epsilon = 1e-5): Tensor {
    return apply(layerNormalization, [this, gamma, beta], { epsilon })
  }
  rmsNormalization(gamma: Tensor, epsilon = 1e-5): Tensor {
    return apply(rmsNormalization, [this, gamma], { epsilon })
  }
  /** Pairs of channels turned by angles that grow with the position. */
  rotary(positions: Tensor, cosines: Tensor, sines: Tensor): Tensor {
    return apply(rotary, [this, positions, cosines, sines], {})
  }
  stopGradient(): Tensor {
    return apply(composite.stopGradient, [this], {})
  }

  /** The same, kept for the backward pass: what was computed between two kept tensors is computed again there. */
  keep(): Tensor {
    return apply(keep, [this], {})
  }

  // Fresh tensors, as methods so that gradient rules need no import of this module.
  full(shape: Shape, value: number): Tensor {
    return full(shape, value)
  }
  zeros(shape: Shape): Tensor {
    return full(shape, 0)
  }

  #operand(other: Tensor | number): Tensor {
    return other instanceof Tensor ? other : scalar(other, this.dtype)
  }
  #axis(axis: number): number {
    return normalizeAxis('tensor', axis, this.rank)
  }
  #axes(axes?: readonly number[]): number[] {
    return axes ? axes.map(axis => this.#axis(axis)) : [...this.shape.keys()]
  }
}

/** A tensor that training changes. It has its first values from an initializer and its name from its place in a model. */
export class Parameter extends Tensor {
  readonly initialize: Initializer

  constructor(shape: Shape, initialize: Initializer) {
    super({
      op: leaves.parameter,
      inputs: [],
      attributes: { id: nextParameter++, shape },
      outputs: [{ dtype: 'float32', shape }],
    })
    this.initialize = initialize
  }
}
let nextParameter = 0

/** First values of a parameter, drawn from a source of random numbers. */
export type Initializer = (shape: Shape, random: Random) => Float32Array

/** All outputs of an operation on inputs. */
export function applyAll<I extends Variadic, A extends Attributes>(op: Op<I, A>, inputs: I, attributes: A): Tensor[] {
  // Copied, because a rule may answer with a tensor: a long chain of those would answer for its shape by recursion.
  const outputs = op.infer(inputs, attributes).map(({ dtype, shape }) => ({ dtype, shape }))
  const node: Node = { op, inputs, attributes, outputs }
  return outputs.map((_, index) => new Tensor(node, index))
}

/** The first output of an operation on inputs. */
export function apply<I extends Variadic, A extends Attributes>(op: Op<I, A>, inputs: I, attributes: A): Tensor {
  return applyAll(op, inputs, attributes)[0]
}

/** A tensor whose values are given at every run under a name. */
export function input(name: string, shape: Shape, dtype: DType = 'float32'): Tensor {
  return apply(leaves.input, [], { name, dtype, shape })
}

/** A tensor with known values, in row-major order. */
export function constant(values: ArrayLike<number>, shape: Shape, dtype: DType = 'float32'): Tensor {
  if (values.length !== elementCount(shape)) {
    const expected = `${elementCount(shape)} values for ${formatShape(shape)}`
    throw new ShapeError({ what: 'constant', expected, received: String(values.length) })
  }
  const outputs = [{ dtype, shape }]
  return new Tensor({
    op: leaves.constant,
    inputs: [],
    attributes: { dtype, shape },
    outputs,
    values: typedArray(dtype, values),
  })
}

/** A number as a tensor of shape []. */
export function scalar(value: number, dtype: DType = 'float32'): Tensor {
  return constant([value], [], dtype)
}

/** A float32 tensor with one value everywhere. */
export function full(shape: Shape, value: number): Tensor {
  return shape.length === 0 ? scalar(value) : apply(leaves.full, [], { value, shape })
}
