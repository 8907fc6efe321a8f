import type { DType } from '../base/dtype.ts'
import type { Shape } from '../base/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'

/** What is known of a tensor before any number is: its element type and its sizes. */
export interface TensorType {
  readonly dtype: DType
  readonly shape: Shape
}

/** The static arguments of an operation. They take part in recognising common subexpressions, so they are plain data. */
export type Attributes = Readonly<Record<string, number | string | boolean | readonly number[] | undefined>>

/** A tuple of tensors of a fixed arity. */
export type Unary = readonly [Tensor]
export type Binary = readonly [Tensor, Tensor]
export type Ternary = readonly [Tensor, Tensor, Tensor]
export type Variadic = readonly Tensor[]

/** One gradient for each input; null where none flows (integers, conditions). */
export type Gradients<I extends Variadic> = { readonly [K in keyof I]: Tensor | null }

export interface GradientContext<I extends Variadic, A> {
  /** Gradient of the loss with respect to the first output, in that output's shape. */
  readonly dy: Tensor
  /** The same for every output; null where the loss does not depend on it. */
  readonly dys: readonly (Tensor | null)[]
  /** The first output. */
  readonly y: Tensor
  readonly outputs: readonly Tensor[]
  readonly inputs: I
  readonly attributes: A
}

/** A constant tensor that an ONNX operator takes as an input where others would take an attribute. */
export interface OnnxConstant {
  readonly dtype: DType
  readonly values: readonly number[]
  readonly scalar?: boolean
}

/** How an operation is written in ONNX: one node. */
export interface OnnxCall {
  readonly type: string
  readonly domain?: 'com.microsoft'
  /** Numbers are integers unless wrapped by `float`. */
  readonly attributes?: Readonly<Record<string, number | string | readonly number[] | { readonly float: number }>>
  /** Inputs that follow the tensors; null is an input left out. */
  readonly tail?: readonly (OnnxConstant | null)[]
}

/**
 * An operation: shape rule, ONNX operator and gradient in adjacent lines.
 * A composite operation has `compose` instead of `onnx`: it stands for several primitives and owns a better gradient
 * than theirs would give. With both, the operator computes the first output where no other is read.
 */
export interface Op<I extends Variadic = Variadic, A extends Attributes = Attributes> {
  readonly name: string
  /** Types of the outputs. Throws ShapeError where the inputs do not fit. */
  infer(inputs: readonly TensorType[], attributes: A): readonly TensorType[]
  readonly onnx?: string | OnnxRule<A>
  compose?(inputs: I, attributes: A): readonly Tensor[]
  /** The value of one element, for operations that work element by element; folds constants and checks the kernels. */
  readonly element?: (...values: number[]) => number
  /** Left out for operations through which no gradient flows. */
  gradient?(context: GradientContext<I, A>): Gradients<I>
}

/** A method signature in disguise, so that an operation with narrower attributes is still an `Op`. */
export type OnnxRule<A> = {
  rule(attributes: A, inputs: readonly TensorType[], outputs: readonly TensorType[]): OnnxCall
}['rule']

export const float = (value: number): { readonly float: number } => ({ float: value })

/** An int64 vector as a trailing ONNX input. */
export const int64 = (...values: readonly number[]): OnnxConstant => ({ dtype: 'int64', values })
