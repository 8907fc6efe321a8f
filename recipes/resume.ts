/** How a recipe goes on where it was killed. */
import {
  type Fit,
  type FitOptions,
  loadState,
  type namedParameters,
  type Optimizer,
  OptionError,
  readText,
  type Storage,
  saveState,
  stateFile,
} from '../src/index.ts'

/**
 * Whether a folder holds a training with these very options, in whatever order.
 * @throws {OptionError} if it holds one with others, which would be lost
 */
export async function wasBegun(storage: Storage, options: object): Promise<boolean> {
  const name = 'training/options.json'
  if (!(await storage.exists(name))) return false
  const begun: { readonly options: object } = JSON.parse(await readText(storage, name))
  const [was, is] = [begun.options, options].map(table => new Map(Object.entries(table)))
  const changed = [...new Set([...was.keys(), ...is.keys()])].filter(
    option => option !== 'resume' && JSON.stringify(was.get(option)) !== JSON.stringify(is.get(option)),
  )
  if (changed.length === 0) return true
  const listed = changed.map(option => `${option} ${JSON.stringify(was.get(option) ?? null)}`).join(', ')
  throw new OptionError({
    what: storage.locate(name),
    expected: 'the options of this recipe, to go on',
    received: `a training with ${listed}`,
    hint: 'Take another --out, or remove that folder to begin anew.',
  })
}

/** What was measured before with these settings and kept, or is measured now. */
export async function measuredOnce<T>(
  storage: Storage,
  name: string,
  settings: object,
  measure: () => Promise<T>,
): Promise<T> {
  const file = `${name}.json`
  if (await storage.exists(file)) {
    const kept: { readonly settings: object; readonly measured: T } = JSON.parse(await readText(storage, file))
    if (JSON.stringify(kept.settings) === JSON.stringify(settings)) return kept.measured
  }
  const measured = await measure()
  await storage.write(file, [new TextEncoder().encode(JSON.stringify({ settings, measured }))])
  return measured
}

/** A recipe's own training that keeps its state in a folder. */
export interface KeptTraining<Data extends object> {
  /** Where it was killed, for `fit`; undefined at its first start. */
  readonly resume: FitOptions['resume']
  /** What the recipe had kept with that state. */
  readonly data: Data | undefined
  /** Keeps the state after an update, and what the recipe has measured by then. */
  save(training: Fit, step: number, data: Data): Promise<void>
  /** Removes the state: the training has reached its end. */
  remove(): Promise<void>
}

/**
 * Opens what a recipe's own training keeps.
 * @param settings - what makes it another training
 * @throws {CheckpointError} if the folder holds the state of another training
 */
export async function keptTraining<Data extends object>(
  storage: Storage,
  {
    parameters,
    optimizer,
    settings,
  }: { parameters: ReturnType<typeof namedParameters>; optimizer: Optimizer; settings: object },
): Promise<KeptTraining<Data>> {
  const shapes = new Map([...parameters].map(([name, { shape }]) => [name, shape]))
  const identity = { configuration: JSON.stringify(settings), optimizer: optimizer.name }
  const begun = await storage.exists(stateFile)
  const kept = begun ? await loadState(storage, shapes, optimizer.state, identity) : undefined
  return {
    resume: kept && { step: kept.position.step, best: kept.position.best, state: kept.state },
    data: kept?.position.data as Data | undefined,
    save: async (training, step, data) =>
      saveState(storage, await training.state(), shapes, { step, best: training.best, data, identity }),
    remove: () => storage.remove(stateFile),
  }
}
