/**
 * The state of a training in one file, `training/state.safetensors`, replaced as a whole: a killed run finds either the
 * old state or the new one. It holds the last weights, the optimizer's memory, what the next batch is made with where a
 * model carries a state, and in its metadata the position.
 */
import { CheckpointError } from '../base/errors.ts'
import type { Shape } from '../base/shape.ts'
import { openSafetensors, type StoredTensor, storedDType, writeSafetensors } from '../checkpoints/safetensors.ts'
import type { HostTensor } from '../runtime/runtime.ts'
import type { Storage } from '../storage/storage.ts'
import type { Best } from './fit.ts'
import type { TrainingState } from './step.ts'

export const stateFile = 'training/state.safetensors'

const carriedPrefix = 'carried/'

/** Where a training stands. */
export interface Position {
  /** Updates done; batches and dropout masks are functions of it. */
  readonly step: number
  readonly best?: Best
  /** Where its data goes on, for data that is read as it comes: JSON. */
  readonly data?: object
  readonly identity: Identity
}

/** What a state belongs to; a run cannot go on with another. */
export interface Identity {
  /** The model's, as JSON. */
  readonly configuration: string
  readonly optimizer: string
  /** Hash of the tokenizer's JSON, where there is one. */
  readonly tokenizer?: string
  /** Hash of the examples that a classifier learns from. */
  readonly examples?: string
}

export async function saveState(
  storage: Storage,
  { weights, optimizer, carried = {} }: TrainingState,
  shapes: ReadonlyMap<string, Shape>,
  position: Position,
): Promise<void> {
  const tensors = (folder: string, arrays: ReadonlyMap<string, Float32Array>): StoredTensor[] =>
    [...arrays].map(([name, data]) => ({ name: `${folder}/${name}`, dtype: 'F32', shape: shapes.get(name)!, data }))
  const all = [
    ...tensors('weights', weights),
    ...Object.entries(optimizer).flatMap(([name, arrays]) => tensors(`optimizer/${name}`, arrays)),
    ...Object.entries(carried).map(([name, { dtype, shape, data }]): StoredTensor => {
      return { name: carriedPrefix + name, dtype: storedDType[dtype], shape, data }
    }),
  ]
  const metadata: Record<string, string> = { step: String(position.step), ...position.identity }
  for (const name of ['best', 'data'] as const)
    if (position[name] !== undefined) metadata[name] = JSON.stringify(position[name])
  await writeSafetensors(storage, stateFile, all, metadata)
}

/**
 * Reads what `saveState` wrote.
 *
 * @param shapes - the model's parameters
 * @param optimizerState - names of the optimizer's tensors
 * @throws {CheckpointError} if the file is damaged or of another model, tokenizer or optimizer
 */
export async function loadState(
  storage: Storage,
  shapes: ReadonlyMap<string, Shape>,
  optimizerState: readonly string[],
  identity: Identity,
): Promise<{ position: Position; state: TrainingState }> {
  const file = await openSafetensors(storage, stateFile)
  const { step } = file.metadata
  if (!/^\d+$/.test(step ?? '')) {
    const received = step === undefined ? 'none' : `"${step}"`
    throw new CheckpointError({ what: storage.locate(stateFile), expected: 'a step in its metadata', received })
  }
  for (const [what, expected] of Object.entries(identity)) {
    const received = file.metadata[what] ?? 'none'
    if (received === expected) continue
    throw new CheckpointError({
      what: storage.locate(stateFile),
      expected: `the ${what} that the run was started with`,
      received: what === 'tokenizer' || what === 'examples' ? 'another' : `${expected} now and ${received} then`,
      hint: 'Resume with the options of the first start, or train into a new folder with --out.',
    })
  }
  const read = async (folder: string): Promise<Map<string, Float32Array>> => {
    const arrays = new Map<string, Float32Array>()
    for (const [name, shape] of shapes) arrays.set(name, await file.readFloat32(`${folder}/${name}`, shape))
    return arrays
  }
  const carried: Record<string, HostTensor> = {}
  for (const [name, { shape }] of file.tensors) {
    if (!name.startsWith(carriedPrefix)) continue
    carried[name.slice(carriedPrefix.length)] = { dtype: 'float32', shape, data: await file.readFloat32(name) }
  }
  const optimizer: Record<string, Map<string, Float32Array>> = {}
  for (const name of optimizerState) optimizer[name] = await read(`optimizer/${name}`)
  return {
    position: { step: Number(step), identity, best: parsed(file.metadata.best), data: parsed(file.metadata.data) },
    state: {
      weights: await read('weights'),
      optimizer,
      ...(Object.keys(carried).length > 0 ? { carried } : {}),
    },
  }
}

const parsed = (json: string | undefined) => (json === undefined ? undefined : JSON.parse(json))
