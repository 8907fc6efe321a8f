import { typedArray } from '../base/dtype.ts'
import { NacreError } from '../base/errors.ts'
import { elementCount } from '../base/shape.ts'
import { type AttributeValue, encodeModel, type OnnxGraph, onnxNode, onnxTensor, onnxValue } from '../onnx/model.ts'
import { onnxDType } from '../ops/elementwise.ts'
import type { OnnxCall, OnnxConstant, TensorType } from '../ops/op.ts'
import { topologicalOrder } from '../tensor/order.ts'
import type { Node, Tensor } from '../tensor/tensor.ts'

export interface EmittedModel {
  readonly bytes: Uint8Array
  /** Operators in the graph. */
  readonly nodeCount: number
  /** Floating-point operations of its matrix products, two for each multiplication and addition. */
  readonly matmulFlops: number
  readonly inputs: Readonly<Record<string, TensorType>>
  readonly outputs: Readonly<Record<string, TensorType>>
}

/** Writes a lowered graph as one ONNX model. */
export function emit(
  outputs: Readonly<Record<string, Tensor>>,
  parameterNames: ReadonlyMap<Node, string>,
): EmittedModel {
  const graph: OnnxGraph = { nodes: [], constants: [], inputs: [], outputs: [] }
  const names = new Map<Node, readonly string[]>()
  const constants = new Map<string, string>()
  const inputs: Record<string, TensorType> = {}
  // Names of our own begin with a sign that names of inputs and parameters do not have.
  let counter = 0
  let matmulFlops = 0

  const addConstant = ({ dtype, values, scalar = false }: OnnxConstant): string => {
    const key = `${dtype}|${scalar}|${values.join()}`
    const known = constants.get(key)
    if (known !== undefined) return known
    const name = `%c${counter++}`
    constants.set(key, name)
    graph.constants.push(onnxTensor(name, onnxDType[dtype], scalar ? [] : [values.length], typedArray(dtype, values)))
    return name
  }

  const addLeaf = (node: Node): string => {
    const [{ dtype, shape }] = node.outputs
    if (node.values !== undefined) {
      const name = `%c${counter++}`
      graph.constants.push(onnxTensor(name, onnxDType[dtype], shape, node.values))
      return name
    }
    const name = node.op.name === 'input' ? (node.attributes.name as string) : parameterNames.get(node)
    if (name === undefined) {
      const expected = 'every parameter to be a field of the model'
      throw new NacreError({
        what: 'compile',
        expected,
        received: `an unnamed parameter of shape [${shape.join(', ')}]`,
      })
    }
    inputs[name] = { dtype, shape }
    graph.inputs.push(onnxValue(name, onnxDType[dtype], shape))
    return name
  }

  const order = topologicalOrder(Object.values(outputs))
  const lastRead = new Map<Node, number>()
  for (const { node, index } of [...Object.values(outputs), ...order.flatMap(node => node.inputs)]) {
    lastRead.set(node, Math.max(index, lastRead.get(node) ?? 0))
  }
  for (const node of order) {
    if (node.inputs.length === 0 && node.op.onnx === undefined) {
      names.set(node, [addLeaf(node)])
      continue
    }
    const call = callOf(node)
    const operands = node.inputs.map(input => names.get(input.node)![input.index])
    const tail = (call.tail ?? []).map(constant => (constant === null ? '' : addConstant(constant)))
    const results = node.outputs.map(() => `%t${counter++}`)
    names.set(node, results)
    // Outputs at the end that nobody reads are not computed; a Split has as many as it has sizes.
    const asked = call.type === 'Split' ? results : results.slice(0, 1 + lastRead.get(node)!)
    matmulFlops += flopsOf(node)
    graph.nodes.push(onnxNode(call.type, call.domain ?? '', [...operands, ...tail], asked, attributesOf(call)))
  }
  for (const [name, tensor] of Object.entries(outputs)) {
    if (name in inputs) {
      throw new NacreError({
        what: 'compile',
        expected: 'names that differ for inputs and outputs',
        received: `"${name}" twice`,
      })
    }
    graph.nodes.push(onnxNode('Identity', '', [names.get(tensor.node)![tensor.index]], [name], {}))
    graph.outputs.push(onnxValue(name, onnxDType[tensor.dtype], tensor.shape))
  }
  nameOutputsDirectly(graph)
  scheduleEarly(graph)
  const types = Object.fromEntries(Object.entries(outputs).map(([name, { dtype, shape }]) => [name, { dtype, shape }]))
  return { bytes: encodeModel(graph), nodeCount: graph.nodes.length, matmulFlops, inputs, outputs: types }
}

