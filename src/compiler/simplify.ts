import { elementCount, type Shape, sameShape } from '../base/shape.ts'
import { constant, full, type Tensor } from '../tensor/tensor.ts'
import { type Rule, reapply } from './rewrite.ts'

/**
 * Composite operations become the primitives that they stand for. One that has an ONNX operator too keeps it where only
 * its first output is read.
 */
export const expandComposites: Rule = (node, { readsBeyondFirst }) =>
  node.op.onnx !== undefined && !readsBeyondFirst(node) ? undefined : node.op.compose?.(node.inputs, node.attributes)

const is = (tensor: Tensor, name: string): boolean => tensor.node.op.name === name

/** The one number that a tensor holds everywhere, if it is known. */
export function uniformValue(tensor: Tensor): number | undefined {
  const { node } = tensor
  if (node.op.name === 'full') return node.attributes.value as number
  if (node.op.name === 'expand' || node.op.name === 'reshape') return uniformValue(node.inputs[0])
  return node.values?.length === 1 ? Number(node.values[0]) : undefined
}

const commutative = new Set(['add', 'mul'])
const largestFolded = 65_536

/** Elementwise operations on constants are computed now. */
export const foldConstants: Rule = ({ op, inputs, outputs: [output] }) => {
  if (op.element === undefined || inputs.length === 0 || elementCount(output.shape) > largestFolded) return undefined
  if (!inputs.every(input => input.node.values !== undefined || uniformValue(input) !== undefined)) return undefined
  const isUniform = inputs.every(input => uniformValue(input) !== undefined)
  const readers = inputs.map(input => broadcastReader(input, output.shape))
  const count = isUniform ? 1 : elementCount(output.shape)
  const values = Array.from({ length: count }, (_, i) => op.element!(...readers.map(read => read(i))))
  if (output.dtype === 'float32' && isUniform) return [full(output.shape, values[0])]
  // Integers are cut as the kernels cut them; beyond 2⁵³ they would be rounded, so they are left alone.
  const exact = output.dtype === 'float32' ? values : values.map(Math.trunc)
  if (output.dtype !== 'float32' && !exact.every(Number.isSafeInteger)) return undefined
  const all = isUniform ? Array<number>(elementCount(output.shape)).fill(exact[0]) : exact
  return [constant(all, output.shape, output.dtype)]
}

/** Reads a constant as if it were expanded to a shape, by flat index. */
function broadcastReader(tensor: Tensor, shape: Shape): (index: number) => number {
  const uniform = uniformValue(tensor)
  if (uniform !== undefined) return () => uniform
  const values = tensor.node.values!
  const missing = shape.length - tensor.rank
  return index => {
    let position = 0
    let stride = 1
    let rest = index
    for (let axis = shape.length - 1; axis >= missing; axis--) {
      const size = tensor.shape[axis - missing]
      if (size !== 1) position += (rest % shape[axis]) * stride
      rest = Math.floor(rest / shape[axis])
      stride *= size
    }
    return Number(values[position])
  }
}

/** An operand repeated along axes where the operation would repeat it anyway is taken as it was. */
export const dropExpand: Rule = node => {
  if (node.op.element === undefined || node.inputs.length < 2) return undefined
  const shape = node.outputs[0].shape
  for (const [i, input] of node.inputs.entries()) {
    const value = uniformValue(input)
    const unexpanded = is(input, 'expand')
      ? input.node.inputs[0]
      : value !== undefined && input.rank > 0
        ? constant([value], [], input.dtype)
        : undefined
    if (unexpanded === undefined) continue
    const others = node.inputs.filter((_, j) => j !== i)
    if (!others.some(other => sameShape(other.shape, shape) && uniformValue(other) === undefined)) continue
    return reapply(node, node.inputs.with(i, unexpanded))
  }
  return undefined
}

