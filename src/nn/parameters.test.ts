import { expect, test } from 'vitest'
import { Embedding, Linear } from './layers.ts'
import { initialWeights, namedParameters, parameterCount } from './parameters.ts'

class Model {
  readonly embedding: Embedding = new Embedding(5, 4)
  readonly blocks: readonly Linear[] = [new Linear(4, 4), new Linear(4, 2, { bias: false })]
  /** Tied. */
  readonly output: Embedding = this.embedding
  readonly note = 'not a parameter'
}

test('parameters are named by their path; a tied one once', () => {
  const shapes = [...namedParameters(new Model())].map(([name, { shape }]) => [name, shape])
  expect(shapes).toEqual([
    ['embedding.weight', [5, 4]],
    ['blocks.0.weight', [4, 4]],
    ['blocks.0.bias', [4]],
    ['blocks.1.weight', [4, 2]],
  ])
  expect(parameterCount(new Model())).toBe(20 + 16 + 4 + 8)
})

test('first weights follow from the seed and the name alone', () => {
  const first = initialWeights(namedParameters(new Model()), 1)
  expect(initialWeights(namedParameters(new Model()), 1)).toEqual(first)
  expect(initialWeights(namedParameters({ blocks: new Model().blocks }), 1).get('blocks.1.weight')).toEqual(
    first.get('blocks.1.weight'),
  )
  expect(initialWeights(namedParameters(new Model()), 2).get('embedding.weight')).not.toEqual(
    first.get('embedding.weight'),
  )
})

test('weights have the deviation that was asked for', () => {
  const weights = initialWeights(namedParameters(new Linear(200, 200)), 3)
  const values = weights.get('weight')!
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length)
  expect(deviation / 0.02).toBeCloseTo(1, 1)
  expect(weights.get('bias')!.every(value => value === 0)).toBe(true)
})
