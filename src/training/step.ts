import { gradient } from '../autodiff/gradient.ts'
import { DeviceError } from '../base/errors.ts'
import type { Shape } from '../base/shape.ts'
import { compile, host, type Program } from '../compiler/compile.ts'
import { parameterNames } from '../nn/parameters.ts'
import { type Optimizer, type Updated, type UpdateInputs, wholeMatrices } from '../optim/optimizer.ts'
import type { HostTensor, LoadOptions, Runtime, Value } from '../runtime/runtime.ts'
import { input, type Node, type Parameter, type Tensor } from '../tensor/tensor.ts'
import { FlatParameters, type Placement } from './flat-parameters.ts'
import { inLanes, lanesOf, together } from './lanes.ts'

export interface StepOptions {
  readonly runtime: Runtime
  readonly parameters: ReadonlyMap<string, Parameter>
  /** Parameters that the loss reads and training leaves as they are. */
  readonly frozen?: ReadonlyMap<string, Parameter>
  /** First values of all of them; see `initialWeights`. */
  readonly weights: ReadonlyMap<string, Float32Array>
  /**
   * The loss of one micro-batch, a scalar; the losses and gradients of a step's micro-batches are added up. As a function,
   * the loss of a bucket: batches of other shapes, whose graph is compiled when the first of them comes.
   */
  readonly loss: Tensor | ((bucket: string) => Tensor)
  /** Other tensors that each step returns, for example the state that a recurrent model carries to the next batch. */
  readonly outputs?: Readonly<Record<string, Tensor>>
  readonly optimizer: Optimizer
  /** Largest global norm of the gradient; 0 for no clipping. Pascanu et al., 2013, algorithm 1. */
  readonly clip?: number
  /** Whether weight decay applies to a parameter: by default to those with two or more axes. */
  readonly decays?: (name: string, shape: Shape) => boolean
  /** Micro-batches of a step; 1 spares the sums. */
  readonly microBatches?: number
}

export interface StepResult {
  readonly loss: number
  /** Euclidean norm of the whole gradient before clipping. */
  readonly gradientNorm: number
  /** False where the loss or the norm was not finite: nothing was changed then. */
  readonly updated: boolean
  /** The asked-for outputs of the last micro-batch. */
  readonly outputs: Readonly<Record<string, Value>>
}

/** Which update a step is. */
export interface StepPosition {
  /** 1 at first. */
  readonly step: number
  readonly learningRate: number
  /** Of all micro-batches of this step, where the loss is a function of it. */
  readonly bucket?: string
}

/** Values of the parameters that stay, by name. */
export const frozenFeeds = ({ frozen, weights }: Pick<StepOptions, 'frozen' | 'weights'>): Record<string, HostTensor> =>
  Object.fromEntries([...(frozen ?? [])].map(([name, { shape }]) => [name, host('float32', shape, weights.get(name)!)]))

/** Names of all parameters of a loss, for the compiler. */
export const lossParameterNames = ({ parameters, frozen = new Map() }: StepOptions): Map<Node, string> =>
  parameterNames(new Map([...parameters, ...frozen]))

/** Everything that training changes, by name: parameters under `weights`, the optimizer's memory under its own names. */
export interface TrainingState {
  readonly weights: ReadonlyMap<string, Float32Array>
  readonly optimizer: Readonly<Record<string, ReadonlyMap<string, Float32Array>>>
  /** The outputs of the last update, which the next batch is made with. */
  readonly carried?: Readonly<Record<string, HostTensor>>
}

/** Forward, backward and update, compiled. */
export interface TrainingStep {
  /** Operators in the ONNX graph of forward and backward; of the last bucket's, 0 before the first. */
  readonly nodeCount: number
  /** Floating-point operations of the matrix products of one update, likewise. */
  readonly matmulFlops: number
  /** @param feeds - the inputs of each micro-batch */
  run(feeds: readonly Readonly<Record<string, Value>>[], at: StepPosition): Promise<StepResult>
  /** The present weights as inputs of other programs; they follow the training. */
  weights(): Readonly<Record<string, Value>>
  /** The present state; the arrays are the training's own memory where that lies on the host. */
  state(): Promise<TrainingState>
  restore(state: TrainingState): void
  release(): Promise<void>
}

