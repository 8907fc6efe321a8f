import { expect, test } from 'vitest'
import { type Architecture, type Config, ConfigReader } from '../../src/checkpoints/architecture.ts'
import { llama } from '../../src/checkpoints/llama.ts'
import { architectureOf, loadModelFolder, saveModelFolder } from '../../src/checkpoints/model-folder.ts'
import { compile } from '../../src/compiler/compile.ts'
import { cachedPredictor, naivePredictor } from '../../src/generation/predictor.ts'
import { Llama } from '../../src/models/2023-llama.ts'
import { crossEntropy } from '../../src/nn/losses.ts'
import { initialWeights, namedParameters, parameterNames, weightFeeds } from '../../src/nn/parameters.ts'
import { adamW } from '../../src/optim/adamw.ts'
import { nodeRuntime } from '../../src/runtime/node.ts'
import { webRuntime } from '../../src/runtime/web.ts'
import { memoryStorage } from '../../src/storage/memory.ts'
import { input } from '../../src/tensor/tensor.ts'
import { trainCharacters } from '../../src/tokenizers/characters.ts'
import { flatStep } from '../../src/training/step.ts'
import { wholeStep } from '../../src/training/whole-step.ts'
import { expectClose } from './closeness.ts'
import { expectGradient, forwardAndBackward, type GoldenParameter, integerRows, numbersOf } from './golden-model.ts'
import { goldenValues, readGolden } from './golden-values.ts'

interface Relative {
  readonly config: Config
  readonly parameters: Record<string, GoldenParameter>
  readonly logits: number[][][]
  readonly loss: number
}

const golden = readGolden<{
  readonly rotaryBase: number
  readonly inputs: number[][]
  readonly targets: number[][]
  readonly parameters: Record<string, GoldenParameter>
  readonly logits: number[][][]
  readonly loss: number
  readonly cut: number
  readonly packed: number[][][]
  readonly configuration: Config
  readonly qwen2: Relative
  readonly qwen3: Relative
  readonly slowed: { readonly rotation: Config; readonly headSize: number; readonly logits: number[][][] }
  readonly losses: number[]
}>('llama.json')
const runtime = nodeRuntime({ threads: 1 })
const alphabet = 'To be, or not to be; 生存还是毁灭，这是个问题。abcdefghijklmnopqrstuvwxyz'
const model = new Llama({
  ...{ vocabulary: 61, context: 24, channels: 32, layers: 2, heads: 4, keyValueHeads: 2, hidden: 40 },
  ...{ rotaryBase: golden.rotaryBase, epsilon: 1e-5, tied: false },
})
const parameters = namedParameters(model)
const asked = new Map<string, readonly number[]>()
const weights = await llama.load(model, async (name, shape) => {
  asked.set(name, shape)
  return goldenValues(name, golden.parameters[name])
})
const feeds = { ids: integerRows(golden.inputs), targets: integerRows(golden.targets) }
const ids = input('ids', feeds.ids.shape, 'int64')
const logits = model.logits(ids)
const loss = crossEntropy(logits, input('targets', feeds.targets.shape, 'int64'))

test('logits, loss and every gradient are those of transformers, with grouped queries', async () => {
  const theirs = Object.entries(golden.parameters).map(([name, { shape }]) => [name, shape])
  expect(Object.fromEntries(asked)).toEqual(Object.fromEntries(theirs))
  const result = await forwardAndBackward(runtime, { model, weights, feeds }, { logits, loss })
  expectClose('logits', result.logits, golden.logits.flat(2), { absolute: 1e-5 })
  expectClose('loss', result.loss, [golden.loss], { relative: 1e-6 })
  const gradients = new Map([...parameters.keys()].map(name => [name, result.gradientOf(name)]))
  for (const { name, data } of llama.store(model, gradients))
    expectGradient(name, data as Float32Array, golden.parameters[name])
})

test('two documents in a row do not see one another, and each begins at position 0', async () => {
  const { shape } = ids
  const packing = { positions: input('positions', shape, 'int64'), documents: input('documents', shape, 'int64') }
  const rows = (of: (t: number) => number) => golden.inputs.map(row => row.map((_, t) => of(t)))
  const program = await compile(
    runtime,
    { logits: model.logits(ids, { packing }) },
    { parameterNames: parameterNames(parameters) },
  )
  const positions = integerRows(rows(t => (t < golden.cut ? t : t - golden.cut)))
  const documents = integerRows(rows(t => (t < golden.cut ? 4 : 7)))
  const result = await program.run({ ids: feeds.ids, positions, documents, ...weightFeeds(model, weights) })
  await program.release()
  expectClose('logits', numbersOf(result.logits), golden.packed.flat(2), { absolute: 1e-5 })
})

test('a rotation slowed for long texts, and heads of a size of their own; over a cache too', async () => {
  const { rotation, headSize, logits: expected } = golden.slowed
  const rope = { ...rotation, rope_theta: golden.rotaryBase }
  const config = { ...golden.configuration, rope_parameters: rope, head_dim: headSize, max_position_embeddings: 128 }
  const slowed = llama.create(new ConfigReader('golden', config))
  const own = await llama.load(slowed, async (name, shape) => goldenValues(name, { ...golden.parameters[name], shape }))
  const found = slowed.logits(ids)
  const names = parameterNames(namedParameters(slowed))
  for (const where of [runtime, await webRuntime()]) {
    const program = await compile(where, { found }, { parameterNames: names })
    const result = await program.run({ ids: feeds.ids, ...weightFeeds(slowed, own) })
    await program.release()
    expectClose('logits', numbersOf(result.found), expected.flat(2), { absolute: 1e-5 })
    const predictor = cachedPredictor({ model: slowed, weights: own, runtime: where })
    for (const [i, tokens] of golden.inputs.entries())
      for (const length of [1, 5, 16]) {
        const next = await predictor.next(tokens.slice(0, length))
        expectClose(`row ${i}, ${length} tokens`, next, expected[i][length - 1], { absolute: 1e-5 })
      }
    await predictor.release()
  }
})

