import { elementCount, sameShape } from '../base/shape.ts'
import { type MatmulAttributes, matmul } from '../ops/matmul.ts'
import { apply, type Tensor } from '../tensor/tensor.ts'
import type { Rule } from './rewrite.ts'

/** x and s where a matrix is x s with one number of s [N, 1] for each row. */
function scaledRows(tensor: Tensor): { readonly x: Tensor; readonly s: Tensor } | undefined {
  if (tensor.node.op.name !== 'mul' || tensor.rank !== 2 || tensor.shape[1] === 1) return undefined
  const [rows] = tensor.shape
  const isColumn = ({ shape }: Tensor): boolean => shape.length === 2 && shape[0] === rows && shape[1] === 1
  const [a, b] = tensor.node.inputs
  const isWhole = ({ shape }: Tensor): boolean => sameShape(shape, tensor.shape)
  if (isColumn(b) && isWhole(a)) return { x: a, s: b }
  return isColumn(a) && isWhole(b) ? { x: b, s: a } : undefined
}

/**
 * Rows of a wide matrix are scaled where they are narrow: (s X) B = s (X B), Aᵀ (s X) = (s A)ᵀ X, A (s X) = (A sᵀ) X.
 * The gradient of a softmax over a large vocabulary is such a product: a pass over [tokens, vocabulary] is saved.
 */
export const scaleRows: Rule = node => {
  if (node.op.name !== 'matmul') return undefined
  const [a, b] = node.inputs
  if (a.rank !== 2 || b.rank !== 2) return undefined
  const attributes = node.attributes as MatmulAttributes
  const product = (left: Tensor, right: Tensor): Tensor => apply(matmul, [left, right], attributes)
  const left = attributes.transposeA ? undefined : scaledRows(a)
  if (left && elementCount(node.outputs[0].shape) < elementCount(a.shape)) return [product(left.x, b).mul(left.s)]
  const right = attributes.transposeB ? undefined : scaledRows(b)
  if (right && elementCount(a.shape) < elementCount(b.shape)) {
    const { x, s } = right
    return [product(a.mul(attributes.transposeA ? s : s.reshape([1, s.shape[0]])), x)]
  }
  return undefined
}
