import { ShapeError } from '../base/errors.ts'
import { broadcastShapes, formatShape, type Shape } from '../base/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { type Binary, float, type Op, type TensorType } from './op.ts'

/** Shape of A B over the last two axes; leading axes broadcast. */
function productShape(name: string, a: Shape, b: Shape): Shape {
  if (a.length < 2 || b.length < 2 || a.at(-1) !== b.at(-2)) {
    throw new ShapeError({
      what: name,
      expected: 'inner sizes that match',
      received: `${formatShape(a)} and ${formatShape(b)}`,
      hint: 'Is one input transposed?',
    })
  }
  return [...broadcastShapes(name, a.slice(0, -2), b.slice(0, -2)), a.at(-2)!, b.at(-1)!]
}

const swapped = (shape: Shape, transposed: boolean): Shape =>
  transposed ? [...shape.slice(0, -2), shape.at(-1)!, shape.at(-2)!] : shape

export type MatmulAttributes = {
  readonly transposeA: boolean
  readonly transposeB: boolean
  readonly scale: number
}

/** Y = scale A B over the last two axes, each operand read as its transpose where asked; leading axes broadcast. */
export const matmul: Op<Binary, MatmulAttributes> = {
  name: 'matmul',
  onnx: ({ transposeA, transposeB, scale }) =>
    transposeA || transposeB || scale !== 1
      ? {
          type: 'FusedMatMul',
          domain: 'com.microsoft',
          attributes: { transA: transposeA ? 1 : 0, transB: transposeB ? 1 : 0, alpha: float(scale) },
        }
      : { type: 'MatMul' },
  infer: ([a, b], { transposeA, transposeB }) => [
    { dtype: 'float32', shape: productShape('matmul', swapped(a.shape, transposeA), swapped(b.shape, transposeB)) },
  ],
  gradient: ({ dy, inputs: [a, b], attributes: { transposeA, transposeB, scale } }) => [
    // dA = dY Bᵀ, or its transpose
    transposeA
      ? b.matmul(dy, { transposeA: transposeB, transposeB: true, scale })
      : dy.matmul(b, { transposeB: !transposeB, scale }),
    // dB = Aᵀ dY, or its transpose; a matrix that every leading index shares takes one product over all of them
    b.rank === 2 && a.rank > 2 && !transposeA
      ? weightGradient(a.reshape([-1, a.shape.at(-1)!]), dy.reshape([-1, dy.shape.at(-1)!]), transposeB, scale)
      : transposeB
        ? dy.matmul(a, { transposeA: true, transposeB: transposeA, scale })
        : a.matmul(dy, { transposeA: !transposeA, scale }),
  ],
}

const weightGradient = (a: Tensor, dy: Tensor, transposed: boolean, scale: number): Tensor =>
  transposed ? dy.matmul(a, { transposeA: true, scale }) : a.matmul(dy, { transposeA: true, scale })

/**
 * Y = scale A B + C for matrices; C broadcasts to Y. The compiler makes it of a matmul and an add: the sum then costs
 * nothing, be it a bias or the gradient of earlier micro-batches.
 */
export const gemm: Op<readonly [...Binary, Binary[0]], MatmulAttributes> = {
  name: 'gemm',
  onnx: ({ transposeA, transposeB, scale }) => ({
    type: 'Gemm',
    attributes: { transA: transposeA ? 1 : 0, transB: transposeB ? 1 : 0, alpha: float(scale) },
  }),
  infer: ([a, b, _c]: readonly TensorType[], { transposeA, transposeB }) => [
    { dtype: 'float32', shape: productShape('gemm', swapped(a.shape, transposeA), swapped(b.shape, transposeB)) },
  ],
}
