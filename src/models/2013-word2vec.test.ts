import { describe, expect, test } from 'vitest'
import { FastRandom } from '../base/fast-random.ts'
import { Random } from '../base/random.ts'
import {
  initializeWord2vec,
  keptShares,
  predictionLoss,
  type Word2vecConfiguration,
  Word2vecLearner,
  word2vecMemory,
  word2vecPublished,
} from './2013-word2vec.ts'
import { huffmanTree } from './word2vec/huffman-tree.ts'
import type { Word2vecMemory } from './word2vec/memory.ts'
import { plainKernel } from './word2vec/plain-kernel.ts'
import { simdKernel } from './word2vec/simd-kernel.ts'

const counts = [50, 40, 20, 9, 8, 7, 3, 2, 1]
const words = counts.length

const configurations = (['skip-gram', 'cbow'] as const).flatMap(architecture =>
  (['negative-sampling', 'hierarchical-softmax'] as const).map(objective => ({
    ...word2vecPublished,
    ...{ architecture, objective, channels: 10, sample: 0 },
  })),
)

/** Memory with random vectors, large enough that σ is curved. */
function randomMemory(configuration: Word2vecConfiguration): Word2vecMemory {
  const memory = word2vecMemory(configuration, counts, { threads: 1, shared: false })
  const random = new Random(5, 'word2vec test')
  const { channels } = configuration
  for (const which of ['input', 'output'] as const)
    memory.setMatrix(
      which,
      Float32Array.from({ length: words * channels }, () => 0.7 * random.normal()),
    )
  return memory
}

/** −log P(word) by the tree, or the loss of the word and its negative samples, in double precision from the definition. */
function lossOf(
  { objective }: Word2vecConfiguration,
  hidden: readonly number[],
  output: readonly (readonly number[])[],
  word: number,
  negatives: readonly number[],
): number {
  const dot = (row: number) => hidden.reduce((sum, value, i) => sum + value * output[row][i], 0)
  const logSigmoid = (x: number) => -Math.log1p(Math.exp(-x))
  if (objective === 'negative-sampling')
    return negatives.reduce((sum, other) => sum - logSigmoid(-dot(other)), -logSigmoid(dot(word)))
  const { starts, nodes, turns } = huffmanTree(counts)
  let loss = 0
  for (let entry = starts[word]; entry < starts[word + 1]; entry++)
    loss -= logSigmoid(turns[entry] === 1 ? -dot(nodes[entry]) : dot(nodes[entry]))
  return loss
}

const rowsOf = (matrix: Float32Array, channels: number): number[][] =>
  Array.from({ length: words }, (_, word) => [...matrix.subarray(word * channels, (word + 1) * channels)])

