/** A training against the slowest one that can be written: arrays of arrays, double precision, no kernel, no groups. */
import { expect, test } from 'vitest'
import { FastRandom } from '../../base/fast-random.ts'
import { Random } from '../../base/random.ts'
import { memoryTokens } from '../../data/token-shards.ts'
import { chunkLearner, type Work } from '../../training/word2vec/crew.ts'
import {
  initializeWord2vec,
  keptShares,
  type Word2vecConfiguration,
  word2vecMemory,
  word2vecPublished,
} from '../2013-word2vec.ts'
import { AliasTable } from './alias-table.ts'
import { huffmanTree } from './huffman-tree.ts'

const words = 30
/** Sentences of words by Zipf's law. */
const ids = (() => {
  const random = new FastRandom(4, 'naive text')
  const table = new AliasTable(Float64Array.from({ length: words }, (_, rank) => 1 / (rank + 1)))
  const lengths = new Random(4, 'naive lengths')
  return Array.from({ length: 60 }, () => [
    ...Array.from({ length: lengths.integer(20) }, () => table.draw(random)),
    words,
  ]).flat()
})()
const counts = Int32Array.from({ length: words }, (_, word) => 1 + ids.filter(id => id === word).length).sort(
  (a, b) => b - a,
)

function naive(
  configuration: Word2vecConfiguration,
  input: number[][],
  output: number[][],
  rate: number,
  random: FastRandom,
) {
  const { architecture, objective, window, negative, sample, channels } = configuration
  const kept = keptShares(counts, sample)
  const table = new AliasTable(Float64Array.from(counts, count => count ** 0.75))
  const tree = huffmanTree(counts)
  const uniform = () => random.uint32() / 2 ** 32
  const dot = (a: number[], b: number[]) => a.reduce((sum, value, i) => sum + value * b[i], 0)
  /** Rows and labels for a word. */
  const targets = (word: number): [row: number, label: number][] => {
    if (objective === 'hierarchical-softmax')
      return Array.from({ length: tree.starts[word + 1] - tree.starts[word] }, (_, i) => {
        const entry = tree.starts[word] + i
        return [tree.nodes[entry], 1 - tree.turns[entry]]
      })
    const drawn = Array.from({ length: negative }, () => table.draw(random)).filter(other => other !== word)
    return [[word, 1], ...drawn.map((other): [number, number] => [other, 0])]
  }
  /** Changes the output rows, returns what h is to be changed by. */
  const learn = (hidden: number[], aims: [number, number][]): number[] => {
    const rates = aims.map(([row, label]) => rate * (label - 1 / (1 + Math.exp(-dot(output[row], hidden)))))
    const error = Array<number>(channels).fill(0)
    for (const [k, [row]] of aims.entries()) {
      for (let i = 0; i < channels; i++) {
        error[i] += rates[k] * output[row][i]
        output[row][i] += rates[k] * hidden[i]
      }
    }
    return error
  }
  const change = (row: number[], by: number[]) => {
    for (let i = 0; i < channels; i++) row[i] += by[i]
  }
  let sentence: number[] = []
  const finish = () => {
    for (const [middle, word] of sentence.entries()) {
      const width = 1 + Math.floor(uniform() * window)
      const company = sentence
        .map((id, at) => ({ id, at }))
        .filter(({ at }) => at !== middle && Math.abs(at - middle) <= width)
      if (company.length === 0) continue
      if (architecture === 'cbow') {
        const mean = Array.from(
          { length: channels },
          (_, i) => company.reduce((sum, { id }) => sum + input[id][i], 0) / company.length,
        )
        const error = learn(mean, targets(word))
        for (const { id } of company) change(input[id], error)
      } else {
        const fixed = objective === 'hierarchical-softmax' ? targets(word) : undefined
        for (const { id } of company) change(input[id], learn([...input[id]], fixed ?? targets(word)))
      }
    }
    sentence = []
  }
  for (const id of ids) {
    if (id === words) finish()
    else if (kept[id] >= 1 || uniform() < kept[id]) sentence.push(id)
  }
  finish()
}

test.each(
  (['skip-gram', 'cbow'] as const).flatMap(architecture =>
    (['negative-sampling', 'hierarchical-softmax'] as const).map(objective => [architecture, objective] as const),
  ),
)('%s with %s learns what the naive twin learns; both kernels the same bits', (architecture, objective) => {
  const configuration = { ...word2vecPublished, architecture, objective, channels: 7, window: 4, sample: 0.01 }
  const trained = (kernel: 'plain' | 'simd') => {
    const memory = word2vecMemory(configuration, counts, { threads: 1, shared: false })
    initializeWord2vec(memory, 1)
    const initial = memory.matrix('input')
    const work: Work = {
      ...{ configuration, counts, seed: 9, epochs: 1, chunksPerEpoch: 1, chunkLength: ids.length },
      ...{ learningRate: 0.1, finalLearningRate: 0.1, kernel },
    }
    chunkLearner(work, memory, memoryTokens(ids, 0), 0)(0)
    return { initial, input: memory.matrix('input'), output: memory.matrix('output') }
  }
  const [plain, simd] = [trained('plain'), trained('simd')]
  expect(simd).toEqual(plain)
  const rows = (matrix: Float32Array) =>
    Array.from({ length: words }, (_, word) => [...matrix.subarray(word * 7, (word + 1) * 7)])
  const [input, output] = [rows(simd.initial), rows(new Float32Array(words * 7))]
  naive(configuration, input, output, 0.1, new FastRandom(9, 'word2vec/chunk 0'))
  const far = (a: number[][], b: Float32Array) => Math.max(...a.flat().map((value, i) => Math.abs(value - b[i])))
  expect(far(input, simd.input)).toBeLessThan(1e-4)
  expect(far(output, simd.output)).toBeLessThan(1e-4)
  expect(far(rows(simd.initial), simd.input)).toBeGreaterThan(0.01) // it did learn
})
