import type { Shape } from '../base/shape.ts'
import { openSafetensors, type StoredTensor, writeSafetensors } from '../checkpoints/safetensors.ts'
import type { HostTensor } from '../runtime/runtime.ts'
import type { Storage } from '../storage/storage.ts'
import type { Feeds } from './fit.ts'

const snapshotFile = 'training/snapshots.safetensors'

interface Snapshot {
  readonly step: number
  readonly weights: ReadonlyMap<string, Float32Array>
}

/**
 * The mean of the last few snapshots of the weights, which translates better than the last one alone.
 * Vaswani et al., Attention Is All You Need, 2017, section 6.1: the last 5 checkpoints.
 */
export class WeightAverage {
  readonly #count: number
  #snapshots: Snapshot[] = []

  /** @param count - snapshots that are kept; 1 is the last alone */
  constructor(count: number) {
    this.#count = count
  }

  /** Copies the present weights. */
  add(step: number, weights: Feeds): void {
    const copy = new Map(
      Object.entries(weights).map(([name, value]) => [name, ((value as HostTensor).data as Float32Array).slice()]),
    )
    this.#snapshots = [...this.#snapshots, { step, weights: copy }].slice(-this.#count)
  }

  get isEmpty(): boolean {
    return this.#snapshots.length === 0
  }

  mean(): Map<string, Float32Array> {
    const [first, ...rest] = this.#snapshots
    return new Map(
      [...first.weights].map(([name, values]) => {
        const sum = Float64Array.from(values)
        for (const { weights } of rest) {
          const other = weights.get(name)!
          for (let i = 0; i < sum.length; i++) sum[i] += other[i]
        }
        return [name, Float32Array.from(sum, value => value / this.#snapshots.length)]
      }),
    )
  }

  async save(storage: Storage, shapes: ReadonlyMap<string, Shape>): Promise<void> {
    const tensors = this.#snapshots.flatMap(({ step, weights }) =>
      [...weights].map(
        ([name, data]): StoredTensor => ({ name: `${step}/${name}`, dtype: 'F32', shape: shapes.get(name)!, data }),
      ),
    )
    if (tensors.length > 0) await writeSafetensors(storage, snapshotFile, tensors)
  }

  /** Reads the snapshots up to a step: later ones belong to a time that a resumed run has not reached. */
  async load(storage: Storage, step: number): Promise<void> {
    if (!(await storage.exists(snapshotFile))) return
    const file = await openSafetensors(storage, snapshotFile)
    const snapshots = new Map<number, Map<string, Float32Array>>()
    for (const [name, { shape }] of file.tensors) {
      const [at, parameter] = [Number(name.slice(0, name.indexOf('/'))), name.slice(name.indexOf('/') + 1)]
      if (at > step) continue
      const weights = snapshots.get(at) ?? new Map<string, Float32Array>()
      snapshots.set(at, weights)
      weights.set(parameter, await file.readFloat32(name, shape))
    }
    this.#snapshots = [...snapshots].map(([at, weights]) => ({ step: at, weights })).sort((a, b) => a.step - b.step)
  }
}