export const decaysByDefault = (_name: string, shape: Shape): boolean => shape.length >= 2

const gradientPrefix = 'gradient/'
const total = (name: string): string => `total/${name}`

/**
 * A training step for runtimes that write in place. Three programs work on flat buffers: gradients (added to those of
 * earlier micro-batches), their norm, and the update, chunk by chunk. Nothing is copied between them.
 *
 * @throws {DeviceError} if the runtime cannot write in place
 */
export async function flatStep(options: StepOptions): Promise<TrainingStep> {
  const { runtime, parameters, optimizer, clip = 0, decays = decaysByDefault, microBatches = 1 } = options
  if (!runtime.writesInPlace) {
    const received = runtime.name
    throw new DeviceError({
      what: 'flatStep',
      expected: 'a runtime that writes in place',
      received,
      hint: 'Use wholeStep.',
    })
  }
  const isWhole = (name: string, shape: Shape): boolean => wholeMatrices(optimizer, name, shape) > 0
  const flat = new FlatParameters(parameters, optimizer.state.length, decays, isWhole)
  const possible = lanesOf(runtime, new Map([...parameters, ...(options.frozen ?? [])]))
  const lanes = microBatches % possible === 0 ? possible : 1
  const load = { beside: lanes > 1 }
  const accumulate = microBatches > lanes
  const programs = await perBucket(options.loss, loss => gradientProgram(options, loss, accumulate, load))
  const norm = await normProgram(runtime, flat, clip, lanes)
  const update = await updateProgram(options, [flat.chunkLength], inputs => optimizer.update(inputs), load)
  const wholes = await wholeUpdates(options, flat, decays, lanes)

  const weightViews = flat.views(flat.weights)
  const weights = { ...weightViews, ...frozenFeeds(options) }
  const buffers = Array.from({ length: lanes }, (_, lane) =>
    lane === 0 ? flat.gradients : new Float32Array(flat.gradients.length),
  )
  const gradientViews = buffers.map(buffer => flat.views(buffer, gradientPrefix))
  const totals = buffers.map(buffer => (accumulate ? flat.views(buffer, total('')) : {}))
  const rows = [flat.chunks.length, flat.chunkLength]
  const sums = Object.fromEntries(buffers.map((buffer, lane) => [`gradients${lane}`, host('float32', rows, buffer)]))
  const chunks: readonly PartUpdate[] = flat.chunks
    .filter(({ whole }) => !whole)
    .map(chunk => ({ decays: chunk.decays, ...inPlace(optimizer, flat, buffer => flat.chunk(buffer, chunk)) }))
  const step: TrainingStep = {
    get nodeCount() {
      return programs.last?.nodeCount ?? 0
    },
    get matmulFlops() {
      const updates = wholes.reduce((sum, { program }) => sum + program.matmulFlops, 0)
      return (programs.last?.matmulFlops ?? 0) * microBatches + updates
    },
    run: async (feeds, { step, learningRate, bucket }) => {
      const gradients = await programs.of(bucket)
      const results: Readonly<Record<string, Value>>[] = []
      await together(
        buffers.map(async (buffer, lane) => {
          if (accumulate) buffer.fill(0)
          for (let i = lane; i < feeds.length; i += lanes)
            results[i] = await gradients.run({ ...weights, ...totals[lane], ...feeds[i] }, gradientViews[lane])
        }),
      )
      const lossSum = results.reduce((sum, { loss }) => sum + scalarOf(loss), 0)
      const outputs = pick(results.at(-1)!, options.outputs)
      const result = await norm.run(sums, lanes > 1 ? { sum: sums.gradients0 } : {})
      const gradientNorm = scalarOf(result.norm)
      if (!Number.isFinite(lossSum) || !Number.isFinite(gradientNorm))
        return { loss: lossSum, gradientNorm, updated: false, outputs }
      const scalars = scalarFeeds({ learningRate, ...optimizer.scalars(step) })
      const decay = scalarFeeds({ weightDecay: optimizer.weightDecay })
      const noDecay = scalarFeeds({ weightDecay: 0 })
      await inLanes([...wholes, ...chunks], lanes, ({ program = update, decays, feeds, fetches }) =>
        program.run({ ...feeds, ...scalars, ...(decays ? decay : noDecay), clipping: result.clipping }, fetches),
      )
      return { loss: lossSum, gradientNorm, updated: true, outputs }
    },
    weights: () => weights,
    state: async () => ({
      weights: viewMap(flat.views(flat.weights)),
      optimizer: Object.fromEntries(optimizer.state.map((name, i) => [name, viewMap(flat.views(flat.state[i]))])),
    }),
    restore: state => {
      for (const [name, view] of Object.entries(weightViews)) view.data.set(state.weights.get(name) as never)
      for (const [i, stateName] of optimizer.state.entries()) {
        for (const [name, view] of Object.entries(flat.views(flat.state[i]))) {
          view.data.set(state.optimizer[stateName].get(name) as never)
        }
      }
    },
    release: async () => {
      const all = new Set([...programs.all(), norm, update, ...wholes.map(({ program }) => program)])
      await Promise.all([...all].map(program => program.release()))
    },
  }
  for (const [name, view] of Object.entries(weightViews)) view.data.set(options.weights.get(name) as never)
  return step
}

