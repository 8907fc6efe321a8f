import { OptionError } from '../base/errors.ts'
import { flagOf } from '../base/options.ts'
import { type LearnedAdapter, removeAdapter, saveAdapter } from '../checkpoints/save-adapter.ts'
import { fingerprint } from '../data/token-shards.ts'
import {
  addLowRank,
  LowRankEmbedding,
  type LowRankLayer,
  lowRankCount,
  lowRankLayers,
  mergeLowRank,
} from '../nn/low-rank.ts'
import { namedParameters } from '../nn/parameters.ts'
import type { Storage } from '../storage/storage.ts'

/** What a fine-tuning is told of adapters. */
export interface AdapterOptions {
  /** Rank of the adapters; 0 for none: then the whole model learns. */
  readonly lora: number
  readonly loraAlpha?: number
  /** Ends of layers' names, with commas between them. */
  readonly loraTargets?: string
}

/** A model that learns as a whole, or by adapters. */
export interface Adapted {
  /** By the names of their layers; none where the whole model learns. */
  readonly layers: ReadonlyMap<string, LowRankLayer>
  /** Parameters of the adapters. */
  readonly count: number
  /** Whether a parameter of the model learns. */
  learns(name: string): boolean
  /** The weights of the model without adapters that computes the same. */
  merged(weights: ReadonlyMap<string, Float32Array>): ReadonlyMap<string, Float32Array>
}

/**
 * Puts adapters on a model, where they are asked for: on the layers that are named, else on what an attention makes
 * queries, keys and values with, of which those of queries and values are taken where they stand apart (Hu et al., 2021,
 * section 5.1).
 * @throws {OptionError} if there is no such layer, or something is said of adapters that are not asked for
 */
export function adapt(model: object, { lora, loraAlpha, loraTargets }: AdapterOptions): Adapted {
  for (const [name, value] of Object.entries({ loraAlpha, loraTargets })) {
    if (lora > 0 || value === undefined) continue
    const expected = 'adapters, --lora RANK: without them the whole model learns'
    throw new OptionError({ what: `Option ${flagOf(name)}`, expected, received: String(value) })
  }
  if (lora === 0) return { layers: new Map(), count: 0, learns: () => true, merged: weights => weights }
  const targets = loraTargets?.split(',').map(name => name.trim()) ?? attentionLayers(model)
  addLowRank(model, { rank: lora, alpha: loraAlpha ?? 2 * lora, targets })
  const layers = lowRankLayers(model)
  const names = new Set([...layers.keys()].flatMap(name => [`${name}.down`, `${name}.up`]))
  return {
    layers,
    count: lowRankCount(layers),
    learns: name => names.has(name),
    merged: weights => mergeLowRank(layers, weights),
  }
}

/**
 * Of a language model, whose head shares the embedding or may: in PEFT's format only one of the two can have the adapter.
 * @throws {OptionError} if there is an adapter on an embedding
 */
export function refuseAdaptedTables({ layers }: Adapted): void {
  const table = [...layers].find(([, layer]) => layer instanceof LowRankEmbedding)
  if (table === undefined) return
  throw new OptionError({
    what: 'Option --lora-targets',
    expected: 'layers that something is multiplied with, where answers are learned',
    received: `an embedding, ${table[0]}`,
    hint: 'Adapters on embeddings are for classifiers.',
  })
}

/** Writes the adapters beside the model that they were merged into; without any, those of an earlier run go. */
export async function keepAdapter(
  storage: Storage,
  { layers }: Adapted,
  {
    options: { base, fromScratch },
    ...learned
  }: Omit<LearnedAdapter, 'layers' | 'base'> & {
    readonly options: { readonly base?: string; readonly fromScratch: boolean }
  },
): Promise<void> {
  // On weights that are nowhere kept, adapters would be of no use.
  if (layers.size > 0 && !fromScratch) await saveAdapter(storage, { ...learned, layers, base })
  else await removeAdapter(storage)
}

/** Of the weights that adapters are put on: a state without them goes on only with the same. */
export async function weightsFingerprint(weights: ReadonlyMap<string, Float32Array>): Promise<string> {
  const parts: string[] = []
  for (const [name, data] of weights) parts.push(name, await fingerprint(new Uint8Array(data.slice().buffer)))
  return fingerprint(parts.join('\n'))
}

function attentionLayers(model: object): string[] {
  const names = [...namedParameters(model).keys()]
  const found = new Set(
    names.flatMap(name => /\b(attention\.(?:project|query|value))\.weight$/.exec(name)?.slice(1) ?? []),
  )
  if (found.size > 0) return [...found]
  throw new OptionError({
    what: 'Option --lora',
    expected: 'a model with attention, or layers named by --lora-targets',
    received: 'neither',
  })
}
