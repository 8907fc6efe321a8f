import { describe, expect, test } from 'vitest'
import { drawnDigits } from '../../test/drawn-digits.ts'
import { Random } from '../base/random.ts'
import { digitVectors } from '../data/mnist.ts'
import { combinations } from './1943-neuron.ts'
import { type Labelled, MulticlassPerceptron, mistakeBound, Perceptron, trainPerceptron } from './1957-perceptron.ts'

const table = (answers: readonly number[]): Labelled[] =>
  combinations(2).map((x, i) => ({ x, label: answers[i] as 0 | 1 }))
const xor = table([0, 1, 1, 0])

test('y = 0 if w1 x1 + w2 x2 <= theta, else 1: the boundary itself is 0', () => {
  const perceptron = new Perceptron(2)
  perceptron.weights.set([2, 3])
  perceptron.theta = 5
  expect([perceptron.predict([1, 1]), perceptron.predict([1, 1.1]), perceptron.predict([0, 0])]).toEqual([0, 1, 0])
})

test('the rule moves weights and threshold by the error', () => {
  const perceptron = new Perceptron(2)
  expect(perceptron.learn({ x: [2, -1], label: 1 })).toBe(true)
  expect([...perceptron.weights, perceptron.theta]).toEqual([2, -1, -1])
  expect(perceptron.learn({ x: [2, -1], label: 1 })).toBe(false)
  expect(perceptron.learn({ x: [1, 0], label: 0 })).toBe(true)
  expect([...perceptron.weights, perceptron.theta]).toEqual([1, -1, 0])
})

/** Examples on both sides of a random plane, none nearer to it than the margin. */
function separable(seed: number): { examples: Labelled[]; solution: { weights: number[]; theta: number } } {
  const random = new Random(seed, 'separable')
  const inputs = 1 + random.integer(8)
  const solution = { weights: Array.from({ length: inputs }, () => random.normal()), theta: random.normal() }
  const margin = 0.02 + 0.3 * random.uniform()
  const examples: Labelled[] = []
  const wanted = 2 + random.integer(60)
  for (let tries = 0; examples.length < wanted && tries < 100_000; tries++) {
    const scale = 10 ** (random.uniform() - 0.5)
    const x = Array.from({ length: inputs }, () => scale * random.normal())
    const score = x.reduce((sum, value, i) => sum + value * solution.weights[i], -solution.theta)
    if (Math.abs(score) > margin) examples.push({ x, label: score > 0 ? 1 : 0 })
  }
  return { examples, solution }
}

test('on separable sets it learns, and never makes more mistakes than (R / γ)²: 300 seeds', () => {
  let closest = 0
  for (let seed = 1; seed <= 300; seed++) {
    const { examples, solution } = separable(seed)
    const bound = mistakeBound(examples, solution)
    const perceptron = new Perceptron(examples[0].x.length)
    const { mistakes, end } = trainPerceptron(perceptron, examples, Math.ceil(bound) + 2)
    expect([seed, end]).toEqual([seed, 'learned'])
    expect(mistakes, `seed ${seed}`).toBeLessThanOrEqual(bound)
    for (const { x, label } of examples) expect(perceptron.predict(x)).toBe(label)
    closest = Math.max(closest, mistakes / bound)
  }
  expect(closest).toBeGreaterThan(0.05) // the bound is no empty one
})

test('the bound of one example, and none for a plane that does not separate', () => {
  const solution = { weights: [1], theta: 0.5 }
  const margin = 0.5 / Math.hypot(1, 0.5)
  expect(mistakeBound([{ x: [1], label: 1 }], solution)).toBeCloseTo(2 / margin ** 2)
  expect(mistakeBound([{ x: [1], label: 0 }], solution)).toBe(Infinity)
})

/** All orders of four examples. */
function orders(): number[][] {
  const places = [0, 1, 2, 3]
  const all = places.flatMap(a => places.flatMap(b => places.flatMap(c => places.map(d => [a, b, c, d]))))
  return all.filter(order => new Set(order).size === 4)
}

