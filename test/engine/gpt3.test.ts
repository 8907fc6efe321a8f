import { expect, test } from 'vitest'
import { gptNeo } from '../../src/checkpoints/gpt-neo.ts'
import { loadModelFolder, saveModelFolder } from '../../src/checkpoints/model-folder.ts'
import { compile } from '../../src/compiler/compile.ts'
import { cachedPredictor, naivePredictor } from '../../src/generation/predictor.ts'
import { GPT3 } from '../../src/models/2020-gpt3.ts'
import { crossEntropy } from '../../src/nn/losses.ts'
import { namedParameters, parameterNames, weightFeeds } from '../../src/nn/parameters.ts'
import { adamW } from '../../src/optim/adamw.ts'
import { nodeRuntime } from '../../src/runtime/node.ts'
import { webRuntime } from '../../src/runtime/web.ts'
import { memoryStorage } from '../../src/storage/memory.ts'
import { input } from '../../src/tensor/tensor.ts'
import { trainCharacters } from '../../src/tokenizers/characters.ts'
import { flatStep } from '../../src/training/step.ts'
import { wholeStep } from '../../src/training/whole-step.ts'
import { expectClose } from './closeness.ts'
import {
  expectGradient,
  expectTenSteps,
  forwardAndBackward,
  type GoldenParameter,
  integerRows,
  numbersOf,
} from './golden-model.ts'
import { goldenValues, readGolden } from './golden-values.ts'

const golden = readGolden<{
  readonly configuration: { readonly window_size: number }
  readonly inputs: number[][]
  readonly targets: number[][]
  readonly parameters: Record<string, GoldenParameter>
  readonly logits: number[][][]
  readonly loss: number
  readonly cut: number
  readonly packed: number[][][]
  readonly withoutBand: number
  readonly losses: number[]
}>('gpt3.json')
const runtime = nodeRuntime({ threads: 1 })
const size = { vocabulary: 61, context: 20, channels: 36, layers: 3, heads: 3, bias: true }
const model = new GPT3({ ...size, band: golden.configuration.window_size })
const parameters = namedParameters(model)
const headChannels = size.channels / size.heads
const asked = new Map<string, readonly number[]>()
const weights = await gptNeo.load(model, async (name, shape) => {
  asked.set(name, shape)
  return goldenValues(name, golden.parameters[name])
})
const feeds = { ids: integerRows(golden.inputs), targets: integerRows(golden.targets) }
const ids = input('ids', feeds.ids.shape, 'int64')
const logits = model.logits(ids)
const loss = crossEntropy(logits, input('targets', feeds.targets.shape, 'int64'))

test.each([['natively', async () => runtime] as const, ['on WebAssembly', webRuntime] as const])(
  'logits, loss and every gradient are those of transformers, %s',
  async (_, make) => {
    const theirs = Object.entries(golden.parameters).map(([name, { shape }]) => [name, shape])
    expect(Object.fromEntries(asked)).toEqual(Object.fromEntries(theirs))
    const result = await forwardAndBackward(await make(), { model, weights, feeds }, { logits, loss })
    expectClose('logits', result.logits, golden.logits.flat(2), { absolute: 2e-5 })
    expectClose('loss', result.loss, [golden.loss], { relative: 1e-6 })
    const gradients = new Map([...parameters.keys()].map(name => [name, result.gradientOf(name)]))
    for (const { name, data } of gptNeo.store(model, gradients)) {
      // Their query weights are ours / √D: the gradient is ours times √D, where `store` has divided by it.
      const factor = name.includes('q_proj') ? headChannels : 1
      expectGradient(
        name,
        (data as Float32Array).map(value => value * factor),
        golden.parameters[name],
      )
    }
  },
)

test('the band is seen in the numbers', async () => {
  expect(golden.withoutBand).toBeGreaterThan(0.1)
  const dense = new GPT3({ ...size, band: size.context })
  const own = dense.logits(ids)
  const outputs = { logits: own, loss: own.sum() }
  const result = await forwardAndBackward(runtime, { model: dense, weights, feeds: { ids: feeds.ids } }, outputs)
  const differences = result.logits.map((value, i) => Math.abs(value - golden.logits.flat(2)[i]))
  expectClose('largest difference', [Math.max(...differences)], [golden.withoutBand], { absolute: 1e-4 })
})

