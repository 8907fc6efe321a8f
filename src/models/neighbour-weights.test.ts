import { expect, test } from 'vitest'
import { Random } from '../base/random.ts'
import { compile, host } from '../compiler/compile.ts'
import { tokenLosses } from '../nn/losses.ts'
import { initialWeights, namedParameters, parameterNames, weightFeeds } from '../nn/parameters.ts'
import { muon } from '../optim/muon.ts'
import { nodeRuntime } from '../runtime/node.ts'
import type { HostTensor } from '../runtime/runtime.ts'
import { input, type Tensor } from '../tensor/tensor.ts'
import { type FitOptions, fit } from '../training/fit.ts'
import { BERT } from './2018-bert.ts'
import { GPT } from './2018-gpt.ts'
import { GPT2 } from './2019-gpt2.ts'
import { neighbourWeights } from './neighbour-weights.ts'

const vocabulary = 50
const context = 48
const mask = 0
const model = new BERT({ vocabulary, context, layers: 2, heads: 4, channels: 256, hidden: 128 })
const runtime = nodeRuntime({ threads: 1 })

const textOf = (rows: number) => ({
  ids: input('ids', [rows, context], 'int64'),
  segments: input('segments', [rows, context], 'int64'),
  lengths: input('lengths', [rows], 'int64'),
})
const feedsOf = (rows: readonly (readonly number[])[]) => ({
  ids: host('int64', [rows.length, context], BigInt64Array.from(rows.flat(), BigInt)),
  segments: host('int64', [rows.length, context], new BigInt64Array(rows.length * context)),
  lengths: host('int64', [rows.length], new BigInt64Array(rows.length).fill(BigInt(context))),
})

test('heads of the first layer attend to the tokens right before and after, and the next but one', async () => {
  const attentions = new Map<string, Tensor>()
  model.encode(textOf(1), { attentions })
  const [weights, parameters] = [neighbourWeights(model, 3), namedParameters(model)]
  const outputs = { seen: attentions.get('0')! } // [1, H, T, T]
  const program = await compile(runtime, outputs, { parameterNames: parameterNames(parameters) })
  const random = new Random(1, 'ids')
  const ids = Array.from({ length: context }, () => random.integer(vocabulary))
  const { seen } = await program.run({ ...feedsOf([ids]), ...weightFeeds(model, weights) })
  await program.release()
  const values = (seen as HostTensor).data as Float32Array
  for (const [head, offset] of [-1, 1, -2, 2].entries()) {
    let sum = 0
    for (let t = 2; t < context - 2; t++) {
      const row = values.subarray((head * context + t) * context, (head * context + t + 1) * context)
      expect(row.indexOf(Math.max(...row)), `head ${head}`).toBe(t + offset)
      sum += row[t + offset]
    }
    expect(sum / (context - 4), `head ${head}, in the mean`).toBeGreaterThan(0.5)
  }
})

test('the waves and what reads them are new; other layers begin as ever, and each seed by itself', () => {
  const [weights, random] = [neighbourWeights(model, 3), initialWeights(namedParameters(model), 3)]
  const changed = [...weights].filter(([name, values]) => values.some((value, i) => value !== random.get(name)![i]))
  expect(changed.map(([name]) => name)).toEqual([
    ...['tokenEmbedding.weight', 'positionEmbedding.weight', 'segmentEmbedding.weight'],
    ...['blocks.0.attention.project.weight', 'blocks.0.attention.output.weight'],
  ])
  expect(neighbourWeights(model, 3)).toEqual(weights)
  expect(neighbourWeights(model, 4)).not.toEqual(weights)
})

/** Mean of a training's last ten losses. */
async function lastLoss(
  given: Pick<FitOptions, 'weights' | 'steps' | 'loss' | 'batch' | 'parameters'>,
): Promise<number> {
  const optimizer = muon({ beta2: 0.98 })
  const training = await fit({ ...given, runtime, optimizer, microBatches: 1, learningRate: () => 2e-3 })
  const losses: number[] = []
  for await (const event of training.events) if (event.type === 'step') losses.push(event.loss)
  await training.release()
  return losses.slice(-10).reduce((sum, value) => sum + value, 0) / 10
}

