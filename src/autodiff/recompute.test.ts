import { expect, test } from 'vitest'
import { expectClose } from '../../test/engine/closeness.ts'
import { compile, host, type Program } from '../compiler/compile.ts'
import { GPT2 } from '../models/2019-gpt2.ts'
import { timeline } from '../models/index.ts'
import { isRecurrent, type LanguageModel } from '../models/language-model.ts'
import { Dropout, dropoutKeys } from '../nn/dropout.ts'
import { tokenLosses } from '../nn/losses.ts'
import { initialWeights, namedParameters, parameterNames, weightFeeds } from '../nn/parameters.ts'
import { nodeRuntime } from '../runtime/node.ts'
import type { HostTensor } from '../runtime/runtime.ts'
import { input, type Tensor } from '../tensor/tensor.ts'
import { gradient } from './gradient.ts'

const runtime = nodeRuntime({ threads: 1 })
const shape = [2, 8]
const size = {
  ...{ vocabulary: 19, context: 8, layers: 3, heads: 2, keyValueHeads: 1, channels: 16, bias: true },
  ...{ hiddenSize: 8, embeddingSize: 8 },
}

/** Loss and every gradient of a model, as one program. */
function gradients(model: LanguageModel & object, recompute: boolean, dropout?: Dropout): Promise<Program> {
  const logits = model.logits(input('ids', shape, 'int64'), { recompute, dropout })
  const loss = tokenLosses(logits, input('targets', shape, 'int64')).sum()
  const parameters = namedParameters(model)
  const all = gradient(loss, [...parameters.values()])
  const outputs = Object.fromEntries([...parameters.keys()].map((name, i) => [`gradient/${name}`, all[i]]))
  return compile(runtime, { loss, ...outputs }, { parameterNames: parameterNames(parameters) })
}

const tokens = (first: number) =>
  host(
    'int64',
    shape,
    BigInt64Array.from({ length: 16 }, (_, i) => BigInt((first + i * i) % 19)),
  )

const attending = timeline
  .map(entry => [entry.name, entry.create(size)] as const)
  .filter(([, model]) => !isRecurrent(model))

test('there are models that attend', () => expect(attending.length).toBeGreaterThanOrEqual(4))

test.each(attending)('%s: the same gradient, but for the order of sums, with dropout too', async (_, model) => {
  const weights = initialWeights(namedParameters(model), 1)
  for (const places of [0, 30]) {
    const feeds = {
      ...{ ids: tokens(1), targets: tokens(2), ...weightFeeds(model, weights) },
      dropoutKeys: host('int32', [places, 2], dropoutKeys(1, 1, places)),
    }
    const dropout = () => (places > 0 ? new Dropout(0.2, places) : undefined)
    const [plain, recomputing] = [await gradients(model, false, dropout()), await gradients(model, true, dropout())]
    const [expected, actual] = [await plain.run(feeds), await recomputing.run(feeds)]
    for (const name of Object.keys(expected)) {
      const [own, reference] = [actual, expected].map(results => (results[name] as HostTensor).data as Float32Array)
      expectClose(name, own, reference, { absolute: 1e-6 * Math.max(1, ...reference.map(Math.abs)) })
    }
    expect(recomputing.matmulFlops).toBeGreaterThan(1.1 * plain.matmulFlops)
    expect(recomputing.matmulFlops).toBeLessThan(1.4 * plain.matmulFlops)
    await plain.release()
    await recomputing.release()
  }
})

test('single numbers are computed again too', async () => {
  const s = input('s', [])
  const root = s.square().add(1).sqrt()
  const of = (kept: (tensor: Tensor) => Tensor) =>
    kept(root.mul(s)).sin().add(kept(root).sin()).add(kept(root.exp()).sin())
  const [plain, recomputing] = [of(tensor => tensor), of(tensor => tensor.keep())]
  const program = await compile(runtime, { plain: gradient(plain, [s])[0], recomputing: gradient(recomputing, [s])[0] })
  const result = await program.run({ s: host('float32', [], Float32Array.of(0.5)) })
  const [expected, own] = ['plain', 'recomputing'].map(name => [...((result[name] as HostTensor).data as Float32Array)])
  expectClose('gradient', own, expected, { relative: 1e-6 })
  await program.release()
})

test('nothing is computed twice without a gradient', async () => {
  const model = new GPT2({ ...size, bias: true })
  const logits = (recompute: boolean) => model.logits(input('ids', shape, 'int64'), { recompute })
  const names = { parameterNames: parameterNames(namedParameters(model)) }
  const [plain, marked] = [
    await compile(runtime, { logits: logits(false) }, names),
    await compile(runtime, { logits: logits(true) }, names),
  ]
  expect(marked.nodeCount).toBe(plain.nodeCount)
})
