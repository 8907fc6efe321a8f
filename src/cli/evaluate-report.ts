import { existsSync, realpathSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { OptionError } from '../base/errors.ts'
import type { Outcome } from '../evaluation/language-task.ts'
import type { Metric } from '../evaluation/task-metrics.ts'
import { nodeStorage } from '../storage/node.ts'
import { writeText } from '../storage/storage.ts'
import { bar } from '../training/progress.ts'
import { columnsOf, padColumns } from './columns.ts'
import type { CommandContext } from './command.ts'

type Voice = Pick<CommandContext, 'host' | 'json' | 'print' | 'report'>

/** What was measured, and on what. */
export interface Measured {
  readonly model: string
  readonly task: string
  readonly part?: string
  /** Which published part that is. */
  readonly reported?: string
  readonly shots?: number
  readonly seed: number
  readonly metrics: readonly Metric[]
  /** What answering without reading reaches: the share of the commonest label. */
  readonly commonest?: number
  /** Malformed rows that were left out, examples that the vocabulary cannot express, prompts cut from the left. */
  readonly skipped?: number
  readonly foreign?: number
  readonly cut?: number
  readonly examples: number
  readonly seconds: number
}

/** A table of metrics with intervals, and what must be known to read it; with `--json` one record. */
export function reportMeasured({ json, print, report }: Voice, measured: Measured): void {
  if (json) {
    report({ type: 'evaluation', ...measured }, '')
    return
  }
  const { task, part, reported, shots, metrics, commonest, skipped, foreign, cut, examples, seconds } = measured
  const count = (number: number) => number.toLocaleString('en-US')
  print(`${task}: ${[`${count(examples)} examples`, reported ?? part].filter(Boolean).join('; ')}`)
  const rows = metrics.map(({ name, value, interval: [low, high], isShare, examples: number }) => [
    name,
    shown(value, isShare),
    Number.isNaN(low) ? 'none' : `${shown(low, isShare)} to ${shown(high, isShare)}`,
    count(number),
  ])
  const table = [['metric', 'value', '95 % interval', 'examples'], ...rows]
  const widths = table[0].map((_, column) => Math.max(...table.map(row => columnsOf(row[column]))))
  for (const row of table) {
    const [name, ...numbers] = row.map((cell, i) => (i === 0 ? padColumns(cell, widths[0]) : cell.padStart(widths[i])))
    print([name, ...numbers].join('  '))
  }
  const remarks = [
    some(shots, 'shot', 'shots', 'before each prompt'),
    commonest !== undefined && `always the commonest label would be right in ${shown(commonest, true)}`,
    some(skipped, 'row was', 'rows were', 'left out: malformed, or without a label that people agree on'),
    some(foreign, 'example was', 'examples were', 'left out for characters that the model never saw'),
    some(cut, 'prompt is', 'prompts are', 'too long for the context, with what is answered: cut from the left'),
  ]
  for (const remark of remarks) if (remark) print(remark)
  print(`${seconds.toFixed(1)} s`)
}

const some = (count: number | undefined, one: string, many: string, what: string): string | undefined =>
  count ? `${count.toLocaleString('en-US')} ${count === 1 ? one : many} ${what}` : undefined

const shown = (value: number, isShare: boolean): string =>
  Number.isNaN(value) ? 'none' : isShare ? `${(100 * value).toFixed(2)} %` : value.toFixed(Math.abs(value) < 10 ? 4 : 2)

/** Draws how far it is, on a terminal; an empty text wipes the line. */
export function progressOf({ host, json }: Pick<Voice, 'host' | 'json'>): (share?: number) => void {
  return share => {
    if (!host.stderr.isTerminal || json) return
    host.stderr.write(`\r\x1b[K${share === undefined ? '' : `${bar(share, 30)} ${Math.floor(100 * share)} %`}`)
  }
}

/**
 * A file of JSON lines that is written when all is done, and whose place is tried before; what was in it stays till then.
 * @throws {OptionError} if it is the file that is read
 * @throws {StorageError} if it cannot be written
 */
export async function predictionsFile({
  predictions: path,
  data,
}: {
  readonly predictions?: string
  readonly data?: string
}): Promise<(outcomes: readonly object[]) => Promise<void>> {
  if (path === undefined) return async () => {}
  if (data !== undefined && existsSync(path) && existsSync(data) && realpathSync(path) === realpathSync(data)) {
    const expected = 'another file than that of --data, which is kept'
    throw new OptionError({ what: 'Option --predictions', expected, received: `"${path}"` })
  }
  const storage = nodeStorage(dirname(resolve(path)))
  const name = basename(path)
  await storage.append(name, '')
  return outcomes => writeText(storage, name, outcomes.map(outcome => `${JSON.stringify(outcome)}\n`).join(''))
}

/** How many prompts were cut. */
export const cutCount = (outcomes: readonly Outcome[]): number => outcomes.filter(({ cut = 0 }) => cut > 0).length
