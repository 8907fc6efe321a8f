import { expect, expectTypeOf, test } from 'vitest'
import {
  checkOptions,
  expectation,
  flagOf,
  nameOfFlag,
  type OptionsOf,
  parseOption,
  UnknownNameError,
} from './options.ts'

const table = {
  batchSize: { type: 'integer', default: 12, minimum: 1, maximum: 64, help: 'sequences in one step' },
  dropout: { type: 'number', default: 0, minimum: 0, below: 1, help: 'share of activations left out' },
  device: { type: 'choice', choices: ['cpu', 'webgpu'], default: 'cpu', help: 'where the model runs' },
  stop: { type: 'strings', default: [], help: 'texts that end the generation' },
  resume: { type: 'boolean', default: false, help: 'go on with an earlier run' },
  seed: { type: 'integer', help: 'number that decides every draw' },
} as const

test('the table gives the type', () => {
  expectTypeOf<OptionsOf<typeof table>>().toEqualTypeOf<{
    readonly batchSize: number
    readonly dropout: number
    readonly device: 'cpu' | 'webgpu'
    readonly stop: readonly string[]
    readonly resume: boolean
    readonly seed: number | undefined
  }>()
})

test('given values lie over the preset, the preset over the defaults', () => {
  const values = checkOptions(table, { batchSize: 4, seed: undefined }, { preset: { batchSize: 8, dropout: 0.2 } })
  expect(values).toEqual({
    batchSize: 4,
    dropout: 0.2,
    device: 'cpu',
    stop: [],
    resume: false,
    seed: undefined,
  })
})

test('an unknown name offers the nearest', () => {
  expect(() => checkOptions(table, { batchsize: 4 })).toThrow('Unknown option "batchsize". Did you mean "batchSize"?')
  expect(() => checkOptions(table, { batchsize: 4 }, { spelling: flagOf })).toThrow(
    'Unknown option "--batchsize". Did you mean "--batch-size"?',
  )
  expect(new UnknownNameError('dataset', 'quux', ['names', 'poems']).message).toBe(
    'Unknown dataset "quux". Known: names, poems.',
  )
  expect(() => checkOptions(table, { toString: 4 })).toThrow('Unknown option "toString"')
})

test.each([
  [{ batchSize: 0 }, 'Option --batch-size expected an integer from 1 to 64. Received 0.'],
  [{ batchSize: 1.5 }, 'Option --batch-size expected an integer from 1 to 64. Received 1.5.'],
  [{ batchSize: Number.NaN }, 'Option --batch-size expected an integer from 1 to 64. Received NaN.'],
  [{ batchSize: '4' }, 'Option --batch-size expected an integer from 1 to 64. Received "4".'],
  [{ dropout: 1 }, 'Option --dropout expected a number of at least 0 and below 1. Received 1.'],
  [{ device: 'webgp' }, 'Option --device expected one of cpu, webgpu. Received "webgp". Did you mean "webgpu"?'],
  [{ stop: 'x' }, 'Option --stop expected texts. Received "x".'],
  [{ resume: 1 }, 'Option --resume expected true or false. Received 1.'],
])('%o is refused', (given, message) => {
  expect(() => checkOptions(table, given, { spelling: flagOf })).toThrow(message)
})

test('a preset is checked too', () => {
  expect(() => checkOptions(table, {}, { preset: { batchSize: 100 } })).toThrow('Option batchSize expected an integer')
})

test('texts become values', () => {
  expect(parseOption(table.batchSize, '4', '--batch-size')).toBe(4)
  expect(parseOption(table.dropout, '1e-1', '--dropout')).toBe(0.1)
  expect(parseOption(table.stop, '4', '--stop')).toEqual(['4'])
  expect(parseOption(table.resume, 'true', '--resume')).toBe(true)
  expect(parseOption(table.resume, 'false', '--resume')).toBe(false)
  expect(() => parseOption(table.seed, '', '--seed')).toThrow('Option --seed expected an integer. Received "".')
  expect(() => parseOption(table.seed, 'abc', '--seed')).toThrow('Received "abc".')
})

test('names and flags', () => {
  for (const [name, flag] of [
    ['batchSize', '--batch-size'],
    ['topK', '--top-k'],
    ['beta2', '--beta2'],
    ['learningRate', '--learning-rate'],
  ]) {
    expect(flagOf(name)).toBe(flag)
    expect(nameOfFlag(flag)).toBe(name)
  }
})

test('bounds in words', () => {
  expect(expectation({ type: 'number', above: 0, help: '' })).toBe('a number above 0')
  expect(expectation({ type: 'integer', minimum: 1, help: '' })).toBe('an integer of at least 1')
  expect(expectation({ type: 'number', help: '' })).toBe('a number')
})
