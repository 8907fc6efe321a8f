import { expect, test } from 'vitest'
import { Random } from '../base/random.ts'
import { host } from '../compiler/compile.ts'
import { tokenLosses } from '../nn/losses.ts'
import { initialWeights, namedParameters } from '../nn/parameters.ts'
import { muon } from '../optim/muon.ts'
import { nodeRuntime } from '../runtime/node.ts'
import { input } from '../tensor/tensor.ts'
import { fit } from '../training/fit.ts'
import { Llama } from './2023-llama.ts'
import { lookUpWeights } from './look-up-weights.ts'

const sizes = { channels: 96, heads: 3, keyValueHeads: 3, layers: 3, hidden: 64, context: 32 } as const
const model = new Llama({ ...sizes, vocabulary: 42, rotaryBase: 10_000, epsilon: 1e-5, tied: true })
const [rows, sentences, steps] = [16, 4, 250]
const tokens = 3 * sentences + 3
const [was, is] = [0, 1]

/** Each row: a word, "was" and another word, four times over; then one of the first words, "is", and what belongs to it. */
function batch(step: number) {
  const random = new Random(7, `look up/${step}`)
  const texts = Array.from({ length: rows }, () => {
    const subjects = random.shuffle([...Array(20).keys()].map(id => id + 2)).slice(0, sentences)
    const objects = random.shuffle([...Array(20).keys()].map(id => id + 22)).slice(0, sentences)
    const asked = random.integer(sentences)
    return [...subjects.flatMap((subject, i) => [subject, was, objects[i]]), subjects[asked], is, objects[asked]]
  })
  const ids = host(
    'int64',
    [rows, tokens - 1],
    BigInt64Array.from(texts.flatMap(text => text.slice(0, -1).map(BigInt))),
  )
  const targets = host('int64', [rows, 1], BigInt64Array.from(texts.map(text => BigInt(text.at(-1)!))))
  return { feeds: [{ ids, targets }], items: rows }
}

/** Loss of the last steps, in nats. */
async function learned(weights: ReadonlyMap<string, Float32Array>): Promise<number> {
  const ids = input('ids', [rows, tokens - 1], 'int64')
  const loss = tokenLosses(model.logits(ids, { lastOnly: true }), input('targets', [rows, 1], 'int64')).mean()
  const training = await fit({
    ...{ runtime: nodeRuntime({ threads: 1 }), weights, optimizer: muon({ beta2: 0.99 }), steps, loss, batch },
    ...{ parameters: namedParameters(model), microBatches: 1, learningRate: () => 1e-3 },
  })
  const losses: number[] = []
  for await (const event of training.events) if (event.type === 'step') losses.push(event.loss)
  await training.release()
  return losses.slice(-20).reduce((sum, value) => sum + value, 0) / 20
}

test('what belongs to what is learned at once, and from random weights not yet', async () => {
  const chance = Math.log(sentences)
  const [found, random] = [
    await learned(lookUpWeights(model, 1)),
    await learned(initialWeights(namedParameters(model), 1)),
  ]
  expect(found).toBeLessThan(chance / 4)
  expect(random).toBeGreaterThan(chance / 2)
})

test('too few heads or channels are refused', () => {
  const narrow = new Llama({ ...model.configuration, channels: 48 })
  expect(() => lookUpWeights(narrow, 1)).toThrow(
    /expected at least 3 heads of 18 channels and 73 channels in all. Received 3 heads of 16 channels, 48 channels/,
  )
})
