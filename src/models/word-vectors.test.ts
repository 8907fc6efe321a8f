import { expect, test } from 'vitest'
import goldens from '../../test/goldens/word2vec.json' with { type: 'json' }
import { WordVectors } from './word-vectors.ts'

/** The vectors of scripts/goldens/word2vec.py. */
const words = Array.from({ length: 300 }, (_, i) => `w${i}`)
const vectors = new WordVectors(
  words,
  Float32Array.from({ length: 2400 }, (_, at) => {
    const [i, j] = [Math.floor(at / 8), at % 8]
    return Math.sin(i * 37.7 + j * 1.3 + i * j)
  }),
)

test('neighbours as gensim names them', () => {
  const neighbours = vectors.nearest('w17', { count: 5 })
  expect(neighbours.map(({ word }) => word)).toEqual(goldens.neighbours.map(([word]) => word))
  for (const [i, { similarity }] of neighbours.entries())
    expect(similarity).toBeCloseTo(Number(goldens.neighbours[i][1]), 5)
})

test('analogies by sums in the order of gensim, by products as the paper has them', () => {
  const question = ['w1', 'w2', 'w3'] as const
  const added = vectors.analogy(question, { count: 5 })
  expect(added.map(({ word }) => word)).toEqual(goldens.add.map(([word]) => word))
  // gensim gives the cosine to the sum of the three directions, which is our sum over its length.
  const ratio = added[0].similarity / Number(goldens.add[0][1])
  for (const [i, { similarity }] of added.entries())
    expect(similarity / Number(goldens.add[i][1])).toBeCloseTo(ratio, 4)
  const multiplied = vectors.analogy(question, { count: 5, rule: 'multiply' })
  expect(multiplied.map(({ word }) => word)).toEqual(goldens.multiply.map(([word]) => word))
  for (const [i, { similarity }] of multiplied.entries())
    expect(similarity / Number(goldens.multiply[i][1])).toBeCloseTo(1, 4)
})

test('only among frequent words, and as many as there are', () => {
  expect(vectors.nearest('w250', { among: 20, count: 50 })).toHaveLength(20)
  expect(vectors.nearest('w2', { among: 20, count: 50 }).map(({ word }) => word)).not.toContain('w2')
  const all = vectors.nearest('w2', { count: 1000 })
  expect(all).toHaveLength(299)
  expect(all.map(({ similarity }) => similarity)).toEqual(
    all.map(({ similarity }) => similarity).toSorted((a, b) => b - a),
  )
})

test('capitals are forgiven, a misspelt word is told the nearest one', () => {
  const few = new WordVectors(['the', 'whale', 'wheel', '宝玉', '黛玉', '鑫'], new Float32Array(12).fill(1))
  expect([few.idOf('Whale'), few.find('nothing')]).toEqual([1, undefined])
  expect(() => few.nearest('whael')).toThrow(
    'Word "whael" expected one that has a vector. Received one that is not among the 6 words. Did you mean "whale"?',
  )
  expect(() => few.idOf('林玉')).toThrow('Did you mean "宝玉"?')
  expect(() => few.idOf('花')).toThrow('It may be too rare in the text.')
})

test('a row of zeros is near to nothing', () => {
  const zero = new WordVectors(['a', 'b', 'c'], Float32Array.of(1, 0, 0, 0, 0, 2))
  expect(zero.nearest('b')).toEqual([
    { word: 'a', similarity: 0 },
    { word: 'c', similarity: 0 },
  ])
})
