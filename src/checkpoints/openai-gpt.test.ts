import { expect, test } from 'vitest'
import { expectClose } from '../../test/engine/closeness.ts'
import { type GoldenParameter, goldenWeights, integerRows, numbersOf } from '../../test/engine/golden-model.ts'
import { readGolden } from '../../test/engine/golden-values.ts'
import { compile } from '../compiler/compile.ts'
import { GPT, gptPublished, gptTensorNames } from '../models/2018-gpt.ts'
import { namedParameters, parameterNames, weightFeeds } from '../nn/parameters.ts'
import { nodeRuntime } from '../runtime/node.ts'
import { memoryStorage } from '../storage/memory.ts'
import type { Storage } from '../storage/storage.ts'
import { input } from '../tensor/tensor.ts'
import { readOpenAIGPTWeights } from './openai-gpt.ts'

const golden = readGolden<{
  readonly size: Record<'vocab_size' | 'n_positions' | 'n_embd' | 'n_layer' | 'n_head', number>
  readonly ids: number[][]
  readonly parameters: Record<string, GoldenParameter>
  readonly logits: number[][][]
}>('gpt.json')
const { vocab_size: vocabulary, n_positions: context, n_embd: channels, n_layer: layers, n_head: heads } = golden.size
const model = new GPT({ vocabulary, context, channels, layers, heads })
const weights = goldenWeights(model, golden.parameters, gptTensorNames)

/** As TensorFlow made the variables of train.py: attention, its normalization, feed-forward, its normalization. */
const ofBlock = ['attn.c_attn', 'attn.c_proj', 'ln_1', 'mlp.c_fc', 'mlp.c_proj', 'ln_2']
const theirs = [
  'transformer.positions_embed.weight',
  'transformer.tokens_embed.weight',
  ...Array.from({ length: layers }, (_, i) =>
    ofBlock.flatMap(part => ['weight', 'bias'].map(end => `transformer.h.${i}.${part}.${end}`)),
  ).flat(),
]
const rename = (name: string) => gptTensorNames.reduce((text, [ours, other]) => text.replace(ours, other), name)
const ours = new Map([...namedParameters(model)].map(([name, { shape }]) => [rename(name), { name, shape }]))
const shapes = theirs.map(name => ours.get(name)!.shape)
const stored = shapes.map((shape, i) => (i > 1 && shape.length === 2 ? [1, ...shape] : shape))
const numbers = Float32Array.from(theirs.flatMap(name => [...weights.get(ours.get(name)!.name)!]))

function npy(values: Float32Array): Uint8Array {
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${values.length},), }`.padEnd(117).concat('\n')
  const begin = [0x93, ...new TextEncoder().encode('NUMPY'), 1, 0, header.length, 0]
  return Uint8Array.of(...begin, ...new TextEncoder().encode(header), ...new Uint8Array(values.slice().buffer))
}

/** A folder as the model was published in, cut at some places. */
function folder(changes: Readonly<Record<string, Uint8Array | string>> = {}): Storage {
  const cuts = [0, 1000, 1001, 5000, numbers.length]
  const files = cuts.slice(1).map((end, i) => [`params_${i}.npy`, npy(numbers.subarray(cuts[i], end))] as const)
  return memoryStorage({ 'params_shapes.json': JSON.stringify(stored), ...Object.fromEntries(files), ...changes })
}

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
