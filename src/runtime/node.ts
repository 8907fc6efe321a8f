import { availableParallelism } from 'node:os'
import { InferenceSession, listSupportedBackends, Tensor as OrtTensor } from 'onnxruntime-node'
import type { TypedArray } from '../base/dtype.ts'
import { DeviceError } from '../base/errors.ts'
import type { HostTensor, Runtime, Session, Value } from './runtime.ts'

export interface NodeRuntimeOptions {
  /** `cpu` or another device that the installed onnxruntime-node offers: `webgpu`, `cuda`, `dml`, `coreml`. */
  readonly device?: string
  /** Threads for one operator; by default one per core. */
  readonly threads?: number
}

/**
 * ONNX Runtime's native library.
 * @throws {DeviceError} if the device is not offered on this machine; the error lists those that are
 */
export function nodeRuntime({ device = 'cpu', threads = availableParallelism() }: NodeRuntimeOptions = {}): Runtime {
  const offered = listSupportedBackends().map(backend => backend.name)
  if (!offered.includes(device)) {
    throw new DeviceError({
      what: 'device',
      expected: `one that onnxruntime-node offers on this machine: ${offered.join(', ')}`,
      received: `"${device}"`,
      hint: 'Leave --device out to use the CPU.',
    })
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
    writesInPlace: true,
    load: async model => {
      try {
        return nodeSession(await InferenceSession.create(model, options))
      } catch (cause) {
        const received = cause instanceof Error ? cause.message : String(cause)
        const hint = device === 'cpu' ? undefined : 'Leave --device out to use the CPU.'
        throw new DeviceError({ what: `device "${device}"`, expected: 'to load the model', received, hint }, { cause })
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
