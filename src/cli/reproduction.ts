/** Runs a recipe over its seeds and holds what it measured against what it must reach. */
import { join } from 'node:path'
import type { Measure, Measured, Recipe, RecipeContext } from '../../recipes/recipe.ts'
import { nodeStorage } from '../storage/node.ts'

export interface Range {
  readonly minimum: number
  readonly maximum: number
}

/** A number over the seeds. */
export interface Spread extends Range {
  readonly mean: number
  /** Of each seed, in the order of the seeds; none where only the spread was kept. */
  readonly values?: readonly number[]
}

export interface SeedResult {
  readonly seed: number
  readonly measured: Measured
  readonly seconds: number
}

export interface ReproductionOptions extends Omit<RecipeContext, 'seed' | 'save' | 'folder'> {
  readonly seeds: readonly number[]
  /** Folder of the files that the recipe keeps: `seed-1/NAME`. */
  readonly out: string
  readonly onSeed?: (result: SeedResult) => void
}

/** Mean, least and greatest of some numbers, to six digits. */
export function spreadOf(values: readonly number[]): Spread {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const round = (value: number) => Number(value.toPrecision(6))
  return {
    mean: round(mean),
    minimum: round(Math.min(...values)),
    maximum: round(Math.max(...values)),
    values: values.map(round),
  }
}

/**
 * Runs every seed, one after another.
 * @throws {TypeError} if the recipe leaves out a number that it promised
 */
export async function reproduce(recipe: Recipe, options: ReproductionOptions): Promise<SeedResult[]> {
  const { seeds, out, onSeed, ...context } = options
  const results: SeedResult[] = []
  for (const seed of seeds) {
    options.signal?.throwIfAborted()
    const storage = nodeStorage(join(out, `seed-${seed}`))
    const save = async (name: string, content: string | Uint8Array) => {
      await storage.write(name, [typeof content === 'string' ? new TextEncoder().encode(content) : content])
    }
    const folder = (name: string) => nodeStorage(join(out, `seed-${seed}`, name))
    const started = performance.now()
    const measured = await recipe.run({ ...context, seed, save, folder })
    options.signal?.throwIfAborted() // what a stopped training left is no result
    const seconds = (performance.now() - started) / 1000
    for (const { name } of recipe.measures) {
      if (!Number.isFinite(measured[name]))
        throw new TypeError(`The recipe ${recipe.name} gave ${measured[name]} for ${name}, seed ${seed}`)
    }
    results.push({ seed, measured, seconds })
    onSeed?.({ seed, measured, seconds })
  }
  return results
}

/** By how much a mean misses what it must reach; 0 where it does not, or nothing was asked. */
export function missedBy({ bound, better }: Measure, mean: number): number {
  if (bound === undefined) return 0
  return Math.max(0, better === 'lower' ? mean - bound : bound - mean)
}

/** `at most 1.88` */
export function boundText({ bound, better }: Measure): string {
  return bound === undefined ? '' : `${better === 'lower' ? 'at most' : 'at least'} ${statedText(bound)}`
}

/** A measured number with so many significant digits, never as a power of ten where people would not write one. */
export function numberText(value: number, digits: number = 4): string {
  const size = Math.abs(value)
  if (Number.isInteger(value) || size >= 10 ** (digits - 1)) return Math.round(value).toLocaleString('en-US')
  return size < 1e-4 ? value.toExponential(digits - 1) : value.toPrecision(digits)
}

/** A number as somebody stated it. */
export function statedText(value: number): string {
  return value.toLocaleString('en-US', { maximumSignificantDigits: 12 })
}

/** `1.892 (1.885 to 1.896)`; of one value only the value. */
export function spreadText({ mean, minimum, maximum }: Spread): string {
  const [low, high] = [numberText(minimum), numberText(maximum)]
  return low === high ? numberText(mean) : `${numberText(mean)} (${low} to ${high})`
}