describe.each(configurations)('$architecture, $objective', configuration => {
  const { channels, architecture, objective } = configuration
  const isMean = architecture === 'cbow'

  /** Learns from one short sentence. */
  function learnFew(rate: number, window: readonly number[], word: number, kernel = simdKernel) {
    const memory = randomMemory(configuration)
    const before = { input: memory.matrix('input'), output: memory.matrix('output') }
    const learner = new Word2vecLearner({ ...configuration, window: 5 }, counts, memory, kernel(memory))
    const lesson = learner.learn(Int32Array.from([...window, word]), rate, new FastRandom(1, 'few'))
    return { memory, before, lesson }
  }

  test('a step follows the gradient of the loss, held against finite differences', () => {
    const rate = 1e-3
    const memory = randomMemory(configuration)
    const kernel = simdKernel(memory)
    const input = rowsOf(memory.matrix('input'), channels)
    const output = rowsOf(memory.matrix('output'), channels)
    const { hidden, error, targets, labels, nothing } = memory.scratch[0]
    const rowBytes = memory.rowLength * 4
    const [word, negatives, window] = [2, [0, 5, 7, 3, 8], isMean ? [1, 4, 6] : [4]]
    // Targets as the definition has them.
    const { starts, nodes, turns } = huffmanTree(counts)
    const way = Array.from({ length: starts[word + 1] - starts[word] }, (_, i) => starts[word] + i)
    const aims =
      objective === 'negative-sampling'
        ? [[word, 1], ...negatives.map(other => [other, 0])]
        : way.map(entry => [nodes[entry], 1 - turns[entry]])
    const groups = Math.ceil(aims.length / memory.size.group)
    for (let k = 0; k < groups * memory.size.group; k++) {
      memory.words[(targets >>> 2) + k] = k < aims.length ? memory.outputAddress + aims[k][0] * rowBytes : nothing
      memory.floats[(labels >>> 2) + k] = k < aims.length ? aims[k][1] : 0.5
    }
    kernel.clear(hidden)
    for (const id of window) kernel.add(hidden, memory.inputAddress + id * rowBytes)
    kernel.scale(hidden, 1 / window.length)
    const mean = input[0].map((_, i) => window.reduce((sum, id) => sum + input[id][i], 0) / window.length)
    expect(predictionLoss(memory, hidden, memory.scratch[0], groups)).toBeCloseTo(
      lossOf(configuration, mean, output, word, negatives),
      5,
    )
    kernel.learn(hidden, error, targets, labels, groups, rate)

    const epsilon = 1e-5
    const slope = (change: (by: number) => number) => (change(epsilon) - change(-epsilon)) / (2 * epsilon)
    const moved = (values: readonly number[], at: number, by: number) =>
      values.map((value, i) => (i === at ? value + by : value))
    const errors = memory.row(error)
    const learned = rowsOf(memory.matrix('output'), channels)
    for (let i = 0; i < channels; i++) {
      const dHidden = slope(by => lossOf(configuration, moved(mean, i, by), output, word, negatives))
      expect(errors[i] / rate).toBeCloseTo(-dHidden, 4)
      for (let row = 0; row < words; row++) {
        const changed = (by: number) => output.map((values, r) => (r === row ? moved(values, i, by) : values))
        const dOutput = slope(by => lossOf(configuration, mean, changed(by), word, negatives))
        // A weight near 1 has steps of 6e-8, which is 6e-5 of the rate.
        expect(Math.abs((learned[row][i] - output[row][i]) / rate + dOutput)).toBeLessThan(3e-4)
      }
    }
  })

  test('only the rows of a prediction change, and the plain kernel gives the same bits', () => {
    const [window, word] = [[4, 1], 6]
    const { memory, before, lesson } = learnFew(0.1, window, word)
    const input = memory.matrix('input')
    for (let id = 0; id < words; id++) {
      const isSame = [...memory.matrix('input').subarray(id * channels, (id + 1) * channels)].every(
        (value, i) => value === before.input[id * channels + i],
      )
      expect([id, isSame]).toEqual([id, ![...window, word].includes(id)])
    }
    expect(lesson).toMatchObject({ words: 3, measured: 1 })
    expect(lesson.loss).toBeGreaterThan(0)
    const plain = learnFew(0.1, window, word, plainKernel).memory
    expect(plain.matrix('input')).toEqual(input)
    expect(plain.matrix('output')).toEqual(memory.matrix('output'))
  })

  test('learns who stands beside whom', () => {
    // Words 0 to 19 keep to themselves, and so do 20 to 39.
    const random = new Random(2, 'company')
    const side = 20
    const sentence = (first: number) => [...Array.from({ length: 10 }, () => first + random.integer(side)), 2 * side]
    const ids = Int32Array.from(Array.from({ length: 800 }, (_, i) => sentence((i % 2) * side)).flat())
    const equal = Array<number>(2 * side).fill(200)
    const memory = word2vecMemory(configuration, equal, { threads: 1, shared: false })
    initializeWord2vec(memory, 1)
    const learner = new Word2vecLearner(configuration, equal, memory, simdKernel(memory))
    const losses = Array.from({ length: 12 }, (_, epoch) => {
      const { loss, measured } = learner.learn(ids, 0.05, new FastRandom(1, `epoch ${epoch}`))
      return loss / measured
    })
    const isSampled = objective === 'negative-sampling'
    expect(losses[11]).toBeLessThan(isSampled ? losses[0] : Math.log(side) + 0.15) // of ln 40 where nothing is known
    const rows = Array.from({ length: 2 * side }, (_, id) => [...memory.row(memory.inputAddress + id * 48)])
    const dot = (x: readonly number[], y: readonly number[]) => x.reduce((sum, value, i) => sum + value * y[i], 0)
    const cosine = (a: number, b: number) =>
      dot(rows[a], rows[b]) / Math.sqrt(dot(rows[a], rows[a]) * dot(rows[b], rows[b]))
    const firstIds = Array.from({ length: side }, (_, id) => id)
    const mean = (of: (id: number) => number) => firstIds.reduce((sum, id) => sum + of(id), 0) / side
    expect(mean(id => cosine(id, (id + 1) % side))).toBeGreaterThan(mean(id => cosine(id, side + id)) + 0.3)
  })
})

test('frequent words are thinned out as the published program does it', () => {
  const shares = keptShares([9000, 900, 90, 10], 1e-3)
  expect(shares[0]).toBeCloseTo((Math.sqrt(0.9 / 1e-3) + 1) * (1e-3 / 0.9), 12)
  expect(shares[2]).toBeCloseTo((Math.sqrt(9) + 1) / 9, 12)
  expect(shares[3]).toBe(1)
  expect([...keptShares([3, 2], 0)]).toEqual([1, 1])
})

test('the vectors begin small, and the output at zero', () => {
  const memory = word2vecMemory(word2vecPublished, counts, { threads: 1, shared: false })
  initializeWord2vec(memory, 3)
  const input = memory.matrix('input')
  expect(Math.max(...input)).toBeLessThan(0.005)
  expect(Math.min(...input)).toBeGreaterThan(-0.005)
  expect(Math.max(...input)).toBeGreaterThan(0.0045)
  expect(new Set(memory.matrix('output'))).toEqual(new Set([0]))
})
