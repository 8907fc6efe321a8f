/** Rosenblatt's perceptron: what it learns, how fast, what it cannot, and how far one for each digit gets on MNIST. */
import {
  type Digits,
  digitVectors,
  type Labelled,
  MulticlassPerceptron,
  mistakeBound,
  Perceptron,
  type PerceptronTraining,
  Random,
  readMnist,
  sliceDigits,
  trainPerceptron,
} from '../src/index.ts'
import type { Recipe } from './recipe.ts'

/** Through the training images; not tuned. */
const passes = 10

export const recipe: Recipe = {
  name: 'perceptron',
  year: 1957,
  title: {
    en: 'The perceptron: 1,000 random separable sets, XOR, and MNIST with an averaged perceptron for each digit',
    zh: '感知机：1,000 个随机线性可分集合、异或，以及 MNIST（每个数字一个平均感知机）',
  },
  datasets: ['mnist'],
  seeds: 3,
  measures: [
    {
      name: 'mistakesOverBound',
      title: 'largest share of the bound (R/γ)² on mistakes, separable sets',
      better: 'lower',
      bound: 1,
      published: { value: 1, source: 'Novikoff, 1962' },
    },
    {
      name: 'xorAccuracy',
      title: 'best accuracy on XOR, any weights of 100 starts until they repeat, %',
      better: 'higher',
      published: { value: 75, source: 'Minsky and Papert, 1969: no plane does better' },
    },
    {
      name: 'mnistError',
      title: 'MNIST test error, %',
      better: 'lower',
      bound: 15,
      published: { value: 12, source: 'LeCun et al., 1998, figure 9: linear classifier' },
    },
  ],
  remarks: `The digits' perceptrons are averaged over all steps (Freund and Schapire, 1999), ten passes, nothing tuned.`,
  run: async ({ seed, quick, dataset, print, signal }) => {
    const mistakesOverBound = separableSets(seed, quick ? 50 : 1000)
    print(`separable sets: at most ${mistakesOverBound.toFixed(3)} of the bound`)

    const xor = [0, 1, 2, 3].map((i): Labelled => ({ x: [i >> 1, i & 1], label: i === 1 || i === 2 ? 1 : 0 }))
    const trainings = Array.from({ length: 100 }, (_, start) => xorTraining(xor, new Random(seed, `xor ${start}`)))
    const xorAccuracy = 100 * Math.max(...trainings.map(({ bestAccuracy }) => bestAccuracy))
    const cycled = trainings.filter(({ end }) => end === 'cycled').length
    print(`XOR: of 100 starts ${cycled} come back to weights that they had; best accuracy ${xorAccuracy} %`)

    const { train, test } = await readMnist(await dataset('mnist'))
    const mnistError =
      100 * (await digitError(quick ? sliceDigits(train, 0, 2000) : train, test, quick ? 2 : passes, seed, signal))
    print(`MNIST: test error ${mnistError.toFixed(2)} %`)
    return { mistakesOverBound, xorAccuracy, mnistError }
  },
}

/** From weights in eighths, which are exact: those that come back are the same to the last bit. */
function xorTraining(examples: readonly Labelled[], random: Random): PerceptronTraining {
  const perceptron = new Perceptron(2)
  const eighths = () => (random.integer(33) - 16) / 8
  perceptron.weights.set([eighths(), eighths()])
  perceptron.theta = eighths()
  return trainPerceptron(perceptron, random.shuffle([...examples]), 10_000)
}

/** The largest share of Novikoff's bound that the mistakes on a random separable set come to. */
function separableSets(seed: number, count: number): number {
  let largest = 0
  for (let set = 0; set < count; set++) {
    const random = new Random(seed, `set ${set}`)
    const inputs = 1 + random.integer(10)
    const solution = { weights: Array.from({ length: inputs }, () => random.normal()), theta: random.normal() }
    const margin = 0.02 + 0.2 * random.uniform()
    const examples: Labelled[] = []
    for (let draw = 0; draw < 100; draw++) {
      const x = Array.from({ length: inputs }, () => random.normal())
      const score = x.reduce((sum, value, i) => sum + value * solution.weights[i], -solution.theta)
      if (Math.abs(score) > margin) examples.push({ x, label: score > 0 ? 1 : 0 })
    }
    if (examples.length === 0) continue
    const bound = mistakeBound(examples, solution)
    const { mistakes, end } = trainPerceptron(new Perceptron(inputs), examples, Math.ceil(bound) + 2)
    if (end !== 'learned') return Infinity
    largest = Math.max(largest, mistakes / bound)
  }
  return largest
}

/** Share of the test digits that averaged perceptrons get wrong. */
export async function digitError(
  train: Digits,
  test: Digits,
  passes: number,
  seed: number,
  signal?: AbortSignal,
): Promise<number> {
  const [learned, held] = [digitVectors(train), digitVectors(test)]
  const perceptron = new MulticlassPerceptron(learned.width, 10)
  const x = new Float32Array(learned.width)
  for (let pass = 0; pass < passes; pass++) {
    for (const i of new Random(seed, `pass ${pass}`).shuffle([...Array(train.count).keys()])) {
      learned.read(i, x, 0)
      perceptron.learn(x, train.labels[i])
    }
    signal?.throwIfAborted()
    await new Promise(resolve => setTimeout(resolve)) // lets an interrupt through
  }
  const average = perceptron.average()
  let wrong = 0
  for (let i = 0; i < test.count; i++) {
    held.read(i, x, 0)
    if (average.predict(x) !== test.labels[i]) wrong++
  }
  return wrong / test.count
}
