/**
 * ONNX Runtime through its C API, called with koffi from the library that onnxruntime-node ships. Inputs and outputs are
 * the program's own memory: nothing is copied, an output may be written over an input, and models share one thread pool.
 * onnxruntime-node copies every output and gives each model threads of its own (docs/decisions/0008).
 */
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { arch, platform } from 'node:process'
import { setImmediate } from 'node:timers/promises'
import koffi, { type KoffiFunc } from 'koffi'
import { type DType, zeros } from '../../base/dtype.ts'
import { DeviceError } from '../../base/errors.ts'
import { elementCount, type Shape } from '../../base/shape.ts'
import { type HostTensor, isDeviceTensor, type Session, type Value } from '../runtime.ts'

/** An address. */
type Pointer = bigint

/** Version of the table of functions that is asked for; ONNX Runtime keeps the places of old functions. */
const apiVersion = 17
const [address, int, size, text] = ['void *', 'int', 'size_t', 'const char *'] as const

/** Functions that answer with a status, null where all went well: place in the table and types, as in onnxruntime_c_api.h. */
const statusFunctions = {
  createSessionFromArray: [8, address, address, size, address, address],
  run: [9, address, address, address, address, size, address, size, address],
  createSessionOptions: [10, address],
  setSessionLogSeverityLevel: [22, address, int],
  setSessionGraphOptimizationLevel: [23, address, int],
  setIntraOpNumThreads: [24, address, int],
  setInterOpNumThreads: [25, address, int],
  sessionGetInputCount: [30, address, address],
  sessionGetOutputCount: [31, address, address],
  sessionGetOutputTypeInfo: [34, address, size, address],
  sessionGetInputName: [36, address, size, address, address],
  sessionGetOutputName: [37, address, size, address, address],
  createTensorWithDataAsOrtValue: [49, address, address, size, address, size, int, address],
  castTypeInfoToTensorInfo: [55, address, address],
  getTensorElementType: [60, address, address],
  getDimensionsCount: [61, address, address],
  getDimensions: [62, address, address, size],
  createCpuMemoryInfo: [69, int, int, address],
  allocatorFree: [76, address, address],
  getAllocatorWithDefaultOptions: [78, address],
  createEnvWithGlobalThreadPools: [119, int, text, address, address],
  disablePerSessionThreads: [120, address],
  createThreadingOptions: [121, address],
  addSessionConfigEntry: [130, address, text, text],
  setGlobalIntraOpNumThreads: [147, address, int],
  setGlobalInterOpNumThreads: [148, address, int],
} as const
/** Functions that end what the others made. */
const releaseFunctions = {
  status: 93,
  session: 95,
  value: 96,
  typeInfo: 98,
  sessionOptions: 100,
  threading: 122,
} as const
const getErrorMessage = 2

/** ONNX's numbers of the element types. */
const elementTypes: { readonly [T in DType]: number } = { float32: 1, int32: 6, int64: 7, bool: 9, uint32: 12 }
const dtypes = new Map(Object.entries(elementTypes).map(([dtype, type]) => [type, dtype as DType]))

/** Level of messages at which ONNX Runtime only speaks before it ends: what goes wrong comes as an error. */
const silent = 4
/** Runs block the thread, as onnxruntime-node's do; after this long the next one first lets timers and signals have a turn. */
const longestBlockMs = 20

/**
 * ONNX Runtime looks for words in the process's command line by an expression that goes a call deeper with each letter:
 * with koffi's usual stack, 8,000 letters end the process.
 */
function enlargeStack(): void {
  try {
    koffi.config({ sync_stack_size: largestStack })
  } catch {
    // Another part of the program has called a library before: its settings stay.
  }
}

/** The most that koffi grants, in bytes. */
const largestStack = 16 * 2 ** 20