/** Rows of which each token follows from the one before; what is behind a gap is asked for. Loss of the last steps, in nats. */
async function learned(weights: ReadonlyMap<string, Float32Array>): Promise<number> {
  const [rows, gaps, steps] = [8, 6, 120]
  const follower = new Random(5, 'followers').shuffle([...Array(vocabulary - 1).keys()].map(id => id + 1))
  const batch = (step: number) => {
    const random = new Random(7, `neighbours/${step}`)
    const places = [...Array(rows).keys()].flatMap(row =>
      random
        .shuffle([...Array(context / 4).keys()])
        .slice(0, gaps)
        .map(place => row * context + 4 * place + 1),
    )
    const ids = Array.from({ length: rows }, () =>
      Array.from({ length: context / 2 }, () => 1 + random.integer(vocabulary - 1)).flatMap(id => [
        id,
        follower[id - 1],
      ]),
    )
    const asked = places.map(place => ids[Math.floor(place / context)][place % context])
    for (const place of places) ids[Math.floor(place / context)][place % context] = mask
    const whole = (values: readonly number[]) => host('int64', [values.length], BigInt64Array.from(values, BigInt))
    return { feeds: [{ ...feedsOf(ids), places: whole(places), targets: whole(asked) }], items: rows }
  }
  const [places, targets] = ['places', 'targets'].map(name => input(name, [rows * gaps], 'int64'))
  const loss = tokenLosses(model.maskLogits(model.encode(textOf(rows)).states, places), targets).mean()
  return lastLoss({ weights, steps, loss, batch, parameters: namedParameters(model) })
}

test('what follows from a neighbour is learned at once, and from random weights not yet', async () => {
  const chance = Math.log(vocabulary - 1)
  const found = await learned(neighbourWeights(model, 1))
  const random = await learned(initialWeights(namedParameters(model), 1))
  expect(found).toBeLessThan(chance / 4)
  expect(random).toBeGreaterThan(chance / 2)
})

const before = { vocabulary, context: 32, layers: 1, heads: 4, channels: 128 } as const

/** Rows of which the third token, the fourth and so on each follow from the one two before. Loss of the last steps, in nats. */
async function learnedBefore(
  model: GPT | GPT2,
  weights: ReadonlyMap<string, Float32Array>,
  steps: number,
): Promise<number> {
  const [rows, length] = [8, before.context]
  const follower = new Random(5, 'followers').shuffle([...Array(vocabulary).keys()])
  const batch = (step: number) => {
    const random = new Random(7, `before/${step}`)
    const texts = Array.from({ length: rows }, () => {
      const text = Array.from({ length: length + 1 }, () => random.integer(vocabulary))
      for (let t = 3; t <= length; t += 4) text[t] = follower[text[t - 2]]
      return text
    })
    const asked = texts.flatMap(text => text.slice(1).map((id, t) => (t % 4 === 2 ? id : -100)))
    const whole = (ids: readonly number[]) => host('int64', [rows, length], BigInt64Array.from(ids, BigInt))
    return { feeds: [{ ids: whole(texts.flatMap(text => text.slice(0, -1))), targets: whole(asked) }], items: rows }
  }
  const [ids, targets] = ['ids', 'targets'].map(name => input(name, [rows, length], 'int64'))
  const loss = tokenLosses(model.logits(ids), targets)
    .sum()
    .mul(4 / (rows * length))
  return lastLoss({ weights, steps, loss, batch, parameters: namedParameters(model) })
}

test.each([
  ['gpt', new GPT(before), 120],
  ['gpt2', new GPT2({ ...before, bias: true }), 60], // after 120 both know it
] as const)('%s learns at once what follows from the token two before', async (_, model, steps) => {
  const found = await learnedBefore(model, neighbourWeights(model, 1), steps)
  const random = await learnedBefore(model, initialWeights(namedParameters(model), 1), steps)
  expect(found).toBeLessThan(random / 2)
})
