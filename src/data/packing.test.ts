import { describe, expect, it, test } from 'vitest'
import { Random } from '../base/random.ts'
import { compile, host } from '../compiler/compile.ts'
import { GPT2 } from '../models/2019-gpt2.ts'
import { tokenLosses } from '../nn/losses.ts'
import { initialWeights, namedParameters, parameterNames, weightFeeds } from '../nn/parameters.ts'
import { nodeRuntime } from '../runtime/node.ts'
import type { HostTensor } from '../runtime/runtime.ts'
import { input } from '../tensor/tensor.ts'
import { type PackedBatch, packExamples, type TrainingExample } from './packing.ts'

const random = new Random(1, 'packing test')
const exampleOf = (length: number): TrainingExample => ({
  ids: Int32Array.from({ length }, () => 1 + random.integer(10)),
  isAnswer: Uint8Array.from({ length }, (_, i) => (i < length / 3 ? 0 : 1)),
})
const context = 16
const examples = Array.from({ length: 60 }, () => exampleOf(2 + random.integer(context)))

/** What a batch holds: examples by their ids, positions and targets. */
function contents({ inputs, targets, positions, documents }: PackedBatch, rows: number): string[] {
  const found: string[] = []
  for (let row = 0; row < rows; row++) {
    const byDocument = new Map<bigint, string[]>()
    for (let i = row * context; i < (row + 1) * context; i++) {
      const list = byDocument.get(documents[i]) ?? []
      list.push(`${inputs[i]}>${targets[i]}@${positions[i]}`)
      byDocument.set(documents[i], list)
    }
    found.push(...[...byDocument.values()].map(list => list.join(' ')))
  }
  return found.filter(text => !/^0>/.test(text)).sort()
}

test('in order: what comes first in the data is learned first, in every epoch', () => {
  const options = { batchSize: 1, context, seed: 3, window: 15, inOrder: true }
  const { rows } = packExamples(examples, options)
  expect(rows.flat().toSorted((a, b) => a - b)).toEqual([...examples.keys()])
  const windows = rows.map(row => new Set(row.map(index => Math.floor(index / 15))))
  expect(windows.every(({ size }) => size === 1)).toBe(true)
  const sequence = windows.flatMap(window => [...window])
  expect(sequence).toEqual(sequence.toSorted((a, b) => a - b))
  const packed = packExamples(examples, options)
  expect(packed.batch(rows.length + 2)).toEqual(packed.batch(2))
})

test('every example stands in the rows of an epoch once, whole', () => {
  const packed = packExamples(examples, { batchSize: 4, context, seed: 3 })
  expect(packed.rows.flat().toSorted((a, b) => a - b)).toEqual([...examples.keys()])
  const expected = examples.map(({ ids, isAnswer }) =>
    [...ids.slice(0, -1)].map((id, i) => `${id}>${isAnswer[i + 1] ? ids[i + 1] : -1}@${i}`).join(' '),
  )
  const whole = packExamples(examples, { batchSize: packed.rows.length, context, seed: 3 })
  for (const step of [0, 1, 7]) expect(contents(whole.batch(step), packed.rows.length)).toEqual(expected.sort())
  const answers = examples.reduce((sum, { isAnswer }) => sum + isAnswer.slice(1).reduce((a, b) => a + b, 0), 0)
  expect(whole.batch(0).scoredTokens).toBe(answers)
})

test('few examples make no larger batch than they need', () => {
  const few = [20, 30, 40].map(exampleOf)
  const packed = packExamples(few, { batchSize: 32, context: 2048, seed: 3 })
  expect([packed.batchSize, packed.context, packed.rows.length]).toEqual([1, 128, 1])
  expect(packed.padding).toBeCloseTo(1 - 87 / 128, 10)
  const { inputs, scoredTokens } = packed.batch(0)
  expect(inputs.length).toBe(128)
  expect(scoredTokens).toBe(packed.scoredTokens[0])
  expect(() => packExamples([exampleOf(1)], { batchSize: 2, context: 50, seed: 3 })).toThrow('two tokens or more')
  const narrow = packExamples(few, { batchSize: 2, context: 50, seed: 3 })
  expect([narrow.batchSize, narrow.context, narrow.rows.length]).toEqual([2, 50, 2])
})

test('little is padding, and its share is told', () => {
  const many = Array.from({ length: 2000 }, () => exampleOf(2 + random.integer(context)))
  const packed = packExamples(many, { batchSize: 4, context, seed: 3 })
  const tokens = many.reduce((sum, { ids }) => sum + ids.length - 1, 0)
  expect(packed.padding).toBeCloseTo(1 - tokens / (packed.rows.length * context), 10)
  expect(packed.padding).toBeLessThan(0.02)
  const alone = 1 - tokens / (many.length * context)
  expect(alone).toBeGreaterThan(0.4) // what padding to the context alone would waste
})

