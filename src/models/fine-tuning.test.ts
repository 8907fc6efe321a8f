import { expect, test } from 'vitest'
import { expectClose } from '../../test/engine/closeness.ts'
import { numbersOf } from '../../test/engine/golden-model.ts'
import { compile, host } from '../compiler/compile.ts'
import { crossEntropy } from '../nn/losses.ts'
import { initialWeights, namedParameters, parameterNames, weightFeeds } from '../nn/parameters.ts'
import { nodeRuntime } from '../runtime/node.ts'
import { input, type Tensor } from '../tensor/tensor.ts'
import { GPT } from './2018-gpt.ts'
import { answerInput, type Combination, FineTunedClassifier, pairInput, textInput } from './fine-tuning.ts'

const runtime = nodeRuntime({ threads: 1 })
const gpt = () => new GPT({ vocabulary: 11, context: 8, channels: 16, layers: 2, heads: 2 })

async function run(combination: Combination, rows: readonly (readonly number[])[], tokens: number) {
  const model = new FineTunedClassifier(gpt(), { combination, classes: 2 })
  const weights = initialWeights(namedParameters(model), 3)
  const auxiliary: Tensor[] = []
  const [ids, lengths] = [input('ids', [rows.length, tokens], 'int64'), input('lengths', [rows.length], 'int64')]
  const logits = model.logits(ids, lengths, { auxiliary })
  const outputs = { logits, auxiliary: auxiliary[0] }
  const program = await compile(runtime, outputs, { parameterNames: parameterNames(namedParameters(model)) })
  const padded = rows.flatMap(row => [...row, ...Array<number>(tokens - row.length).fill(0)])
  const feeds = {
    ids: host('int64', [rows.length, tokens], BigInt64Array.from(padded, BigInt)),
    lengths: host(
      'int64',
      [rows.length],
      BigInt64Array.from(rows, row => BigInt(row.length)),
    ),
  }
  const result = await program.run({ ...feeds, ...weightFeeds(model, weights) })
  await program.release()
  return { model, weights, logits: [...numbersOf(result.logits)], auxiliary: numbersOf(result.auxiliary)[0] }
}

const first = [3, 1, 4]
const second = [1, 5, 9, 2, 6]

test('what follows a sequence changes nothing, and each is read by itself', async () => {
  const alone = await run('one', [first], 3)
  const other = await run('one', [second], 5)
  const both = await run('one', [first, second], 8)
  expectClose('logits', both.logits, [...alone.logits, ...other.logits], { absolute: 1e-6 })
  expect(Math.abs(alone.logits[0] - other.logits[0])).toBeGreaterThan(1e-4)
  const mean = (2 * alone.auxiliary + 4 * other.auxiliary) / 6
  expectClose('auxiliary', [both.auxiliary], [mean], { relative: 1e-5 })
})

test('the other objective is the loss of the language model', async () => {
  const { model, weights, auxiliary } = await run('one', [second], 5)
  const ids = input('ids', [1, 4], 'int64')
  const loss = crossEntropy(model.base.logits(ids), input('targets', [1, 4], 'int64'))
  const program = await compile(runtime, { loss }, { parameterNames: parameterNames(namedParameters(model)) })
  const row = (values: readonly number[]) => host('int64', [1, 4], BigInt64Array.from(values, BigInt))
  const feeds = { ids: row(second.slice(0, 4)), targets: row(second.slice(1)) }
  const result = await program.run({ ...feeds, ...weightFeeds(model, weights) })
  await program.release()
  expectClose('loss', [auxiliary], [...numbersOf(result.loss)], { relative: 1e-5 })
})

test('a pair in both orders is the sum of the two; of answers each has its score', async () => {
  const sum = await run('sum', [first, second], 5)
  const turned = await run('sum', [second, first], 5)
  expectClose('sum', sum.logits, turned.logits, { absolute: 1e-6 })
  const [alone, other] = [await run('one', [first], 5), await run('one', [second], 5)]
  expectClose(
    'sum',
    sum.logits,
    alone.logits.map((value, i) => value + other.logits[i]),
    { absolute: 1e-6 },
  )
  const choice = await run('choice', [first, second], 5)
  const chosen = await run('choice', [second, first], 5)
  expect(choice.logits).toHaveLength(2)
  expectClose('choice', choice.logits, chosen.logits.toReversed(), { absolute: 1e-6 })
})

test('inputs of tasks, cut to the context', () => {
  const tokens = { start: 20, delimiter: 21, extract: 22 }
  expect(textInput([1, 2, 3], tokens, 8)).toEqual([20, 1, 2, 3, 22])
  expect(textInput([1, 2, 3, 4], tokens, 5)).toEqual([20, 1, 2, 3, 22])
  expect(pairInput([1, 2], [3], tokens, 8)).toEqual([20, 1, 2, 21, 3, 22])
  expect(pairInput([1, 2, 3, 4, 5, 6], [7, 8], tokens, 9)).toEqual([20, 1, 2, 3, 4, 21, 7, 8, 22])
  expect(pairInput([1, 2], [3, 4, 5, 6, 7, 8], tokens, 9)).toEqual([20, 1, 2, 21, 3, 4, 5, 6, 22])
  expect(pairInput([1, 2, 3, 4, 5], [6, 7, 8, 9, 10], tokens, 9)).toEqual([20, 1, 2, 3, 21, 6, 7, 8, 22])
  expect(answerInput([1, 2, 3], [4], [5], tokens, 8)).toEqual([20, 1, 2, 3, 4, 21, 5, 22])
  expect(answerInput([1, 2, 3], [4], [5], tokens, 7)).toEqual([20, 1, 2, 4, 21, 5, 22])
  expect(answerInput([1, 2, 3], [4, 6], [5, 7], tokens, 6)).toEqual([20, 4, 21, 5, 7, 22])
  expect(answerInput([1, 2, 3], [], [5], tokens, 6)).toEqual(pairInput([1, 2, 3], [5], tokens, 6))
})
