import { availableParallelism } from 'node:os'
import { env, InferenceSession, listSupportedBackends, Tensor as OrtTensor } from 'onnxruntime-node'
import type { TypedArray } from '../base/dtype.ts'
import { DeviceError } from '../base/errors.ts'
import { nativeLibrary } from './c-api/node.ts'
import { nodeMeter } from './meter/node.ts'
import type { HostTensor, Runtime, Session, Value } from './runtime.ts'

// What goes wrong comes as an error, in our words; the library would print it too, in its own.
env.logLevel = 'fatal'

export interface NodeRuntimeOptions {
  /** `cpu` or another device that the installed onnxruntime-node offers: `webgpu`, `cuda`, `dml`, `coreml`. */
  readonly device?: string
  /** Threads for one operator; by default one per core. */
  readonly threads?: number
  /** Runs models on the CPU by onnxruntime-node, which copies outputs, instead of its library's C API: the slow twin. */
  readonly copying?: boolean
}

/** Node's own pool, which runs that go on at once are handed to, has four threads. */
const mostLanes = 4

/**
 * ONNX Runtime's native library.
 * @throws {DeviceError} if the package does not offer the device, or when a model is loaded and the machine has no such
 *   device; the error lists what is offered
 */
export function nodeRuntime({
  device = 'cpu',
  threads = availableParallelism(),
  copying = false,
}: NodeRuntimeOptions = {}): Runtime {
  const library = device === 'cpu' && !copying ? nativeLibrary() : undefined
  const backends = listSupportedBackends()
  const offered = backends.map(({ name, bundled }) => (bundled ? name : `${name} (if its libraries are installed)`))
  const expected = `one that onnxruntime-node offers on this machine: ${offered.join(', ')}`
  const hint = 'Leave --device out to use the CPU.'
  if (!backends.some(({ name }) => name === device)) {
    throw new DeviceError({ what: 'device', expected, received: `"${device}"`, hint })
  }
  const options: InferenceSession.SessionOptions = {
    executionProviders: device === 'cpu' ? ['cpu'] : [device, 'cpu'],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    // Our compiler has already folded and fused; ONNX Runtime's own passes cost seconds on large graphs.
    graphOptimizationLevel: 'disabled',
    logSeverityLevel: 3,
    // Worker threads wait this long for the next operator before they sleep. By default they spin for many milliseconds,
    // and those of one model then take the cores from the next: a step of several models took 59 ms instead of 36.
    extra: { session: { intra_op: { spin_duration_us: '200' } } },
  }
  return {
    name: `onnxruntime-node ${device}`,
    device,
    threads,
    lanes: library && threads <= mostLanes ? threads : 1,
    writesInPlace: true,
    meter: nodeMeter(),
    load: async (model, { beside = false } = {}) => {
      try {
        return library?.load(model, threads, beside) ?? nodeSession(await InferenceSession.create(model, options))
      } catch (cause) {
        const message = (cause instanceof Error ? cause.message : String(cause)).trim().replaceAll(/\s+/g, ' ')
        if (device === 'cpu')
          throw new DeviceError({ what: 'device "cpu"', expected: 'to load the model', received: message }, { cause })
        const received = `"${device}", which failed (${message})`
        throw new DeviceError({ what: 'device', expected, received, hint }, { cause })
      }
    },
  }
}

function nodeSession(session: InferenceSession): Session {
  // Tensors over the same memory are made once: training feeds the same arrays at every step.
  const known = new WeakMap<object, OrtTensor>()
  const wrap = (value: Value): OrtTensor => {
    const host = value as HostTensor
    const tensor = known.get(host) ?? new OrtTensor(host.dtype, host.data as never, host.shape)
    known.set(host, tensor)
    return tensor
  }
  const wrapAll = (values: Readonly<Record<string, Value>>): Record<string, OrtTensor> =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, wrap(value)]))
  return {
    run: async (feeds, fetches) => {
      const results = fetches
        ? await session.run(wrapAll(feeds), {
            ...Object.fromEntries(session.outputNames.map(name => [name, null])),
            ...wrapAll(fetches),
          })
        : await session.run(wrapAll(feeds))
      return Object.fromEntries(
        Object.entries(results).map(([name, { type, dims, data }]) => [
          name,
          fetches?.[name] ?? { dtype: type as HostTensor['dtype'], shape: dims, data: data as TypedArray },
        ]),
      )
    },
    release: () => session.release(),
  }
}
