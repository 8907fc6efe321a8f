/**
 * One prediction of skip-gram with 5 negative samples and 100 channels, in microseconds on one thread: the generated
 * WebAssembly, its plain TypeScript twin with the same bits, TypeScript as fast as it gets (double precision, unrolled),
 * and batches of predictions as matrix products through ONNX Runtime. Prints a line of JSON for each.
 */

import { FastRandom } from '../src/base/fast-random.ts'
import { constantRate, fit, host, initializers, input, Parameter, sgd, type Tensor } from '../src/index.ts'
import { AliasTable } from '../src/models/word2vec/alias-table.ts'
import type { Kernel } from '../src/models/word2vec/kernel.ts'
import { Word2vecMemory } from '../src/models/word2vec/memory.ts'
import { plainKernel } from '../src/models/word2vec/plain-kernel.ts'
import { simdKernel } from '../src/models/word2vec/simd-kernel.ts'
import { nodeRuntime } from '../src/node.ts'

const vocabulary = 14_000
const channels = 100
const negative = 5
const random = new FastRandom(1, 'kernels')
/** Frequencies as words have them, by Zipf's law. */
const draws = new AliasTable(Float64Array.from({ length: vocabulary }, (_, rank) => 1 / (rank + 1)))
const draw = () => draws.draw(random)

function filled(): Word2vecMemory {
  const size = { vocabulary, channels, threads: 1, group: negative + 1, targets: negative + 1 }
  const memory = new Word2vecMemory(size, { shared: false })
  const values = () =>
    Float32Array.from({ length: vocabulary * channels }, () => 0.2 * (random.uint32() / 2 ** 32 - 0.5))
  memory.setMatrix('input', values())
  memory.setMatrix('output', values())
  return memory
}

/** Microseconds of a prediction, the best of three. */
function measure(name: string, predictions: number, run: (count: number) => void): void {
  run(predictions / 4)
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < 3; round++) {
    const started = performance.now()
    run(predictions)
    best = Math.min(best, (1000 * (performance.now() - started)) / predictions)
  }
  console.log(JSON.stringify({ name, microseconds: Number(best.toFixed(3)) }))
}

function withKernel(name: string, predictions: number, make: (memory: Word2vecMemory) => Kernel): void {
  const memory = filled()
  const kernel = make(memory)
  const { targets, labels } = memory.scratch[0]
  memory.floats[labels >>> 2] = 1
  measure(name, predictions, count => {
    for (let i = 0; i < count; i++) {
      for (let k = 0; k <= negative; k++)
        memory.words[(targets >>> 2) + k] = memory.outputAddress + draw() * memory.rowLength * 4
      kernel.learnRow(memory.inputAddress + draw() * memory.rowLength * 4, targets, labels, 0.025)
    }
  })
}

/** Four sums, no rounding but that of the store: what a person would write. */
function unrolled(): void {
  const { floats, inputAddress, outputAddress } = filled()
  const error = new Float64Array(channels)
  const learn = (o: number, h: number, label: number) => {
    let [s0, s1, s2, s3] = [0, 0, 0, 0]
    for (let i = 0; i < channels; i += 4) {
      s0 += floats[o + i] * floats[h + i]
      s1 += floats[o + i + 1] * floats[h + i + 1]
      s2 += floats[o + i + 2] * floats[h + i + 2]
      s3 += floats[o + i + 3] * floats[h + i + 3]
    }
    const g = 0.025 * (label - 1 / (1 + Math.exp(-(s0 + s1 + s2 + s3))))
    for (let i = 0; i < channels; i++) {
      const value = floats[o + i]
      error[i] += g * value
      floats[o + i] = value + g * floats[h + i]
    }
  }
  measure('TypeScript, unrolled, double precision', 200_000, count => {
    for (let n = 0; n < count; n++) {
      const h = (inputAddress >>> 2) + draw() * channels
      for (let k = 0; k <= negative; k++) learn((outputAddress >>> 2) + draw() * channels, h, k === 0 ? 1 : 0)
      for (let i = 0; i < channels; i++) {
        floats[h + i] += error[i]
        error[i] = 0
      }
    }
  })
}

/** The same loss for many predictions at once; the sum's gradient is that of each, at the vectors of the batch's begin. */
async function batched(batch: number, steps: number): Promise<void> {
  const parameter = () => new Parameter([vocabulary, channels], initializers.uniform(0.1))
  const [inputs, outputs] = [parameter(), parameter()]
  const hidden = inputs.gather(input('words', [batch], 'int32')).reshape([batch, channels, 1]) // [B, C, 1]
  const rows = outputs.gather(input('targets', [batch, negative + 1], 'int32')) // [B, K + 1, C]
  const signs = input('signs', [1, negative + 1])
  const scores: Tensor = rows
    .matmul(hidden)
    .reshape([batch, negative + 1])
    .mul(signs)
  const loss = scores.sigmoid().log().sum().neg()
  const weights = () =>
    Float32Array.from({ length: vocabulary * channels }, () => 0.2 * (random.uint32() / 2 ** 32 - 0.5))
  const fitted = await fit({
    runtime: nodeRuntime({ threads: 1 }),
    parameters: new Map([
      ['inputs', inputs],
      ['outputs', outputs],
    ]),
    weights: new Map([
      ['inputs', weights()],
      ['outputs', weights()],
    ]),
    loss,
    optimizer: sgd(),
    steps,
    learningRate: constantRate(1e-6), // at 0.025 the sum of thousands of predictions for a frequent word diverges
    batch: () => ({
      feeds: [
        {
          words: host('int32', [batch], Int32Array.from({ length: batch }, draw)),
          targets: host('int32', [batch, negative + 1], Int32Array.from({ length: batch * (negative + 1) }, draw)),
          signs: host('float32', [1, negative + 1], Float32Array.of(1, -1, -1, -1, -1, -1)),
        },
      ],
      items: batch,
    }),
  })
  let best = Number.POSITIVE_INFINITY
  for await (const event of fitted.events)
    if (event.type === 'step' && event.step > 2) best = Math.min(best, (1000 * event.durationMs) / batch)
  await fitted.release()
  console.log(JSON.stringify({ name: `ONNX Runtime, batches of ${batch}`, microseconds: Number(best.toFixed(3)) }))
}

withKernel('WebAssembly, four numbers at once', 1_000_000, simdKernel)
withKernel('its plain twin, every operation rounded to float32', 100_000, plainKernel)
unrolled()
for (const [batch, steps] of [
  [256, 20],
  [2048, 12],
  [16_384, 8],
])
  await batched(batch, steps)
