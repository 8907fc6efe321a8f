/**
 * "I like to eat pizza": what attention does to five words, with every number printed. Each word asks (query), offers
 * itself (key) and says something (value); the weights are softmax(Q Kᵀ / √D).
 */
import {
  compile,
  type HostTensor,
  heatMap,
  host,
  initialWeights,
  input,
  namedParameters,
  parameterNames,
  type Tensor,
  Transformer,
} from '../src/index.ts'
import type { Recipe } from './recipe.ts'

const words = ['I', 'like', 'to', 'eat', 'pizza']
const [channels, heads] = [8, 2]

export const recipe: Recipe = {
  name: 'attention',
  year: 2017,
  title: {
    en: 'attention on five words, "I like to eat pizza": every weight printed, and computed again by hand',
    zh: '五个词 "I like to eat pizza" 的注意力：打印每个权重，并手算核对',
  },
  datasets: [],
  seeds: 1,
  measures: [
    {
      name: 'difference',
      title: 'largest difference between a weight and its calculation by hand',
      better: 'lower',
      bound: 1e-5,
    },
    { name: 'rowSum', title: 'largest distance of a row of weights from 1', better: 'lower', bound: 1e-5 },
  ],
  async run({ seed, runtime, print, save }) {
    const size = { vocabulary: words.length + 1, context: 8, channels, layers: 1, heads, hidden: 16 }
    const model = new Transformer({ ...size, bias: false, padding: words.length })
    const weights = initialWeights(namedParameters(model), seed)
    const attentions = new Map<string, Tensor>()
    model.logits(input('source', [1, words.length], 'int64'), input('target', [1, 1], 'int64'), { attentions })
    const parameters = namedParameters(model)
    const attention = attentions.get('encoder/0')! // [1, H, T, T]
    const program = await compile(runtime, { attention }, { parameterNames: parameterNames(parameters) })
    const feeds = [...parameters]
      .filter(([name]) => name in program.inputs)
      .map(([name, { shape }]) => [name, host('float32', shape, weights.get(name)!)] as const)
    const ids = host('int64', [1, words.length], BigInt64Array.from(words.keys(), BigInt))
    const results = await program.run({ source: ids, ...Object.fromEntries(feeds) })
    await program.release()
    const values = [...((results.attention as HostTensor).data as Float32Array)]
    const matrices = Array.from({ length: heads }, (_, head) =>
      words.map((_, t) => values.slice((head * words.length + t) * words.length).slice(0, words.length)),
    )
    const expected = byHand(weights.get('embedding.weight')!, weights.get('encoder.0.attention.project.weight')!)
    for (const [head, matrix] of matrices.entries()) {
      print(`head ${head + 1}: each row is a word that looks, each column a word that is looked at`)
      print(`${' '.repeat(8)}${words.map(word => word.padStart(8)).join('')}`)
      for (const [t, row] of matrix.entries())
        print(`${words[t].padEnd(8)}${row.map(weight => weight.toFixed(3).padStart(8)).join('')}`)
      const title = `I like to eat pizza, head ${head + 1}`
      await save(`head-${head + 1}.svg`, await heatMap({ title, rows: words, columns: words, values: matrix }))
    }
    const all = matrices.flat(2)
    const rowSums = matrices.flat().map(row => row.reduce((sum, weight) => sum + weight, 0))
    return {
      difference: Math.max(...all.map((weight, i) => Math.abs(weight - expected[i]))),
      rowSum: Math.max(...rowSums.map(sum => Math.abs(sum - 1))),
    }
  },
}

/** The same weights with loops over plain numbers: [H, T, T] in a row. */
function byHand(embedding: Float32Array, project: Float32Array): number[] {
  const each = channels / heads
  const x = words.map((_, t) =>
    Array.from({ length: channels }, (_, c) => {
      const angle = t / 10_000 ** ((2 * (c % (channels / 2))) / channels)
      return embedding[t * channels + c] * Math.sqrt(channels) + (c < channels / 2 ? Math.sin(angle) : Math.cos(angle))
    }),
  )
  const column = (row: readonly number[], c: number) =>
    row.reduce((sum, value, i) => sum + value * project[i * 3 * channels + c], 0)
  const weights: number[] = []
  for (let head = 0; head < heads; head++) {
    for (const asking of x) {
      const scores = x.map(asked => {
        let score = 0
        for (let d = 0; d < each; d++)
          score += column(asking, head * each + d) * column(asked, channels + head * each + d)
        return Math.exp(score / Math.sqrt(each))
      })
      const total = scores.reduce((sum, score) => sum + score, 0)
      weights.push(...scores.map(score => score / total))
    }
  }
  return weights
}
