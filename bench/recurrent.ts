/**
 * Our side of the benchmark of recurrent layers, driven line by line as bench/peers/README.md describes. A word language
 * model by default: Zaremba's small LSTM with plain SGD and clipping.
 *
 *     node bench/recurrent.ts --kind lstm --layers 2 --hidden 200 --embedding 200 --context 35 --batch 20 --vocabulary 10000
 */
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { Random } from '../src/base/random.ts'
import { memoryTokens } from '../src/data/token-shards.ts'
import { modelEntry } from '../src/models/index.ts'
import { initialWeights, namedParameters } from '../src/nn/parameters.ts'
import { sgd } from '../src/optim/sgd.ts'
import { nodeRuntime } from '../src/runtime/node.ts'
import { train } from '../src/training/train.ts'

const option = (value: string) => ({ type: 'string' as const, default: value })
const { values } = parseArgs({
  options: {
    kind: option('lstm'),
    layers: option('2'),
    hidden: option('200'),
    embedding: option('200'),
    context: option('35'),
    batch: option('20'),
    vocabulary: option('10000'),
    threads: option('2'),
  },
})
const number = (name: keyof typeof values): number => Number(values[name])
const [batchSize, context, vocabulary] = [number('batch'), number('context'), number('vocabulary')]
const model = modelEntry(values.kind).create({
  ...{
    vocabulary,
    context,
    layers: number('layers'),
    hiddenSize: number('hidden'),
    embeddingSize: number('embedding'),
  },
  ...{ heads: 1, channels: 1, bias: true },
})
const random = new Random(1, 'tokens')
const tokens = Int32Array.from({ length: 200_000 }, () => random.integer(vocabulary))
const started = performance.now()
const training = await train(model, {
  ...{ runtime: nodeRuntime({ threads: number('threads') }), weights: initialWeights(namedParameters(model), 1) },
  ...{ train: memoryTokens(tokens, tokens.length), steps: Number.MAX_SAFE_INTEGER, batchSize, seed: 1 },
  ...{ optimizer: sgd({ momentum: 0, weightDecay: 0 }), learningRate: () => 1, clip: 5 },
  ...{ evaluateEvery: Number.MAX_SAFE_INTEGER, evaluationBatches: 1 },
})
const createMs = performance.now() - started
let loss = 0
async function run(count: number): Promise<number[]> {
  const milliseconds: number[] = []
  for (let i = 0; i < count; i++) {
    const { value } = await training.events.next()
    if (value?.type !== 'step') throw new Error('the training ended')
    loss = value.loss
    milliseconds.push(value.durationMs)
  }
  return milliseconds
}

await run(5)
console.log('ready')
for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify({ milliseconds: await run(Number(line)), loss }))
}
const peakMb = process.resourceUsage().maxRSS / 1024
const { nodeCount, matmulFlops } = training
console.log(JSON.stringify({ peer: 'nacre', createMs, nodeCount, matmulFlops, peakMb }))
process.exit()
