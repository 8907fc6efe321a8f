import { expect, test } from 'vitest'
import { expectClose } from '../../test/engine/closeness.ts'
import { Random } from '../base/random.ts'
import { compile, host } from '../compiler/compile.ts'
import { initialWeights, namedParameters, parameterNames } from '../nn/parameters.ts'
import { nodeRuntime } from '../runtime/node.ts'
import type { HostTensor } from '../runtime/runtime.ts'
import { input } from '../tensor/tensor.ts'
import { RecurrentClassifier, type RecurrentClassifierConfiguration } from './recurrent-classifier.ts'

const runtime = nodeRuntime({ threads: 1 })
const size = { vocabulary: 11, classes: 3, embeddingSize: 5, hiddenSize: 4, layers: 2 }
const shapes = (['rnn', 'lstm', 'gru'] as const).flatMap(kind =>
  (['mean', 'max', 'last'] as const).flatMap(pooling =>
    [false, true].map(bidirectional => ({ ...size, kind, pooling, bidirectional })),
  ),
)

async function logits(configuration: RecurrentClassifierConfiguration, texts: number[][], length: number) {
  const model = new RecurrentClassifier(configuration)
  const parameters = namedParameters(model)
  const weights = initialWeights(parameters, 1)
  const batch = texts.length
  const y = model.logits(input('ids', [batch, length], 'int64'), input('lengths', [batch], 'int64'))
  const program = await compile(runtime, { y }, { parameterNames: parameterNames(parameters) })
  const feeds = Object.fromEntries(
    [...parameters].map(([name, { shape }]) => [name, host('float32', shape, weights.get(name)!)]),
  )
  const filled = texts.flatMap(ids => [...ids, ...Array<number>(length - ids.length).fill(7)])
  const ids = host('int64', [batch, length], BigInt64Array.from(filled, BigInt))
  const lengths = host(
    'int64',
    [batch],
    BigInt64Array.from(texts, ({ length: own }) => BigInt(own)),
  )
  const { data } = (await program.run({ ...feeds, ids, lengths })).y as HostTensor
  await program.release()
  return data.slice() as Float32Array
}

test.each(shapes)(
  '$kind, $pooling, in both directions $bidirectional: what stands behind a text is not read',
  async configuration => {
    const random = new Random(1, 'texts')
    const texts = [1, 3, 6].map(length => Array.from({ length }, () => random.integer(size.vocabulary)))
    const together = await logits(configuration, texts, 9)
    for (const [row, text] of texts.entries()) {
      const alone = await logits(configuration, [text], text.length)
      expectClose(`text ${row}`, together.subarray(3 * row, 3 * row + 3), alone, { absolute: 1e-6, relative: 1e-5 })
    }
    expect(Math.abs(together[0] - together[3])).toBeGreaterThan(1e-6) // texts differ, or nothing was proved
  },
)
