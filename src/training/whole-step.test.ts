import { expect, test } from 'vitest'
import { expectClose } from '../../test/engine/closeness.ts'
import { type TinyProblem, tinyGpt2 } from '../../test/engine/tiny-gpt2.ts'
import { OptionError, TrainingError } from '../base/errors.ts'
import { host } from '../compiler/compile.ts'
import { adam, adamW } from '../optim/adamw.ts'
import { muon } from '../optim/muon.ts'
import type { Optimizer } from '../optim/optimizer.ts'
import { sgd } from '../optim/sgd.ts'
import { nodeRuntime } from '../runtime/node.ts'
import type { DeviceTensor, HostTensor, Runtime, Value } from '../runtime/runtime.ts'
import { flatStep, type TrainingState, type TrainingStep } from './step.ts'
import { wholeStep } from './whole-step.ts'

const runtime = nodeRuntime()
const steps = 10
const learningRate = 1e-3

/** Cuts batches of int64 [B, T] into equal parts along B. */
function cut(feeds: Record<string, HostTensor>, parts: number): Record<string, HostTensor>[] {
  return Array.from({ length: parts }, (_, i) =>
    Object.fromEntries(
      Object.entries(feeds).map(([name, { shape, data }]) => {
        const part = (data as BigInt64Array).slice((i * data.length) / parts, ((i + 1) * data.length) / parts)
        return [name, host('int64', [shape[0] / parts, shape[1]], part)]
      }),
    ),
  )
}

async function train(
  step: TrainingStep,
  problem: TinyProblem,
  microBatches = 1,
): Promise<{ losses: number[]; state: TrainingState }> {
  const losses = []
  for (let i = 1; i <= steps; i++) {
    losses.push((await step.run(cut(problem.batch(i), microBatches), { step: i, learningRate })).loss)
  }
  const state = await step.state()
  await step.release()
  return { losses, state }
}

function expectSameTraining(
  actual: Awaited<ReturnType<typeof train>>,
  expected: Awaited<ReturnType<typeof train>>,
): void {
  expectClose('losses', actual.losses, expected.losses, { relative: 1e-5 })
  for (const [name, values] of actual.state.weights) {
    expectClose(name, withoutKeyBias(name, values), withoutKeyBias(name, expected.state.weights.get(name)!), {
      absolute: 1e-5,
    })
  }
}

/**
 * A key's bias moves all scores of a query alike, so its gradient is rounding noise, which Adam makes as large as any
 * other: the middle third of these biases cannot be compared.
 */
function withoutKeyBias(name: string, values: Float32Array): Float32Array {
  if (!name.endsWith('attention.project.bias')) return values
  return Float32Array.of(...values.subarray(0, values.length / 3), ...values.subarray((2 * values.length) / 3))
}

const optimizers: Record<string, Optimizer> = {
  adamW: adamW({ weightDecay: 0.1 }),
  adam: adam(),
  sgd: sgd({ momentum: 0.9, weightDecay: 0.01 }),
  muon: muon({ weightDecay: 0.1 }),
}

for (const [name, optimizer] of Object.entries(optimizers)) {
  test(`one graph and flat buffers train alike: ${name}`, async () => {
    const problem = tinyGpt2()
    const options = { runtime, ...problem, optimizer }
    const whole = await train(await wholeStep(options), problem)
    const flat = await train(await flatStep(options), problem)
    expectSameTraining(whole, flat)
    expect(Object.keys(whole.state.optimizer)).toEqual(Object.keys(flat.state.optimizer))
  })
}

test.each([
  ['one after another', 3, 1],
  ['in lanes, one each', 2, 2],
  ['in lanes, several each', 4, 2],
  ['of which each lane would not have as many', 3, 2],
])('several micro-batches are one batch: %s', async (_, microBatches, lanes) => {
  const problem = tinyGpt2({ batchSize: 12 })
  const part = tinyGpt2({ batchSize: 12 / microBatches })
  const { weights } = problem
  const runtime = { ...nodeRuntime({ threads: 2 }), lanes }
  for (const optimizer of [adamW({ weightDecay: 0.1 }), muon({ weightDecay: 0.1 })]) {
    const whole = await train(await wholeStep({ ...problem, runtime, optimizer }), problem)
    const loss = part.loss.mul(1 / microBatches)
    const flat = await flatStep({ ...part, runtime, weights, optimizer, microBatches, loss })
    expectSameTraining(await train(flat, problem, microBatches), whole)
  }
})

