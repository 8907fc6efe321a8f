import { gradient } from '../autodiff/gradient.ts'
import { OptionError, TrainingError } from '../base/errors.ts'
import { compile, host } from '../compiler/compile.ts'
import { type Optimizer, wholeMatrices } from '../optim/optimizer.ts'
import { isDeviceTensor, type Value } from '../runtime/runtime.ts'
import { input, type Parameter, scalar, type Tensor } from '../tensor/tensor.ts'
import {
  clippingFactor,
  decaysByDefault,
  frozenFeeds,
  lossParameterNames,
  perBucket,
  pick,
  type StepOptions,
  scalarFeeds,
  scalarOf,
  type TrainingState,
  type TrainingStep,
} from './step.ts'

/** Parameters and optimizer state by input name; the output that replaces `name` is `next/name`. */
type Memory = Readonly<Record<string, Value>>

const next = (name: string): string => `next/${name}`
const stateOf = (state: string, parameter: string): string => `${state}/${parameter}`

/**
 * A training step for every runtime: one ONNX graph with forward, backward, clipping and the optimizer. Weights and
 * optimizer state are inputs and outputs that are fed back; they stay on the device where the runtime can keep them.
 * The plain twin of `flatStep`, which is faster where memory can be written in place.
 *
 * @throws {OptionError} if more than one micro-batch is asked for
 */
export async function wholeStep(options: StepOptions): Promise<TrainingStep> {
  const { runtime, parameters, optimizer, microBatches = 1 } = options
  if (microBatches !== 1) {
    throw new OptionError({
      what: 'microBatches',
      expected: '1 for a step that is one graph',
      received: String(microBatches),
      hint: 'Join the micro-batches to one batch, or use a runtime that writes in place.',
    })
  }
  const programs = await perBucket(options.loss, loss => {
    const { norm, memory: updated } = updatedMemory(options, loss)
    const kept = Object.fromEntries(Object.entries(updated).map(([name, tensor]) => [next(name), tensor]))
    return compile(
      runtime,
      { loss, norm, ...options.outputs, ...kept },
      { parameterNames: lossParameterNames(options), keepOnDevice: Object.keys(kept) },
    )
  })

  const frozen = frozenFeeds(options)
  let memory = firstMemory(parameters, optimizer, options.weights)
  const replace = (successor: Memory): void => {
    releaseAll(memory)
    memory = successor
  }
  const weights = (): Memory => ({
    ...frozen,
    ...Object.fromEntries([...parameters.keys()].map(name => [name, memory[name]])),
  })

  return {
    get nodeCount() {
      return programs.last?.nodeCount ?? 0
    },
    get matmulFlops() {
      return programs.last?.matmulFlops ?? 0
    },
    run: async (feeds, { step, learningRate, bucket }) => {
      if (feeds.length !== 1) {
        throw new TrainingError({ what: 'A step', expected: 'one batch', received: String(feeds.length) })
      }
      const scalars = scalarFeeds({ learningRate, weightDecay: optimizer.weightDecay, ...optimizer.scalars(step) })
      const results = await (await programs.of(bucket)).run({ ...memory, ...frozen, ...scalars, ...feeds[0] })
      const successor = Object.fromEntries(Object.keys(memory).map(name => [name, results[next(name)]]))
      const [loss, gradientNorm] = [scalarOf(results.loss), scalarOf(results.norm)]
      const finite = Number.isFinite(loss) && Number.isFinite(gradientNorm)
      if (finite) replace(successor)
      else releaseAll(successor)
      return { loss, gradientNorm, updated: finite, outputs: pick(results, options.outputs) }
    },
    weights,
    state: async () => ({
      weights: await readAll(memory, parameters, name => name),
      optimizer: Object.fromEntries(
        await Promise.all(
          optimizer.state.map(async state => {
            return [state, await readAll(memory, parameters, name => stateOf(state, name))] as const
          }),
        ),
      ),
    }),
    restore: state => replace(firstMemory(parameters, optimizer, state.weights, state.optimizer)),
    release: async () => {
      releaseAll(memory)
      await Promise.all(programs.all().map(program => program.release()))
    },
  }
}

/** The gradient's global norm, and every parameter and state after one update. */
function updatedMemory(
  { parameters, optimizer, clip = 0, decays = decaysByDefault }: StepOptions,
  loss: Tensor,
): { readonly norm: Tensor; readonly memory: Readonly<Record<string, Tensor>> } {
  const gradients = gradient(loss, [...parameters.values()])
  const norm = gradients
    .map(one => one.sumSquare())
    .reduce((total, square) => total.add(square))
    .sqrt()
  const clipping = clippingFactor(norm, clip)
  const names = ['learningRate', 'weightDecay', ...Object.keys(optimizer.scalars(1))]
  const scalars = Object.fromEntries(names.map(name => [name, input(name, [])]))
  const memory: Record<string, Tensor> = {}
  for (const [i, [name, parameter]] of [...parameters].entries()) {
    const matrices = wholeMatrices(optimizer, name, parameter.shape)
    const inputs = {
      parameter,
      gradient: gradients[i].mul(clipping),
      state: optimizer.state.map(state => input(stateOf(state, name), parameter.shape)),
      scalars: decays(name, parameter.shape) ? scalars : { ...scalars, weightDecay: scalar(0) },
    }
    const result = matrices > 0 ? optimizer.whole!.update(inputs, matrices) : optimizer.update(inputs)
    memory[name] = result.parameter
    for (const [j, state] of optimizer.state.entries()) memory[stateOf(state, name)] = result.state[j]
  }
  return { norm, memory }
}

/** Given weights, and state that is given or zero, copied into the memory of the program. */
function firstMemory(
  parameters: ReadonlyMap<string, Parameter>,
  optimizer: Optimizer,
  weights: TrainingState['weights'],
  states?: TrainingState['optimizer'],
): Memory {
  const memory: Record<string, Value> = {}
  for (const [name, { shape }] of parameters) {
    const first = weights.get(name)!
    memory[name] = host('float32', shape, first.slice())
    for (const state of optimizer.state) {
      const data = states?.[state].get(name)?.slice() ?? new Float32Array(first.length)
      memory[stateOf(state, name)] = host('float32', shape, data)
    }
  }
  return memory
}

async function readAll(
  memory: Memory,
  parameters: ReadonlyMap<string, Parameter>,
  key: (parameter: string) => string,
): Promise<Map<string, Float32Array>> {
  const read = async (name: string): Promise<Float32Array> => {
    const value = memory[key(name)]
    return (isDeviceTensor(value) ? await value.read() : value.data) as Float32Array
  }
  return new Map(await Promise.all([...parameters.keys()].map(async name => [name, await read(name)] as const)))
}

function releaseAll(memory: Memory): void {
  for (const value of Object.values(memory)) if (isDeviceTensor(value)) value.release()
}
