import type { DType } from '../base/dtype.ts'
import type { Shape } from '../base/shape.ts'
import { float, int64, type Op } from './op.ts'

/** A number or tensor known when the graph is built; its values hang on the Tensor. */
export const constant: Op<readonly [], { readonly dtype: DType; readonly shape: Shape }> = {
  name: 'constant',
  infer: (_, { dtype, shape }) => [{ dtype, shape }],
}

/** A tensor whose values are given at every run, by name. */
export const input: Op<readonly [], { readonly name: string; readonly dtype: DType; readonly shape: Shape }> = {
  name: 'input',
  infer: (_, { dtype, shape }) => [{ dtype, shape }],
}

/** A tensor that training changes; `id` tells two parameters of one shape apart. */
export const parameter: Op<readonly [], { readonly id: number; readonly shape: Shape }> = {
  name: 'parameter',
  infer: (_, { shape }) => [{ dtype: 'float32', shape }],
}

/** A tensor with one number everywhere, made when the graph runs. */
export const full: Op<readonly [], { readonly value: number; readonly shape: Shape }> = {
  name: 'full',
  onnx: ({ value, shape }) => ({
    type: 'ConstantOfShape',
    attributes: { value: float(value) },
    tail: [int64(...shape)],
  }),
  infer: (_, { shape }) => [{ dtype: 'float32', shape }],
}
