import { gemm, type MatmulAttributes } from '../ops/matmul.ts'
import type { MissingOperator } from '../runtime/runtime.ts'
import { apply, constant, type Tensor } from '../tensor/tensor.ts'
import type { Rule } from './rewrite.ts'

/** What stands in for an operator that a device has no kernel for; there it would be computed on the host. */
export const replacements: { readonly [Operator in MissingOperator]: Rule } = {
  /** Matrices have Gemm, which transposes and scales as well; others are permuted and scaled apart. */
  FusedMatMul: ({ op, inputs, outputs, attributes }) => {
    if (op.name !== 'matmul') return undefined
    const [a, b] = inputs
    const { transposeA, transposeB, scale } = attributes as MatmulAttributes
    if (!transposeA && !transposeB && scale === 1) return undefined
    if (a.rank === 2 && b.rank === 2) {
      // A row of zeros: release 1.30's WebGPU kernel aborts where C is a scalar.
      const columns = outputs[0].shape[1]
      const zeros = constant(new Float32Array(columns), [columns])
      return [apply(gemm, [a, b, zeros], attributes as MatmulAttributes)]
    }
    const product = maybeTransposed(a, transposeA).matmul(maybeTransposed(b, transposeB))
    return [scale === 1 ? product : product.mul(scale)]
  },
  /** x - max x - log Σ e^(x - max x) */
  LogSoftmax: ({ op, inputs: [x], attributes }) => {
    if (op.name !== 'logSoftmax') return undefined
    const axes = [attributes.axis as number]
    const shifted = x.sub(x.max(axes, true))
    return [shifted.sub(shifted.exp().sum(axes, true).log())]
  },
}

const maybeTransposed = (x: Tensor, transposed: boolean): Tensor => (transposed ? x.transpose() : x)
