import { expect, test } from 'vitest'
import { loadTranslatorFolder, markerNames, markersOf, saveTranslatorFolder } from '../checkpoints/translator-folder.ts'
import { compile, host } from '../compiler/compile.ts'
import { beamTranslator, naiveScorer, searchBeams } from '../generation/beam.ts'
import { initialWeights, namedParameters, parameterNames } from '../nn/parameters.ts'
import { nodeRuntime } from '../runtime/node.ts'
import type { HostTensor } from '../runtime/runtime.ts'
import { memoryStorage } from '../storage/memory.ts'
import { input, type Tensor } from '../tensor/tensor.ts'
import { trainByteLevelBPE } from '../tokenizers/bpe-training.ts'
import { Seq2Seq, type Seq2SeqConfiguration } from './2014-seq2seq.ts'

const runtime = nodeRuntime({ threads: 1 })
const size = { vocabulary: 23, context: 24, channels: 16, padding: 0 }
const kinds = (['lstm', 'gru'] as const).flatMap(cell =>
  [true, false].map(
    (attention): Seq2SeqConfiguration => ({ ...size, cell, attention, layers: cell === 'gru' ? 2 : 1 }),
  ),
)

function withWeights(configuration: Seq2SeqConfiguration) {
  const model = new Seq2Seq(configuration)
  const weights = initialWeights(namedParameters(model), 5)
  return { model, weights: new Map([...weights].map(([name, values]) => [name, values.map(value => 2 * value)])) }
}

async function run(
  { model, weights }: ReturnType<typeof withWeights>,
  outputs: (source: Tensor, target: Tensor) => Record<string, Tensor>,
  source: number[][],
  target: number[][],
): Promise<Record<string, Float32Array>> {
  const shapes = [source, target].map(rows => [rows.length, rows[0].length])
  const parameters = namedParameters(model)
  const asked = outputs(input('source', shapes[0], 'int64'), input('target', shapes[1], 'int64'))
  const program = await compile(runtime, asked, { parameterNames: parameterNames(parameters) })
  const ids = (rows: number[][], shape: number[]) =>
    host(
      'int64',
      shape,
      BigInt64Array.from(rows.flat(), value => BigInt(value)),
    )
  const feeds = {
    source: ids(source, shapes[0]),
    target: ids(target, shapes[1]),
    ...Object.fromEntries(
      [...parameters].map(([name, { shape }]) => [name, host('float32', shape, weights.get(name)!)]),
    ),
  }
  const given = Object.fromEntries(Object.entries(feeds).filter(([name]) => name in program.inputs))
  const results = await program.run(given)
  await program.release()
  return Object.fromEntries(
    Object.entries(results).map(([name, value]) => [name, (value as HostTensor).data.slice() as Float32Array]),
  )
}

test.each(kinds)('padding changes nothing: $cell, attention $attention', async configuration => {
  const loaded = withWeights(configuration)
  const logits = (source: Tensor, target: Tensor) => ({ logits: loaded.model.logits(source, target) })
  const target = [[1, 4, 5]]
  const [plain, padded] = await Promise.all([
    run(loaded, logits, [[7, 8, 9, 2]], target),
    run(loaded, logits, [[7, 8, 9, 2, 0, 0, 0]], target),
  ])
  for (const [i, value] of plain.logits.entries()) expect(padded.logits[i]).toBeCloseTo(value, 4)
})

test.each(kinds)(
  'beams with states kept are those without: $cell, attention $attention',
  async configuration => {
    const loaded = { ...withWeights(configuration), runtime, markers: { padding: 0, begin: 1, end: 2 } }
    const sources = [[5, 6, 7, 8], [10, 11], [20]]
    const translator = beamTranslator(loaded, { beams: 3, lengthPenalty: 0.6 })
    const found = await translator.translate(sources)
    await translator.release()
    for (const [i, source] of sources.entries()) {
      const options = { beams: 3, lengthPenalty: 0.6 }
      const [expected] = await searchBeams(naiveScorer(loaded, [source], 3), 23, loaded.markers, options)
      expect(found[i][0].ids).toEqual(expected[0].ids)
      expect(found[i][0].logProbability).toBeCloseTo(expected[0].logProbability, 3)
    }
  },
  120_000,
)

test('attention weights add up to one over the words, and leave padding out', async () => {
  const loaded = withWeights(kinds[0])
  const attentions = new Map<string, Tensor>()
  const weights = (source: Tensor, target: Tensor) => {
    loaded.model.logits(source, target, { attentions })
    return { weights: attentions.get('cross/0')! }
  }
  const result = await run(loaded, weights, [[7, 8, 9, 2, 0]], [[1, 4, 5]])
  for (const t of [0, 1, 2]) {
    const row = [...result.weights.subarray(5 * t, 5 * t + 5)]
    expect(row.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5)
    expect(row[4]).toBe(0)
  }
})

test('without attention there is only z', () => {
  const { model } = withWeights(kinds[1])
  const { memory } = model.encode(input('source', [3, 5], 'int64'))
  expect(Object.entries(memory).map(([name, { shape }]) => [name, shape])).toEqual([['z', [3, 16]]])
  expect(() => new Seq2Seq({ ...kinds[0], channels: 15 })).toThrow('channels expected an even number. Received 15.')
})

test('what was saved is what is loaded', async () => {
  const specialTokens = Object.values(markerNames)
  const tokenizer = await trainByteLevelBPE(['ein mann'], { vocabularySize: 262, specialTokens })
  const { padding } = markersOf(tokenizer)
  for (const kind of kinds) {
    const saved = withWeights({ ...kind, vocabulary: tokenizer.vocabularySize, padding })
    const storage = memoryStorage()
    await saveTranslatorFolder(storage, { ...saved, tokenizer, lowerCase: false, scripts: ['Latin'] })
    const loaded = await loadTranslatorFolder(storage)
    expect(loaded.model.configuration).toEqual(saved.model.configuration)
    expect(loaded.weights).toEqual(saved.weights)
  }
})
