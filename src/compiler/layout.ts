import { elementCount, type Shape, sameShape } from '../base/shape.ts'
import { constant, type Tensor } from '../tensor/tensor.ts'
import { type Rule, reapply } from './rewrite.ts'

/** [.., C] as rows of C. */
const rowsOf = (shape: Shape): Shape => [elementCount(shape.slice(0, -1)), shape.at(-1)!]

const isRowReshape = (tensor: Tensor): boolean =>
  tensor.node.op.name === 'reshape' && tensor.rank > 2 && sameShape(tensor.node.inputs[0].shape, rowsOf(tensor.shape))

/**
 * An operand as seen by rows: the operand itself where it is a scalar or one row, its rows where it has every leading
 * index; undefined where it can be neither.
 */
function byRows(operand: Tensor, shape: Shape): Tensor | undefined {
  if (operand.rank <= 1) return operand
  const leading = shape.slice(0, -1)
  if (sameShape(operand.shape.slice(0, -1), leading)) return operand.reshape(rowsOf(operand.shape))
  return elementCount(operand.shape) === operand.shape.at(-1) ? operand.reshape([operand.shape.at(-1)!]) : undefined
}

/** Those beside the elementwise ones. */
const rowwiseOps: ReadonlySet<string> = new Set(['layerNormalization', 'rmsNormalization', 'cast', 'after'])

/**
 * Products with one shared matrix, and the elementwise work around them, are done on rows [N, C] instead of [B, T, C]:
 * a matrix product can then take a bias or a sum for free, and the reshapes between vanish.
 */
export const flattenRows: Rule = node => {
  const { op, inputs, outputs } = node
  const shape = outputs[0].shape
  if (shape.length <= 2) return undefined
  if (op.name === 'matmul') {
    const [a, b] = inputs
    if (b.rank !== 2 || a.rank <= 2 || node.attributes.transposeA) return undefined
    const [product] = reapply(node, [a.reshape(rowsOf(a.shape)), b])
    return [product.reshape(shape)]
  }
  const rowwise = rowwiseOps.has(op.name) || op.element !== undefined
  if (!rowwise || !inputs.some(input => isRowReshape(input) && sameShape(input.shape, shape))) return undefined
  const flat = inputs.map(input => byRows(input, shape))
  if (flat.includes(undefined)) return undefined
  const results = reapply(node, flat as Tensor[])
  return results.map((result, i) => result.reshape(outputs[i].shape))
}

/** A sum over every leading axis, or over the last one, of rows seen as [B, T, C] is taken over the rows. */
export const reduceRows: Rule = node => {
  const { op, inputs, outputs, attributes } = node
  if ((op.name !== 'sum' && op.name !== 'mean') || !isRowReshape(inputs[0])) return undefined
  const axes = attributes.axes as readonly number[]
  const rank = inputs[0].rank
  const rows = inputs[0].node.inputs[0]
  const reduce = (axis: number): Tensor => (op.name === 'sum' ? rows.sum([axis], true) : rows.mean([axis], true))
  if (axes.length === rank - 1 && !axes.includes(rank - 1)) return [reduce(0).reshape(outputs[0].shape)]
  if (axes.length === 1 && axes[0] === rank - 1) return [reduce(1).reshape(outputs[0].shape)]
  return undefined
}

/** Below this many rows a reduction is as fast. */
const manyRows = 64

/** A sum over the rows of a matrix is the product of a row of ones with it: ONNX Runtime does that faster. */
export const sumRows: Rule = ({ op, inputs: [x], outputs, attributes }) => {
  if (op.name !== 'sum' || x.dtype !== 'float32' || x.rank !== 2 || x.shape[0] < manyRows) return undefined
  const axes = attributes.axes as readonly number[]
  if (axes.length !== 1 || axes[0] !== 0) return undefined
  const ones = constant(new Float32Array(x.shape[0]).fill(1), [1, x.shape[0]])
  return [ones.matmul(x).reshape(outputs[0].shape)]
}
