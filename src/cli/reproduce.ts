import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { RecipeEntry } from '../../recipes/index.ts'
import type { Measure, Recipe } from '../../recipes/recipe.ts'
import { NacreError, OptionError } from '../base/errors.ts'
import { UnknownNameError } from '../base/options.ts'
import { findDataset } from '../data/catalog.ts'
import { fetchDataset } from '../data/node.ts'
import { nodeRuntime } from '../runtime/node.ts'
import { nodeStorage } from '../storage/node.ts'
import { tableOf, wrapColumns } from './columns.ts'
import type { Command, CommandContext } from './command.ts'
import { refuseFile } from './out-folder.ts'
import {
  boundText,
  missedBy,
  numberText,
  reproduce,
  type SeedResult,
  type Spread,
  spreadOf,
  spreadText,
  statedText,
} from './reproduction.ts'
import { byYear, machineText, pageName, recordRun, thisMachine, writePage } from './results.ts'

const options = {
  seeds: {
    type: 'integer',
    minimum: 1,
    help: "how many seeds the mean is taken of (default: the recipe's own number)",
  },
  seed: { type: 'integer', default: 1, minimum: 0, help: 'the first seed' },
  quick: { type: 'boolean', default: false, help: 'the same path in seconds: little data, few steps; no result' },
  explain: {
    type: 'boolean',
    default: false,
    help: 'print intermediate numbers, where the recipe has some to explain',
  },
  out: {
    type: 'string',
    placeholder: 'DIR',
    help: 'folder of plots and other files (default: runs/reproduce/NAME, or NAME-quick)',
  },
  record: {
    type: 'boolean',
    default: false,
    help: 'in a checkout: keep the result in docs/results and docs/reproductions.md',
  },
  threads: { type: 'integer', minimum: 1, help: 'threads of one operator (default: one for each core)' },
  mirror: {
    type: 'string',
    placeholder: 'DIR',
    help: 'take datasets from this folder, not from the network (or set NACRE_DATA_MIRROR)',
  },
} as const

type Context = CommandContext<typeof options>

/** Something failed after all recipes had their turn; each failure was told when it happened. */
class ReproductionError extends NacreError {}

export const command: Command<typeof options> = {
  arguments: [{ name: 'NAME', help: 'a recipe, or all; none: list the recipes', optional: true }],
  options,
  examples: [
    'nacre reproduce',
    'nacre reproduce char-shakespeare --seeds 1',
    'nacre reproduce all --quick',
    'nacre reproduce backpropagation --explain',
  ],
  async run(context) {
    const { recipes } = await import('../../recipes/index.ts')
    const [name] = context.arguments
    if (name === undefined) return list(recipes, context)
    const chosen = name === 'all' ? recipes : recipes.filter(recipe => recipe.name === name)
    const names = recipes.map(recipe => recipe.name)
    if (chosen.length === 0) throw new UnknownNameError('recipe', name, [...names, 'all'])
    checkRecording(context)
    const failed: string[] = []
    for (const entry of chosen) {
      const { recipe } = await entry.load()
      const out = outputFolder(context, recipe, chosen.length > 1)
      try {
        refuseFile(out)
        await runOne(recipe, out, context)
        if (context.options.record) await writePage(nodeStorage('.'), await loadAll(recipes))
      } catch (error) {
        if (chosen.length === 1 || context.signal.aborted || !(error instanceof NacreError)) throw error
        context.report(
          { type: 'failed', recipe: recipe.name, error: error.name, message: error.message },
          `failed: ${error.message}\n`,
        )
        failed.push(recipe.name)
      }
    }
    if (failed.length === 0) return
    const received = `${failed.length} failed: ${failed.join(', ')}`
    throw new ReproductionError({ what: 'nacre reproduce all', expected: 'every recipe to run', received })
  },
}

const loadAll = async (entries: readonly RecipeEntry[]): Promise<Recipe[]> =>
  Promise.all(entries.map(async entry => (await entry.load()).recipe))

/** `--record` keeps full runs, in a checkout of the project. */
function checkRecording({ options: { record, quick } }: Context): void {
  if (record && quick) {
    const expected = 'a full run: what --quick measures is no result'
    throw new OptionError({ what: 'Option --record', expected, received: '--quick' })
  }
  if (record && !existsSync(pageName)) {
    const expected = `to be run in a checkout, which has ${pageName}`
    throw new OptionError({ what: 'Option --record', expected, received: resolve('.') })
  }
}

/** A quick run has a folder of its own: it replaces nothing of a full one, which may have taken hours. */
function outputFolder({ options: { out, quick } }: Context, { name }: Recipe, many: boolean): string {
  if (out === undefined) return join('runs/reproduce', quick ? `${name}-quick` : name)
  return many ? join(out, name) : out
}

