/**
 * `training/cost.json`: what a run has cost, over all of its starts. Floating-point operations are those of the matrix
 * products, attention's too, of every program that ran (updates and validations), counted from the compiled graphs, two for
 * each multiplication and addition; elementwise work is not counted. Core-seconds are the process's; joules are those of
 * the machine's own counters of its processors and memory, whatever ran on them, and absent where it has none. A graphics
 * card's energy is not read.
 */
import { CheckpointError } from '../base/errors.ts'
import type { Meter, Usage } from '../runtime/runtime.ts'
import { readText, type Storage, writeText } from '../storage/storage.ts'

export const costFile = 'training/cost.json'

export interface Cost {
  readonly matmulFlops: number
  /** By the clock, while it learned. */
  readonly seconds: number
  readonly coreSeconds?: number
  /** Of the whole machine: its processors and, where it is counted, its memory. */
  readonly joules?: number
  /** Why there are none. */
  readonly joulesAbsent?: string
}

/** One start of a run, with each counter of energy by its name. */
interface StartCost extends Omit<Cost, 'joules'> {
  readonly joules?: Readonly<Record<string, number>>
}

/** Longest time between two readings, so that a killed run has lost no more than that. */
const readEveryMs = 10_000

/** Follows the cost of a run from now on. */
export interface CostRecord {
  /** Reads the meter and writes the file, where the last reading is old. */
  follow(): Promise<void>
  /** Reads the meter and writes the file; the cost of all starts. */
  write(): Promise<Cost>
}

/** @param resume - whether the costs of earlier starts in the folder are this run's */
export async function openCost(storage: Storage, meter: Meter, resume: boolean): Promise<CostRecord> {
  const earlier = resume ? await earlierStarts(storage) : []
  const begun = { at: performance.now(), matmulFlops: meter.matmulFlops, usage: meter.usage() }
  const write = async (): Promise<Cost> => {
    const usage = meter.usage()
    const own: StartCost = {
      matmulFlops: meter.matmulFlops - begun.matmulFlops,
      seconds: rounded((performance.now() - begun.at) / 1000),
      coreSeconds: difference(usage.coreSeconds, begun.usage.coreSeconds),
      ...joulesSince(usage, begun.usage),
    }
    const starts = [...earlier, own]
    const total = totalCost(starts)
    await writeText(storage, costFile, `${JSON.stringify({ total, starts }, null, 2)}\n`)
    return total
  }
  let last = performance.now()
  return {
    write,
    follow: async () => {
      if (performance.now() - last < readEveryMs) return
      last = performance.now()
      await write()
    },
  }
}

async function earlierStarts(storage: Storage): Promise<StartCost[]> {
  if (!(await storage.exists(costFile))) return []
  const text = await readText(storage, costFile)
  try {
    const { starts } = JSON.parse(text)
    if (Array.isArray(starts)) return starts
  } catch {}
  throw new CheckpointError({
    what: storage.locate(costFile),
    expected: 'the cost of earlier starts',
    received: 'something else',
    hint: 'Remove the file to go on: only what the earlier starts cost is lost.',
  })
}

const rounded = (value: number): number => Number(value.toFixed(3))

const difference = (now: number | undefined, before: number | undefined): number | undefined =>
  now === undefined || before === undefined ? undefined : rounded(now - before)

function joulesSince(now: Usage, before: Usage): Pick<StartCost, 'joules' | 'joulesAbsent'> {
  const { joules, joulesAbsent } = now
  if (joules === undefined) return { joulesAbsent }
  return {
    joules: Object.fromEntries(
      Object.entries(joules).map(([name, value]) => [name, rounded(value - (before.joules?.[name] ?? 0))]),
    ),
  }
}

/** Core-seconds and joules of a run are known only if those of each start are. */
function totalCost(starts: readonly StartCost[]): Cost {
  const total = (values: readonly number[]): number => rounded(values.reduce((sum, value) => sum + value, 0))
  const cores = starts.flatMap(({ coreSeconds }) => coreSeconds ?? [])
  const known = {
    matmulFlops: starts.reduce((sum, { matmulFlops }) => sum + matmulFlops, 0),
    seconds: total(starts.map(({ seconds }) => seconds)),
    coreSeconds: cores.length === starts.length ? total(cores) : undefined,
  }
  const blind = starts.filter(({ joules }) => joules === undefined)
  if (blind.length === 0) return { ...known, joules: total(starts.flatMap(({ joules }) => Object.values(joules!))) }
  const part = blind.length < starts.length ? ` (in ${blind.length} of ${starts.length} starts)` : ''
  return { ...known, joulesAbsent: `${blind[0].joulesAbsent}${part}` }
}

/** The cost in one line, for people. */
export function costLine({ matmulFlops, seconds, coreSeconds, joules, joulesAbsent }: Cost): string {
  const cores = coreSeconds === undefined ? '' : `, ${count(coreSeconds)} core-seconds`
  const energy =
    joules === undefined ? `joules not read: ${joulesAbsent}` : `${count(joules)} J of processors and memory`
  return `Cost: ${operations(matmulFlops)} of matrix products${cores} in ${count(seconds)} s; ${energy}.`
}

const count = (value: number): string =>
  value.toLocaleString('en-US', { maximumFractionDigits: value < 10 ? 2 : value < 100 ? 1 : 0 })

const prefixes = ['', 'k', 'M', 'G', 'T', 'P', 'E', 'Z'] as const

/** `1.53 TFLOP`. */
export function operations(flops: number): string {
  const size = Math.min(prefixes.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, flops)) / 3)))
  return `${Number((flops / 1000 ** size).toPrecision(3))} ${prefixes[size]}FLOP`
}