/** loss, the asked-for outputs and, for each parameter, its gradient (plus a total so far). */
function gradientProgram(options: StepOptions, loss: Tensor, accumulate: boolean, load: LoadOptions): Promise<Program> {
  const { runtime, parameters, outputs = {} } = options
  const gradients = gradient(loss, [...parameters.values()])
  const summed = [...parameters.keys()].map((name, i) => {
    const own = gradients[i]
    return [gradientPrefix + name, accumulate ? own.add(input(total(name), own.shape)) : own] as const
  })
  const all = { loss, ...outputs, ...Object.fromEntries(summed) }
  return compile(runtime, all, { ...load, parameterNames: lossParameterNames(options) })
}

/** Compiled programs by bucket; a loss that is no function is compiled at once. */
export interface BucketPrograms {
  /** Of the latest bucket. */
  readonly last: Program | undefined
  of(bucket: string | undefined): Promise<Program>
  all(): readonly Program[]
}

export async function perBucket(
  loss: StepOptions['loss'],
  build: (loss: Tensor) => Promise<Program>,
): Promise<BucketPrograms> {
  const programs = new Map<string, Program>()
  let last: Program | undefined
  const of = async (bucket = ''): Promise<Program> => {
    last = programs.get(bucket) ?? (await build(typeof loss === 'function' ? loss(bucket) : loss))
    programs.set(bucket, last)
    return last
  }
  if (typeof loss !== 'function') await of('')
  return {
    get last() {
      return last
    },
    of: bucket => of(typeof loss === 'function' ? bucket : ''),
    all: () => [...programs.values()],
  }
}

/** The results that were asked for. */
export function pick(
  results: Readonly<Record<string, Value>>,
  outputs: Readonly<Record<string, Tensor>> = {},
): Record<string, Value> {
  return Object.fromEntries(Object.keys(outputs).map(name => [name, results[name]]))
}

/** The sum of the lanes' gradients, its global norm and the factor that clips it: min(1, clip / (norm + 1e-6)). */
function normProgram(runtime: Runtime, flat: FlatParameters, clip: number, lanes: number): Promise<Program> {
  const [first, ...others] = Array.from({ length: lanes }, (_, lane) =>
    input(`gradients${lane}`, [flat.chunks.length, flat.chunkLength]),
  )
  const sum = others.reduce((total, one) => total.add(one), first)
  // Products of rows with themselves: a tenth of the time of ReduceSumSquare, which adds one number after the other.
  const rows = sum.reshape([flat.chunks.length, 1, flat.chunkLength])
  const norm = rows.matmul(rows, { transposeB: true }).sum().sqrt()
  const load = { beside: lanes > 1 } // threads that share operators would go on spinning when it is done
  return compile(runtime, { norm, clipping: clippingFactor(norm, clip), ...(lanes > 1 && { sum }) }, load)
}

/** As torch.nn.utils.clip_grad_norm_ does it. */
export function clippingFactor(norm: Tensor, clip: number): Tensor {
  return clip > 0 ? norm.add(1e-6).reciprocal().mul(clip).minimum(1) : norm.mul(0).add(1)
}

