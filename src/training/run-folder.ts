/**
 * What a training keeps in the folder of its run, whatever it trains: its options, its state, its metrics and plot, and
 * the model. A run that was stopped or killed goes on from there.
 */
import { CheckpointError, OptionError } from '../base/errors.ts'
import { checkOptions, flagOf, type OptionsOf, type OptionTable } from '../base/options.ts'
import type { Shape } from '../base/shape.ts'
import type { Optimizer } from '../optim/optimizer.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { readText, type Storage, writeText } from '../storage/storage.ts'
import { type Identity, loadState, saveState, stateFile } from './checkpoint.ts'
import { type Cost, openCost } from './cost.ts'
import { type Best, divergence, type Fit, type FitOptions } from './fit.ts'
import { lossPlot } from './loss-plot.ts'
import { appendMetric, readMetrics, truncateMetrics } from './metrics.ts'

export interface SampleEvent {
  readonly type: 'sample'
  readonly step: number
  readonly text: string
}
export interface SavedEvent {
  readonly type: 'saved'
  readonly step: number
  readonly what: 'last' | 'best'
}
export interface EndEvent {
  readonly type: 'done' | 'stopped'
  readonly step: number
  /** Whether patience ended it before its last step. */
  readonly early?: boolean
  readonly best?: Best
  /** Of all starts of this run. */
  readonly cost: Cost
}

/** What every run tells beside its updates and validations. */
export type KeptEvent = SampleEvent | SavedEvent | EndEvent

/** What a training tells: an update, or a validation. */
interface Told {
  readonly type: 'step' | 'validation'
  readonly step: number
  readonly loss: number
  readonly best?: boolean
}

export interface KeptRun<E extends Told, M extends Told> {
  /** The folder of the run. */
  readonly storage: Storage
  /** Whose meter tells what the run costs. */
  readonly runtime: Pick<Runtime, 'meter'>
  /** Of the plot, with the unit of its loss. */
  readonly plot: { readonly title: string; readonly unit?: string }
  readonly training: Pick<Fit<E>, 'events' | 'best' | 'state' | 'release'>
  readonly shapes: ReadonlyMap<string, Shape>
  readonly identity: Identity
  /** The step that it goes on from. */
  readonly from: number
  /** Replaces what was in the folder. Called when nothing can be refused any more: a run that fails before leaves it whole. */
  readonly begin?: () => Promise<void>
  /** Updates in all, and how many lie between two lines of metrics, validations, checkpoints and samples. */
  readonly options: {
    readonly steps: number
    readonly logEvery: number
    readonly evaluateEvery: number
    readonly saveEvery: number
    readonly sampleEvery?: number
    /** Whether it goes on with a run that was stopped or killed. */
    readonly resume: boolean
  }
  /** Whether something is held out: then the model with the best validation is kept, otherwise the last. */
  readonly validates: boolean
  /** An event with what the run measures beside it. */
  measure(event: E): M
  /** Writes the model as it is now. */
  keepModel(): Promise<void>
  /** Writes what belongs to the state and is not in it. */
  keepBeside?(): Promise<void>
  /** Where its data goes on, for data that is read as it comes. */
  dataPosition?(): object
  /** What the model writes now. */
  sample?(): Promise<string>
  /** Stops after the present step, with everything saved. */
  readonly signal?: AbortSignal
}

/** Runs a training to its end, and keeps what it leaves. */
export async function* keepRun<E extends Told, M extends Told>(run: KeptRun<E, M>): AsyncGenerator<M | KeptEvent> {
  const { storage, training, options, validates, from } = run
  const { steps } = options
  const due = (step: number, every = 0): boolean => every > 0 && (step % every === 0 || step === steps)
  const plot = async (): Promise<void> => {
    const { title, unit } = run.plot
    await writeText(storage, 'training/loss.svg', await lossPlot(await readMetrics(storage), title, unit))
  }
  const keepBest = async (step: number): Promise<SavedEvent> => {
    await run.keepModel()
    return { type: 'saved', step, what: 'best' }
  }
  const keepLast = async (step: number): Promise<SavedEvent> => {
    const state = await training.state()
    if (![...state.weights.values()].every(allFinite)) throw divergence(step, 'weights that are not')
    await run.keepBeside?.()
    await saveState(storage, state, run.shapes, {
      ...{ step, best: training.best, identity: run.identity, data: run.dataPosition?.() },
    })
    await plot()
    await cost.write()
    return { type: 'saved', step, what: 'last' }
  }
  await run.begin?.()
  const cost = await openCost(storage, run.runtime.meter, options.resume)
  let step = from
  try {
    for await (const event of training.events) {
      step = event.step
      const measured = run.measure(event)
      if (event.type === 'validation' || due(step, options.logEvery)) await appendMetric(storage, measured)
      await cost.follow()
      yield measured
      if (event.type === 'step' && validates && due(step, options.evaluateEvery)) continue // the validation comes next
      if (event.best) yield await keepBest(step)
      if (run.sample && due(step, options.sampleEvery)) yield { type: 'sample', step, text: await run.sample() }
      const stopping = run.signal?.aborted === true && step < steps
      if (stopping || due(step, options.saveEvery)) {
        if (training.best === undefined) yield await keepBest(step)
        yield await keepLast(step)
      }
      if (stopping) {
        yield { type: 'stopped', step, best: training.best, cost: await cost.write() }
        return
      }
    }
    const early = step < steps
    if (from === step)
      await plot() // it may have been killed just before
    else if (early && !due(step, options.saveEvery)) yield await keepLast(step)
    yield { type: 'done', step, ...(early && { early }), best: training.best, cost: await cost.write() }
  } finally {
    await training.release()
  }
}

