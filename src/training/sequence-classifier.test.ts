import { expect, test } from 'vitest'
import { Random } from '../base/random.ts'
import type { EncodedText } from '../data/text-batches.ts'
import { RecurrentClassifier } from '../models/recurrent-classifier.ts'
import { initialWeights, namedParameters } from '../nn/parameters.ts'
import { adam } from '../optim/adamw.ts'
import { constantRate } from '../optim/schedules.ts'
import { nodeRuntime } from '../runtime/node.ts'
import { sequenceScorer, trainSequenceClassifier } from './sequence-classifier.ts'

/** Texts of noise; the class is whether token 1 comes before token 2. */
function orderTask(count: number, seed: number): EncodedText[] {
  const random = new Random(seed, 'order')
  return Array.from({ length: count }, () => {
    const ids = Array.from({ length: 4 + random.integer(9) }, () => 3 + random.integer(5))
    const label = random.integer(2)
    const first = random.integer(ids.length - 1)
    const second = first + 1 + random.integer(ids.length - 1 - first)
    ids[first] = label === 1 ? 1 : 2
    ids[second] = label === 1 ? 2 : 1
    return { ids, label }
  })
}

test('a batch in which no answer counts teaches nothing, and is no error', async () => {
  const runtime = nodeRuntime({ threads: 1 })
  const size = { kind: 'gru', vocabulary: 8, classes: 2, embeddingSize: 4, hiddenSize: 4, layers: 1 } as const
  const model = new RecurrentClassifier({ ...size, bidirectional: false, pooling: 'last' })
  const texts = orderTask(4, 1).map((text, i) => (i < 2 ? text : { ...text, label: -1 }))
  const training = await trainSequenceClassifier(model, {
    ...{ runtime, batchSize: 1, buckets: [12], train: texts, validation: texts.slice(2), epochs: 1, seed: 1 },
    ...{ weights: initialWeights(namedParameters(model), 1), optimizer: adam(), learningRate: constantRate(1e-2) },
  })
  const losses: number[] = []
  for await (const { loss } of training.events) losses.push(loss)
  await training.release()
  expect(losses.filter(loss => loss === 0)).toHaveLength(3)
  expect(losses.every(Number.isFinite)).toBe(true)
})

test.each(['lstm', 'gru'] as const)(
  'a %s learns the order of two words, and the score is the last validation',
  async kind => {
    const runtime = nodeRuntime({ threads: 1 })
    const model = new RecurrentClassifier({
      ...{ kind, vocabulary: 8, classes: 2, embeddingSize: 8, hiddenSize: 16, layers: 1 },
      ...{ bidirectional: false, pooling: 'last' },
    })
    const sizes = { batchSize: 16, buckets: [6, 12] }
    const held = orderTask(200, 2)
    const training = await trainSequenceClassifier(model, {
      ...{ runtime, ...sizes, train: orderTask(800, 1), validation: held, epochs: 6, seed: 1, dropout: 0.1 },
      ...{
        weights: initialWeights(namedParameters(model), 1),
        optimizer: adam(),
        learningRate: constantRate(1e-2),
        clip: 1,
      },
    })
    let last = 1
    for await (const event of training.events) if (event.type === 'validation') last = event.errorRate
    const scorer = await sequenceScorer(model, runtime, sizes)
    const { errorRate, predictions } = await scorer.of(held, training.weights())
    expect(errorRate).toBe(last)
    expect(errorRate).toBeLessThan(0.05)
    const wrong = held.filter(({ label }, i) => predictions[i] !== label).length
    expect(wrong / held.length).toBe(errorRate)
    const [text] = held
    const probabilities = await scorer.probabilities(text, training.weights())
    expect(probabilities.reduce((sum, value) => sum + value)).toBeCloseTo(1, 5)
    expect(probabilities.indexOf(Math.max(...probabilities))).toBe(predictions[0])
    const alone = await scorer.of([text], training.weights())
    expect(alone.loss).toBeCloseTo(-Math.log(probabilities[text.label]), 5)
    await Promise.all([training.release(), scorer.release()])
  },
)
