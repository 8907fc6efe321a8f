import { sameShape } from '../base/shape.ts'
import { gemm, type MatmulAttributes, matmul } from '../ops/matmul.ts'
import { apply, type Tensor } from '../tensor/tensor.ts'
import type { Rule } from './rewrite.ts'
import { uniformValue } from './simplify.ts'

/** Whether a tensor is another with its last two axes swapped, and which. */
function transposed(tensor: Tensor): Tensor | undefined {
  if (tensor.node.op.name !== 'permute') return undefined
  const order = tensor.node.attributes.order as readonly number[]
  const rank = order.length
  const swapsLastTwo = order.every((axis, i) => axis === (i < rank - 2 ? i : i === rank - 2 ? rank - 1 : rank - 2))
  return swapsLastTwo ? tensor.node.inputs[0] : undefined
}

/** Aᵀ B, A Bᵀ and c A B are one product: nothing is copied or scaled on the way. */
export const fuseMatmul: Rule = (node, { uses }) => {
  if (node.op.name === 'matmul') {
    const { transposeA, transposeB, scale } = node.attributes as MatmulAttributes
    const [a, b] = node.inputs
    const [plainA, plainB] = [transposed(a), transposed(b)]
    if (plainA === undefined && plainB === undefined) return undefined
    return [
      apply(matmul, [plainA ?? a, plainB ?? b], {
        transposeA: transposeA !== (plainA !== undefined),
        transposeB: transposeB !== (plainB !== undefined),
        scale,
      }),
    ]
  }
  if (node.op.name !== 'mul') return undefined
  const [product, factor] = node.inputs
  const scale = uniformValue(factor)
  if (scale === undefined || product.node.op.name !== 'matmul' || uses(product) !== 1) return undefined
  if (!sameShape(product.shape, node.outputs[0].shape)) return undefined
  const attributes = product.node.attributes as MatmulAttributes
  return [apply(matmul, product.node.inputs as [Tensor, Tensor], { ...attributes, scale: attributes.scale * scale })]
}

/**
 * A B + C for matrices becomes one Gemm where C broadcasts to the product, but for a scalar C: on that the
 * WebGPU kernel of onnxruntime-web 1.30 aborts.
 */
export const fuseGemm: Rule = (node, { uses }) => {
  if (node.op.name !== 'add') return undefined
  const shape = node.outputs[0].shape
  if (shape.length !== 2) return undefined
  for (const [product, addend] of [node.inputs, node.inputs.toReversed()]) {
    if (product.node.op.name !== 'matmul' || uses(product) !== 1) continue
    if (addend.rank === 0 || !sameShape(product.shape, shape)) continue
    return [
      apply(gemm, [...(product.node.inputs as [Tensor, Tensor]), addend], product.node.attributes as MatmulAttributes),
    ]
  }
  return undefined
}
