import type { Attributes } from '../ops/op.ts'
import { topologicalOrder } from '../tensor/order.ts'
import { applyAll, type Node, Tensor } from '../tensor/tensor.ts'

/** What a rule may ask of the graph that it rewrites. */
export interface RewriteContext {
  /** How many nodes and targets read an output of this tensor's node, in the graph as it was before the pass. */
  readonly uses: (tensor: Tensor) => number
  /** Whether an output of a node but the first is read. */
  readonly readsBeyondFirst: (node: Node) => boolean
}

/**
 * A rule sees a node with its inputs already rewritten and answers with what replaces each output, or undefined to keep
 * the node.
 */
export type Rule = (node: Node, context: RewriteContext) => readonly Tensor[] | undefined

/** Rewrites again and again until no rule answers, at most a number of times. Equal nodes become one on the way. */
export function rewriteUntilStable(targets: readonly Tensor[], rules: readonly Rule[], limit: number): Tensor[] {
  let current: Tensor[] = [...targets]
  for (let pass = 0; pass < limit; pass++) {
    const result = rewritePass(current, rules)
    current = result.targets
    if (!result.answered) break
  }
  return current
}

/** One walk over the graph, see `rewriteUntilStable`. */
export function rewrite(targets: readonly Tensor[], rules: readonly Rule[]): Tensor[] {
  return rewritePass(targets, rules).targets
}

/**
 * Rebuilds the graph below some targets from the leaves up, once per node, and asks the rules in order at each. Equal
 * nodes become one (common subexpressions). A node below which nothing changed stays the same object.
 */
function rewritePass(targets: readonly Tensor[], rules: readonly Rule[]): { targets: Tensor[]; answered: boolean } {
  const order = topologicalOrder(targets)
  const rebuilt = new Map<Node, readonly Tensor[]>()
  const origin = new Map<Node, Node>()
  const known = new Map<string, readonly Tensor[]>()
  const identities = new Map<object, number>()
  let useCounts: Map<Node, { all: number; beyondFirst: number }> | undefined
  let answered = false

  const identity = (object: object): number => {
    const known = identities.get(object)
    if (known !== undefined) return known
    identities.set(object, identities.size)
    return identities.size - 1
  }
  const usesOf = (node: Node) => {
    useCounts ??= countUses(targets, order)
    return useCounts.get(origin.get(node) ?? node)
  }
  const context: RewriteContext = {
    uses: ({ node }) => usesOf(node)?.all ?? 1,
    readsBeyondFirst: node => (usesOf(node)?.beyondFirst ?? 1) > 0,
  }
  for (const node of order) {
    const candidate = withInputs(node, rebuilt)
    const key = keyOf(candidate, identity)
    let outputs = known.get(key)
    if (outputs === undefined) {
      if (candidate !== node) origin.set(candidate, node)
      const answer = lastAnswer(rules, candidate, context)
      answered ||= answer !== undefined
      outputs = answer ?? candidate.outputs.map((_, index) => new Tensor(candidate, index))
      known.set(key, outputs)
      for (const output of outputs) {
        if (output.node !== node && !origin.has(output.node)) origin.set(output.node, node)
      }
    }
    rebuilt.set(node, outputs)
  }
  return { targets: targets.map(target => rebuilt.get(target.node)![target.index]), answered }
}

function countUses(
  targets: readonly Tensor[],
  order: readonly Node[],
): Map<Node, { all: number; beyondFirst: number }> {
  const counts = new Map<Node, { all: number; beyondFirst: number }>()
  const use = ({ node, index }: Tensor): void => {
    const { all, beyondFirst } = counts.get(node) ?? { all: 0, beyondFirst: 0 }
    counts.set(node, { all: all + 1, beyondFirst: beyondFirst + (index > 0 ? 1 : 0) })
  }
  for (const target of targets) use(target)
  for (const node of order) for (const input of node.inputs) use(input)
  return counts
}

/** The node on what its inputs have become; the node itself where they are what they were. */
function withInputs(node: Node, rebuilt: ReadonlyMap<Node, readonly Tensor[]>): Node {
  const became = (input: Tensor): Tensor => rebuilt.get(input.node)![input.index]
  const same = node.inputs.every(input => became(input).node === input.node && became(input).index === input.index)
  return same ? node : { ...node, inputs: node.inputs.map(became) }
}

function firstAnswer(rules: readonly Rule[], node: Node, context: RewriteContext): readonly Tensor[] | undefined {
  for (const rule of rules) {
    const answer = rule(node, context)
    if (answer !== undefined) return answer
  }
  return undefined
}

/** The rules' last word on a node: what they make of it may be something that they make something of. */
function lastAnswer(rules: readonly Rule[], node: Node, context: RewriteContext): readonly Tensor[] | undefined {
  let answer = firstAnswer(rules, node, context)
  for (let again = 0; again < 8 && answer?.length === 1 && answer[0].index === 0; again++) {
    const next = firstAnswer(rules, answer[0].node, context)
    if (next === undefined) break
    answer = next
  }
  return answer
}

/** Equal keys mean equal values: operation, attributes, inputs, and the values of small constants. */
function keyOf({ op, inputs, attributes, values }: Node, identity: (object: object) => number): string {
  let key = `${op.name}|${attributesKey(attributes)}`
  for (const input of inputs) key += `|${identity(input.node)}.${input.index}`
  if (values !== undefined)
    key += values.length <= 16 ? `|${Array.from(values, exactly).join()}` : `|#${identity(values)}`
  return key
}

/** Numbers that JSON would make one of are told apart: infinities, NaN and -0. */
function exactly(value: unknown): unknown {
  if (Object.is(value, -0)) return '-0'
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value
}

const attributeKeys = new WeakMap<Attributes, string>()

function attributesKey(attributes: Attributes): string {
  const key = attributeKeys.get(attributes) ?? JSON.stringify(attributes, (_, value) => exactly(value))
  attributeKeys.set(attributes, key)
  return key
}

/** The same operation and attributes on other inputs. */
export function reapply(node: Node, inputs: readonly Tensor[]): Tensor[] {
  return applyAll(node.op, inputs, node.attributes)
}