/** x + 0, x 1, a + (-b), (x c) d and their like. */
export const arithmetic: Rule = node => {
  const { op, inputs, outputs } = node
  if (inputs.length !== 2 || outputs[0].dtype !== 'float32') return undefined
  const [a, b] = inputs
  const shape = outputs[0].shape
  const [left, right] = [uniformValue(a), uniformValue(b)]
  if (commutative.has(op.name) && left !== undefined && right === undefined) return reapply(node, [b, a])
  const whole = sameShape(a.shape, shape)
  switch (op.name) {
    case 'add':
      if (right === 0 && whole) return [a] // a + 0 = a
      if (is(b, 'neg')) return [a.sub(b.node.inputs[0])] // a + (-b) = a - b
      if (is(a, 'neg')) return [b.sub(a.node.inputs[0])] // -a + b = b - a
      break
    case 'sub':
      if (right === 0 && whole) return [a] // a - 0 = a
      if (is(b, 'neg')) return [a.add(b.node.inputs[0])] // a - (-b) = a + b
      break
    case 'mul':
      if (right === 1 && whole) return [a] // a 1 = a
      if (right === 0) return [full(shape, 0)]
      if (right === -1 && whole) return [a.neg()]
      if (right !== undefined && whole && is(a, 'mul')) {
        const inner = uniformValue(a.node.inputs[1])
        const factor = inner === undefined ? 0 : Math.fround(inner * right)
        // (x c) d = x (c d), unless c d is too large or too small for a number.
        if (factor !== 0 && Number.isFinite(factor)) return [a.node.inputs[0].mul(factor)]
      }
      break
    case 'div':
      if (right === 1 && whole) return [a]
      break
  }
  return undefined
}

/** (x a) b = x (a b) for numbers a and b that come at run time: one pass over x instead of two. */
export const scalarFactors: Rule = ({ op, inputs: [product, b], outputs: [output] }) => {
  if (op.name !== 'mul' || output.dtype !== 'float32' || !is(product, 'mul') || b.rank > 0 || product.rank === 0)
    return undefined
  const [x, a] = product.node.inputs
  if (uniformValue(a) !== undefined && uniformValue(b) !== undefined) return undefined // as `arithmetic` has it
  return a.rank === 0 && x.rank > 0 ? [x.mul(a.mul(b))] : undefined
}

/** -(-x) = x; -(x c) = x (-c); -(a - b) = b - a. */
export const negation: Rule = ({ op, inputs: [x] }, { uses }) => {
  if (op.name !== 'neg') return undefined
  const [a, b] = x.node.inputs
  if (is(x, 'neg')) return [a]
  if (is(x, 'sub') && uses(x) === 1) return [b.sub(a)]
  const factor = is(x, 'mul') ? uniformValue(b) : undefined
  return factor === undefined ? undefined : [a.mul(-factor)]
}

/** A scattered gradient onto zeros, then added to something, is scattered onto that. */
export const scatterOntoSum: Rule = ({ op, inputs: [a, b] }) => {
  if (op.name !== 'add') return undefined
  for (const [scattered, other] of [
    [a, b],
    [b, a],
  ]) {
    const base = scattered.node.inputs[0]
    if (!is(scattered, 'scatterAdd') && !is(scattered, 'scatterElementsAdd')) continue
    if (uniformValue(base) !== 0 || !sameShape(other.shape, scattered.shape)) continue
    return reapply(scattered.node, scattered.node.inputs.with(0, other))
  }
  return undefined
}

/** Reshapes and permutations of their like become one, or none. */
export const rearrangement: Rule = ({ op, inputs: [x], outputs: [output], attributes }) => {
  if (op.name === 'reshape') {
    if (sameShape(x.shape, output.shape)) return [x]
    if (is(x, 'reshape')) return [x.node.inputs[0].reshape(output.shape)]
  }
  if (op.name === 'expand' && sameShape(x.shape, output.shape)) return [x]
  if (op.name === 'permute') {
    const order = attributes.order as readonly number[]
    if (order.every((axis, i) => axis === i)) return [x]
    if (is(x, 'permute')) {
      const inner = x.node.attributes.order as readonly number[]
      return [x.node.inputs[0].permute(order.map(axis => inner[axis]))]
    }
  }
  if (op.name === 'sum' && (attributes.axes as readonly number[]).every(axis => x.shape[axis] === 1)) {
    return [x.reshape(output.shape)]
  }
  return undefined
}