test.each(['qwen2', 'qwen3'] as const)('%s: logits, loss and every gradient; a cache, and a folder', async name => {
  const { config, parameters: theirs, ...expected } = golden[name]
  const architecture = architectureOf(new ConfigReader('golden', config)) as Architecture<Llama>
  const qwen = architecture.create(new ConfigReader('golden', config))
  const own = await architecture.load(qwen, async (part, shape) => {
    expect([part, shape]).toEqual([part, theirs[part].shape])
    return goldenValues(part, theirs[part])
  })
  const found = qwen.logits(ids)
  const outputs = { logits: found, loss: crossEntropy(found, input('targets', feeds.targets.shape, 'int64')) }
  const result = await forwardAndBackward(runtime, { model: qwen, weights: own, feeds }, outputs)
  expectClose('logits', result.logits, expected.logits.flat(2), { absolute: 1e-5 })
  expectClose('loss', result.loss, [expected.loss], { relative: 1e-6 })
  const gradients = new Map([...namedParameters(qwen).keys()].map(part => [part, result.gradientOf(part)]))
  const stored = [...architecture.store(qwen, gradients)]
  expect(stored.map(part => part.name).sort()).toEqual(Object.keys(theirs).sort())
  for (const part of stored) expectGradient(part.name, part.data as Float32Array, theirs[part.name])

  const storage = memoryStorage()
  await saveModelFolder(storage, { model: qwen, weights: own, tokenizer: await trainCharacters([alphabet]) })
  const loaded = { ...(await loadModelFolder(storage)), runtime: await webRuntime() }
  expect([loaded.model.configuration, loaded.weights]).toEqual([qwen.configuration, own])
  const predictor = cachedPredictor(loaded)
  for (const length of [1, 5, 16]) {
    const next = await predictor.next(golden.inputs[0].slice(0, length))
    expectClose(`${length} tokens`, next, expected.logits[0][length - 1], { absolute: 1e-5 })
  }
  await predictor.release()
})

test('the same logits on WebAssembly', async () => {
  const result = await forwardAndBackward(await webRuntime(), { model, weights, feeds }, { logits, loss })
  expectClose('logits', result.logits, golden.logits.flat(2), { absolute: 1e-5 })
  for (const { name, data } of llama.store(
    model,
    new Map([...parameters.keys()].map(own => [own, result.gradientOf(own)])),
  ))
    expectGradient(name, data as Float32Array, golden.parameters[name])
})

test.each([flatStep, wholeStep])('ten steps of AdamW by %o', async makeStep => {
  const optimizer = adamW({ beta1: 0.9, beta2: 0.95, weightDecay: 0.1 })
  const step = await makeStep({ runtime, parameters, weights, loss, optimizer, clip: 1 })
  const losses: number[] = []
  for (let i = 1; i <= 10; i++) losses.push((await step.run([feeds], { step: i, learningRate: 1e-3 })).loss)
  await step.release()
  expectClose('losses', losses, golden.losses, { relative: 1e-5 })
})

test('the cache predicts as the naive loop does, far past the context; a folder gives back what it got', async () => {
  const tokenizer = await trainCharacters([alphabet])
  const storage = memoryStorage()
  await saveModelFolder(storage, { model, weights, tokenizer })
  const loaded = { ...(await loadModelFolder(storage)), runtime }
  expect(loaded.weights).toEqual(weights)
  expect(loaded.model.configuration).toEqual(model.configuration)
  const tokens = Array.from({ length: 60 }, (_, i) => (7 * i + i * i) % 61)
  const [cached, naive] = [cachedPredictor(loaded), naivePredictor({ model, weights, runtime })]
  for (let length = 1; length <= tokens.length; length++) {
    const expected = (await naive.next(tokens.slice(0, length))).slice()
    expectClose(`${length} tokens`, await cached.next(tokens.slice(0, length)), expected, { absolute: 1e-4 })
  }
  await Promise.all([cached.release(), naive.release()])
})

test.each([4, 12, 20])(
  'heads of %d channels, which the operator of the cache does not take as they are',
  async width => {
    const size = { vocabulary: 61, context: 24, layers: 2, heads: 4, keyValueHeads: 2, hidden: 40, channels: 4 * width }
    const odd = new Llama({ ...size, rotaryBase: golden.rotaryBase, epsilon: 1e-5, tied: true })
    const own = initialWeights(namedParameters(odd), 1)
    for (const make of [() => runtime, webRuntime]) {
      const loaded = { model: odd, weights: own, runtime: await make() }
      const [cached, naive] = [cachedPredictor(loaded), naivePredictor(loaded)]
      for (const length of [1, 3, 4, 9, 30]) {
        const tokens = Array.from({ length }, (_, i) => (7 * i + i * i) % 61)
        const expected = (await naive.next(tokens)).slice()
        expectClose(`${length} tokens`, await cached.next(tokens), expected, { absolute: 1e-4 })
      }
      await Promise.all([cached.release(), naive.release()])
    }
  },
)
