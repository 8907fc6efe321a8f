/**
 * Parallel in time: tokens a second in training, of the Transformer and of an LSTM with as many parameters, for sequences
 * of 32 to 512 tokens. Every update has as many tokens: the LSTM must take them one after another, the Transformer need not.
 */
import {
  adam,
  crossEntropy,
  flatStep,
  type HostTensor,
  host,
  initialWeights,
  input,
  type LanguageModel,
  LSTM,
  lineChart,
  namedParameters,
  parameterCount,
  Random,
  type Runtime,
  type Tensor,
  Transformer,
} from '../src/index.ts'
import type { Recipe } from './recipe.ts'

const vocabulary = 1000

export const recipe: Recipe = {
  name: 'parallel-in-time',
  year: 2017,
  title: {
    en: 'training speed by length, 32 to 512 tokens: Transformer beside LSTM with as many parameters',
    zh: '序列长度 32 到 512 的训练速度：Transformer 与参数量相同的 LSTM',
  },
  datasets: [],
  seeds: 1,
  measures: [
    { name: 'transformer32', title: 'Transformer, 32 tokens long, tokens/s', better: 'higher' },
    { name: 'transformer512', title: 'Transformer, 512 tokens long, tokens/s', better: 'higher' },
    { name: 'lstm32', title: 'LSTM, 32 tokens long, tokens/s', better: 'higher' },
    { name: 'lstm512', title: 'LSTM, 512 tokens long, tokens/s', better: 'higher' },
    { name: 'ratio512', title: 'Transformer over LSTM at 512 tokens', better: 'higher' },
  ],
  remarks: `Both see the same tokens in an update; the Transformer reads half of a sequence and writes the other half. The LSTM has two
layers, and each of its steps is a product with only as many rows as there are sequences.`,
  async run({ quick, runtime, print, save, seed }) {
    const [tokens, channels, rounds] = quick ? [128, 32, 2] : [2048, 256, 6]
    const lengths = quick ? [16, 32] : [32, 64, 128, 256, 512]
    const size = { vocabulary, context: 512, channels, layers: 3, heads: 4, hidden: 4 * channels, padding: 0 }
    const transformer = new Transformer({ ...size, bias: true })
    const lstm = lstmOf(parameterCount(transformer))
    const [ours, theirs] = [parameterCount(transformer), parameterCount(lstm)]
    print(`parameters: Transformer ${ours.toLocaleString('en-US')}, LSTM ${theirs.toLocaleString('en-US')}`)
    print('length  Transformer  LSTM  (tokens/s)')
    const rates: { length: number; transformer: number; lstm: number }[] = []
    for (const length of lengths) {
      const rows = tokens / length
      const [reads, writes] = [input('ids', [rows, length / 2], 'int64'), input('targets', [rows, length / 2], 'int64')]
      const ids = input('ids', [rows, length], 'int64')
      const options = { runtime, seed, rounds, tokens }
      const rate = {
        length,
        transformer: await rateOf(transformer, crossEntropy(transformer.logits(reads, writes), writes), reads, options),
        lstm: await rateOf(lstm, crossEntropy(lstm.logits(ids), input('targets', ids.shape, 'int64')), ids, options),
      }
      const shown = [rate.transformer, rate.lstm].map(value => Math.round(value).toLocaleString('en-US'))
      print(`${String(length).padStart(6)}  ${shown[0].padStart(11)}  ${shown[1]}`)
      rates.push(rate)
    }
    const points = (name: 'transformer' | 'lstm') => rates.map(rate => [rate.length, rate[name]] as const)
    const chart = await lineChart({
      title: 'Training speed by length of the sequences',
      x: { label: 'tokens of a sequence', scale: 'log2' },
      y: { label: 'tokens/s', minimum: 0 },
      series: [
        { name: 'Transformer', points: points('transformer') },
        { name: 'LSTM', points: points('lstm') },
      ],
    })
    await save('tokens-per-second.svg', chart)
    const [first, last] = [rates[0], rates.at(-1)!]
    return {
      transformer32: first.transformer,
      transformer512: last.transformer,
      lstm32: first.lstm,
      lstm512: last.lstm,
      ratio512: last.transformer / last.lstm,
    }
  },
}

/** The LSTM of two layers whose parameters come nearest. */
function lstmOf(parameters: number): LSTM {
  const make = (hiddenSize: number) =>
    new LSTM({ vocabulary, context: 512, embeddingSize: hiddenSize, hiddenSize, layers: 2 })
  let hiddenSize = 8
  while (parameterCount(make(hiddenSize + 8)) <= parameters) hiddenSize += 8
  return make(hiddenSize)
}

/** Tokens a second of training: the best of a few updates, the first ones left out. */
async function rateOf(
  model: (LanguageModel | Transformer) & object,
  loss: Tensor,
  { shape }: Tensor,
  { runtime, seed, rounds, tokens }: { runtime: Runtime; seed: number; rounds: number; tokens: number },
): Promise<number> {
  const parameters = namedParameters(model)
  const optimizer = adam({ beta2: 0.98, epsilon: 1e-9 })
  const step = await flatStep({ runtime, parameters, weights: initialWeights(parameters, seed), loss, optimizer })
  const random = new Random(seed, 'tokens')
  const ids = (): HostTensor =>
    host(
      'int64',
      shape,
      BigInt64Array.from({ length: shape[0] * shape[1] }, () => BigInt(1 + random.integer(vocabulary - 1))),
    )
  let best = Infinity
  for (let round = 1; round <= rounds; round++) {
    const feeds = { ids: ids(), targets: ids() }
    const started = performance.now()
    await step.run([feeds], { step: round, learningRate: 1e-4 })
    if (round > 1) best = Math.min(best, performance.now() - started)
  }
  await step.release()
  return (1000 * tokens) / best
}
