/** Losses of packed examples: all at once, in training, and of each by itself. Shapes: B rows, T tokens, N places. */
import type { Shape } from '../base/shape.ts'
import { compile, host } from '../compiler/compile.ts'
import type { PackedBatch, PackedExamples } from '../data/packing.ts'
import type { LanguageModel, LogitsOptions } from '../models/language-model.ts'
import { namedParameters, parameterNames } from '../nn/parameters.ts'
import type { HostTensor, Runtime } from '../runtime/runtime.ts'
import { input, type Tensor } from '../tensor/tensor.ts'
import type { Feeds } from './fit.ts'
import { placedLosses, placedTargets } from './scored-places.ts'

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

/** What a model makes of an example's answers. */
export interface AnswerLoss {
  /** -log of the probability of all of its tokens. */
  readonly nats: number
  readonly tokens: number
}

export interface AnswerLosses {
  /** By the number of the example; none of one that has nothing to be learned. */
  of(weights: Feeds): Promise<ReadonlyMap<number, AnswerLoss>>
  release(): Promise<void>
}

/** Losses of examples that are held out, each as if it were alone. */
export async function answerLosses(
  model: LanguageModel & object,
  held: PackedExamples,
  runtime: Runtime,
): Promise<AnswerLosses> {
  const shape = [held.batchSize, held.context] as const
  const places = shape[0] * shape[1]
  const losses = packedLosses(model, held, shape, places)
  const program = await compile(runtime, { losses }, { parameterNames: parameterNames(namedParameters(model)) })
  return {
    of: async weights => {
      const found = new Map<number, AnswerLoss>()
      for (let row = 0; row < held.rows.length; row += held.batchSize) {
        const rows = Array.from({ length: Math.min(held.batchSize, held.rows.length - row) }, (_, i) => row + i)
        const batch = held.batchOf(rows)
        const result = await program.run({ ...weights, ...packedFeeds(batch, shape, { places }) })
        const { data } = result.losses as HostTensor
        for (const [place, example] of batch.examples.entries()) {
          if (example < 0) continue
          const { nats, tokens } = found.get(example) ?? { nats: 0, tokens: 0 }
          found.set(example, { nats: nats + Number(data[place]), tokens: tokens + 1 })
        }
      }
      return found
    },
    release: () => program.release(),
  }
}

/** Of a token, in nats. */
export function meanLoss(losses: ReadonlyMap<number, AnswerLoss>): number {
  const all = [...losses.values()]
  return all.reduce((sum, { nats }) => sum + nats, 0) / all.reduce((sum, { tokens }) => sum + tokens, 0)
}
