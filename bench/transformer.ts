/**
 * Our side of the benchmark of the encoder-decoder's step, driven line by line as bench/peers/README.md describes.
 *
 *     node bench/transformer.ts --layers 3 --heads 4 --channels 256 --hidden 1024 --source 24 --target 24 --batch 64
 */
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { Random } from '../src/base/random.ts'
import { host } from '../src/compiler/compile.ts'
import { Transformer } from '../src/models/2017-transformer.ts'
import { translatorDropoutPlaces } from '../src/models/encoder-decoder.ts'
import { Dropout, dropoutKeys } from '../src/nn/dropout.ts'
import { tokenLosses } from '../src/nn/losses.ts'
import { initialWeights, namedParameters } from '../src/nn/parameters.ts'
import { adam } from '../src/optim/adamw.ts'
import { nodeRuntime } from '../src/runtime/node.ts'
import { input } from '../src/tensor/tensor.ts'
import { flatStep } from '../src/training/step.ts'

const number = (name: string, value: string) => ({ [name]: { type: 'string' as const, default: value } })
const { values } = parseArgs({
  options: {
    ...number('layers', '3'),
    ...number('heads', '4'),
    ...number('channels', '256'),
    ...number('hidden', '1024'),
    ...number('source', '24'),
    ...number('target', '24'),
    ...number('batch', '64'),
    ...number('vocabulary', '4000'),
    ...number('dropout', '0.1'),
    ...number('threads', '2'),
    ...number('micro-batches', '2'),
  },
})
const option = (name: string): number => Number((values as Record<string, string>)[name])
const [batch, source, target, vocabulary] = ['batch', 'source', 'target', 'vocabulary'].map(option)
const [microBatches, rate, layers] = ['micro-batches', 'dropout', 'layers'].map(option)

const started = performance.now()
const [channels, heads, hidden] = ['channels', 'heads', 'hidden'].map(option)
const model = new Transformer({ vocabulary, context: 512, channels, layers, heads, hidden, bias: true, padding: 0 })
const parameters = namedParameters(model)
const rows = batch / microBatches
const places = translatorDropoutPlaces(model)
const dropout = rate > 0 ? new Dropout(rate, places) : undefined
const logits = model.logits(input('source', [rows, source], 'int64'), input('target', [rows, target], 'int64'), {
  dropout,
})
const losses = tokenLosses(logits, input('answers', [rows, target], 'int64'), { smoothing: 0.1 })
const step = await flatStep({
  runtime: nodeRuntime({ threads: option('threads') }),
  parameters,
  weights: initialWeights(parameters, 1),
  loss: losses.sum().mul(1 / (batch * target)),
  optimizer: adam({ beta2: 0.98, epsilon: 1e-9 }),
  microBatches,
})
const createMs = performance.now() - started

const random = new Random(1, 'bench')
const ids = (length: number) =>
  host(
    'int64',
    [rows, length],
    BigInt64Array.from({ length: rows * length }, () => BigInt(1 + random.integer(vocabulary - 1))),
  )
let done = 0
let loss = 0
async function run(count: number): Promise<number[]> {
  const milliseconds: number[] = []
  for (let i = 0; i < count; i++) {
    const begin = performance.now()
    const feeds = Array.from({ length: microBatches }, (_, m) => ({
      ...{ source: ids(source), target: ids(target), answers: ids(target) },
      ...(dropout && { dropoutKeys: host('int32', [places, 2], dropoutKeys(1, done * microBatches + m, places)) }),
    }))
    loss = (await step.run(feeds, { step: ++done, learningRate: 1e-4 })).loss
    milliseconds.push(performance.now() - begin)
  }
  return milliseconds
}

await run(3)
console.log('ready')
for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify({ milliseconds: await run(Number(line)), loss }))
}
const peakMb = process.resourceUsage().maxRSS / 1024
const { nodeCount, matmulFlops } = step
console.log(JSON.stringify({ peer: 'nacre', createMs, nodeCount, matmulFlops, microBatches, peakMb }))
process.exit()
