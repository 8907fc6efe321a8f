import type { Shape } from '../base/shape.ts'
import { openSafetensors, type StoredTensor, writeSafetensors } from '../checkpoints/safetensors.ts'
import type { HostTensor } from '../runtime/runtime.ts'
import type { Storage } from '../storage/storage.ts'
import type { Feeds } from './fit.ts'

const snapshotFolder = 'training/snapshots'
const fileOf = (step: number): string => `${snapshotFolder}/${step}.safetensors`

type Weights = ReadonlyMap<string, Float32Array>

/**
 * The mean of the last few snapshots of the weights, which translates better than the last one alone.
 * Vaswani et al., Attention Is All You Need, 2017, section 6.1: the last 5 checkpoints.
 */
export class WeightAverage {
  readonly #count: number
  /** By their steps, in order. */
  #snapshots: ReadonlyMap<number, Weights> = new Map()
  /** Steps whose files the state on the disk may need. */
  #stored: ReadonlySet<number> = new Set()

  /** @param count - snapshots that are kept; 1 is the last alone */
  constructor(count: number) {
    this.#count = count
  }

  /** Copies the present weights. */
  add(step: number, weights: Feeds): void {
    const copy = new Map(
      Object.entries(weights).map(([name, value]) => [name, ((value as HostTensor).data as Float32Array).slice()]),
    )
    this.#keepLast([...this.#snapshots, [step, copy]])
  }

  get isEmpty(): boolean {
    return this.#snapshots.size === 0
  }

  mean(): Map<string, Float32Array> {
    const [first, ...rest] = this.#snapshots.values()
    return new Map(
      [...first].map(([name, values]) => {
        const sum = Float64Array.from(values)
        for (const weights of rest) {
          const other = weights.get(name)!
          for (let i = 0; i < sum.length; i++) sum[i] += other[i]
        }
        return [name, Float32Array.from(sum, value => value / this.#snapshots.size)]
      }),
    )
  }

  /**
   * Writes the snapshots that no file has yet, before the state that needs them. Those of the state before stay until the
   * next call: a run that is killed in between goes on from them.
   */
  async save(storage: Storage, shapes: ReadonlyMap<string, Shape>): Promise<void> {
    const needed = new Set([...this.#stored, ...this.#snapshots.keys()])
    await removeSnapshots(storage, step => !needed.has(step))
    for (const [step, weights] of this.#snapshots) {
      if (this.#stored.has(step)) continue
      const tensors = [...weights].map(
        ([name, data]): StoredTensor => ({ name, dtype: 'F32', shape: shapes.get(name)!, data }),
      )
      await writeSafetensors(storage, fileOf(step), tensors)
    }
    this.#stored = new Set(this.#snapshots.keys())
  }

  /**
   * Reads the last snapshots up to a step: later ones belong to a time that a resumed run has not reached.
   * @throws {CheckpointError} if one is damaged, or of another model
   */
  async load(storage: Storage, shapes: ReadonlyMap<string, Shape>, step: number): Promise<void> {
    const steps = (await storedSteps(storage)).filter(at => at <= step).slice(-this.#count)
    const snapshots: [number, Weights][] = []
    for (const at of steps) {
      const file = await openSafetensors(storage, fileOf(at))
      const weights = new Map<string, Float32Array>()
      for (const [name, shape] of shapes) weights.set(name, await file.readFloat32(name, shape))
      snapshots.push([at, weights])
    }
    this.#keepLast(snapshots)
    this.#stored = new Set(steps)
  }

  #keepLast(snapshots: readonly (readonly [number, Weights])[]): void {
    this.#snapshots = new Map(snapshots.slice(-this.#count))
  }
}

/** Removes snapshots; all of them, where a run begins anew, for they are another's. */
export async function removeSnapshots(storage: Storage, isOld: (step: number) => boolean = () => true): Promise<void> {
  for (const step of await storedSteps(storage)) if (isOld(step)) await storage.remove(fileOf(step))
}

/** Steps of the snapshots that have a file, in order. */
async function storedSteps(storage: Storage): Promise<number[]> {
  const steps = (await storage.list(snapshotFolder)).map(name => Number(/(\d+)\.safetensors$/.exec(name)?.[1]))
  return steps.filter(Number.isInteger).sort((a, b) => a - b)
}
