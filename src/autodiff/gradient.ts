import { NacreError } from '../base/errors.ts'
import { sameShape } from '../base/shape.ts'
import { topologicalOrder } from '../tensor/order.ts'
import { type Node, scalar, Tensor } from '../tensor/tensor.ts'
import { Recomputation } from './recompute.ts'

/**
 * Gradients of a scalar with respect to tensors: reverse-mode differentiation.
 * Linnainmaa, 1970; Werbos, Beyond Regression, 1974; Rumelhart, Hinton and Williams, 1986.
 * What lies between tensors that are marked by `keep` is computed again for it.
 *
 * @param loss - a float32 tensor of shape []
 * @returns for each tensor its gradient in its own shape; zeros where the loss does not depend on it
 */
export function gradient(loss: Tensor, tensors: readonly Tensor[]): Tensor[] {
  if (loss.rank !== 0) {
    throw new NacreError({
      what: 'gradient',
      expected: 'a scalar loss',
      received: `shape [${loss.shape.join(', ')}]`,
      hint: 'Take the mean or the sum first.',
    })
  }
  const order = topologicalOrder([loss])
  const needed = new Set(tensors.map(tensor => tensor.node))
  for (const node of order) if (node.inputs.some(input => needed.has(input.node))) needed.add(node)

  const recomputation = new Recomputation(order)
  const gradients = new Map<Node, (Tensor | null)[]>([[loss.node, loss.node.outputs.map(() => null)]])
  gradients.get(loss.node)![loss.index] = scalar(1)
  for (const node of order.toReversed()) {
    const dys = gradients.get(node)
    if (dys === undefined || !needed.has(node) || node.inputs.length === 0) continue
    recomputation.reach(node, dys[0])
    for (const [i, contribution] of backward(recomputation.seen(node), dys).entries()) {
      const input = node.inputs[i]
      if (contribution === null || !needed.has(input.node)) continue
      const own = gradients.get(input.node) ?? input.node.outputs.map(() => null)
      gradients.set(input.node, own)
      const summed = sumTo(contribution, input)
      const earlier = own[input.index]
      own[input.index] = earlier === null ? summed : earlier.add(summed)
    }
  }
  return tensors.map(tensor => gradients.get(tensor.node)?.[tensor.index] ?? tensor.zeros(tensor.shape))
}

function backward(node: Node, dys: readonly (Tensor | null)[]): readonly (Tensor | null)[] {
  if (node.op.gradient === undefined) return []
  const outputs = node.outputs.map((_, index) => new Tensor(node, index))
  // Rules with one output never see a null; rules with several look at `dys`.
  const dy = dys[0] ?? outputs[0].zeros(outputs[0].shape)
  return node.op.gradient({ dy, dys, y: outputs[0], outputs, inputs: node.inputs, attributes: node.attributes })
}

/** Undoes broadcasting: sums a gradient over the axes along which its tensor was repeated. */
function sumTo(dy: Tensor, target: Tensor): Tensor {
  if (sameShape(dy.shape, target.shape)) return dy
  const added = dy.rank - target.rank
  const axes = [...dy.shape.keys()].filter(
    axis => axis < added || (target.shape[axis - added] === 1 && dy.shape[axis] !== 1),
  )
  return dy.sum(axes, true).reshape(target.shape)
}
