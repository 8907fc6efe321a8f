import { expect, test } from 'vitest'
import { gradient } from '../../src/autodiff/gradient.ts'
import { loadModelFolder, saveModelFolder } from '../../src/checkpoints/model-folder.ts'
import { compile, host } from '../../src/compiler/compile.ts'
import { cachedPredictor, naivePredictor } from '../../src/generation/predictor.ts'
import { TransformerDecoder, type TransformerDecoderConfiguration } from '../../src/models/2017-transformer-decoder.ts'
import { crossEntropy } from '../../src/nn/losses.ts'
import { namedParameters, parameterNames, weightFeeds } from '../../src/nn/parameters.ts'
import { adam } from '../../src/optim/adamw.ts'
import { nodeRuntime } from '../../src/runtime/node.ts'
import type { HostTensor, Value } from '../../src/runtime/runtime.ts'
import { memoryStorage } from '../../src/storage/memory.ts'
import { input } from '../../src/tensor/tensor.ts'
import { trainCharacters } from '../../src/tokenizers/characters.ts'
import { flatStep } from '../../src/training/step.ts'
import { expectClose } from './closeness.ts'
import { goldenValues, readGolden, type ValueSpecification } from './golden-values.ts'

const golden = readGolden<{
  readonly size: TransformerDecoderConfiguration
  readonly ids: number[][]
  readonly targets: number[][]
  readonly parameters: Record<string, ValueSpecification & { gradientNorm: number; gradientFirst: number[] }>
  readonly logits: number[][][]
  readonly loss: number
  readonly losses: number[]
}>('transformer-decoder.json')
const runtime = nodeRuntime({ threads: 1 })
const model = new TransformerDecoder(golden.size)
const parameters = namedParameters(model)
const weights = new Map([...parameters.keys()].map(name => [name, goldenValues(name, golden.parameters[name])]))
const integers = (rows: number[][]) =>
  host(
    'int64',
    [rows.length, rows[0].length],
    BigInt64Array.from(rows.flat(), value => BigInt(value)),
  )
const feeds = { ids: integers(golden.ids), targets: integers(golden.targets) }
const logits = model.logits(input('ids', feeds.ids.shape, 'int64'))
const loss = crossEntropy(logits, input('targets', feeds.targets.shape, 'int64'))
const numbers = (value: Value) => (value as HostTensor).data as Float32Array

test('logits, loss and every gradient are those of PyTorch', async () => {
  expect(Object.fromEntries([...parameters].map(([name, { shape }]) => [name, shape]))).toEqual(
    Object.fromEntries(Object.entries(golden.parameters).map(([name, { shape }]) => [name, shape])),
  )
  const gradients = gradient(loss, [...parameters.values()])
  const outputs = Object.fromEntries([...parameters.keys()].map((name, i) => [`gradient/${name}`, gradients[i]]))
  const program = await compile(runtime, { logits, loss, ...outputs }, { parameterNames: parameterNames(parameters) })
  const result = await program.run({ ...feeds, ...weightFeeds(model, weights) })
  await program.release()
  expectClose('logits', numbers(result.logits), golden.logits.flat(2), { absolute: 2e-5 })
  expectClose('loss', numbers(result.loss), [golden.loss], { relative: 1e-6 })
  for (const [name, { gradientNorm, gradientFirst }] of Object.entries(golden.parameters)) {
    const values = numbers(result[`gradient/${name}`])
    const norm = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0))
    expectClose(`gradient norm of ${name}`, [norm], [gradientNorm], { relative: 1e-4, absolute: 1e-7 })
    const typical = gradientNorm / Math.sqrt(values.length)
    const tolerance = { relative: 1e-3, absolute: 1e-4 * typical + 1e-7 }
    expectClose(`gradient of ${name}`, values.subarray(0, 4), gradientFirst, tolerance)
  }
})

test('ten steps of Adam', async () => {
  const optimizer = adam({ beta1: 0.9, beta2: 0.98, epsilon: 1e-9 })
  const step = await flatStep({ runtime, parameters, weights, loss, optimizer })
  const losses: number[] = []
  for (let i = 1; i <= 10; i++) losses.push((await step.run([feeds], { step: i, learningRate: 1e-3 })).loss)
  await step.release()
  expectClose('losses', losses, golden.losses, { relative: 1e-5 })
})

test('the cache predicts as the naive loop does, far past the context; a folder gives back what it got', async () => {
  const tokenizer = await trainCharacters(['To be, or not to be; 生存还是毁灭，这是个问题。abcdefghijk'])
  const tokens = Array.from({ length: 40 }, (_, i) => (7 * i + i * i) % tokenizer.vocabularySize)
  const small = new TransformerDecoder({ ...golden.size, vocabulary: tokenizer.vocabularySize })
  const own = new Map(weights)
  const embedding = weights.get('embedding.weight')!.slice(0, tokenizer.vocabularySize * golden.size.channels)
  own.set('embedding.weight', embedding)
  const storage = memoryStorage()
  await saveModelFolder(storage, { model: small, weights: own, tokenizer })
  const loaded = { ...(await loadModelFolder(storage)), runtime }
  expect(loaded.weights).toEqual(own)
  expect(loaded.model.configuration).toEqual(small.configuration)
  const [cached, naive] = [cachedPredictor(loaded), naivePredictor({ model: small, weights: own, runtime })]
  for (let length = 1; length <= tokens.length; length++) {
    const expected = (await naive.next(tokens.slice(0, length))).slice()
    expectClose(`${length} tokens`, await cached.next(tokens.slice(0, length)), expected, { absolute: 1e-4 })
  }
  await Promise.all([cached.release(), naive.release()])
})
