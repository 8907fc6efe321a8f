import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-web'
import type { DType, TypedArray } from '../base/dtype.ts'
import { DeviceError } from '../base/errors.ts'
import type { Shape } from '../base/shape.ts'
import { blindMeter, type DeviceTensor, type HostTensor, type Runtime, type Session, type Value } from './runtime.ts'

export interface WebRuntimeOptions {
  readonly device?: 'wasm' | 'webgpu'
  /**
   * Threads for one operator; by default one per core, at most 4. More than one needs a page that is cross-origin
   * isolated. The first runtime of a page decides for all of them.
   */
  readonly threads?: number
}

type Ort = typeof import('onnxruntime-web')

/** More threads than this seldom help in WebAssembly. */
const mostThreads = 4

/**
 * ONNX Runtime for browsers, on WebAssembly or WebGPU. On WebAssembly it also runs under Node, for tests.
 * @throws {DeviceError} if the browser offers no WebGPU
 */
export async function webRuntime({ device = 'wasm', threads }: WebRuntimeOptions = {}): Promise<Runtime> {
  if (device === 'webgpu') await demandAdapter()
  const ort = await load(device)
  // Threads share memory, which a page only has when it is cross-origin isolated.
  const wanted = threads ?? Math.min(mostThreads, navigator.hardwareConcurrency)
  ort.env.wasm.numThreads ??= typeof SharedArrayBuffer === 'undefined' ? 1 : wanted
  const options: InferenceSession.SessionOptions = {
    executionProviders: [device],
    // Our compiler has already folded and fused; ONNX Runtime's own passes cost seconds on large graphs.
    graphOptimizationLevel: 'disabled',
    logSeverityLevel: 3,
  }
  return {
    name: `onnxruntime-web ${device}`,
    device,
    threads: ort.env.wasm.numThreads,
    writesInPlace: false,
    meter: blindMeter(),
    // As its log of "kernel not found in registries" tells, release 1.30.
    lacks: device === 'webgpu' ? ['FusedMatMul', 'LogSoftmax'] : [],
    load: async (model, { keepOnDevice = [] } = {}) => {
      const kept = device === 'webgpu' ? keepOnDevice : []
      const preferredOutputLocation = Object.fromEntries(kept.map(name => [name, 'gpu-buffer'] as const))
      try {
        const session = await ort.InferenceSession.create(model, { ...options, preferredOutputLocation })
        return webSession(ort, session)
      } catch (cause) {
        const received = cause instanceof Error ? cause.message : String(cause)
        throw new DeviceError({ what: `device "${device}"`, expected: 'to load the model', received }, { cause })
      }
    },
  }
}

/** The smallest build that has the device; under Node the only one that finds its WebAssembly file. */
function load(device: 'wasm' | 'webgpu'): Promise<Ort> {
  if (device === 'webgpu') return import('onnxruntime-web/webgpu')
  return 'process' in globalThis ? import('onnxruntime-web') : import('onnxruntime-web/wasm')
}

async function demandAdapter(): Promise<void> {
  const offered = 'gpu' in navigator
  if (offered && (await navigator.gpu.requestAdapter()) !== null) return
  throw new DeviceError({
    what: 'device "webgpu"',
    expected: 'a browser that offers a WebGPU adapter',
    received: offered ? 'no adapter' : 'no navigator.gpu',
    hint: 'Use the device "wasm". WebGPU needs https or localhost, and a recent Chrome, Edge, Firefox or Safari.',
  })
}

function webSession(ort: Ort, session: InferenceSession): Session {
  // Tensors over the same memory are made once: training feeds the same arrays at every step.
  const known = new WeakMap<Value, OrtTensor>()
  const wrap = (value: Value): OrtTensor => {
    if (value instanceof GpuTensor) return value.tensor
    const { dtype, data, shape } = value as HostTensor
    const tensor = known.get(value) ?? new ort.Tensor(dtype, data as never, shape)
    known.set(value, tensor)
    return tensor
  }
  return {
    run: async feeds => {
      const fed = session.inputNames.filter(name => name in feeds)
      const results = await session.run(Object.fromEntries(fed.map(name => [name, wrap(feeds[name])])))
      return Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, unwrap(tensor)]))
    },
    release: () => session.release(),
  }
}

function unwrap(tensor: OrtTensor): Value {
  if (tensor.location === 'gpu-buffer') return new GpuTensor(tensor)
  return { dtype: tensor.type as DType, shape: tensor.dims, data: tensor.data as TypedArray }
}

/** A buffer on the GPU; any session of the same device may be fed with it. */
class GpuTensor implements DeviceTensor {
  readonly tensor: OrtTensor

  constructor(tensor: OrtTensor) {
    this.tensor = tensor
  }

  get dtype(): DType {
    return this.tensor.type as DType
  }
  get shape(): Shape {
    return this.tensor.dims
  }
  async read(): Promise<TypedArray> {
    return (await this.tensor.getData()) as TypedArray
  }
  release(): void {
    this.tensor.dispose()
  }
}