/** Each recipe with what it must reach. */
async function list(entries: readonly RecipeEntry[], { report, print, host, json }: Context): Promise<void> {
  const recipes = byYear(await loadAll(entries))
  if (json) {
    for (const { run: _, ...recipe } of recipes) report({ type: 'recipe', ...recipe }, '')
    return
  }
  const rows: string[][] = [['NAME', 'YEAR', 'WHAT IS RUN, AND WHAT IT MUST REACH']]
  const width = Math.max(...recipes.map(({ name }) => name.length))
  const room = Math.max(24, Math.min(host.stdout.columns, 120) - width - 8)
  for (const recipe of recipes) {
    const lines = wrapColumns(recipe.title.en, room)
    for (const measure of recipe.measures) {
      const published = measure.published && `${statedText(measure.published.value)} (${measure.published.source})`
      const facts = [boundText(measure), published && `published ${published}`].filter(Boolean).join('; ')
      const [first, ...rest] = wrapColumns(`${measure.title}${facts && `: ${facts}`}`, room - 2)
      lines.push(`- ${first}`, ...rest.map(line => `  ${line}`))
    }
    rows.push(...lines.map((line, i) => (i === 0 ? [recipe.name, String(recipe.year ?? ''), line] : ['', '', line])))
  }
  print(tableOf(rows))
  print('\nnacre reproduce NAME runs one in full, --quick in seconds.')
}

/** Runs a recipe and tells what came out. */
async function runOne(recipe: Recipe, out: string, context: Context): Promise<void> {
  const { quick, explain, seed: first, mirror, record } = context.options
  const { print, note, host, signal } = context
  const seeds = Array.from({ length: context.options.seeds ?? (quick ? 1 : recipe.seeds) }, (_, i) => first + i)
  const runtime = nodeRuntime({ threads: context.options.threads })
  const machine = thisMachine(runtime.threads)
  const width = Math.min(host.stdout.columns, 120)
  const year = recipe.year === undefined ? '' : ` (${recipe.year})`
  print(wrapColumns(`${recipe.name}${year}: ${recipe.title.en}`, width).join('\n'))
  print(wrapColumns(machineText(machine), width).join('\n'))
  if (quick) print('Quick: a part of the data, few steps. These numbers are no result.')
  const results = await reproduce(recipe, {
    seeds,
    quick,
    explain,
    runtime,
    out,
    signal,
    print,
    dataset: async name => {
      note(`Reading dataset ${name} ...`)
      return fetchDataset(findDataset(name), { environment: host.environment, mirror, signal })
    },
    onSeed: result => context.report({ type: 'seed', recipe: recipe.name, ...result }, seedLine(recipe, result, width)),
  })
  const seconds = spreadOf(results.map(result => result.seconds))
  const measures = Object.fromEntries(
    recipe.measures.map(({ name }) => [name, spreadOf(results.map(({ measured }) => measured[name]))]),
  )
  const missed = quick ? [] : recipe.measures.filter(measure => missedBy(measure, measures[measure.name].mean) > 0)
  const run = { date: new Date().toISOString().slice(0, 10), command: commandLine(context), machine, seeds, seconds }
  const result = { ...run, measures, missed: missed.map(({ name }) => name), quick }
  await nodeStorage(out).write('result.json', [new TextEncoder().encode(`${JSON.stringify(result, undefined, 2)}\n`)])
  if (context.json) context.report({ type: 'result', recipe: recipe.name, ...result }, '')
  else print('')
  for (const measure of recipe.measures) print(measureText(measure, measures[measure.name], { quick, width }))
  print(`seconds a seed\n  ${spreadText(seconds)}`)
  if (missed.length > 0) print(`MISSED: ${missed.map(({ title }) => title).join('; ')}`)
  note(`Files are in ${out}.`)
  if (!record) return print('')
  await recordRun(nodeStorage('.'), recipe.name, { ...run, measures })
  print(`Recorded in docs/results/${recipe.name}.json.\n`)
}

/** What a measure gave, beside what it must reach and what others published. */
export function measureText(
  measure: Measure,
  spread: Spread,
  { quick, width }: { readonly quick: boolean; readonly width: number },
): string {
  const { title, published, bound } = measure
  const seeds = spread.values?.length ?? 1
  const missed = missedBy(measure, spread.mean)
  const held = missed > 0 ? `: MISSED by ${numberText(missed, 2)}` : ': reached'
  const rows = [[seeds === 1 ? 'one seed' : `mean of ${seeds}`, spreadText(spread)]]
  if (bound !== undefined) rows.push(['must reach', boundText(measure) + (quick ? ' (in full)' : held)])
  if (published !== undefined) rows.push(['published', `${statedText(published.value)} (${published.source})`])
  const wrapped = rows.flatMap(([name, value]) =>
    wrapColumns(value, width - 14).map((line, i) => [i === 0 ? name : '', line]),
  )
  return `${wrapColumns(title, width).join('\n')}\n${tableOf(wrapped).replace(/^/gm, '  ')}`
}

/** `seed 1: validation loss, nats 1.892; 91.2 s` */
function seedLine(recipe: Recipe, { seed, measured, seconds }: SeedResult, width: number): string {
  const numbers = recipe.measures.map(({ name, title }) => `${title}: ${numberText(measured[name])}`)
  return wrapColumns(`seed ${seed}: ${[...numbers, `${numberText(seconds, 3)} s`].join('; ')}`, width - 2)
    .map((line, i) => (i === 0 ? line : `  ${line}`))
    .join('\n')
}

/** What was typed, but for what says only where files lie. */
function commandLine({ arguments: words, given }: Context): string {
  const flags = Object.entries(given)
    .filter(([name]) => !['mirror', 'out', 'record'].includes(name))
    .map(([name, value]) => (value === true ? `--${name}` : `--${name} ${value}`))
  return ['nacre reproduce', ...words, ...flags].join(' ')
}
