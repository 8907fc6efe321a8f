/** How a recipe goes on where it was killed. */
import {
  type Fit,
  type FitOptions,
  loadState,
  type namedParameters,
  type Optimizer,
  readText,
  type Storage,
  saveState,
  stateFile,
} from '../src/index.ts'

/** Whether a folder holds a training with these very options, in whatever order. */
export async function wasBegun(storage: Storage, options: object): Promise<boolean> {
  const name = 'training/options.json'
  if (!(await storage.exists(name))) return false
  const begun: { readonly options: object } = JSON.parse(await readText(storage, name))
  const plain = (table: object) => {
    const given = Object.entries(table).filter(([name, value]) => name !== 'resume' && value !== undefined)
    return given
      .map(entry => JSON.stringify(entry))
      .toSorted()
      .join()
  }
  return plain(begun.options) === plain(options)
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
