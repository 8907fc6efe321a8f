/**
 * Our side of the benchmark of BERT's pre-training step, driven line by line as bench/peers/README.md describes.
 *
 *     node bench/bert.ts --layers 4 --heads 4 --channels 256 --context 128 --batch 16
 */
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { Random } from '../src/base/random.ts'
import { host } from '../src/compiler/compile.ts'
import { mostMasked } from '../src/data/masked-batches.ts'
import { BERT } from '../src/models/2018-bert.ts'
import { Dropout, dropoutKeys } from '../src/nn/dropout.ts'
import { tokenLosses } from '../src/nn/losses.ts'
import { initialWeights, namedParameters, parameterCount } from '../src/nn/parameters.ts'
import { adamW } from '../src/optim/adamw.ts'
import { nodeRuntime } from '../src/runtime/node.ts'
import { input } from '../src/tensor/tensor.ts'
import { flatStep } from '../src/training/step.ts'

const number = (name: string, value: string) => ({ [name]: { type: 'string' as const, default: value } })
const { values } = parseArgs({
  options: {
    ...number('layers', '4'),
    ...number('heads', '4'),
    ...number('channels', '256'),
    ...number('context', '128'),
    ...number('batch', '16'),
    ...number('vocabulary', '30522'),
    ...number('dropout', '0.1'),
    ...number('threads', '2'),
    ...number('micro-batches', '2'),
  },
})
const option = (name: string): number => Number((values as Record<string, string>)[name])
const [batch, context, vocabulary, channels] = ['batch', 'context', 'vocabulary', 'channels'].map(option)
const [microBatches, rate, layers, heads] = ['micro-batches', 'dropout', 'layers', 'heads'].map(option)

const started = performance.now()
const model = new BERT({ vocabulary, context: 512, channels, layers, heads, hidden: 4 * channels })
const parameters = namedParameters(model)
const rows = batch / microBatches
const asked = rows * mostMasked(context, 0.15)
const dropout = rate > 0 ? new Dropout(rate, model.dropoutPlaces) : undefined
const shapes = {
  ids: [rows, context],
  segments: [rows, context],
  lengths: [rows],
  positions: [asked],
  answers: [asked],
  next: [rows],
}
const inputs = {
  ids: input('ids', shapes.ids, 'int64'),
  segments: input('segments', shapes.segments, 'int64'),
  lengths: input('lengths', shapes.lengths, 'int64'),
}
const { states, pooled } = model.encode(inputs, { dropout })
const maskLogits = model.maskLogits(states, input('positions', shapes.positions, 'int64'))
const masked = tokenLosses(maskLogits, input('answers', shapes.answers, 'int64')).sum()
const next = tokenLosses(model.nextLogits(pooled), input('next', shapes.next, 'int64')).sum()
const step = await flatStep({
  runtime: nodeRuntime({ threads: option('threads') }),
  parameters,
  weights: initialWeights(parameters, 1),
  loss: masked.mul(1 / (asked * microBatches)).add(next.mul(1 / batch)),
  optimizer: adamW({ beta2: 0.999, epsilon: 1e-6, weightDecay: 0.01 }),
  clip: 1,
  microBatches,
})
const createMs = performance.now() - started

const random = new Random(1, 'bench')
const integers = (shape: readonly number[], bound: number) =>
  host(
    'int64',
    shape,
    BigInt64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => BigInt(random.integer(bound))),
  )
/** Places of a row, each once. */
function positions(): BigInt64Array {
  const each = asked / rows
  return BigInt64Array.from(
    Array.from({ length: rows }, (_, row) =>
      random
        .shuffle([...Array(context).keys()])
        .slice(0, each)
        .map(place => BigInt(row * context + place)),
    ).flat(),
  )
}
let done = 0
let loss = 0
async function run(count: number): Promise<number[]> {
  const milliseconds: number[] = []
  for (let i = 0; i < count; i++) {
    const begin = performance.now()
    const feeds = Array.from({ length: microBatches }, (_, m) => ({
      ids: integers(shapes.ids, vocabulary),
      segments: integers(shapes.segments, 2),
      lengths: host('int64', shapes.lengths, new BigInt64Array(rows).fill(BigInt(context))),
      positions: host('int64', shapes.positions, positions()),
      answers: integers(shapes.answers, vocabulary),
      next: integers(shapes.next, 2),
      ...(dropout && {
        dropoutKeys: host(
          'int32',
          [model.dropoutPlaces, 2],
          dropoutKeys(1, done * microBatches + m, model.dropoutPlaces),
        ),
      }),
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
const facts = {
  peer: 'nacre',
  parameters: parameterCount(model),
  createMs,
  nodeCount,
  matmulFlops,
  microBatches,
  peakMb,
}
console.log(JSON.stringify(facts))
process.exit()
