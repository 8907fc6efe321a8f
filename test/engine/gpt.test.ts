import { expect, test } from 'vitest'
import { loadModelFolder, saveModelFolder } from '../../src/checkpoints/model-folder.ts'
import { cachedPredictor, naivePredictor } from '../../src/generation/predictor.ts'
import { GPT, gptPublished, gptTensorNames } from '../../src/models/2018-gpt.ts'
import { crossEntropy } from '../../src/nn/losses.ts'
import { namedParameters, parameterCount } from '../../src/nn/parameters.ts'
import { adamW } from '../../src/optim/adamw.ts'
import { nodeRuntime } from '../../src/runtime/node.ts'
import { memoryStorage } from '../../src/storage/memory.ts'
import { input } from '../../src/tensor/tensor.ts'
import { trainCharacters } from '../../src/tokenizers/characters.ts'
import { flatStep } from '../../src/training/step.ts'
import { expectClose } from './closeness.ts'
import {
  expectGradient,
  expectTenSteps,
  forwardAndBackward,
  type GoldenParameter,
  goldenWeights,
  integerRows,
} from './golden-model.ts'
import { readGolden } from './golden-values.ts'

const golden = readGolden<{
  readonly size: Record<'vocab_size' | 'n_positions' | 'n_embd' | 'n_layer' | 'n_head', number>
  readonly ids: number[][]
  readonly targets: number[][]
  readonly parameters: Record<string, GoldenParameter>
  readonly logits: number[][][]
  readonly loss: number
  readonly losses: number[]
}>('gpt.json')
const runtime = nodeRuntime({ threads: 1 })
const { vocab_size: vocabulary, n_positions: context, n_embd: channels, n_layer: layers, n_head: heads } = golden.size
const model = new GPT({ vocabulary, context, channels, layers, heads })
const weights = goldenWeights(model, golden.parameters, gptTensorNames)
const feeds = { ids: integerRows(golden.ids), targets: integerRows(golden.targets) }
const logits = model.logits(input('ids', feeds.ids.shape, 'int64'))
const loss = crossEntropy(logits, input('targets', feeds.targets.shape, 'int64'))

test('logits, loss and every gradient are those of transformers', async () => {
  const result = await forwardAndBackward(runtime, { model, weights, feeds }, { logits, loss })
  expectClose('logits', result.logits, golden.logits.flat(2), { absolute: 2e-5 })
  expectClose('loss', result.loss, [golden.loss], { relative: 1e-6 })
  const rename = (name: string) => gptTensorNames.reduce((text, [ours, theirs]) => text.replace(ours, theirs), name)
  for (const name of namedParameters(model).keys())
    expectGradient(name, result.gradientOf(name), golden.parameters[rename(name)])
})

test('ten steps of AdamW', async () => {
  const optimizer = adamW({ beta1: 0.9, beta2: 0.999, weightDecay: 0.01 })
  const options = { runtime, parameters: namedParameters(model), weights, loss, clip: 1 }
  await expectTenSteps(flatStep, options, feeds, golden.losses, optimizer)
})

test('the published size has the parameters of its released weights', () => {
  expect(parameterCount(new GPT(gptPublished))).toBe(gptPublished.parameters)
})

test('the cache predicts as the naive loop does, far past the context; a folder gives back what it got', async () => {
  const tokenizer = await trainCharacters(['To be, or not to be; 生存还是毁灭，这是个问题。abcdefghijk'])
  const tokens = Array.from({ length: 40 }, (_, i) => (7 * i + i * i) % tokenizer.vocabularySize)
  const small = new GPT({ vocabulary: tokenizer.vocabularySize, context, channels, layers, heads })
  const own = new Map(weights)
  own.set('tokenEmbedding.weight', weights.get('tokenEmbedding.weight')!.slice(0, tokenizer.vocabularySize * channels))
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
