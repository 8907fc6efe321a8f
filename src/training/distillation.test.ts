import { expect, test } from 'vitest'
import { tinyLanguageModel, tinyRecurrentModel } from '../../test/tiny-language-model.ts'
import { Random } from '../base/random.ts'
import { compile, host } from '../compiler/compile.ts'
import { randomWindows } from '../data/batches.ts'
import { memoryTokens } from '../data/token-shards.ts'
import type { LoadedModel } from '../generation/predictor.ts'
import { namedParameters, parameterNames, weightFeeds } from '../nn/parameters.ts'
import { sgd } from '../optim/sgd.ts'
import type { HostTensor } from '../runtime/runtime.ts'
import { input } from '../tensor/tensor.ts'
import type { Teacher } from './distillation.ts'
import type { StepEvent } from './train.ts'
import { train } from './train.ts'

const [vocabulary, context, batchSize, seed] = [13, 8, 6, 1]
const student = tinyLanguageModel({ vocabulary, context })
const teacher = tinyLanguageModel({ vocabulary, context: 12, seed: 2 })
const random = new Random(1, 'tokens')
const tokens = memoryTokens(
  Array.from({ length: 200 }, () => random.integer(vocabulary)),
  200,
)

async function steps(of: LoadedModel, given?: Teacher, count = 3): Promise<StepEvent[]> {
  const training = await train(of.model, {
    ...{ runtime: of.runtime, weights: of.weights, train: tokens, steps: count, batchSize, microBatchSize: 3, seed },
    ...{ optimizer: sgd(), learningRate: () => 0.1, clip: 0, evaluateEvery: 100, evaluationBatches: 1, teacher: given },
  })
  const all: StepEvent[] = []
  for await (const event of training.events) if (event.type === 'step') all.push(event)
  await training.release()
  return all
}

/** Logits of each token of the first batch. */
async function logitsOf({ model, weights, runtime }: LoadedModel, ids: BigInt64Array): Promise<Float32Array> {
  const shape = [batchSize, context]
  const names = parameterNames(namedParameters(model))
  const program = await compile(
    runtime,
    { logits: model.logits(input('ids', shape, 'int64')) },
    { parameterNames: names },
  )
  const result = await program.run({ ids: host('int64', shape, ids), ...weightFeeds(model, weights) })
  await program.release()
  return (result.logits as HostTensor).data as Float32Array
}

/** log softmax(z / T) of one row, in double precision. */
function softened(logits: Float32Array, row: number, temperature: number): number[] {
  const z = [...logits.subarray(row * vocabulary, (row + 1) * vocabulary)].map(value => value / temperature)
  const highest = Math.max(...z)
  const total = highest + Math.log(z.reduce((sum, value) => sum + Math.exp(value - highest), 0))
  return z.map(value => value - total)
}

test('the loss is that of the paper, mixed with that of the text', async () => {
  const { inputs } = randomWindows({ source: tokens, batchSize, context, seed }).batch(0)
  const [own, taught] = [await logitsOf(student, inputs), await logitsOf(teacher, inputs)]
  for (const temperature of [1, 3]) {
    let compared = 0
    for (let row = 0; row < batchSize * context; row++) {
      const [q, p] = [softened(own, row, temperature), softened(taught, row, temperature)]
      compared -= p.reduce((sum, value, i) => sum + Math.exp(value) * q[i], 0) / (batchSize * context)
    }
    const [alone] = await steps(student, undefined, 1)
    for (const share of [0, 0.3, 1]) {
      const [{ loss }] = await steps(student, { ...teacher, temperature, share }, 1)
      expect(loss).toBeCloseTo((1 - share) * alone.loss + share * temperature ** 2 * compared, 4)
    }
  }
})

test('of a teacher that is no other than itself a student learns nothing; without a share it learns as alone', async () => {
  const [itself] = await steps(student, { ...student, temperature: 2, share: 1 }, 1)
  const [other] = await steps(student, { ...teacher, temperature: 2, share: 1 }, 1)
  expect(itself.gradientNorm).toBeLessThan(1e-5)
  expect(other.gradientNorm).toBeGreaterThan(0.1)
  const losses = (all: StepEvent[]) => all.map(({ loss }) => Number(loss.toFixed(5)))
  expect(losses(await steps(student, { ...teacher, temperature: 2, share: 0 }))).toEqual(losses(await steps(student)))
})

test.each([
  ['another vocabulary', tinyLanguageModel({ vocabulary: 14, context }), "the student's vocabulary of 13 tokens"],
  ['less text', tinyLanguageModel({ vocabulary, context: 4 }), 'a context of at least 8 tokens'],
  ['a state', tinyRecurrentModel('lstm', { vocabulary, context }), 'one that attends'],
])('a teacher with %s is refused', async (_, refused, message) => {
  await expect(steps(student, { ...refused, temperature: 2, share: 0.5 })).rejects.toThrow(message)
})
