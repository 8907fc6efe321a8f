/** Losses of packed examples, in training and of those that are held out. Shapes: B rows, T tokens, N places. */
import type { Shape } from '../base/shape.ts'
import { compile, host } from '../compiler/compile.ts'
import type { PackedBatch, PackedExamples } from '../data/packing.ts'
import type { LanguageModel, LogitsOptions } from '../models/language-model.ts'
import { namedParameters, parameterNames } from '../nn/parameters.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { input, type Tensor } from '../tensor/tensor.ts'
import type { Feeds } from './fit.ts'
import { placedLosses, placedTargets } from './scored-places.ts'
import { scalarOf } from './step.ts'

/** Losses of packed rows [B, T], or at N places [N]; 0 where nothing is learned. */
export function packedLosses(
  model: LanguageModel,
  packed: PackedExamples,
  shape: Shape,
  places: number,
  options: Pick<LogitsOptions, 'dropout' | 'recompute'> = {},
): Tensor {
  const [ids, ...packing] = ['ids', 'positions', 'documents', 'prefixes'].map(name => input(name, shape, 'int64'))
  const [positions, documents, prefixes] = packing
  const shared = packed.sharedTokens > 0 && { prefixes }
  return placedLosses(model, ids, places, { ...options, packing: { positions, documents, ...shared } })
}

/** What a part of a batch is to `packedLosses`. */
export function packedFeeds(
  { inputs, targets, positions, documents, prefixes }: PackedBatch,
  shape: readonly [rows: number, tokens: number],
  { part = 0, places }: { readonly part?: number; readonly places: number },
): Feeds {
  const size = shape[0] * shape[1]
  const partOf = (values: BigInt64Array) => values.subarray(part * size, (part + 1) * size)
  const of = (values: BigInt64Array) => host('int64', shape, partOf(values))
  const read = { ids: of(inputs), positions: of(positions), documents: of(documents) }
  return { ...read, ...(prefixes && { prefixes: of(prefixes) }), ...placedTargets(partOf(targets), shape, places) }
}

/** Mean loss of all answers that are held out, in nats per token. */
export async function answerLoss(
  model: LanguageModel & object,
  held: PackedExamples,
  runtime: Runtime,
): Promise<(weights: Feeds) => Promise<number>> {
  const shape = [held.batchSize, held.context] as const
  const places = shape[0] * shape[1]
  const loss = packedLosses(model, held, shape, places).sum()
  const program = await compile(runtime, { loss }, { parameterNames: parameterNames(namedParameters(model)) })
  return async weights => {
    let [nats, tokens] = [0, 0]
    for (let row = 0; row < held.rows.length; row += held.batchSize) {
      const rows = Array.from({ length: Math.min(held.batchSize, held.rows.length - row) }, (_, i) => row + i)
      const batch = held.batchOf(rows)
      tokens += batch.scoredTokens
      nats += scalarOf((await program.run({ ...weights, ...packedFeeds(batch, shape, { places }) })).loss)
    }
    return nats / tokens
  }
}
