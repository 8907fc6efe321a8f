import { create, toBinary } from '@bufbuild/protobuf'
import {
  type AttributeProto,
  AttributeProtoSchema,
  type GraphProto,
  GraphProtoSchema,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
  TensorProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from './onnx_pb.ts'

/** Versions that every runtime here supports; see docs/decisions. */
const opsetVersion = 21n
const irVersion = 10n

/** AttributeProto.AttributeType of the ONNX specification. */
const attributeTypes = { float: 1, int: 2, string: 3, tensor: 4, ints: 7 } as const

export type AttributeValue = number | string | readonly number[] | { readonly float: number } | TensorProto

const isTensor = (value: object): value is TensorProto => '$typeName' in value

function attribute(name: string, value: AttributeValue): AttributeProto {
  if (typeof value === 'number') {
    return create(AttributeProtoSchema, { name, type: attributeTypes.int, i: BigInt(value) })
  }
  if (typeof value === 'string') {
    return create(AttributeProtoSchema, { name, type: attributeTypes.string, s: new TextEncoder().encode(value) })
  }
  if (Array.isArray(value)) {
    return create(AttributeProtoSchema, { name, type: attributeTypes.ints, ints: value.map(BigInt) })
  }
  if (isTensor(value as object)) {
    return create(AttributeProtoSchema, { name, type: attributeTypes.tensor, t: value as TensorProto })
  }
  return create(AttributeProtoSchema, { name, type: attributeTypes.float, f: (value as { float: number }).float })
}

/** One operator of a graph. */
export function onnxNode(
  type: string,
  domain: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, AttributeValue>>,
): NodeProto {
  return create(NodeProtoSchema, {
    opType: type,
    domain,
    input: [...inputs],
    output: [...outputs],
    attribute: Object.entries(attributes).map(([name, value]) => attribute(name, value)),
  })
}

/** A constant of the graph; `data` in the machine's byte order, which is little-endian wherever ONNX Runtime runs. */
export function onnxTensor(
  name: string,
  dataType: number,
  shape: readonly number[],
  data: ArrayBufferView,
): TensorProto {
  const rawData = new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength)
  return create(TensorProtoSchema, { name, dataType, dims: shape.map(BigInt), rawData })
}

export function onnxValue(name: string, elemType: number, shape: readonly number[]): ValueInfoProto {
  const dim = shape.map(size => ({ value: { case: 'dimValue' as const, value: BigInt(size) } }))
  return create(ValueInfoProtoSchema, {
    name,
    type: { value: { case: 'tensorType', value: { elemType, shape: { dim } } } },
  })
}

export interface OnnxGraph {
  readonly nodes: NodeProto[]
  readonly constants: TensorProto[]
  readonly inputs: ValueInfoProto[]
  readonly outputs: ValueInfoProto[]
}

/** The bytes of an ONNX file. */
export function encodeModel({ nodes, constants, inputs, outputs }: OnnxGraph): Uint8Array {
  const graph: GraphProto = create(GraphProtoSchema, {
    name: 'nacre',
    node: nodes,
    initializer: constants,
    input: inputs,
    output: outputs,
  })
  const model = create(ModelProtoSchema, {
    irVersion,
    producerName: 'nacre',
    opsetImport: [
      { domain: '', version: opsetVersion },
      { domain: 'com.microsoft', version: 1n },
    ],
    graph,
  })
  return toBinary(ModelProtoSchema, model)
}
