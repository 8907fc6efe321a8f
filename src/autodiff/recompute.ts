import { after, keep } from '../ops/recompute.ts'
import { apply, type Node, Tensor } from '../tensor/tensor.ts'

/**
 * Recomputation: the backward pass sees copies of the nodes between two kept tensors, made of the kept ones once the
 * gradient of the stretch's end is there. So the originals end with the forward pass, and one stretch at a time is whole.
 * Chen et al., Training Deep Nets with Sublinear Memory Cost, 2016, section 4.
 */
export class Recomputation {
  /** Nodes by the stretch in which they are needed first, in order; the last stretch goes back at once and is no copy. */
  readonly #stretches: ReadonlyMap<number, readonly Node[]>
  readonly #ends: ReadonlyMap<Node, number>
  readonly #copies = new Map<Node, Node>()

  /** @param order - the nodes below a loss, each after its inputs */
  constructor(order: readonly Node[]) {
    const depths = new Map<Node, number>() // kept tensors at or below a node
    for (const node of order) {
      const below = node.inputs.reduce((most, input) => Math.max(most, depths.get(input.node)!), 0)
      depths.set(node, below + (node.op === keep ? 1 : 0))
    }
    const last = Math.max(0, ...order.filter(({ op }) => op === keep).map(node => depths.get(node)!))
    this.#ends = new Map(order.filter(({ op }) => op === keep).map(node => [node, depths.get(node)! - 1]))
    const stretchOf = new Map<Node, number>()
    for (const node of order.toReversed()) {
      const own = this.#ends.get(node) ?? stretchOf.get(node) ?? last
      for (const { node: input } of node.inputs) stretchOf.set(input, Math.min(own, stretchOf.get(input) ?? last))
    }
    const copied = order.filter(node => node.op !== keep && node.inputs.length > 0 && stretchOf.get(node)! < last)
    this.#stretches = Map.groupBy(copied, node => stretchOf.get(node)!)
  }

  /** To be called when the gradient of a node's output is known: if the node ends a stretch, that is computed again. */
  reach(node: Node, dy: Tensor | null): void {
    const end = this.#ends.get(node)
    const stretch = end === undefined ? undefined : this.#stretches.get(end)
    if (stretch === undefined || dy === null || this.#copies.has(stretch[0])) return
    const condition = dy.reshape([-1]).slice(0, 0, 1).reshape([]).less(0) // whatever it is: it comes after the gradient
    const outside = new Map<string, Tensor>()
    const numbers = new Map<Node, number>()
    const waiting = (tensor: Tensor): Tensor => {
      const { node, index } = tensor
      if (node.inputs.length === 0 && node.op.name !== 'input') return tensor // parameters and constants are there anyway
      if (!numbers.has(node)) numbers.set(node, numbers.size)
      const key = `${numbers.get(node)}.${index}`
      const held = outside.get(key) ?? apply(after, [condition, tensor, tensor], {})
      outside.set(key, held)
      return held
    }
    const own = new Set(stretch)
    for (const original of stretch) {
      const inputs = original.inputs.map(input =>
        own.has(input.node) ? new Tensor(this.#copies.get(input.node)!, input.index) : waiting(input),
      )
      this.#copies.set(original, { ...original, inputs })
    }
  }

  /** A node as the backward pass sees it: its copy, where there is one. */
  seen(node: Node): Node {
    return this.#copies.get(node) ?? node
  }
}
