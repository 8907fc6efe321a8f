import { expect, test } from 'vitest'
import { expectClose } from '../../test/engine/closeness.ts'
import { integerRows, numbersOf } from '../../test/engine/golden-model.ts'
import { compile } from '../compiler/compile.ts'
import { timeline } from '../models/index.ts'
import type { LanguageModel } from '../models/language-model.ts'
import { adam } from '../optim/adamw.ts'
import { nodeRuntime } from '../runtime/node.ts'
import { input } from '../tensor/tensor.ts'
import { flatStep } from '../training/step.ts'
import { wholeStep } from '../training/whole-step.ts'
import { crossEntropy } from './losses.ts'
import { addLowRank, lowRankCount, lowRankLayers, mergeLowRank } from './low-rank.ts'
import { initialWeights, namedParameters, parameterNames, weightFeeds } from './parameters.ts'

const runtime = nodeRuntime({ threads: 1 })
const ids = integerRows([
  [3, 1, 4, 1, 5],
  [9, 2, 6, 5, 3],
])
const targets = integerRows([
  [1, 4, 1, 5, 9],
  [2, 6, 5, 3, 5],
])
const gpt2 = () =>
  timeline
    .find(({ name }) => name === 'gpt2')!
    .create({
      ...{ vocabulary: 11, context: 8, layers: 2, heads: 2, channels: 16, bias: true },
      ...{ hiddenSize: 8, embeddingSize: 8, keyValueHeads: 2, hidden: 32 },
    } as never)

async function logitsOf(model: LanguageModel & object, weights: ReadonlyMap<string, Float32Array>) {
  const logits = model.logits(input('ids', ids.shape, 'int64'))
  const program = await compile(runtime, { logits }, { parameterNames: parameterNames(namedParameters(model)) })
  const result = await program.run({ ids, ...weightFeeds(model, weights) })
  await program.release()
  return numbersOf(result.logits).slice()
}

test.each([
  ['flat', flatStep],
  ['whole', wholeStep],
])('adapters learn, what they are put on stays, and merged they compute the same: %s step', async (_, makeStep) => {
  const base = gpt2()
  const first = initialWeights(namedParameters(base), 1)
  const model = gpt2()
  const own = new Set(namedParameters(model).keys())
  const adapted = addLowRank(model, {
    rank: 2,
    alpha: 6,
    targets: ['attention.project', 'feedForward.expand', 'tokenEmbedding'],
  })
  expect([...adapted.keys()]).toEqual([
    ...[0, 1].flatMap(i => [`blocks.${i}.attention.project`, `blocks.${i}.feedForward.expand`]).toSorted(byTarget),
    'tokenEmbedding',
  ])
  expect(lowRankCount(adapted)).toBe(2 * (2 * (16 + 48 + 16 + 64) + 11 + 16))
  expect([...lowRankLayers(model).keys()].toSorted()).toEqual([...adapted.keys()].toSorted())
  const parameters = namedParameters(model)
  for (const name of own) expect(parameters.has(name), name).toBe(true)
  const weights = new Map([...initialWeights(parameters, 2), ...first])
  expectClose('before', await logitsOf(model, weights), [...(await logitsOf(base, first))], { absolute: 1e-6 })

  const trained = new Map([...parameters].filter(([name]) => !own.has(name)))
  const frozen = new Map([...parameters].filter(([name]) => own.has(name)))
  const loss = crossEntropy(model.logits(input('ids', ids.shape, 'int64')), input('targets', ids.shape, 'int64'))
  const step = await makeStep({ runtime, parameters: trained, frozen, weights, loss, optimizer: adam({}) })
  const losses: number[] = []
  for (let i = 1; i <= 30; i++) losses.push((await step.run([{ ids, targets }], { step: i, learningRate: 0.02 })).loss)
  expect(losses.at(-1)!).toBeLessThan(0.5 * losses[0])
  const state = await step.state()
  expect(new Set(state.weights.keys())).toEqual(new Set(trained.keys()))
  expect(Object.keys(step.weights()).toSorted()).toEqual([...parameters.keys()].toSorted())

  const after = new Map([...weights, ...state.weights])
  await step.release()
  const merged = mergeLowRank(adapted, after)
  expect([...merged.keys()].toSorted()).toEqual([...own].toSorted())
  for (const name of own) expect(after.get(name), name).toBe(weights.get(name))
  const expected = await logitsOf(model, after)
  expectClose('merged', await logitsOf(base, merged), [...expected], { absolute: 2e-5 })
  const change = Math.max(...(await logitsOf(base, first)).map((value, i) => Math.abs(value - expected[i])))
  expect(change).toBeGreaterThan(0.5)
})

test('a target that no layer has', () => {
  expect(() => addLowRank(gpt2(), { rank: 2, alpha: 2, targets: ['q_proj'] })).toThrow(
    'targets expected the end of a layer\'s name: tokenEmbedding, positionEmbedding, attention.project, attention.output, feedForward.expand, feedForward.contract. Received "q_proj".',
  )
})

/** Adapters come in the order of the targets. */
function byTarget(a: string, b: string): number {
  return Number(a.includes('feedForward')) - Number(b.includes('feedForward')) || a.localeCompare(b)
}
