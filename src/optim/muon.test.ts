import { expect, test } from 'vitest'
import { expectClose } from '../../test/engine/closeness.ts'
import { Random } from '../base/random.ts'
import { compile, host } from '../compiler/compile.ts'
import { Transformer } from '../models/2017-transformer.ts'
import { GPT2 } from '../models/2019-gpt2.ts'
import { Llama } from '../models/2023-llama.ts'
import { namedParameters } from '../nn/parameters.ts'
import { nodeRuntime } from '../runtime/node.ts'
import type { HostTensor } from '../runtime/runtime.ts'
import { input } from '../tensor/tensor.ts'
import { hiddenMatrices, muon, orthogonal } from './muon.ts'

const runtime = nodeRuntime({ threads: 1 })

/** Rows of numbers in double precision. */
type Matrix = number[][]

const product = (a: Matrix, b: Matrix): Matrix =>
  a.map(row => b[0].map((_, j) => row.reduce((sum, value, k) => sum + value * b[k][j], 0)))
const transposed = (a: Matrix): Matrix => a[0].map((_, j) => a.map(row => row[j]))
const combined = (a: Matrix, b: Matrix, f: (x: number, y: number) => number): Matrix =>
  a.map((row, i) => row.map((value, j) => f(value, b[i][j])))

/** As Jordan's post writes it: of the wide form, a matrix that is high is transposed before and after. */
function newtonSchulz(g: Matrix): Matrix {
  const high = g.length > g[0].length
  const wide = high ? transposed(g) : g
  const norm = Math.sqrt(wide.flat().reduce((sum, value) => sum + value * value, 0))
  let x = wide.map(row => row.map(value => value / norm))
  for (let step = 0; step < 5; step++) {
    const gram = product(x, transposed(x))
    const factor = combined(gram, product(gram, gram), (one, two) => -4.775 * one + 2.0315 * two)
    x = combined(x, product(factor, x), (own, moved) => 3.4445 * own + moved)
  }
  return high ? transposed(x) : x
}

const [rate, decay, steps] = [0.05, 0.1, 4]

/** The weights after some steps of the rule, in double precision. */
function expected(weights: Matrix, gradients: Matrix[], count: number): Matrix {
  const width = weights[0].length / count
  let [w, m] = [weights, weights.map(row => row.map(() => 0))]
  for (const g of gradients) {
    m = combined(m, g, (own, one) => 0.95 * own + one)
    const direction = combined(g, m, (one, own) => one + 0.95 * own)
    const parts = Array.from({ length: count }, (_, i) =>
      newtonSchulz(direction.map(row => row.slice(i * width, (i + 1) * width))),
    )
    const change = w.map((_, row) => parts.flatMap(part => part[row]))
    const scale = 0.2 * Math.sqrt(Math.max(w.length, width))
    w = combined(w, change, (own, one) => own * (1 - rate * decay) - rate * scale * one)
  }
  return w
}

const random = new Random(1, 'muon')
const drawn = (rows: number, columns: number): Matrix =>
  Array.from({ length: rows }, () => Array.from({ length: columns }, () => Math.fround(random.normal())))
const hostOf = (matrix: Matrix) => host('float32', [matrix.length, matrix[0].length], Float32Array.from(matrix.flat()))

test.each([
  ['wide', 4, 7, 1],
  ['high', 9, 5, 1],
  ['square', 6, 6, 1],
  ['three side by side', 5, 15, 3],
])('the rule in double precision: %s', async (_, rows, columns, count) => {
  const optimizer = muon({ weightDecay: decay })
  const weights = drawn(rows, columns)
  const gradients = Array.from({ length: steps }, () => drawn(rows, columns))
  const shape = [rows, columns]
  const next = optimizer.whole!.update(
    {
      parameter: input('parameter', shape),
      gradient: input('gradient', shape),
      state: [input('mean', shape), input('square', shape)],
      scalars: { learningRate: input('learningRate', []), weightDecay: input('weightDecay', []) },
    },
    count,
  )
  const program = await compile(runtime, { next: next.parameter, mean2: next.state[0] })
  const scalar = (value: number) => host('float32', [], Float32Array.of(value))
  let [parameter, mean] = [hostOf(weights), hostOf(weights.map(row => row.map(() => 0)))]
  for (const gradient of gradients) {
    const feeds = {
      parameter,
      mean,
      gradient: hostOf(gradient),
      learningRate: scalar(rate),
      weightDecay: scalar(decay),
    }
    const result = await program.run(feeds)
    ;[parameter, mean] = [result.next as typeof parameter, result.mean2 as typeof mean]
  }
  await program.release()
  expectClose('weights', parameter.data as Float32Array, expected(weights, gradients, count).flat(), { absolute: 1e-4 })
})

test('what follows AdamW goes as far as it is told to', () => {
  const [whole, half] = [1, 0.5].map(adamRate => muon({ adamRate }).scalars(3))
  expect(half.stepSize).toBeCloseTo(whole.stepSize / 2, 12)
  expect(half.stepEpsilon).toBe(whole.stepEpsilon)
})

test('what the iteration makes is almost orthogonal', async () => {
  const size = 12
  const matrix = drawn(size, size)
  const q = orthogonal(input('matrix', [size, size]))
  const program = await compile(runtime, { gram: q.matmul(q, { transposeB: true }) })
  const { gram } = await program.run({ matrix: hostOf(matrix) })
  await program.release()
  const values = (gram as HostTensor).data as Float32Array
  // Squares of singular values lie between 0.7² and 1.2²: so their mean does, and off the diagonal little is left.
  const diagonal = Array.from({ length: size }, (_, i) => values[i * size + i])
  expect(Math.min(...diagonal)).toBeGreaterThan(0.4)
  expect(Math.max(...diagonal)).toBeLessThan(1.5)
})

test('matrices inside of blocks follow it; embeddings, heads, gains and biases follow AdamW', () => {
  const matricesOf = (model: object) =>
    Object.fromEntries(
      [...namedParameters(model)].flatMap(([name, { shape }]) => {
        const count = hiddenMatrices(name, shape)
        return count > 0 ? [[name, count]] : []
      }),
    )
  const size = { vocabulary: 65, context: 8, layers: 1, heads: 4, channels: 16 }
  expect(matricesOf(new GPT2({ ...size, bias: true }))).toEqual({
    'blocks.0.attention.project.weight': 3,
    'blocks.0.attention.output.weight': 1,
    'blocks.0.feedForward.expand.weight': 1,
    'blocks.0.feedForward.contract.weight': 1,
  })
  const llama = matricesOf(
    new Llama({ ...size, keyValueHeads: 2, hidden: 48, rotaryBase: 10_000, epsilon: 1e-6, tied: false }),
  )
  expect(Object.keys(llama).map(name => name.split('.').at(-2))).toEqual([
    ...['query', 'key', 'value', 'output', 'gate', 'expand', 'contract'],
  ])
  const translator = new Transformer({
    ...{ vocabulary: 65, context: 8, padding: 0, layers: 1, heads: 4, channels: 16, hidden: 48, bias: false },
  })
  expect(matricesOf(translator)).toMatchObject({
    'encoder.0.attention.project.weight': 3,
    'decoder.0.crossAttention.query.weight': 1,
    'decoder.0.crossAttention.keyValue.weight': 2,
  })
  expect(Object.keys(matricesOf(translator))).not.toContain('embedding.weight')
})
