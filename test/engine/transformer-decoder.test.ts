import { expect, test } from 'vitest'
import { loadModelFolder, saveModelFolder } from '../../src/checkpoints/model-folder.ts'
import { cachedPredictor, naivePredictor } from '../../src/generation/predictor.ts'
import { TransformerDecoder, type TransformerDecoderConfiguration } from '../../src/models/2017-transformer-decoder.ts'
import { crossEntropy } from '../../src/nn/losses.ts'
import { namedParameters } from '../../src/nn/parameters.ts'
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
  readonly size: TransformerDecoderConfiguration
  readonly ids: number[][]
  readonly targets: number[][]
  readonly parameters: Record<string, GoldenParameter>
  readonly logits: number[][][]
  readonly loss: number
  readonly losses: number[]
}>('transformer-decoder.json')
const runtime = nodeRuntime({ threads: 1 })
const model = new TransformerDecoder(golden.size)
const weights = goldenWeights(model, golden.parameters)
const feeds = { ids: integerRows(golden.ids), targets: integerRows(golden.targets) }
const logits = model.logits(input('ids', feeds.ids.shape, 'int64'))
const loss = crossEntropy(logits, input('targets', feeds.targets.shape, 'int64'))

test('logits, loss and every gradient are those of PyTorch', async () => {
  const result = await forwardAndBackward(runtime, { model, weights, feeds }, { logits, loss })
  expectClose('logits', result.logits, golden.logits.flat(2), { absolute: 2e-5 })
  expectClose('loss', result.loss, [golden.loss], { relative: 1e-6 })
  for (const [name, parameter] of Object.entries(golden.parameters))
    expectGradient(name, result.gradientOf(name), parameter)
})

test('ten steps of Adam', () =>
  expectTenSteps(flatStep, { runtime, parameters: namedParameters(model), weights, loss }, feeds, golden.losses))

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