test('batches are functions of seed and step', () => {
  const options = { batchSize: 4, context, seed: 3 }
  const [one, two] = [packExamples(examples, options), packExamples(examples, options)]
  two.batch(9)
  expect(two.batch(5)).toEqual(one.batch(5))
  expect(packExamples(examples, { ...options, seed: 4 }).batch(5)).not.toEqual(one.batch(5))
})

test('what cannot be packed is refused', () => {
  const options = { batchSize: 1, context: 4, seed: 1 }
  expect(() => packExamples([], options)).toThrow('The data expected examples to learn from. Received none.')
  expect(() => packExamples([exampleOf(6)], options)).toThrow('Example 0 expected at most 5 tokens')
  expect(packExamples([exampleOf(5), exampleOf(1)], options).rows).toEqual([[0]])
})

describe('with GPT-2', () => {
  const model = new GPT2({ vocabulary: 11, context, layers: 2, heads: 2, channels: 16, bias: true })
  const parameters = namedParameters(model)
  const weights = new Map([...initialWeights(parameters, 1)].map(([name, values]) => [name, values.map(x => 3 * x)]))
  const runtime = nodeRuntime({ threads: 1 })

  async function losses(batch: PackedBatch, rows: number): Promise<Float32Array> {
    const shape = [rows, context]
    const [ids, targets, positions, documents, prefixes] = [
      ...['ids', 'targets', 'positions', 'documents', 'prefixes'],
    ].map(name => input(name, shape, 'int64'))
    const packing = { positions, documents, ...(batch.prefixes && { prefixes }) }
    const output = tokenLosses(model.logits(ids, { packing }), targets)
    const program = await compile(runtime, { output }, { parameterNames: parameterNames(parameters) })
    const feeds = {
      ids: host('int64', shape, batch.inputs),
      targets: host('int64', shape, batch.targets),
      positions: host('int64', shape, batch.positions),
      documents: host('int64', shape, batch.documents),
      ...(batch.prefixes && { prefixes: host('int64', shape, batch.prefixes) }),
    }
    const result = await program.run({ ...feeds, ...weightFeeds(model, weights) })
    await program.release()
    return (result.output as HostTensor).data as Float32Array
  }

  it('an example has the losses in a packed row that it has alone', async () => {
    const few = examples.slice(0, 12)
    const packed = packExamples(few, { batchSize: 1, context, seed: 3 })
    expect(packed.rows.some(row => row.length > 1)).toBe(true)
    const rows = packed.rows.length
    const whole = packExamples(few, { batchSize: rows, context, seed: 3 })
    const together = await losses(whole.batchOf([...whole.rows.keys()]), rows)
    for (const [row, members] of whole.rows.entries()) {
      let place = row * context
      for (const index of members) {
        const length = few[index].ids.length - 1
        const alone = await losses(packExamples([few[index]], { batchSize: 1, context, seed: 1 }).batch(0), 1)
        for (let i = 0; i < length; i++) expect(together[place + i]).toBeCloseTo(alone[i], 4)
        place += length
      }
    }
    expect(together.filter(loss => loss > 0)).toHaveLength(whole.batch(0).scoredTokens)
  })

  it('what several begin with stands in a row once, and their losses are those that each has alone', async () => {
    const begun = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3]
    const goOn = (...own: number[]): TrainingExample => ({
      ids: Int32Array.from([...begun, ...own]),
      isAnswer: Uint8Array.from([...begun, ...own], (_, i) => (i < begun.length ? 0 : 1)),
    })
    // The second and the third differ in what they learn, not before; the last one learns what it begins with.
    const few = [goOn(7, 8), goOn(9, 3), goOn(9, 7), { ...goOn(4), isAnswer: new Uint8Array(11).fill(1) }]
    const packed = packExamples(few, { batchSize: 1, context, seed: 3, inOrder: true })
    expect(packed.rows.toSorted((a, b) => b.length - a.length)).toEqual([[0, 1, 2], [3]])
    expect(packed.sharedTokens).toBe(2 * 9)
    const row = packed.rows.findIndex(({ length }) => length === 3)
    const together = await losses(packed.batchOf([row]), 1)
    expect(packed.scoredTokens[row]).toBe(6)
    const alone: number[] = []
    for (const example of few.slice(0, 3)) {
      const batch = packExamples([example], { batchSize: 1, context, seed: 1 }).batch(0)
      alone.push(...(await losses(batch, 1)).filter(loss => loss > 0))
    }
    const found = [...together].filter(loss => loss > 0)
    expect(found).toHaveLength(6)
    for (const [i, loss] of found.entries()) expect(loss).toBeCloseTo(alone[i], 4)
  })
})