/** The functions of the table. */
class Api {
  readonly #table: readonly Pointer[]
  readonly #status = koffi.proto(text, [address])
  readonly #release = koffi.proto('void', [address])
  readonly #types = Object.fromEntries(
    Object.entries(statusFunctions).map(([name, [, ...types]]) => [name, koffi.proto(address, types)]),
  )

  /** Those that were called on a thread of their own. */
  readonly #functions = new Map<string, KoffiFunc<(...values: unknown[]) => Pointer | null>>()

  constructor(library: string) {
    enlargeStack()
    const base = koffi.load(library).func('OrtGetApiBase', address, [])() as Pointer
    const [getApi] = koffi.decode(base, koffi.array(address, 1)) as Pointer[]
    const table = koffi.call(getApi, koffi.proto(address, ['uint32_t']), apiVersion) as Pointer | null
    if (table === null) throw new Error(`no version ${apiVersion} of ONNX Runtime's API in ${library}`)
    const places = Object.values(statusFunctions).map(([place]) => place)
    this.#table = koffi.decode(table, koffi.array(address, 1 + Math.max(...places))) as Pointer[]
  }

  /** @throws {Error} with ONNX Runtime's message if the call failed */
  call(name: keyof typeof statusFunctions, ...values: unknown[]): void {
    this.#check(koffi.call(this.#table[statusFunctions[name][0]], this.#types[name], ...values) as Pointer | null)
  }

  #check(status: Pointer | null): void {
    if (status === null) return
    const message = koffi.call(this.#table[getErrorMessage], this.#status, status) as string
    this.release('status', status)
    throw new Error(message)
  }

  /**
   * Calls a function on a thread of its own.
   * @throws {Error} with ONNX Runtime's message if the call failed
   */
  async callBeside(name: keyof typeof statusFunctions, ...values: unknown[]): Promise<void> {
    const call = this.#functions.get(name) ?? koffi.decode(this.#table[statusFunctions[name][0]], this.#types[name])
    this.#functions.set(name, call)
    this.#check(
      await new Promise((resolve, reject) => {
        call.async(...values, (error: unknown, status: Pointer | null) => (error ? reject(error) : resolve(status)))
      }),
    )
  }

  /** Calls a function whose last argument receives an address or a number, and returns that. */
  get(name: keyof typeof statusFunctions, ...values: unknown[]): bigint {
    const out = new BigUint64Array(1)
    this.call(name, ...values, out)
    return out[0]
  }

  release(what: keyof typeof releaseFunctions, pointer: Pointer): void {
    koffi.call(this.#table[releaseFunctions[what]], this.#release, pointer)
  }
}

/** The library with its environment, whose thread pool every model of as many threads shares. */
export class NativeLibrary {
  readonly #api: Api
  readonly #poolThreads: number
  readonly #env: Pointer
  readonly #memory: Pointer
  /** ONNX Runtime's values over our tensors: made once, ended with their tensor. */
  readonly #values = new WeakMap<HostTensor, Pointer>()
  readonly #ends = new FinalizationRegistry<Pointer>(value => this.#api.release('value', value))

  constructor(path: string, poolThreads: number) {
    const api = new Api(path)
    const threading = api.get('createThreadingOptions')
    api.call('setGlobalIntraOpNumThreads', threading, poolThreads)
    api.call('setGlobalInterOpNumThreads', threading, 1)
    this.#env = api.get('createEnvWithGlobalThreadPools', silent, 'nacre', threading)
    api.release('threading', threading)
    const [arena, defaultMemory] = [1, 0]
    this.#memory = api.get('createCpuMemoryInfo', arena, defaultMemory)
    this.#api = api
    this.#poolThreads = poolThreads
  }

  /**
   * Loads a model; undefined where an output has no fixed shape, which this way cannot serve.
   * @param beside - with one thread, which is not the caller's: several runs go on at once
   * @throws {Error} with ONNX Runtime's message if it refuses the model
   */
  load(model: Uint8Array, threads: number, beside = false): Session | undefined {
    const api = this.#api
    const options = api.get('createSessionOptions')
    try {
      api.call('setSessionLogSeverityLevel', options, silent)
      // Our compiler has already folded and fused; ONNX Runtime's own passes cost seconds on large graphs.
      api.call('setSessionGraphOptimizationLevel', options, 0)
      if (beside) api.call('setIntraOpNumThreads', options, 1)
      else if (threads === this.#poolThreads) api.call('disablePerSessionThreads', options)
      else api.call('setIntraOpNumThreads', options, threads)
      api.call('setInterOpNumThreads', options, 1)
      const session = api.get('createSessionFromArray', this.#env, model, model.length, options)
      const outputs = this.#outputs(session)
      if (outputs.every(({ shape }) => shape.every(length => length >= 0)))
        return this.#session(session, outputs, beside)
      api.release('session', session)
      return undefined
    } finally {
      api.release('sessionOptions', options)
    }
  }

  #session(session: Pointer, outputs: readonly NamedTensor[], beside: boolean): Session {
    const api = this.#api
    const inputs = this.#names(session, 'sessionGetInputCount', 'sessionGetInputName')
    const names = [inputs, outputs.map(({ name }) => name)].map(list => new NameList(list))
    const lists = () => [new BigUint64Array(inputs.length), new BigUint64Array(outputs.length)] as const
    const own = lists()
    /** What runs that go on read and write: it must not be collected before they end. */
    const inUse = new Set<unknown>()
    let released = false
    let lastTurn = performance.now()
    return {
      run: async (feeds, fetches = {}) => {
        if (!beside && performance.now() - lastTurn > longestBlockMs) {
          await setImmediate() // signals and timers get their turn
          lastTurn = performance.now()
        }
        if (released) throw new DeviceError({ what: 'A program', expected: 'not to be released', received: 'a run' })
        const [inputValues, outputValues] = beside ? lists() : own
        for (const [i, name] of inputs.entries()) inputValues[i] = this.#valueOf(name, feeds[name])
        const results: Record<string, HostTensor> = {}
        for (const [i, { name, dtype, shape }] of outputs.entries()) {
          results[name] = fetches[name] ?? { dtype, shape, data: zeros(dtype, elementCount(shape)) }
          outputValues[i] = this.#valueOf(name, results[name])
        }
        const [from, to] = names.map(({ pointers }) => koffi.address(pointers))
        const [given, written] = [inputValues, outputValues].map(koffi.address)
        const run = ['run', session, null, from, given, inputs.length, to, outputs.length, written] as const
        if (!beside) {
          api.call(...run)
          return results
        }
        const used = [inputValues, outputValues, feeds, results]
        inUse.add(used)
        try {
          await api.callBeside(...run)
        } finally {
          inUse.delete(used)
        }
        return results
      },
      release: async () => {
        if (!released) api.release('session', session)
        released = true
      },
    }
  }

  /** ONNX Runtime's value over a tensor's memory. */
  #valueOf(name: string, tensor: Value | undefined): Pointer {
    if (tensor === undefined || isDeviceTensor(tensor)) {
      const received = tensor === undefined ? 'none' : 'one on a device'
      throw new DeviceError({ what: `Tensor "${name}"`, expected: 'a tensor in the memory of the program', received })
    }
    const known = this.#values.get(tensor)
    if (known !== undefined) return known
    const { dtype, shape, data } = tensor
    if (data.length !== elementCount(shape)) {
      const expected = `${elementCount(shape)} elements for [${shape.join(', ')}]`
      throw new DeviceError({ what: `Tensor "${name}"`, expected, received: String(data.length) })
    }
    const sizes = BigInt64Array.from(shape, BigInt)
    const type = elementTypes[dtype]
    const value = this.#api.get(
      'createTensorWithDataAsOrtValue',
      // By its address: koffi would copy a small array that lies in JavaScript's heap.
      ...[this.#memory, koffi.address(data), data.byteLength, sizes, sizes.length, type],
    )
    this.#values.set(tensor, value)
    this.#ends.register(tensor, value)
    return value
  }

