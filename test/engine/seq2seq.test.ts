import { expect, test } from 'vitest'
import { Seq2Seq } from '../../src/models/2014-seq2seq.ts'
import { crossEntropy } from '../../src/nn/losses.ts'
import { namedParameters } from '../../src/nn/parameters.ts'
import { nodeRuntime } from '../../src/runtime/node.ts'
import { input } from '../../src/tensor/tensor.ts'
import { flatStep } from '../../src/training/step.ts'
import { expectClose } from './closeness.ts'
import {
  expectGradient,
  expectTenSteps,
  forwardAndBackward,
  type GoldenParameter,
  goldenWeights,
  integerRows,
} from './golden-model.ts'
import { readGolden } from './golden-values.ts'

interface GoldenCase {
  readonly cell: 'lstm' | 'gru'
  readonly attention: boolean
  readonly layers: number
  readonly parameters: Record<string, GoldenParameter>
  readonly logits: number[][][]
  readonly loss: number
  readonly losses: number[]
}

const golden = readGolden<{
  readonly vocabulary: number
  readonly channels: number
  readonly padding: number
  readonly source: number[][]
  readonly target: number[][]
  readonly answers: number[][]
  readonly cases: Record<string, GoldenCase>
}>('seq2seq.json')
const runtime = nodeRuntime({ threads: 1 })
const feeds = {
  source: integerRows(golden.source),
  target: integerRows(golden.target),
  answers: integerRows(golden.answers),
}
const [source, target, answers] = (['source', 'target', 'answers'] as const).map(name =>
  input(name, feeds[name].shape, 'int64'),
)

test.each(Object.entries(golden.cases))('seq2seq of %s agrees with PyTorch', async (_, expected) => {
  const { vocabulary, channels, padding } = golden
  const { cell, attention, layers } = expected
  const model = new Seq2Seq({ vocabulary, channels, padding, cell, attention, layers, context: 16 })
  const weights = goldenWeights(model, expected.parameters)
  const logits = model.logits(source, target)
  const loss = crossEntropy(logits, answers, { smoothing: 0.1 })
  const result = await forwardAndBackward(runtime, { model, weights, feeds }, { logits, loss })
  expectClose('logits', result.logits, expected.logits.flat(2), { absolute: 2e-5 })
  expectClose('loss', result.loss, [expected.loss], { relative: 1e-6 })
  for (const [name, parameter] of Object.entries(expected.parameters))
    expectGradient(name, result.gradientOf(name), parameter)
  const parameters = namedParameters(model)
  await expectTenSteps(flatStep, { runtime, parameters, weights, loss }, feeds, expected.losses)
  expect(expected.losses[9]).toBeLessThan(expected.losses[0])
})
