import { expect, test } from 'vitest'
import { host } from '../compiler/compile.ts'
import { zeros } from '../nn/initializers.ts'
import { constantRate } from '../optim/schedules.ts'
import { sgd } from '../optim/sgd.ts'
import { nodeRuntime } from '../runtime/node.ts'
import type { HostTensor, Runtime } from '../runtime/runtime.ts'
import { input, Parameter } from '../tensor/tensor.ts'
import { type Feeds, type FitOptions, type FitStep, fit, type ValidationEvent } from './fit.ts'

const runtime = nodeRuntime({ threads: 1 })
/** A runtime whose step is one graph. */
const elsewhere: Runtime = { ...runtime, writesInPlace: false }

const column = (values: readonly number[]): HostTensor => host('float32', [values.length], Float32Array.from(values))

/** Fits w to y = 3 x, with as many examples at once as the bucket says. */
function line(given: Partial<FitOptions> = {}): FitOptions {
  const w = new Parameter([1], zeros)
  return {
    runtime,
    parameters: new Map([['w', w]]),
    weights: new Map([['w', new Float32Array(1)]]),
    loss: bucket => {
      const shape = [Number(bucket)]
      return w.mul(input('x', shape)).sub(input('y', shape)).square().mean()
    },
    optimizer: sgd(),
    steps: 40,
    learningRate: constantRate(0.1),
    batch: step => {
      const x = step % 2 === 0 ? [1, -1] : [0.5, 1, 1.5]
      return { feeds: [{ x: column(x), y: column(x.map(v => 3 * v)) }], items: x.length, bucket: String(x.length) }
    },
    ...given,
  }
}

async function run(options: FitOptions) {
  const fitted = await fit(options)
  const events: (FitStep | ValidationEvent)[] = []
  for await (const event of fitted.events) events.push(event)
  const w = (await fitted.state()).weights.get('w')!.slice()
  await fitted.release()
  return { events, w: w[0] }
}

test('batches of several shapes train one set of weights', async () => {
  for (const where of [runtime, elsewhere]) {
    const { w, events } = await run(line({ runtime: where }))
    expect(w).toBeCloseTo(3, 2)
    expect(events).toHaveLength(40)
  }
})

test('what a step returns is carried to the batch of the next', async () => {
  for (const where of [runtime, elsewhere]) {
    const w = new Parameter([1], zeros)
    const state = input('state', [])
    const seen: number[] = []
    await run({
      ...line({ runtime: where, steps: 4, parameters: new Map([['w', w]]) }),
      loss: w.square().sum(),
      outputs: { 'next/state': state.mul(2) },
      batch: (_, carried) => {
        const value = (carried?.['next/state'] as HostTensor | undefined) ?? host('float32', [], Float32Array.of(1))
        seen.push(value.data[0] as number)
        return { feeds: [{ state: value }], items: 1 }
      },
    })
    expect(seen).toEqual([1, 2, 4, 8])
  }
})

test('validations come as often as said and after the last update, and know the best', async () => {
  const losses = [5, 7, 4]
  const { events } = await run(line({ steps: 5, evaluateEvery: 2, evaluate: async () => losses.shift()! }))
  const validations = events.filter(event => event.type === 'validation')
  expect(validations.map(({ step, best, whole }) => [step, best, whole])).toEqual([
    [2, true, false],
    [4, false, false],
    [5, true, true],
  ])
})

test('patience ends a training, and a resumed one goes on counting', async () => {
  const losses = [5, 4, 4.5, 4, 3, 1]
  const early = {
    steps: 12,
    evaluateEvery: 2,
    patience: 2,
    evaluate: async (_: Feeds, __: boolean, step: number) => losses[step / 2 - 1],
  }
  const { events } = await run(line(early))
  const validations = events.filter(event => event.type === 'validation')
  expect(validations.map(({ step, best, sinceBest }) => [step, best, sinceBest])).toEqual([
    [2, true, 0],
    [4, true, 0],
    [6, false, 1],
    [8, false, 2],
  ])
  expect(events.at(-1)).toMatchObject({ type: 'validation', step: 8 })

  const part = await fit(line(early))
  for await (const event of part.events) if (event.type === 'step' && event.step === 7) break
  const resume = { step: 7, state: await part.state(), best: part.best }
  await part.release()
  const rest = await run(line({ ...early, resume }))
  expect(rest.events.map(({ step }) => step)).toEqual([8, 8])
  expect((await run(line({ ...early, patience: 3, resume }))).events.at(-1)).toMatchObject({
    step: 12,
    loss: 1,
    best: true,
  })
  await expect(run(line({ patience: 2 }))).rejects.toThrow('Option --patience expected held-out examples')
})

test('the last validation, of everything, is compared with samples by a sample', async () => {
  const samples = [5, 4, 3]
  const scored: [step: number, whole: boolean][] = []
  const evaluate = async (_: Feeds, whole: boolean, step: number) => {
    scored.push([step, whole])
    return whole ? 4.5 : samples[step / 2 - 1]
  }
  const validations = async (sampled: boolean) => {
    const { events } = await run(line({ steps: 6, evaluateEvery: 2, evaluate, sampled }))
    return events.filter(event => event.type === 'validation').map(({ loss, best, whole }) => [loss, best, whole])
  }
  const early = [
    [5, true, false],
    [4, true, false],
  ]
  expect(await validations(true)).toEqual([...early, [4.5, true, true]])
  expect(scored.splice(0).slice(2)).toEqual([
    [6, false],
    [6, true],
  ])
  expect(await validations(false)).toEqual([...early, [4.5, false, true]])
  expect(scored.slice(2)).toEqual([[6, true]])
})

test('the best is chosen by a metric, and of equal ones the first is kept', async () => {
  const held = [
    { loss: 3, metric: 0.5 },
    { loss: 1, metric: 0.4 },
    { loss: 2, metric: 0.5 },
    { loss: 5, metric: 0.6 },
    { loss: 5, metric: 0.6 },
  ]
  const { events } = await run(line({ steps: 5, evaluateEvery: 1, evaluate: async () => held.shift()! }))
  const validations = events.filter(event => event.type === 'validation')
  expect(validations.map(({ metric, best }) => [metric, best])).toEqual([
    [0.5, true],
    [0.4, false],
    [0.5, false],
    [0.6, true],
    [0.6, false],
  ])
})

test('a training that has left the road stops', async () => {
  await expect(run(line({ learningRate: constantRate(1e30) }))).rejects.toThrow('a finite loss')
  await expect(run(line({ maximumGradientNorm: 1 }))).rejects.toThrow('a finite gradient norm of at most 1')
})