function flopsOf({ op, inputs, attributes, outputs }: Node): number {
  if (op.name !== 'matmul' && op.name !== 'gemm') return 0
  return 2 * elementCount(outputs[0].shape) * inputs[0].shape.at(attributes.transposeA ? -2 : -1)!
}

function callOf(node: Node): OnnxCall {
  const { onnx } = node.op
  if (onnx === undefined) throw new Error(`${node.op.name} reached the emitter: it should have been expanded`)
  if (typeof onnx === 'string') return { type: onnx }
  return onnx(
    node.attributes,
    node.inputs.map(({ dtype, shape }) => ({ dtype, shape })),
    node.outputs,
  )
}

/** `ConstantOfShape` takes its number as a tensor; every other attribute is what it is. */
function attributesOf(call: OnnxCall): Record<string, AttributeValue> {
  if (call.type !== 'ConstantOfShape') return { ...call.attributes }
  const { float } = call.attributes!.value as { readonly float: number }
  return { value: onnxTensor('value', onnxDType.float32, [1], new Float32Array([float])) }
}

/** A result that is copied to an output once takes the output's name, and the copy goes. */
function nameOutputsDirectly({ nodes, inputs, constants }: OnnxGraph): void {
  const fixed = new Set([...inputs, ...constants].map(value => value.name))
  const renamed = new Map<string, string>()
  for (const copy of nodes.filter(node => node.opType === 'Identity')) {
    const [source] = copy.input
    if (!fixed.has(source) && !renamed.has(source)) renamed.set(source, copy.output[0])
  }
  const kept = nodes.filter(node => !(node.opType === 'Identity' && renamed.get(node.input[0]) === node.output[0]))
  for (const node of kept) {
    node.input = node.input.map(name => renamed.get(name) ?? name)
    node.output = node.output.map(name => renamed.get(name) ?? name)
  }
  nodes.splice(0, nodes.length, ...kept)
}

/**
 * ONNX Runtime runs what leads to the last leaf of the node list first, then what leads to the one before, and so on.
 * So the leaves stand last, the deepest first: the gradient of a weight is then computed as soon as its inputs are
 * there, while they lie in the cache, and their memory is free for the next layer. In the order of the parameters every
 * gradient of a weight would wait for the end of the backward pass.
 */
function scheduleEarly({ nodes }: OnnxGraph): void {
  const consumed = new Set(nodes.flatMap(node => node.input))
  const depths = new Map<string, number>()
  const depthOf = new Map(
    nodes.map(node => {
      const depth = 1 + node.input.reduce((deepest, name) => Math.max(deepest, depths.get(name) ?? 0), 0)
      for (const name of node.output) depths.set(name, depth)
      return [node, depth] as const
    }),
  )
  const isLeaf = (node: OnnxGraph['nodes'][number]): boolean => !node.output.some(name => consumed.has(name))
  const leaves = nodes.filter(isLeaf).sort((a, b) => depthOf.get(b)! - depthOf.get(a)!)
  const inner = nodes.filter(node => !isLeaf(node))
  nodes.splice(0, nodes.length, ...inner, ...leaves)
}
