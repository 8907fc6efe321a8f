import type { TypedArrays } from '../base/dtype.ts'
import type { TensorType } from '../ops/op.ts'
import type { HostTensor, LoadOptions, MissingOperator, Runtime, Session, Value } from '../runtime/runtime.ts'
import type { Node, Tensor } from '../tensor/tensor.ts'
import { type EmittedModel, emit } from './emit.ts'
import { fuseGemm, fuseMatmul } from './fuse.ts'
import { flattenRows, reduceRows, sumRows } from './layout.ts'
import { replacements } from './replace.ts'
import { type Rule, rewrite, rewriteUntilStable } from './rewrite.ts'
import { scaleRows } from './scale-rows.ts'
import { serializeScatter } from './serialize.ts'
import {
  arithmetic,
  dropExpand,
  expandComposites,
  foldConstants,
  negation,
  rearrangement,
  scalarFactors,
  scatterOntoSum,
} from './simplify.ts'

const simplifications: readonly Rule[] = [
  foldConstants,
  dropExpand,
  negation,
  arithmetic,
  rearrangement,
  scatterOntoSum,
  scalarFactors,
]

/** Rules that are asked together, until none answers or as often as said. */
const passes: readonly { readonly rules: readonly Rule[]; readonly limit: number }[] = [
  { rules: [expandComposites], limit: 3 },
  { rules: [...simplifications, flattenRows, reduceRows], limit: 8 },
  { rules: [fuseMatmul, sumRows, scaleRows, ...simplifications], limit: 4 },
  { rules: [fuseGemm, serializeScatter, rearrangement], limit: 1 },
]

/** Lowers tensors to primitives, simplifies and fuses them, and writes one ONNX model. */
export function compileToOnnx(
  outputs: Readonly<Record<string, Tensor>>,
  parameterNames: ReadonlyMap<Node, string> = new Map(),
  lacks: readonly MissingOperator[] = [],
): EmittedModel {
  const names = Object.keys(outputs)
  let targets = Object.values(outputs)
  for (const { rules, limit } of passes) targets = rewriteUntilStable(targets, rules, limit)
  if (lacks.length > 0) {
    targets = rewrite(
      targets,
      lacks.map(operator => replacements[operator]),
    )
    targets = rewrite(targets, [rearrangement])
  }
  return emit(Object.fromEntries(names.map((name, i) => [name, targets[i]])), parameterNames)
}

/** A compiled computation that a runtime has loaded. */
export interface Program {
  readonly inputs: Readonly<Record<string, TensorType>>
  readonly outputs: Readonly<Record<string, TensorType>>
  /** Operators in the ONNX graph. */
  readonly nodeCount: number
  /** Floating-point operations of its matrix products in one run. */
  readonly matmulFlops: number
  run(
    feeds: Readonly<Record<string, Value>>,
    fetches?: Readonly<Record<string, HostTensor>>,
  ): Promise<Record<string, Value>>
  release(): Promise<void>
}

export interface CompileOptions extends LoadOptions {
  /** Names of the parameters below the outputs. */
  readonly parameterNames?: ReadonlyMap<Node, string>
}

/** Compiles named tensors into a program. */
export async function compile(
  runtime: Runtime,
  outputs: Readonly<Record<string, Tensor>>,
  { parameterNames, ...load }: CompileOptions = {},
): Promise<Program> {
  const model = compileToOnnx(outputs, parameterNames, runtime.lacks)
  const session: Session = await runtime.load(model.bytes, load)
  return {
    inputs: model.inputs,
    outputs: model.outputs,
    nodeCount: model.nodeCount,
    matmulFlops: model.matmulFlops,
    run: (feeds, fetches) => {
      runtime.meter.matmulFlops += model.matmulFlops
      return session.run(feeds, fetches)
    },
    release: () => session.release(),
  }
}

/** A value in the program's memory. */
export function host<T extends keyof TypedArrays>(
  dtype: T,
  shape: readonly number[],
  data: TypedArrays[T],
): HostTensor {
  return { dtype, shape, data }
}
