import { expect, test } from 'vitest'
import { expectClose } from '../../test/engine/closeness.ts'
import { integerRows, numbersOf } from '../../test/engine/golden-model.ts'
import { golden, model, npy, openAIGPTFiles, stored, weights } from '../../test/openai-gpt-folder.ts'
import { compile } from '../compiler/compile.ts'
import { gptPublished } from '../models/2018-gpt.ts'
import { namedParameters, parameterNames, weightFeeds } from '../nn/parameters.ts'
import { nodeRuntime } from '../runtime/node.ts'
import { memoryStorage } from '../storage/memory.ts'
import type { Storage } from '../storage/storage.ts'
import { input } from '../tensor/tensor.ts'
import { loadModelFolder, saveModelFolder } from './model-folder.ts'
import { readOpenAIGPT, readOpenAIGPTWeights } from './openai-gpt.ts'

const { channels, heads } = model.configuration
const folder = (changes: Readonly<Record<string, Uint8Array | string>> = {}): Storage =>
  memoryStorage({ ...openAIGPTFiles(), ...changes })

test('a folder in the layout of the published weights is the model of transformers', async () => {
  const read = await readOpenAIGPTWeights(folder(), { heads })
  expect(read.model.configuration).toEqual(model.configuration)
  expect(new Set(read.weights.keys())).toEqual(new Set(namedParameters(model).keys()))
  const ids = integerRows(golden.ids)
  const outputs = { logits: read.model.logits(input('ids', ids.shape, 'int64')) }
  const names = parameterNames(namedParameters(read.model))
  const program = await compile(nodeRuntime({ threads: 1 }), outputs, { parameterNames: names })
  const { logits } = await program.run({ ids, ...weightFeeds(read.model, read.weights) })
  await program.release()
  expectClose('logits', numbersOf(logits), golden.logits.flat(2), { absolute: 2e-5 })
})

test('with its tokenizer it becomes a folder of transformers', async () => {
  const saved = await readOpenAIGPT(folder(), { heads })
  expect([...saved.tokenizer.encode('To be!')]).toEqual([51, 52, 0])
  const storage = memoryStorage()
  await saveModelFolder(storage, saved)
  const loaded = await loadModelFolder(storage)
  expect(loaded.weights).toEqual(weights)
  expect([...loaded.tokenizer.encode('To be!')]).toEqual([51, 52, 0])
  const short = {
    'encoder_bpe_40000.json': JSON.stringify({ '<unk>': 0, t: 1, 'o</w>': 2, 'to</w>': 3 }),
    'vocab_40000.bpe': '#version: 0.2\nt o</w>\n',
  }
  await expect(readOpenAIGPT(folder(short), { heads })).rejects.toThrow(
    'memory:encoder_bpe_40000.json expected 53 tokens, the words of params_shapes.json. Received 4.',
  )
  const alone = folder()
  await alone.remove('vocab_40000.bpe')
  await expect(readOpenAIGPT(alone, { heads })).rejects.toThrow('memory:vocab_40000.bpe expected a file that exists')
})

test('the published shapes, of 116,534,784 numbers', async () => {
  const { context, vocabulary, channels, layers } = gptPublished
  const block = [[1, 768, 2304], [2304], [1, 768, 768], [768], [768], [768]]
  const rest = [[1, 768, 3072], [3072], [1, 3072, 768], [768], [768], [768]]
  const shapes = [
    [context, channels],
    [vocabulary, channels],
    ...Array(layers)
      .fill([...block, ...rest])
      .flat(),
  ]
  const files = { 'params_shapes.json': JSON.stringify(shapes), 'params_0.npy': npy(Float32Array.of(1)) }
  await expect(readOpenAIGPTWeights(memoryStorage(files))).rejects.toThrow(
    'memory:params_0.npy to params_0.npy expected 116,534,784 numbers, by the shapes. Received 1 in 1 file. Is a file missing?',
  )
})

const changed = (at: number, shape: readonly number[]) => JSON.stringify(stored.with(at, shape))

test.each([
  [{ 'params_shapes.json': '{' }, 'memory:params_shapes.json expected a list of shapes. Received {.'],
  [{ 'params_shapes.json': '[[2, 0]]' }, 'expected a list of shapes. Received [[2,0]].'],
  [
    { 'params_shapes.json': '[[2, 2], [3, 2]]' },
    'expected the shapes of positions and words, and of 12 tensors for each block. Received 2 shapes.',
  ],
  [
    { 'params_shapes.json': changed(4, [1, channels, 2]) },
    'memory:params_shapes.json, shape 4 (blocks.0.attention.output.weight), expected [24, 24]. Received [1, 24, 2].',
  ],
  [{ 'params_1.npy': npy(Float32Array.of(1, 2)) }, 'numbers, by the shapes. Received'],
  [{ 'params_1.npy': 'text, that is no array' }, "memory:params_1.npy expected a file of NumPy's"],
])('%j is refused', async (changes, message) => {
  await expect(readOpenAIGPTWeights(folder(changes), { heads })).rejects.toThrow(message)
})

test('heads that do not share the channels, and a folder without weights, are refused', async () => {
  const given = readOpenAIGPTWeights(folder(), { heads: 5 })
  await expect(given).rejects.toThrow('memory:params_shapes.json, channels, expected a multiple of heads (5).')
  const empty = memoryStorage({ 'params_shapes.json': '[]' })
  await expect(readOpenAIGPTWeights(empty)).rejects.toThrow('memory:params_0.npy expected a file that exists')
})
