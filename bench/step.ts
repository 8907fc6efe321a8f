/**
 * Our side of the step benchmark, driven line by line as bench/peers/README.md describes: prints "ready" after warming
 * up; answers every line `N` with N steps and {"milliseconds": [...]}; at the end of the input prints its facts.
 *
 *     node bench/step.ts --layers 4 --heads 4 --channels 128 --context 64 --batch 12 --vocabulary 65 [--no-bias]
 *     node bench/step.ts --model llama --key-value-heads 2 ...
 *     node bench/step.ts --model gpt --dropout 0.1 ...
 */
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { Random } from '../src/base/random.ts'
import { host } from '../src/compiler/compile.ts'
import { randomWindows } from '../src/data/batches.ts'
import { memoryTokens } from '../src/data/token-shards.ts'
import { modelEntry } from '../src/models/index.ts'
import { dropoutPlaces } from '../src/models/language-model.ts'
import { Dropout, dropoutKeys } from '../src/nn/dropout.ts'
import { tokenLosses } from '../src/nn/losses.ts'
import { initialWeights, namedParameters } from '../src/nn/parameters.ts'
import { adamW } from '../src/optim/adamw.ts'
import { nodeRuntime } from '../src/runtime/node.ts'
import { input } from '../src/tensor/tensor.ts'
import { lanesOf } from '../src/training/lanes.ts'
import { flatStep } from '../src/training/step.ts'
import { defaultMicroBatches } from '../src/training/train.ts'

const number = (name: string, value: string) => ({ [name]: { type: 'string' as const, default: value } })
const { values } = parseArgs({
  allowNegative: true,
  options: {
    model: { type: 'string', default: 'gpt2' },
    ...number('layers', '4'),
    ...number('heads', '4'),
    ...number('key-value-heads', '0'),
    ...number('channels', '128'),
    ...number('context', '64'),
    ...number('batch', '12'),
    ...number('vocabulary', '65'),
    ...number('threads', '2'),
    ...number('micro-batches', '0'),
    ...number('dropout', '0'),
    ...number('warm-up', '3'),
    recompute: { type: 'boolean', default: false },
    bias: { type: 'boolean', default: true },
  },
})
const option = (name: string): number => Number((values as Record<string, string | boolean>)[name])
const [batch, context, vocabulary] = [option('batch'), option('context'), option('vocabulary')]
const started = performance.now()
const model = modelEntry(values.model).create({
  ...{ vocabulary, context, channels: option('channels'), layers: option('layers'), heads: option('heads') },
  ...{ bias: values.bias === true, hiddenSize: 0, embeddingSize: 0 },
  keyValueHeads: option('key-value-heads') || undefined,
})
const parameters = namedParameters(model)
const runtime = nodeRuntime({ threads: option('threads') })
const microBatches = option('micro-batches') || defaultMicroBatches(batch, context, lanesOf(runtime, parameters))
const shape = [batch / microBatches, context]
const places = dropoutPlaces(model)
const dropout = option('dropout') > 0 ? new Dropout(option('dropout'), places) : undefined
const logits = model.logits(input('ids', shape, 'int64'), { dropout, recompute: values.recompute === true })
const losses = tokenLosses(logits, input('targets', shape, 'int64'))
const step = await flatStep({
  runtime,
  parameters,
  weights: initialWeights(parameters, 1),
  loss: losses.sum().mul(1 / (batch * context)),
  optimizer: adamW({ beta2: 0.99, weightDecay: 0.1 }),
  clip: 1,
  microBatches,
})
const createMs = performance.now() - started

const random = new Random(1, 'bench')
const source = memoryTokens(
  Array.from({ length: 20 * batch * context }, () => random.integer(vocabulary)),
  1,
)
const batches = randomWindows({ source, batchSize: batch, context, seed: 1 })
let done = 0
let loss = 0
async function run(count: number): Promise<number[]> {
  const milliseconds: number[] = []
  for (let i = 0; i < count; i++) {
    const begin = performance.now()
    const { inputs, targets } = batches.batch(done++)
    const rows = inputs.length / microBatches
    const feeds = Array.from({ length: microBatches }, (_, m) => ({
      ids: host('int64', shape, inputs.subarray(m * rows, (m + 1) * rows)),
      targets: host('int64', shape, targets.subarray(m * rows, (m + 1) * rows)),
      ...(dropout && {
        dropoutKeys: host('int32', [places, 2], dropoutKeys(1, done * microBatches + m, places)),
      }),
    }))
    loss = (await step.run(feeds, { step: done, learningRate: 1e-3 })).loss
    milliseconds.push(performance.now() - begin)
  }
  return milliseconds
}

await run(option('warm-up'))
console.log('ready')
for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify({ milliseconds: await run(Number(line)), loss }))
}
const peakMb = process.resourceUsage().maxRSS / 1024
const { nodeCount, matmulFlops } = step
console.log(JSON.stringify({ peer: 'nacre', createMs, nodeCount, matmulFlops, microBatches, peakMb }))
process.exit()