describe('XOR', () => {
  test('from any start and in every order the weights come back: it cycles, and never gets more than three right', () => {
    const random = new Random(1, 'starts')
    const permutations = orders()
    expect(permutations).toHaveLength(24)
    let best = 0
    for (const order of permutations) {
      for (let start = 0; start < 20; start++) {
        const perceptron = new Perceptron(2)
        // Eighths are exact, so weights that come back are the same to the last bit.
        const [w1, w2, theta] = [0, 1, 2].map(() => (start === 0 ? 0 : (random.integer(33) - 16) / 8))
        perceptron.weights.set([w1, w2])
        perceptron.theta = theta
        const inOrder = order.map(i => xor[i])
        const { end, bestAccuracy, passes } = trainPerceptron(perceptron, inOrder, 1000)
        expect(end).toBe('cycled')
        expect(passes).toBeLessThan(50)
        best = Math.max(best, bestAccuracy)
      }
    }
    expect(best).toBe(0.75)
  })

  test('no weights at all do better than three of four', () => {
    // On two binary inputs a perceptron tells apart only the order of 0, w1, w2, w1 + w2 and theta: small integers and
    // halves give every such order.
    const reached = new Set<string>()
    let best = 0
    for (let w1 = -2; w1 <= 2; w1++) {
      for (let w2 = -2; w2 <= 2; w2++) {
        for (let theta = -4.5; theta <= 4.5; theta += 0.5) {
          const perceptron = new Perceptron(2)
          perceptron.weights.set([w1, w2])
          perceptron.theta = theta
          const answers = xor.map(({ x }) => perceptron.predict(x))
          reached.add(answers.join(''))
          best = Math.max(best, answers.filter((answer, i) => answer === xor[i].label).length)
        }
      }
    }
    expect(best).toBe(3)
    const all = combinations(4).map(row => row.join(''))
    expect(all.filter(answers => !reached.has(answers))).toEqual(['0110', '1001'])
  })

  test('the 14 functions that a perceptron can represent, it learns', () => {
    for (const answers of combinations(4)) {
      const { end, bestAccuracy } = trainPerceptron(new Perceptron(2), table(answers), 1000)
      const possible = !['0110', '1001'].includes(answers.join(''))
      expect([answers, end, bestAccuracy]).toEqual([
        answers,
        possible ? 'learned' : 'cycled',
        possible ? 1 : bestAccuracy,
      ])
    }
  })
})

describe('several classes', () => {
  const [train, held] = [digitVectors(drawnDigits(300, 1)), digitVectors(drawnDigits(100, 2))]
  const vectors = (examples: typeof train) =>
    Array.from({ length: examples.count }, (_, i) => {
      const x = new Float32Array(examples.width)
      examples.read(i, x, 0)
      return x
    })

  test('drawn digits are learned, and the average errs no more than by chance', () => {
    const perceptron = new MulticlassPerceptron(784, 10)
    const [own, others] = [vectors(train), vectors(held)]
    let mistakes = 1
    for (let pass = 0; mistakes > 0 && pass < 50; pass++)
      mistakes = own.filter((x, i) => perceptron.learn(x, train.labels[i])).length
    expect(mistakes).toBe(0)
    const errors = (model: MulticlassPerceptron) => others.filter((x, i) => model.predict(x) !== held.labels[i]).length
    expect(errors(perceptron)).toBeLessThan(20)
    expect(errors(perceptron.average())).toBeLessThan(20)
  })

  test('the average is the mean of the weights after each step', () => {
    const perceptron = new MulticlassPerceptron(2, 3)
    const random = new Random(1, 'average')
    const sum = new Float64Array(perceptron.weights.length)
    const steps = 40
    for (let step = 0; step < steps; step++) {
      perceptron.learn([random.normal(), random.normal()], random.integer(3))
      for (let i = 0; i < sum.length; i++) sum[i] += perceptron.weights[i]
    }
    // The first weights, all zero, count as well.
    const mean = perceptron.average().weights
    for (let i = 0; i < sum.length; i++) expect(mean[i]).toBeCloseTo(sum[i] / (steps + 1), 10)
  })
})