/** Whether every element is a number; a sum of finite float32 in double precision cannot overflow. */
export function allFinite(values: Float32Array): boolean {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i]
  return Number.isFinite(sum)
}

export const optionsFile = 'training/options.json'

/** Writes what a run was started with. */
export function storeOptions(storage: Storage, model: string, options: object): Promise<void> {
  const stored = { model, options: { ...options, resume: false } }
  return writeText(storage, optionsFile, `${JSON.stringify(stored, null, 2)}\n`)
}

/** What a folder's run trains, by its name; undefined where the folder holds no run. */
export async function modelOfRun(storage: Storage): Promise<string | undefined> {
  if (!(await storage.exists(optionsFile))) return undefined
  return String(JSON.parse(await readText(storage, optionsFile)).model)
}

/**
 * Opens the run that goes on in a folder, or a new one. Its `begin` keeps the options, and forgets what was there: of a run
 * that goes on the metrics of steps that its state has not reached.
 * @throws {CheckpointError} if the state is damaged, or of another model, tokenizer, optimizer or examples
 */
export async function beginRun(
  storage: Storage,
  modelName: string,
  options: { readonly resume: boolean },
  { shapes, optimizer, identity }: Pick<KeptRun<Told, Told>, 'shapes' | 'identity'> & { readonly optimizer: Optimizer },
): Promise<{ from: number; resume?: NonNullable<FitOptions['resume']>; begin: () => Promise<void> }> {
  const resuming = options.resume && (await storage.exists(stateFile))
  const resumed = resuming ? await loadState(storage, shapes, optimizer.state, identity) : undefined
  const from = resumed?.position.step ?? 0
  const begin = async (): Promise<void> => {
    if (!resuming) await storage.remove(stateFile)
    await storeOptions(storage, modelName, options)
    await truncateMetrics(storage, from)
  }
  return { from, begin, resume: resumed && { step: from, state: resumed.state, best: resumed.position.best } }
}

/**
 * Makes sure that a folder holds a run of one of the models, to go on with.
 * @throws {OptionError} if it holds none, or another
 */
export async function requireRun(storage: Storage, models: readonly string[]): Promise<void> {
  const model = await modelOfRun(storage)
  if (model !== undefined && models.includes(model)) return
  throw new OptionError({
    what: 'Option --resume',
    expected: `a run of ${models.join(' or ')} with ${storage.locate(optionsFile)}`,
    received: model === undefined ? 'none' : `a run of ${model}`,
    hint: 'Name its folder with --out.',
  })
}

/**
 * The options of a run that goes on: those of its start, with what may change taken from `given`.
 * @param changeable - options that do not make it another run
 * @throws {CheckpointError} if an option is given that would make it another run
 */
export async function storedOptions<T extends OptionTable>(
  storage: Storage,
  table: T,
  changeable: ReadonlySet<string>,
  given: Readonly<Record<string, unknown>>,
): Promise<{ modelName: string; options: OptionsOf<T> }> {
  const stored = JSON.parse(await readText(storage, optionsFile))
  for (const [name, value] of Object.entries(given)) {
    if (changeable.has(name) || value === undefined || value === stored.options[name]) continue
    throw new CheckpointError({
      what: `Option ${flagOf(name)}`,
      expected: `${stored.options[name] ?? 'nothing'}, with which the run was started`,
      received: typeof value === 'string' ? value : JSON.stringify(value),
      hint: 'Leave it out to go on, or train into a new folder with --out.',
    })
  }
  const options = checkOptions(table, { ...stored.options, ...given, resume: true }, { spelling: flagOf })
  return { modelName: stored.model, options }
}
