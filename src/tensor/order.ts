import type { Node, Tensor } from './tensor.ts'

/** Nodes below some tensors, each after its inputs. A loop, not a recursion: unrolled recurrent graphs are deep. */
export function topologicalOrder(targets: readonly Tensor[]): Node[] {
  const order: Node[] = []
  const state = new Map<Node, 'open' | 'done'>()
  const stack: Node[] = targets.map(target => target.node)
  for (let node = stack.at(-1); node !== undefined; node = stack.at(-1)) {
    if (state.has(node)) {
      stack.pop()
      if (state.get(node) === 'open') order.push(node)
      state.set(node, 'done')
      continue
    }
    state.set(node, 'open')
    for (const input of node.inputs) if (!state.has(input.node)) stack.push(input.node)
  }
  return order
}
