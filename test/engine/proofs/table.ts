import * as attention from '../../../src/ops/attention.ts'
import * as cache from '../../../src/ops/cache.ts'
import * as composite from '../../../src/ops/composite.ts'
import * as elementwise from '../../../src/ops/elementwise.ts'
import * as indexing from '../../../src/ops/indexing.ts'
import * as leaves from '../../../src/ops/leaves.ts'
import * as matmul from '../../../src/ops/matmul.ts'
import * as normalization from '../../../src/ops/normalization.ts'
import type { Op } from '../../../src/ops/op.ts'
import * as rearrange from '../../../src/ops/rearrange.ts'
import * as recompute from '../../../src/ops/recompute.ts'
import * as recurrence from '../../../src/ops/recurrence.ts'
import * as reduce from '../../../src/ops/reduce.ts'
import * as rotary from '../../../src/ops/rotary.ts'
import { attentionProofs } from './attention.ts'
import { cacheProofs } from './cache.ts'
import { compositeProofs } from './composite.ts'
import { elementwiseProofs } from './elementwise.ts'
import { indexingProofs } from './indexing.ts'
import { leafProofs } from './leaves.ts'
import { matmulProofs } from './matmul.ts'
import { normalizationProofs } from './normalization.ts'
import type { Proof, ProofsOf } from './proof.ts'
import { rearrangeProofs } from './rearrange.ts'
import { recomputeProofs } from './recompute.ts'
import { recurrenceProofs } from './recurrence.ts'
import { reduceProofs } from './reduce.ts'
import { rotaryProofs } from './rotary.ts'

export interface Row {
  readonly op: Op
  readonly proof: Proof
}

/** The operations of a module of `ops/`, each with its proof. */
function rows<Module extends object>(module: Module, proofs: ProofsOf<Module>): Row[] {
  const ops = new Map<string, unknown>(Object.entries(module))
  return Object.entries<Proof>({ ...proofs }).map(([name, proof]) => ({ op: ops.get(name) as Op, proof }))
}

/** Every operation with its proof. */
export const table: readonly Row[] = [
  ...rows(leaves, leafProofs),
  ...rows(elementwise, elementwiseProofs),
  ...rows(cache, cacheProofs),
  ...rows(attention, attentionProofs),
  ...rows(composite, compositeProofs),
  ...rows(normalization, normalizationProofs),
  ...rows(rearrange, rearrangeProofs),
  ...rows(indexing, indexingProofs),
  ...rows(matmul, matmulProofs),
  ...rows(recompute, recomputeProofs),
  ...rows(recurrence, recurrenceProofs),
  ...rows(rotary, rotaryProofs),
  ...rows(reduce, reduceProofs),
]
