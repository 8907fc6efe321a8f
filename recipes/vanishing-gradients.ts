/**
 * Vanishing gradients: how much of the error at the last step reaches an input that is further and further before it, in
 * the three recurrent layers as training finds them. Hochreiter, 1991; Bengio, Simard and Frasconi, 1994.
 */
import {
  compile,
  gradient,
  host,
  initialWeights,
  input,
  lineChart,
  namedParameters,
  parameterNames,
  Random,
  type RecurrentKind,
  type Runtime,
  recurrentLayer,
} from '../src/index.ts'
import type { Recipe } from './recipe.ts'

const kinds = ['rnn', 'lstm', 'gru'] as const
const titles = { rnn: 'RNN', lstm: 'LSTM', gru: 'GRU' } as const
const [units, inputs, batch] = [128, 32, 16]
/** The share of the nearest input's gradient below which an input counts as out of reach. */
const share = 1e-6

export const recipe: Recipe = {
  name: 'vanishing-gradients',
  year: 1982,
  title: {
    en: 'gradient of the last state with respect to inputs before it, for RNN, LSTM and GRU at the start of training',
    zh: '训练之初，RNN、LSTM、GRU 的末状态对先前输入的梯度随距离的变化',
  },
  datasets: [],
  seeds: 3,
  measures: kinds.map(kind => ({
    name: kind,
    title: `${titles[kind]}: distance at which a millionth of the gradient is left, steps`,
    better: 'higher' as const,
  })),
  remarks: `128 units, random inputs, the first weights of each layer (uniform within 1 / √128; the LSTM's forget gate with a bias
of 1). The plot is vanishing-gradients.svg in the output folder.`,
  async run({ seed, quick, runtime, explain, print, save }) {
    const steps = quick ? 20 : 150
    const norms = Object.fromEntries(
      await Promise.all(kinds.map(async kind => [kind, await gradientNorms(runtime, kind, steps, seed)] as const)),
    ) as Record<RecurrentKind, number[]>
    if (explain) {
      print(['distance', ...kinds.map(kind => titles[kind])].join('\t'))
      for (let distance = 0; distance < steps; distance += 10)
        print([distance, ...kinds.map(kind => norms[kind][distance].toExponential(2))].join('\t'))
    }
    const series = kinds.map(kind => ({
      name: titles[kind],
      points: norms[kind].map((norm, distance) => [distance, norm / norms[kind][0]] as const),
    }))
    await save(
      'vanishing-gradients.svg',
      await lineChart({
        title: 'Gradient that reaches an input, against its distance from the loss',
        x: { label: 'steps before the last' },
        y: { label: 'norm, as a share of the nearest', scale: 'log' },
        series,
      }),
    )
    return Object.fromEntries(kinds.map(kind => [kind, reach(norms[kind])]))
  },
}

/** The first distance with less than `share` of the gradient at distance 0; all steps where there is none. */
export function reach(norms: readonly number[]): number {
  const first = norms.findIndex(norm => norm < share * norms[0])
  return first < 0 ? norms.length : first
}

/** L1 norms of d(w h_T) / dx_t by the distance T - t, with random weights w. */
export async function gradientNorms(
  runtime: Runtime,
  kind: RecurrentKind,
  steps: number,
  seed: number,
): Promise<number[]> {
  const layer = recurrentLayer(kind, inputs, units)
  const parameters = namedParameters(layer)
  const x = input('x', [steps, batch, inputs])
  const loss = layer
    .apply(x)
    .state[0].mul(input('w', [batch, units]))
    .sum()
  const [dx] = gradient(loss, [x])
  const norms = dx.abs().sum([1, 2]) // [T]; squares of these would underflow
  const program = await compile(runtime, { norms }, { parameterNames: parameterNames(parameters) })
  const random = new Random(seed, 'vanishing')
  const normal = (shape: readonly number[]) => {
    const values = new Float32Array(shape.reduce((a, b) => a * b, 1))
    random.fillNormal(values, 1)
    return host('float32', shape, values)
  }
  const weights = initialWeights(parameters, seed)
  const feeds = Object.fromEntries(
    [...parameters].map(([name, { shape }]) => [name, host('float32', shape, weights.get(name)!)]),
  )
  const results = await program.run({ ...feeds, x: normal(x.shape), w: normal([batch, units]) })
  await program.release()
  return Array.from((results.norms as { data: ArrayLike<number> }).data).reverse()
}