/** Memory of a part of the flat buffers, as inputs of an update and as what its outputs are written over. */
function inPlace(
  optimizer: Optimizer,
  flat: FlatParameters,
  part: (buffer: Float32Array) => HostTensor,
): Pick<PartUpdate, 'feeds' | 'fetches'> {
  const state = optimizer.state.map((name, i) => [name, part(flat.state[i])] as const)
  const memory = { parameter: part(flat.weights), ...Object.fromEntries(state) }
  const fetches = Object.fromEntries(Object.entries(memory).map(([name, tensor]) => [`next/${name}`, tensor]))
  return { feeds: { ...memory, gradient: part(flat.gradients) }, fetches }
}

/** An update of a part of the flat buffers. */
interface PartUpdate {
  readonly decays: boolean
  /** That of the chunks where there is none. */
  readonly program?: Program
  readonly feeds: Readonly<Record<string, HostTensor>>
  readonly fetches: Readonly<Record<string, HostTensor>>
}

/** Elements of parameters that are updated together: more would not stay in the caches. */
const largestStack = 2 ** 20

/**
 * The updates of parameters that their optimizer sees whole. Those alike in shape are one tensor, stacked: small products
 * of matrices share their threads then, and the cost of a call.
 */
async function wholeUpdates(
  options: StepOptions,
  flat: FlatParameters,
  decays: NonNullable<StepOptions['decays']>,
  lanes: number,
): Promise<(PartUpdate & { readonly program: Program })[]> {
  const { optimizer } = options
  const alike = Map.groupBy(flat.placements, ({ name, shape }) => {
    const matrices = wholeMatrices(optimizer, name, shape)
    return matrices > 0 ? [...shape, matrices, decays(name, shape)].join() : ''
  })
  alike.delete('')
  const programs = new Map<string, Program>()
  const updates: (PartUpdate & { readonly program: Program })[] = []
  for (const [kind, placements] of alike) {
    const [{ name, shape, length }] = placements
    const matrices = wholeMatrices(optimizer, name, shape)
    const most = Math.min(Math.floor(largestStack / length), Math.ceil(placements.length / lanes))
    for (const stack of stacks(placements, Math.max(1, most))) {
      const stacked = [stack.length, ...shape]
      const key = `${kind};${stack.length}`
      const program =
        programs.get(key) ??
        (await updateProgram(options, stacked, inputs => optimizer.whole!.update(inputs, matrices), {
          beside: lanes > 1,
        }))
      programs.set(key, program)
      const { offset } = stack[0]
      const part = (buffer: Float32Array) =>
        host('float32', stacked, buffer.subarray(offset, offset + stack.length * length))
      updates.push({ decays: decays(name, shape), program, ...inPlace(optimizer, flat, part) })
    }
  }
  return updates
}

/** Runs of placements that lie side by side, none longer than the limit. */
function stacks(placements: readonly Placement[], limit: number): Placement[][] {
  const all: Placement[][] = []
  for (const placement of placements) {
    const last = all.at(-1)
    const end = last && last.at(-1)!.offset + last.at(-1)!.length
    if (last && last.length < limit && end === placement.offset) last.push(placement)
    else all.push([placement])
  }
  return all
}

/** An optimizer's rule on a tensor of a shape. */
function updateProgram(
  { runtime, optimizer }: StepOptions,
  shape: Shape,
  rule: (inputs: UpdateInputs) => Updated,
  load: LoadOptions,
): Promise<Program> {
  const scalarNames = ['learningRate', 'weightDecay', ...Object.keys(optimizer.scalars(1))]
  const scalars = Object.fromEntries(scalarNames.map(name => [name, input(name, [])]))
  const state = optimizer.state.map(name => input(name, shape))
  const clipped = input('gradient', shape).mul(input('clipping', []))
  const next = rule({ parameter: input('parameter', shape), gradient: clipped, state, scalars })
  const outputs = optimizer.state.map((name, i) => [`next/${name}`, next.state[i]] as const)
  return compile(runtime, { 'next/parameter': next.parameter, ...Object.fromEntries(outputs) }, load)
}

export function scalarFeeds(values: Readonly<Record<string, number>>): Record<string, HostTensor> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, host('float32', [], new Float32Array([value]))]),
  )
}

export const scalarOf = (value: Value): number => Number((value as HostTensor).data[0])

const viewMap = (views: Record<string, HostTensor>): Map<string, Float32Array> =>
  new Map(Object.entries(views).map(([name, { data }]) => [name, data as Float32Array]))
