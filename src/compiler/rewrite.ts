import { topologicalOrder } from '../tensor/order.ts'
import { applyAll, type Node, Tensor } from '../tensor/tensor.ts'

/** What a rule may ask of the graph that it rewrites. */
export interface RewriteContext {
  /** How many nodes and targets read an output of this node, in the graph as it was before the pass. */
  uses(tensor: Tensor): number
}

/**
 * A rule sees a node with its inputs already rewritten and answers with what replaces each output, or undefined to keep
 * the node.
 */
export type Rule = (node: Node, context: RewriteContext) => readonly Tensor[] | undefined

/**
 * Rebuilds the graph below some targets from the leaves up, once per node, and asks the rules in order at each. Equal
 * nodes become one (common subexpressions).
 */
export function rewrite(targets: readonly Tensor[], rules: readonly Rule[]): Tensor[] {
  const order = topologicalOrder(targets)
  const useCounts = new Map<Node, number>()
  const rebuilt = new Map<Node, readonly Tensor[]>()
  const origin = new Map<Node, Node>()
  const known = new Map<string, readonly Tensor[]>()
  const identities = new Map<object, number>()

  for (const tensor of [...targets, ...order.flatMap(node => node.inputs)]) {
    useCounts.set(tensor.node, (useCounts.get(tensor.node) ?? 0) + 1)
  }
  const identity = (object: object): number => {
    const id = identities.get(object) ?? identities.size
    identities.set(object, id)
    return id
  }
  const context: RewriteContext = { uses: tensor => useCounts.get(origin.get(tensor.node) ?? tensor.node) ?? 1 }

  for (const node of order) {
    const inputs = node.inputs.map(input => rebuilt.get(input.node)![input.index])
    const same = inputs.every((input, i) => input.node === node.inputs[i].node && input.index === node.inputs[i].index)
    const candidate = same ? node : { ...node, inputs }
    const key = keyOf(candidate, identity)
    let outputs = known.get(key)
    if (outputs === undefined) {
      outputs =
        firstAnswer(rules, candidate, context) ?? candidate.outputs.map((_, index) => tensorOf(candidate, index))
      known.set(key, outputs)
      for (const output of outputs) if (!origin.has(output.node)) origin.set(output.node, node)
    }
    rebuilt.set(node, outputs)
  }
  return targets.map(target => rebuilt.get(target.node)![target.index])
}

function firstAnswer(rules: readonly Rule[], node: Node, context: RewriteContext): readonly Tensor[] | undefined {
  for (const rule of rules) {
    const answer = rule(node, context)
    if (answer !== undefined) return answer
  }
  return undefined
}

const tensorOf = (node: Node, index: number): Tensor => new Tensor(node, index)

/** Equal keys mean equal values: operation, attributes, inputs, and the values of small constants. */
function keyOf(node: Node, identity: (object: object) => number): string {
  const inputs = node.inputs.map(input => `${identity(input.node)}.${input.index}`).join()
  const values =
    node.values === undefined ? '' : node.values.length <= 16 ? node.values.join() : `#${identity(node.values)}`
  return `${node.op.name}|${JSON.stringify(node.attributes)}|${inputs}|${values}`
}

/** The same operation and attributes on other inputs. */
export function reapply(node: Node, inputs: readonly Tensor[]): Tensor[] {
  return applyAll(node.op, inputs, node.attributes)
}
