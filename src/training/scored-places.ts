/**
 * Logits only where something is learned. A vocabulary makes the projection a large part of a small model's step, and of
 * packed examples only the answers are scored: the states at their places are gathered before they are projected.
 * Shapes: B rows, T tokens, C channels, V tokens of the vocabulary, N places.
 */
import { host } from '../compiler/compile.ts'
import type { LanguageModel, LogitsOptions } from '../models/language-model.ts'
import { tokenLosses } from '../nn/losses.ts'
import { input, type Tensor } from '../tensor/tensor.ts'
import type { Feeds } from './fit.ts'

/** What is gained must be worth another graph, whose memory is its own. */
const worthwhile = 0.85

/**
 * How many places N are gathered: the number that makes all steps' projections smallest, where a step with more scored
 * tokens is projected whole.
 *
 * @param scored - of each step, the scored tokens of the micro-batch that has most
 * @param size - B × T
 * @returns the size itself where gathering would gain little
 */
export function gatheredPlaces(scored: readonly number[], size: number): number {
  const sorted = scored.toSorted((a, b) => a - b)
  const costs = sorted.map((count, i) => ({ count, cost: ((i + 1) * count) / size + sorted.length - 1 - i }))
  const best = costs.reduce((least, one) => (one.cost < least.cost ? one : least), { count: size, cost: sorted.length })
  return best.cost > worthwhile * sorted.length ? size : Math.min(size, Math.ceil(best.count / 16) * 16)
}

/**
 * The losses of the targets at N places of the states [B, T, C]; all of them where N is B × T.
 * @returns [N], or [B, T]
 */
export function placedLosses(
  model: LanguageModel,
  ids: Tensor,
  places: number,
  options: Omit<LogitsOptions, 'lastOnly' | 'memory'>,
): Tensor {
  const [rows, tokens] = ids.shape
  if (places === rows * tokens) return tokenLosses(model.logits(ids, options), input('targets', ids.shape, 'int64'))
  const states = model.states(ids, options)
  const gathered = states.reshape([rows * tokens, states.shape[2]]).gather(input('places', [places], 'int64')) // [N, C]
  return tokenLosses(model.project(gathered), input('targets', [places], 'int64'))
}

/** Targets [B, T] as `placedLosses` wants them. */
export function placedTargets(targets: BigInt64Array, shape: readonly [number, number], places: number): Feeds {
  if (places === targets.length) return { targets: host('int64', shape, targets) }
  const [kept, at] = [new BigInt64Array(places).fill(-1n), new BigInt64Array(places)]
  let count = 0
  for (const [place, target] of targets.entries()) {
    if (target < 0n) continue
    kept[count] = target
    at[count++] = BigInt(place)
  }
  return { targets: host('int64', [places], kept), places: host('int64', [places], at) }
}