  #outputs(session: Pointer): NamedTensor[] {
    const api = this.#api
    return this.#names(session, 'sessionGetOutputCount', 'sessionGetOutputName').map((name, i) => {
      const info = api.get('sessionGetOutputTypeInfo', session, i)
      const tensorInfo = api.get('castTypeInfoToTensorInfo', info)
      const dtype = dtypes.get(Number(api.get('getTensorElementType', tensorInfo)))
      const sizes = new BigInt64Array(Number(api.get('getDimensionsCount', tensorInfo)))
      api.call('getDimensions', tensorInfo, sizes, sizes.length)
      api.release('typeInfo', info)
      return { name, dtype: dtype ?? 'float32', shape: dtype === undefined ? [-1] : Array.from(sizes, Number) }
    })
  }

  #names(
    session: Pointer,
    count: 'sessionGetInputCount' | 'sessionGetOutputCount',
    name: 'sessionGetInputName' | 'sessionGetOutputName',
  ): string[] {
    const api = this.#api
    const allocator = api.get('getAllocatorWithDefaultOptions')
    return Array.from({ length: Number(api.get(count, session)) }, (_, i) => {
      const out = new BigUint64Array(1)
      api.call(name, session, i, allocator, out)
      const found = koffi.decode(out, text) as string
      api.call('allocatorFree', allocator, out[0])
      return found
    })
  }
}

/** An output of a model. */
interface NamedTensor {
  readonly name: string
  readonly dtype: DType
  /** Negative where the length is not known before the model runs. */
  readonly shape: Shape
}

/** Names as C has them: an array of addresses of texts that end with a zero. */
class NameList {
  readonly pointers: BigUint64Array
  /** Keeps the memory that the addresses point to. */
  readonly bytes: Uint8Array

  constructor(names: readonly string[]) {
    const encoded = names.map(name => new TextEncoder().encode(`${name}\0`))
    this.bytes = new Uint8Array(
      Math.max(
        64,
        encoded.reduce((sum, { length }) => sum + length, 0),
      ),
    )
    const start = koffi.address(this.bytes)
    this.pointers = new BigUint64Array(names.length)
    let offset = 0
    for (const [i, name] of encoded.entries()) {
      this.bytes.set(name, offset)
      this.pointers[i] = start + BigInt(offset)
      offset += name.length
    }
  }
}

let library: NativeLibrary | undefined | null

/** The library, or undefined where it or koffi cannot be loaded. Its thread pool has one thread per core. */
export function nativeLibrary(): NativeLibrary | undefined {
  if (library === undefined) {
    try {
      library = new NativeLibrary(libraryPath(), availableParallelism())
    } catch {
      library = null
    }
  }
  return library ?? undefined
}

/** Where the library lies inside of onnxruntime-node. */
function libraryPath(): string {
  const names: Partial<Record<NodeJS.Platform, string>> = {
    linux: 'libonnxruntime.so.1',
    darwin: 'libonnxruntime.1.dylib',
    win32: 'onnxruntime.dll',
  }
  const root = createRequire(import.meta.url).resolve('onnxruntime-node/package.json')
  return root.replace(/package\.json$/, `bin/napi-v6/${platform}/${arch}/${names[platform] ?? 'none'}`)
}
