import { expect, test } from 'vitest'
import { Transformer } from '../models/2017-transformer.ts'
import { initialWeights, namedParameters } from '../nn/parameters.ts'
import { nodeRuntime } from '../runtime/node.ts'
import { type BeamScorer, beamTranslator, naiveScorer, penaltyOf, searchBeams } from './beam.ts'

const markers = { padding: 0, begin: 1, end: 2 }
const runtime = nodeRuntime({ threads: 1 })
const model = new Transformer({
  vocabulary: 23,
  context: 24,
  channels: 16,
  layers: 2,
  heads: 2,
  hidden: 24,
  bias: false,
  padding: 0,
})
/** Larger than usual, so that the model has strong opinions. */
const weights = new Map(
  [...initialWeights(namedParameters(model), 3)].map(([name, values]) => [name, values.map(value => 1.7 * value)]),
)
const loaded = { model, weights, runtime, markers }

test('cached beams of many sentences are those of the model without a cache', async () => {
  const sources = [[5, 6, 7, 8, 9], [10, 11], [3, 4, 5, 6, 7], [12], [20, 21, 22, 3, 4, 5, 6, 7, 8]]
  const translator = beamTranslator(loaded, { beams: 3, lengthPenalty: 0.6, batchSize: 2 })
  const found = await translator.translate(sources)
  await translator.release()
  for (const [i, source] of sources.entries()) {
    const [expected] = await searchBeams(naiveScorer(loaded, [source], 3), 23, markers, {
      beams: 3,
      lengthPenalty: 0.6,
    })
    expect(found[i].map(({ ids }) => ids)).toEqual(expected.map(({ ids }) => ids))
    for (const [j, { logProbability }] of expected.entries())
      expect(found[i][j].logProbability).toBeCloseTo(logProbability, 3)
  }
})

/** A language of three words with known probabilities. */
function scripted(table: (prefix: readonly number[]) => readonly number[], beams: number, length = 5): BeamScorer {
  let prefixes: number[][] = Array.from({ length: beams }, () => [])
  return {
    sentences: 1,
    length,
    async next(previous, parents, position) {
      if (position > 0) prefixes = parents.map((parent, i) => [...prefixes[parent], previous[i]])
      return Float32Array.from(prefixes.flatMap(prefix => table(prefix).map(Math.log)))
    },
  }
}

/** Ids: padding, begin, end, a, b. The likeliest first word leads to a worse sentence. */
const garden = (prefix: readonly number[]): readonly number[] => {
  if (prefix.length === 0) return [0, 0, 0, 0.6, 0.4]
  if (prefix.length === 1) return prefix[0] === 3 ? [0, 0, 0.1, 0.5, 0.4] : [0, 0, 0.9, 0.05, 0.05]
  return [0, 0, 0.4, 0.3, 0.3]
}

test('more beams find what the greedy search walks past', async () => {
  const [greedy] = await searchBeams(scripted(garden, 1), 5, markers, { beams: 1, lengthPenalty: 0 })
  expect(greedy[0].ids[0]).toBe(3)
  const [wide] = await searchBeams(scripted(garden, 3), 5, markers, { beams: 3, lengthPenalty: 0 })
  expect(wide[0].ids).toEqual([4])
  expect(wide[0].logProbability).toBeCloseTo(Math.log(0.36), 6)
})

test('the length penalty is that of the paper, and favours longer sentences', async () => {
  expect(penaltyOf(1, 0.6)).toBe(1)
  expect(penaltyOf(19, 0.6)).toBeCloseTo(4 ** 0.6, 12)
  const table = (prefix: readonly number[]) => (prefix.length < 3 ? [0, 0, 0.3, 0.7, 0] : [0, 0, 1, 0, 0])
  const [short] = await searchBeams(scripted(table, 3), 5, markers, { beams: 3, lengthPenalty: 0 })
  const [long] = await searchBeams(scripted(table, 3), 5, markers, { beams: 3, lengthPenalty: 1 })
  expect(short[0].ids).toEqual([3, 3, 3])
  expect(long[0].ids).toEqual([3, 3, 3])
  const even = (prefix: readonly number[]) => (prefix.length < 3 ? [0, 0, 0.5, 0.5, 0] : [0, 0, 1, 0, 0])
  const first = async (lengthPenalty: number) =>
    (await searchBeams(scripted(even, 3), 5, markers, { beams: 3, lengthPenalty }))[0][0].ids.length
  expect(await first(0)).toBe(0)
  expect(await first(4)).toBe(3)
})

test('a sentence that does not end is given as it stands', async () => {
  const [found] = await searchBeams(
    scripted(() => [0, 0, 0, 1, 0], 2, 4),
    5,
    markers,
    { beams: 2, lengthPenalty: 0.6 },
  )
  expect(found[0].ids).toEqual([3, 3, 3, 3])
})

test('sentences that no model can read', async () => {
  const translator = beamTranslator(loaded)
  await expect(translator.translate([[3], []])).rejects.toThrow('Sentence 2 expected at least one word')
  await expect(translator.translate([Array(24).fill(3)])).rejects.toThrow(
    'Sentence 1 expected at most 23 tokens, as long as the model learned. Received 24.',
  )
  await translator.release()
})
