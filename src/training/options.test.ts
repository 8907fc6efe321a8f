import { expect, test } from 'vitest'
import { checkOptions, flagOf, nameOfFlag, type OptionTable } from '../base/options.ts'
import { GPT2, gpt2Sizes } from '../models/2019-gpt2.ts'
import { modelEntry, timeline } from '../models/index.ts'
import { namedParameters } from '../nn/parameters.ts'
import { changeableOnResume, trainOptions } from './options.ts'
import { presets } from './presets.ts'
import { settleOptions } from './settle-options.ts'

const table: OptionTable = trainOptions

test('every option has a flag in kebab case that leads back to it, and a help without a full stop', () => {
  for (const [name, { help }] of Object.entries(table)) {
    expect(flagOf(name)).toMatch(/^--[a-z0-9]+(-[a-z0-9]+)*$/)
    expect(nameOfFlag(flagOf(name))).toBe(name)
    expect(help).toMatch(/^[^A-Z].*[^.]$|^Adam's/)
  }
  expect(flagOf('maximumGradientNorm')).toBe('--maximum-gradient-norm')
})

test('defaults and presets are within their own bounds', () => {
  const defaults = checkOptions(trainOptions, {})
  expect(checkOptions(trainOptions, defaults)).toEqual(defaults)
  expect(Object.keys(presets)).toEqual(timeline.map(({ name }) => name))
  for (const [model, own] of Object.entries(presets)) {
    for (const preset of Object.keys(own)) {
      const { batchSize, microBatchSize = 1, ...size } = settleOptions(model, { preset })
      expect(batchSize % microBatchSize).toBe(0)
      modelEntry(model).create({ ...size, vocabulary: 100 }) // refuses sizes that do not fit
    }
  }
})

test("char-small is nanoGPT's small character configuration", () => {
  expect(checkOptions(trainOptions, {}, { preset: presets.gpt2['char-small'] })).toMatchObject({
    ...{ layers: 4, heads: 4, channels: 128, context: 64, batchSize: 12, steps: 2000, dropout: 0 },
    ...{ finalLearningRate: 1e-4, warmUp: 100, beta1: 0.9, beta2: 0.99, weightDecay: 0.1 },
  })
})

test('published presets have the published sizes', () => {
  for (const name of ['gpt2-small', 'gpt2-medium', 'gpt2-large', 'gpt2-xl'] as const) {
    const size = checkOptions(trainOptions, {}, { preset: presets.gpt2[name] })
    const model = new GPT2(size)
    let count = 0
    for (const { shape } of namedParameters(model).values()) count += shape.reduce((a, b) => a * b, 1)
    expect([name, count]).toEqual([name, gpt2Sizes[name].parameters])
  }
})

test('given values lie over the preset, the preset over the defaults', () => {
  const options = checkOptions(trainOptions, { layers: 2 }, { preset: presets.gpt2['char-large'] })
  expect(options).toMatchObject({ layers: 2, heads: 6, dropout: 0.2, seed: 1 })
})

test.each([
  [{ '--batchsize': 1 }, 'Unknown option "--batchsize". Did you mean "--batch-size"?'],
  [{ learningrate: 1 }, 'Unknown option "--learningrate". Did you mean "--learning-rate"?'],
  [{ stpes: 1 }, 'Unknown option "--stpes". Did you mean "--steps"?'],
  [{ layers: 0 }, 'Option --layers expected an integer of at least 1. Received 0.'],
  [{ steps: 1.5 }, 'Option --steps expected an integer of at least 1. Received 1.5.'],
  [{ learningRate: 0 }, 'Option --learning-rate expected a number above 0. Received 0.'],
  [{ dropout: 1 }, 'Option --dropout expected a number of at least 0 and below 1. Received 1.'],
  [{ vocabulary: 256 }, 'Option --vocabulary expected an integer of at least 257. Received 256.'],
  [
    { optimizer: 'adamW' },
    'Option --optimizer expected one of adamw, adam, sgd, muon. Received "adamW". Did you mean "adamw"?',
  ],
])('%j is refused', (given, message) => {
  const spelling = (name: string) => (name.startsWith('--') ? name : flagOf(name))
  expect(() => checkOptions(trainOptions, given, { spelling })).toThrow(message)
})

test('what decides the weights of the next step cannot change on resuming, but for the learning rate and clipping', () => {
  const fixed = Object.keys(table).filter(name => !changeableOnResume.has(name))
  expect(fixed).toEqual([
    ...[
      'field',
      'stream',
      'shuffleBuffer',
      'preset',
      'batchSize',
      'microBatchSize',
      'recompute',
      'context',
      'layers',
      'heads',
      'tied',
      'keyValueHeads',
      'band',
      'channels',
      'firstWeights',
      'hiddenSize',
      'embeddingSize',
      'bias',
      'dropout',
      'smoothing',
      'teacher',
      'temperature',
      'teacherShare',
    ],
    ...[
      'tokenizer',
      'vocabulary',
      'validationFraction',
      'optimizer',
      'weightDecay',
      'beta1',
      'beta2',
      'momentum',
      'seed',
    ],
  ])
})

test.each([
  ['gpt2', { preset: 'char-smal' }, 'Option --preset expected one of char-small, '],
  ['gpt2', { preset: 'char-smal' }, 'Did you mean "char-small"?'],
  ['lstm', { preset: 'gpt2-xl' }, 'Option --preset expected one of char, zaremba-small, '],
  [
    'lstm',
    { heads: 4 },
    'Option --heads expected a size of lstm: --layers, --hidden-size, --embedding-size. Received --heads 4. ' +
      '--heads belongs to transformer-decoder, ',
  ],
  ['gru', { channels: 4 }, 'Option --channels expected a size of gru'],
  ['gru', { recompute: true }, 'Option --recompute expected to be left out for gru: a recurrence has no blocks.'],
  ['rnn', { bias: false }, 'Option --bias expected a size of rnn'],
  ['gpt2', { hiddenSize: 4 }, 'Received --hidden-size 4. --hidden-size belongs to rnn, lstm, gru.'],
  [
    'lstm',
    { microBatchSize: 2 },
    'Option --micro-batch-size expected none for lstm, which carries a state for the whole batch. Received 2.',
  ],
])('%s with %j is refused', (model, given, message) => {
  expect(() => settleOptions(model, given)).toThrow(message)
})

test('a model begins with its own first preset', () => {
  expect(settleOptions('lstm', {})).toMatchObject({ preset: 'char', layers: 2, hiddenSize: 256 })
  expect(settleOptions('gpt2', {})).toMatchObject({ preset: 'char-small', layers: 4, channels: 128 })
  expect(settleOptions('lstm', { preset: 'zaremba-small' })).toMatchObject({
    ...{ layers: 2, hiddenSize: 200, embeddingSize: 200, context: 35, batchSize: 20, vocabulary: 10_000, clip: 5 },
  })
})

test('an unknown model is refused', () => {
  expect(() => settleOptions('gtp2', {})).toThrow('Unknown model "gtp2".')
})