test('two documents in a row do not see one another, and each begins at position 0', async () => {
  const { shape } = ids
  const packing = { positions: input('positions', shape, 'int64'), documents: input('documents', shape, 'int64') }
  const rows = (of: (t: number) => number) => golden.inputs.map(row => row.map((_, t) => of(t)))
  const outputs = { logits: model.logits(ids, { packing }) }
  const program = await compile(runtime, outputs, { parameterNames: parameterNames(parameters) })
  const positions = integerRows(rows(t => (t < golden.cut ? t : t - golden.cut)))
  const documents = integerRows(rows(t => (t < golden.cut ? 4 : 7)))
  const result = await program.run({ ids: feeds.ids, positions, documents, ...weightFeeds(model, weights) })
  await program.release()
  expectClose('logits', numbersOf(result.logits), golden.packed.flat(2), { absolute: 2e-5 })
})

test.each([flatStep, wholeStep])('ten steps of AdamW by %o', async makeStep => {
  const optimizer = adamW({ beta1: 0.9, beta2: 0.95, weightDecay: 0.1 })
  await expectTenSteps(makeStep, { runtime, parameters, weights, loss, clip: 1 }, feeds, golden.losses, optimizer)
})

const tokenizer = await trainCharacters(['To be, or not to be; 生存还是毁灭，这是个问题。abcdefghijklmnopqrstuvwxyz'])

test.each([['natively', async () => runtime] as const, ['on WebAssembly', webRuntime] as const])(
  'the cache predicts as the naive loop does, far past band and context, %s',
  async (_, make) => {
    const loaded = { model, weights, runtime: await make() }
    const [cached, naive] = [cachedPredictor(loaded), naivePredictor(loaded)]
    const tokens = Array.from({ length: 45 }, (_, i) => (7 * i + i * i) % 61)
    for (let length = 1; length <= tokens.length; length++) {
      const expected = (await naive.next(tokens.slice(0, length))).slice()
      expectClose(`${length} tokens`, await cached.next(tokens.slice(0, length)), expected, { absolute: 1e-4 })
    }
    await Promise.all([cached.release(), naive.release()])
  },
)

test('a folder is one of GPTNeoForCausalLM, and gives back what it got', async () => {
  const storage = memoryStorage()
  await saveModelFolder(storage, { model, weights, tokenizer })
  const config = JSON.parse(new TextDecoder().decode(await storage.read('config.json')))
  expect(config).toMatchObject({
    model_type: 'gpt_neo',
    window_size: 5,
    attention_types: [
      [['global', 'local'], 1],
      [['global'], 1],
    ],
  })
  const loaded = await loadModelFolder(storage)
  expect(loaded.model).toBeInstanceOf(GPT3)
  expect(loaded.model.configuration).toEqual(model.configuration)
  // Queries are divided by √12 and multiplied again.
  for (const [name, values] of weights) expectClose(name, loaded.weights.get(name)!, values, { relative: 2e-7 })
})

test('a model without biases has zeros for them in its folder', async () => {
  const plain = new GPT3({ ...model.configuration, bias: false, layers: 1 })
  const own = new Map([...namedParameters(plain).keys()].map(name => [name, weights.get(name)!]))
  const storage = memoryStorage()
  await saveModelFolder(storage, { model: plain, weights: own, tokenizer })
  const zeros = [...gptNeo.store(plain, own)].filter(({ name }) => name.endsWith('.bias'))
  const theirs = Object.keys(golden.parameters).filter(name => /\.(0|ln_f)\..*bias$/.test(name))
  expect(zeros.map(({ name }) => name).sort()).toEqual(theirs.sort())
  for (const { shape, name } of zeros) expect([name, shape]).toEqual([name, golden.parameters[name].shape])
  expect((await loadModelFolder(storage)).model.configuration).toEqual(plain.configuration)
})

test.each([
  [
    { attention_types: [[['global'], 3]] },
    'field "attention_types", expected layers that are global and local by turns.',
  ],
  [
    { attention_types: null },
    'field "attention_types", expected layers that are global and local by turns. Received "none".',
  ],
  [{ intermediate_size: 40 }, 'field "intermediate_size", expected null or 144. Received 40.'],
  [{ window_size: 0 }, 'field "window_size", expected a whole number above 0. Received 0.'],
  [{ num_heads: 5 }, 'channels, expected a multiple of heads (5). Received 36.'],
])('config.json with %j is refused', async (changes, message) => {
  const storage = memoryStorage()
  await saveModelFolder(storage, { model, weights, tokenizer })
  const config = JSON.parse(new TextDecoder().decode(await storage.read('config.json')))
  await storage.write('config.json', [new TextEncoder().encode(JSON.stringify({ ...config, ...changes }))])
  await expect(loadModelFolder(storage)).rejects.toThrow(message)
})
