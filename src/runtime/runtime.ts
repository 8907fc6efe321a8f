import type { DType, TypedArray } from '../base/dtype.ts'
import type { Shape } from '../base/shape.ts'

/** Numbers in the memory of the program: what goes into a model and what comes out. */
export interface HostTensor {
  readonly dtype: DType
  readonly shape: Shape
  readonly data: TypedArray
}

/** Numbers that stay where the model runs, for example on a GPU. They end when their owner replaces or releases them. */
export interface DeviceTensor {
  readonly dtype: DType
  readonly shape: Shape
  /** Copies the numbers into the memory of the program. */
  read(): Promise<TypedArray>
  release(): void
}

export type Value = HostTensor | DeviceTensor

export interface LoadOptions {
  /** Names of outputs that stay on the device, to be fed back; ignored where the device is the host. */
  readonly keepOnDevice?: readonly string[]
  /** Runs on one thread and may run several times at once, where the runtime has lanes. */
  readonly beside?: boolean
}

/** A loaded model. */
export interface Session {
  /**
   * Runs the model once.
   *
   * @param feeds - a value for every input, by name
   * @param fetches - memory that outputs are to be written to, where the runtime can (`writesInPlace`). An output may
   *   be the very memory of an input, provided the model reads the input before it writes the output
   */
  run(
    feeds: Readonly<Record<string, Value>>,
    fetches?: Readonly<Record<string, HostTensor>>,
  ): Promise<Record<string, Value>>
  release(): Promise<void>
}

/** Operators that the compiler can do without. */
export type MissingOperator = 'FusedMatMul' | 'LogSoftmax'

/** What a process has used so far. What its host cannot read is absent: nothing is guessed. */
export interface Usage {
  /** Time of all its threads on the cores. */
  readonly coreSeconds?: number
  /** Energy of the whole machine since the meter was made, by counter. */
  readonly joules?: Readonly<Record<string, number>>
  /** Why there are none. */
  readonly joulesAbsent?: string
}

/** Counts what running costs. */
export interface Meter {
  /** Floating-point operations of the matrix products of all compiled programs that were run. */
  matmulFlops: number
  usage(): Usage
}

/** Counts programs, where the host shows nothing. */
export const blindMeter = (): Meter => ({
  matmulFlops: 0,
  usage: () => ({ joulesAbsent: 'this host shows no energy counter' }),
})

/** Runs ONNX models: bytes in, numbers out. */
export interface Runtime {
  /** For people: the package and the device, for example `onnxruntime-node cpu`. */
  readonly name: string
  readonly device: string
  readonly threads: number
  /** How many runs of programs that were loaded `beside` go on at once; 1 where it is left out. */
  readonly lanes?: number
  /** Whether `fetches` are honoured: weights can then be updated where they lie. */
  readonly writesInPlace: boolean
  readonly meter: Meter
  /** Operators for which the device has no kernel: the compiler writes others instead. */
  readonly lacks?: readonly MissingOperator[]
  load(model: Uint8Array, options?: LoadOptions): Promise<Session>
}

export const isDeviceTensor = (value: Value): value is DeviceTensor => 'read' in value