test('as many lanes as threads', () => {
  expect([1, 2, 64].map(threads => nodeRuntime({ threads }).lanes)).toEqual([1, 2, 1])
  expect(nodeRuntime({ threads: 2, copying: true }).lanes).toBe(1)
})

test('weights follow the training, and a restored state goes on where it was', async () => {
  const problem = tinyGpt2()
  const step = await wholeStep({ runtime, ...problem })
  const run = (i: number) => step.run([problem.batch(i)], { step: i, learningRate })
  await run(1)
  const state = await step.state()
  const weights = step.weights() as Record<string, HostTensor>
  for (const [name, values] of state.weights) expect(weights[name].data).toBe(values)
  const [second, third] = [await run(2), await run(3)]
  step.restore(state)
  expect([await run(2), await run(3)]).toEqual([second, third])
  await step.release()
})

/** The runtime with outputs that stay on a device of our own, and how many are there. */
function withDevice(): { runtime: Runtime; alive: Set<DeviceTensor> } {
  const alive = new Set<DeviceTensor>()
  const memory = new WeakMap<Value, HostTensor>()
  const keep = (tensor: HostTensor): DeviceTensor => {
    const { dtype, shape, data } = tensor
    const kept: DeviceTensor = { dtype, shape, read: async () => data, release: () => alive.delete(kept) }
    alive.add(kept)
    memory.set(kept, tensor)
    return kept
  }
  const load: Runtime['load'] = async (model, { keepOnDevice = [] } = {}) => {
    const session = await runtime.load(model)
    return {
      run: async feeds => {
        const onHost = Object.entries(feeds).map(([name, value]) => [name, memory.get(value) ?? value])
        const results = await session.run(Object.fromEntries(onHost))
        for (const name of keepOnDevice) results[name] = keep(results[name] as HostTensor)
        return results
      },
      release: () => session.release(),
    }
  }
  return { runtime: { ...runtime, load }, alive }
}

test('what stays on a device is released when it is replaced', async () => {
  const { runtime, alive } = withDevice()
  const problem = tinyGpt2()
  const step = await wholeStep({ runtime, ...problem })
  const tensors = 3 * problem.parameters.size // weights, means and squares
  for (let i = 1; i <= 3; i++) {
    await step.run([problem.batch(i)], { step: i, learningRate })
    expect(alive.size).toBe(tensors)
  }
  const state = await step.state()
  step.restore(state)
  expect(alive.size).toBe(0)
  await step.run([problem.batch(4)], { step: 4, learningRate })
  await step.release()
  expect(alive.size).toBe(0)
})

test('a loss that is not finite changes nothing', async () => {
  const problem = tinyGpt2()
  const poisoned = new Map(
    [...problem.weights].map(([name, values]) => [name, name.endsWith('bias') ? values.map(() => Infinity) : values]),
  )
  for (const makeStep of [wholeStep, flatStep]) {
    const step = await makeStep({ runtime, ...problem, weights: poisoned })
    const { loss, updated } = await step.run([problem.batch(1)], { step: 1, learningRate })
    expect([Number.isFinite(loss), updated]).toEqual([false, false])
    for (const [name, values] of (await step.state()).weights) expect(values).toEqual(poisoned.get(name))
    await step.release()
  }
})

test('the step on flat buffers refuses a runtime that cannot write in place', async () => {
  const options = { runtime: { ...runtime, writesInPlace: false }, ...tinyGpt2() }
  await expect(flatStep(options)).rejects.toThrow('Use wholeStep.')
})

test('micro-batches are refused', async () => {
  const problem = tinyGpt2()
  await expect(wholeStep({ runtime, ...problem, microBatches: 2 })).rejects.toThrow(OptionError)
  const step = await wholeStep({ runtime, ...problem })
  await expect(step.run([problem.batch(1), problem.batch(2)], { step: 1, learningRate })).rejects.toThrow(TrainingError)
  await step.release()
})
