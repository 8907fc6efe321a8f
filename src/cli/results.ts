/** What `nacre reproduce --record` keeps: one JSON file for each recipe, and the page that is generated from them. */
import { availableParallelism, cpus } from 'node:os'
import { env } from 'onnxruntime-common'
import type { Measure, Recipe } from '../../recipes/recipe.ts'
import { readText, type Storage } from '../storage/storage.ts'
import { boundText, missedBy, numberText, type Range, type Spread, statedText } from './reproduction.ts'

/** Where a run was made; what was not noted is left out. */
export interface Machine {
  readonly processor: string
  readonly cores: number
  readonly threads?: number
  readonly node?: string
  readonly onnxruntime?: string
}

export interface RecordedRun {
  /** YYYY-MM-DD */
  readonly date: string
  readonly command: string
  readonly machine: Machine
  readonly seeds: readonly number[]
  /** Of one seed. */
  readonly seconds: Range
  readonly measures: Readonly<Record<string, Spread>>
}

/** A file of `docs/results`. */
export interface Results {
  readonly recipe: string
  /** The oldest first. */
  readonly runs: readonly RecordedRun[]
}

export interface RecordedRecipe {
  readonly recipe: Recipe
  readonly results: Results
}

/** In the checkout. */
export const pageName = 'docs/reproductions.md'
const resultsName = (recipe: string) => `docs/results/${recipe}.json`

/** This machine, for the record. */
export function thisMachine(threads: number): Machine {
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    threads,
    node: process.versions.node,
    onnxruntime: env.versions.node ?? env.versions.common,
  }
}

/** `AMD EPYC, 2 cores, Node 24.21.0, onnxruntime 1.30.0` */
export function machineText({ processor, cores, threads, node, onnxruntime }: Machine): string {
  const parts = [processor, `${cores} cores`]
  if (threads !== undefined && threads !== cores) parts.push(`${threads} ${threads === 1 ? 'thread' : 'threads'} used`)
  if (node !== undefined) parts.push(`Node ${node}`)
  if (onnxruntime !== undefined) parts.push(`onnxruntime ${onnxruntime}`)
  return parts.join(', ')
}

/** Adds a run to the recipe's file. */
export async function recordRun(checkout: Storage, recipe: string, run: RecordedRun): Promise<void> {
  const { runs } = (await readResults(checkout, recipe)) ?? { runs: [] }
  const results: Results = { recipe, runs: [...runs, run] }
  await writeText(checkout, resultsName(recipe), `${JSON.stringify(results, undefined, 2)}\n`)
}

/** Writes the page anew, from every recorded result. */
export async function writePage(checkout: Storage, recipes: readonly Recipe[]): Promise<void> {
  await writeText(checkout, pageName, reproductionsPage(await recordedRecipes(checkout, recipes)))
}

/** In the order of the line; what has no year comes last. */
export function byYear(recipes: readonly Recipe[]): Recipe[] {
  return recipes.toSorted((a, b) => (a.year ?? Infinity) - (b.year ?? Infinity) || 0) // ∞ - ∞ is no number
}

/** The recipes that have results, in the order of the line. */
export async function recordedRecipes(checkout: Storage, recipes: readonly Recipe[]): Promise<RecordedRecipe[]> {
  const recorded: RecordedRecipe[] = []
  for (const recipe of byYear(recipes)) {
    const results = await readResults(checkout, recipe.name)
    if (results !== undefined) recorded.push({ recipe, results })
  }
  return recorded
}

async function readResults(checkout: Storage, recipe: string): Promise<Results | undefined> {
  const name = resultsName(recipe)
  return (await checkout.exists(name)) ? JSON.parse(await readText(checkout, name)) : undefined
}

async function writeText(storage: Storage, name: string, text: string): Promise<void> {
  await storage.write(name, [new TextEncoder().encode(text)])
}

const head = `# Reproductions

What recipes measured, each number beside what it must reach and what others published. Every run went to its end; nothing
is extrapolated. \`nacre reproduce\` lists the recipes, \`nacre reproduce NAME\` runs one, \`--record\` keeps what it measured in
\`docs/results/NAME.json\`, which this page is generated from: of each measure it shows the latest run.
`

/** The page as Markdown: one table for the whole line, then the remarks of each recipe. */
export function reproductionsPage(recorded: readonly RecordedRecipe[]): string {
  const header = [
    'year',
    'recipe',
    'measure',
    'must reach',
    'published or peer',
    'ours, mean',
    'min to max',
    'seeds',
    'seconds a seed',
    'date',
  ]
  const rows = recorded.flatMap(({ recipe, results }) =>
    recipe.measures.flatMap(measure => {
      const run = results.runs.findLast(({ measures }) => measure.name in measures)
      return run === undefined ? [] : [pageRow(recipe, measure, run)]
    }),
  )
  const table = [header, header.map(() => '---'), ...rows].map(cells => `| ${cells.map(cell).join(' | ')} |`).join('\n')
  const sections = recorded.map(({ recipe, results }) => pageSection(recipe, results))
  return [head, `${table}\n`, ...sections].join('\n')
}

function pageRow(recipe: Recipe, measure: Measure, { measures, seeds, seconds, date }: RecordedRun): string[] {
  const spread = measures[measure.name]
  const missed = missedBy(measure, spread.mean)
  const { published } = measure
  return [
    recipe.year === undefined ? '' : String(recipe.year),
    `[${recipe.name}](#${recipe.name})`,
    measure.title,
    boundText(measure),
    published === undefined ? '' : `${statedText(published.value)} (${published.source})`,
    `${numberText(spread.mean)}${missed > 0 ? `, **missed by ${numberText(missed, 2)}**` : ''}`,
    `${numberText(spread.minimum)} to ${numberText(spread.maximum)}`,
    String(seeds.length),
    `${numberText(seconds.minimum, 3)} to ${numberText(seconds.maximum, 3)}`,
    date,
  ]
}

function pageSection({ name, title, remarks }: Recipe, { runs }: Results): string {
  const lines = [`## ${name}`, '', title.en, '', title.zh, '']
  if (remarks !== undefined) lines.push(remarks, '')
  for (const { date, command, machine } of runs) lines.push(`- ${date}: \`${command}\` on ${machineText(machine)}`)
  return `${lines.join('\n')}\n`
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')
