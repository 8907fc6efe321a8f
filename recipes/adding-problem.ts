/**
 * The adding problem: of 100 random numbers two are marked, and their sum is asked for at the end. A network that cannot
 * carry an error over such distances answers 1, the mean, and is off by 1/6 in the mean square.
 * Hochreiter and Schmidhuber, 1997, section 5.4; in this form Le, Jaitly and Hinton, 2015, section 4.1.
 */
import {
  adam,
  compile,
  constantRate,
  fit,
  host,
  initialWeights,
  input,
  Linear,
  namedParameters,
  parameterNames,
  Random,
  type RecurrentKind,
  type Runtime,
  recurrentLayer,
  type Tensor,
  type Value,
} from '../src/index.ts'
import type { Measured, Recipe } from './recipe.ts'

const batchSize = 50
const units = 64
const testSequences = 1000
/** What counts as solved: the trivial answer reaches 1/6. */
const solved = 0.01

const error = (name: string, kind: string, better: 'lower' | 'higher') => ({
  ...{ name, better, bound: solved },
  title: `${kind}: mean squared error on 1,000 new sequences`,
})

export const recipe: Recipe = {
  name: 'adding-problem',
  year: 1997,
  title: {
    en: 'the adding problem over 100 steps: solved by LSTM and GRU, not by the plain recurrent network (64 units)',
    zh: '100 步的加法问题：LSTM 与 GRU 能解，普通 RNN 不能（64 单元）',
  },
  datasets: [],
  seeds: 3,
  measures: [
    error('lstm', 'LSTM', 'lower'),
    error('gru', 'GRU', 'lower'),
    error('rnn', 'plain recurrent network (a higher error is the point)', 'higher'),
  ],
  remarks: `Solved means below 0.01; answering 1 gives 1/6. Each kind gets as many updates as it needs for that on sequences of
its own, at most 8,000; the sequences of the table are new. Adam, 2e-3, batches of 50, clipping at 1, the same for all.`,
  async run({ seed, quick, runtime, print, signal }) {
    const measured: Record<string, number> = {}
    for (const kind of ['lstm', 'gru', 'rnn'] as const) {
      const options = quick ? { length: 12, steps: 20, seed } : { length: 100, steps: 8000, seed }
      const { steps, testError } = await solve(runtime, kind, options, signal)
      print(`${kind}: error ${testError.toFixed(4)} after ${steps} updates`)
      measured[kind] = testError
    }
    return measured satisfies Measured
  },
}

/** Sequences of numbers with marks [T, B, 2] and the sums of the marked ones [B, 1]. */
function sequences(random: Random, length: number, count: number): Record<'x' | 'y', Value> {
  const x = new Float32Array(length * count * 2)
  const y = new Float32Array(count)
  for (let row = 0; row < count; row++) {
    for (let t = 0; t < length; t++) x[2 * (t * count + row)] = random.uniform()
    const half = Math.floor(length / 2)
    for (const t of [random.integer(half), half + random.integer(length - half)]) {
      x[2 * (t * count + row) + 1] = 1
      y[row] += x[2 * (t * count + row)]
    }
  }
  return { x: host('float32', [length, count, 2], x), y: host('float32', [count, 1], y) }
}

export interface Solution {
  /** Updates that it took. */
  readonly steps: number
  readonly testError: number
}

/** Trains one layer and a linear answer until an error on held-out sequences is below `solved`, or no steps are left. */
export async function solve(
  runtime: Runtime,
  kind: RecurrentKind,
  { length, steps, seed }: { readonly length: number; readonly steps: number; readonly seed: number },
  signal?: AbortSignal,
): Promise<Solution> {
  const model = { layer: recurrentLayer(kind, 2, units), answer: new Linear(units, 1) }
  const parameters = namedParameters(model)
  const errorOf = (count: number): Tensor => {
    const { state } = model.layer.apply(input('x', [length, count, 2]))
    return model.answer
      .apply(state[0])
      .sub(input('y', [count, 1]))
      .square()
      .mean()
  }
  const names = parameterNames(parameters)
  const program = await compile(runtime, { error: errorOf(testSequences) }, { parameterNames: names })
  const heldOut = (name: string) => sequences(new Random(seed, name), length, testSequences)
  const errorOn = async (weights: Readonly<Record<string, Value>>, data: Record<string, Value>): Promise<number> => {
    const { error: value } = await program.run({ ...weights, ...data })
    return Number((value as { data: ArrayLike<number> }).data[0])
  }
  const validation = heldOut('adding/validation')
  const training = await fit({
    ...{ runtime, parameters, weights: initialWeights(parameters, seed), loss: errorOf(batchSize), steps },
    batch: step => {
      const random = new Random(seed, `adding/batch/${step}`)
      return { feeds: [sequences(random, length, batchSize)], items: batchSize }
    },
    ...{ optimizer: adam(), learningRate: constantRate(2e-3), clip: 1, evaluateEvery: Math.min(250, steps) },
    evaluate: weights => errorOn(weights, validation),
  })
  let done = 0
  for await (const event of training.events) {
    done = event.step
    if (signal?.aborted || (event.type === 'validation' && event.loss < solved / 2)) break
  }
  const testError = await errorOn(training.weights(), heldOut('adding/test'))
  await Promise.all([training.release(), program.release()])
  return { steps: done, testError }
}
