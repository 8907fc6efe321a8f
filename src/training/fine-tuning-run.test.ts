import { beforeAll, describe, expect, test } from 'vitest'
import type { SavedBERT } from '../checkpoints/bert.ts'
import type { SavedModel } from '../checkpoints/model-folder.ts'
import { openSafetensors } from '../checkpoints/safetensors.ts'
import type { LabelledText } from '../data/labelled-text.ts'
import { BERT } from '../models/2018-bert.ts'
import { GPT } from '../models/2018-gpt.ts'
import { initialWeights, namedParameters, weightFeeds } from '../nn/parameters.ts'
import { nodeRuntime } from '../runtime/node.ts'
import { memoryStorage } from '../storage/memory.ts'
import type { Storage } from '../storage/storage.ts'
import { trainCharacters } from '../tokenizers/characters.ts'
import { bertTokens, wordPieceVocabulary } from '../tokenizers/word-piece.ts'
import { stateFile } from './checkpoint.ts'
import type { ClassifierEvent } from './classifier-run.ts'
import { loadFineTuned } from './fine-tuned.ts'
import {
  type FineTuningRunInput,
  type FineTuningRunOptions,
  fineTuneRun,
  resumedFineTuningOptions,
  settleFineTuningOptions,
} from './fine-tuning-run.ts'
import { growVocabulary } from './grow-vocabulary.ts'
import { readMetrics } from './metrics.ts'
import { sequenceScorer } from './sequence-classifier.ts'

const runtime = nodeRuntime({ threads: 1 })

/** Whether one of two texts is Chinese; whether a text has an "a" or a 好. */
const words = ['bee', 'cat', 'dog', '猫咪', '小狗', 'fox']
const pairs: LabelledText[] = words.flatMap(one =>
  words.map(other => ({ text: one, second: other, label: Number(/[猫狗]/.test(one + other)) })),
)
const marks = ['axy', 'xya', 'xay', '好xy', 'yx好', 'xyz', 'zzy', 'yxz', '坏xy', 'xy坏']
const texts: LabelledText[] = marks.map(text => ({ text, label: Number(/[a好]/.test(text)) }))

let base: SavedModel
beforeAll(async () => {
  const tokenizer = await trainCharacters([[...words, ...marks].join('')])
  const model = new GPT({ vocabulary: tokenizer.vocabularySize, context: 16, channels: 16, layers: 1, heads: 2 })
  base = { model, tokenizer, weights: initialWeights(namedParameters(model), 1) }
})

const tiny: Partial<FineTuningRunOptions> = {
  ...{ epochs: 4, batchSize: 4, saveEvery: 4, logEvery: 1, learningRate: 1e-2, dropout: 0.1, warmUp: 0.1 },
}

const start = (
  storage: Storage,
  given: Partial<FineTuningRunOptions> = {},
  rest: Partial<FineTuningRunInput> = {},
): AsyncGenerator<ClassifierEvent> =>
  fineTuneRun({
    ...{ storage, runtime, base, train: texts, validation: texts.slice(0, 4), labels: ['without', 'with'] },
    options: settleFineTuningOptions({ ...tiny, ...given }),
    ...rest,
  })

async function finish(events: AsyncIterable<ClassifierEvent>): Promise<ClassifierEvent[]> {
  const all: ClassifierEvent[] = []
  for await (const event of events) all.push(event)
  return all
}

test.each([{ lora: 0 }, { lora: 2, loraTargets: 'attention.project,tokenEmbedding' }])(
  'a resumed run equals the uninterrupted one: %j',
  async given => {
    const [whole, parts] = [memoryStorage(), memoryStorage()]
    await finish(start(whole, given))
    for await (const event of start(parts, given)) if (event.type === 'step' && event.step === 6) break // as a kill does it
    const options = await resumedFineTuningOptions(parts, { resume: true })
    const events = await finish(start(parts, {}, { options }))
    expect(events[0]).toMatchObject({ type: 'start', from: 4 })
    for (const file of [stateFile, 'model.safetensors', 'config.json', 'tokenizer.json'])
      expect([file, await parts.read(file)]).toEqual([file, await whole.read(file)])
    await expect(resumedFineTuningOptions(parts, { lora: 3 })).rejects.toThrow(
      `Option --lora expected ${given.lora === 0 ? 'nothing' : given.lora}, with which the run was started. Received 3.`.replace(
        'nothing',
        '0',
      ),
    )
    await expect(finish(start(parts, {}, { options, train: texts.slice(1) }))).rejects.toThrow('expected the examples')
  },
)

test.each([
  ['one text', { epochs: 30 }, texts],
  [
    'one text, by adapters of every layer',
    { epochs: 60, lora: 4, loraTargets: 'tokenEmbedding,attention.project,feedForward.expand,feedForward.contract' },
    texts,
  ],
  ['a pair', { epochs: 40, batchSize: 12 }, pairs],
  ['a pair in both orders', { epochs: 40, batchSize: 12, bothOrders: true }, pairs],
] as const)(
  '%s is learned, and the folder gives back what was learned',
  async (_, given, task) => {
    const storage = memoryStorage()
    const before = new Map([...base.weights].map(([name, data]) => [name, data.slice()]))
    const events = await finish(start(storage, { dropout: 0, ...given }, { train: task, validation: task }))
    const errorRate = await errorRateOf(storage, task)
    expect(errorRate).toBeLessThan(0.1)
    const errors = events.flatMap(event => (event.type === 'validation' && event.best ? [event.errorRate] : []))
    expect(errors.at(-1)).toBe(errorRate)
    expect(base.weights).toEqual(before)
    expect([...namedParameters(base.model).keys()].filter(name => /\.(down|up)$/.test(name))).toEqual([])
  },
  120_000,
)

test('a metric chooses the best, patience ends the training, and a killed one goes on counting', async () => {
  // By chance: what is held out contradicts what is learned.
  const opposite = texts.map(({ text, label }) => ({ text, label: 1 - label }))
  const given = { epochs: 40, dropout: 0, metric: 'macro-f1', patience: 3, evaluateEvery: 2, saveEvery: 1 } as const
  const [whole, parts] = [memoryStorage(), memoryStorage()]
  const events = await finish(start(whole, given, { validation: opposite }))
  const validations = events.flatMap(event => (event.type === 'validation' ? [event] : []))
  const last = validations.at(-1)!
  expect(last).toMatchObject({ metricName: 'macro-f1', sinceBest: 3, best: false })
  const best = validations.findLast(one => one.best)!
  expect(best.metric).toBe(Math.max(...validations.map(({ metric }) => metric!)))
  expect(last.step).toBe(best.step + 6)
  expect(events.at(-1)).toMatchObject({
    type: 'done',
    early: true,
    step: last.step,
    best: { step: best.step, since: 3 },
  })
  expect(await readMetrics(whole)).toContainEqual(last)

  for await (const event of start(parts, given, { validation: opposite }))
    if (event.type === 'step' && event.step === best.step + 3) break
  const options = await resumedFineTuningOptions(parts, { resume: true })
  const rest = await finish(start(parts, {}, { options, validation: opposite }))
  expect({ ...rest.at(-1), cost: 0 }).toEqual({ ...events.at(-1), cost: 0 })
  for (const file of [stateFile, 'model.safetensors']) expect(await parts.read(file)).toEqual(await whole.read(file))

  const again = await finish(start(parts, {}, { options, validation: opposite }))
  expect(again.map(({ type }) => type)).toEqual(['start', 'done'])
  const patient = await resumedFineTuningOptions(parts, { patience: 4 })
  expect((await finish(start(parts, {}, { options: patient, validation: opposite }))).length).toBeGreaterThan(2)
})

test.each([
  [
    { metric: 'exact-match' },
    'expected one of classes: loss, accuracy, f1, macro-f1, matthews. Received "exact-match"',
  ],
  [{ metric: 'f1' }, 'expected macro-f1 for more than two classes'],
] as const)('a metric of something else: %j', async (given, message) => {
  await expect(finish(start(memoryStorage(), given, { labels: ['a', 'b', 'c'] }))).rejects.toThrow(message)
})

async function errorRateOf(storage: Storage, task: readonly LabelledText[]): Promise<number> {
  const { model, weights, labels, encode } = await loadFineTuned(storage)
  expect(labels).toEqual(['without', 'with'])
  const scorer = await sequenceScorer(model, runtime, { batchSize: 4, buckets: [16] })
  const { errorRate } = await scorer.of(encode(task), weightFeeds(model, weights))
  await scorer.release()
  return errorRate
}

describe('BERT', () => {
  const bertBase = (missing: SavedBERT['missing'] = []): SavedBERT => {
    const characters = [...new Set([...words, ...marks].join(''))]
    const pieces = characters.flatMap(one => [one, `##${one}`])
    const tokenizer = wordPieceVocabulary([...Object.values(bertTokens), ...pieces].join('\n'))
    const sizes = { context: 16, channels: 16, layers: 1, heads: 2, hidden: 32 }
    const model = new BERT({ vocabulary: tokenizer.vocabularySize, ...sizes })
    return { model, tokenizer, weights: initialWeights(namedParameters(model), 1), missing }
  }

  const tagged = [...words, ...words].map(word => ({ words: ['猫', word], tags: ['O', word.length > 2 ? 'B' : 'O'] }))
  const questions = marks.slice(3).map(text => {
    return { question: 'x', text, answer: { start: 1, end: 2 }, answers: [text[1]] }
  })

  test.each([
    [{ lora: 0 }, pairs],
    [{ lora: 2 }, pairs],
    [{ lora: 0 }, tagged],
    [{ lora: 0 }, questions],
  ] as const)('a resumed run equals the uninterrupted one: %j, %j', async (given, train) => {
    const own = { base: bertBase(), train, validation: train.slice(0, 4), labels: ['O', 'B'] }
    const [whole, parts] = [memoryStorage(), memoryStorage()]
    await finish(start(whole, given, own))
    for await (const event of start(parts, given, own)) if (event.type === 'step' && event.step === 6) break
    const options = await resumedFineTuningOptions(parts, { resume: true })
    expect((await finish(start(parts, {}, { ...own, options })))[0]).toMatchObject({ type: 'start', from: 4 })
    for (const file of [stateFile, 'model.safetensors', 'config.json', 'tokenizer.json'])
      expect([file, await parts.read(file)]).toEqual([file, await whole.read(file)])
  })

  test.each([
    ['one text', { epochs: 30 }, texts],
    ['a pair', { epochs: 40, batchSize: 12 }, pairs],
    ['a pair, by adapters', { epochs: 60, batchSize: 12, lora: 4 }, pairs],
  ] as const)('%s is learned, and the folder gives back what was learned', async (_, given, task) => {
    const storage = memoryStorage()
    const own = { base: bertBase(), train: task, validation: task }
    const events = await finish(start(storage, { dropout: 0, ...given }, own))
    const errorRate = await errorRateOf(storage, task)
    expect(errorRate).toBeLessThan(0.1)
    const errors = events.flatMap(event => (event.type === 'validation' && event.best ? [event.errorRate] : []))
    expect(errors.at(-1)).toBe(errorRate)
    const names = [...(await openSafetensors(storage, 'model.safetensors')).tensors.keys()]
    expect(names).toContain('bert.pooler.dense.weight')
    expect(names.slice(-2)).toEqual(['classifier.bias', 'classifier.weight'])
    expect(names.filter(name => name.startsWith('cls.'))).toEqual([])
  })

  test('what is learned begins with what was learned before, unless told otherwise', async () => {
    const base = bertBase()
    const still = { learningRate: 1e-30, epochs: 1, weightDecay: 0 }
    const embeddings = async (given: Partial<FineTuningRunOptions>): Promise<Float32Array> => {
      const storage = memoryStorage()
      await finish(start(storage, { ...still, ...given }, { base }))
      return (await loadFineTuned(storage)).weights.get('bert.tokenEmbedding.weight')!
    }
    const learned = base.weights.get('tokenEmbedding.weight')
    expect(await embeddings({})).toEqual(learned)
    expect(await embeddings({ fromScratch: true, seed: 2 })).not.toEqual(learned)
  })

  test('a folder without pooler, and pairs in both orders, are refused', async () => {
    const run = (given: Partial<FineTuningRunOptions>, base: SavedBERT) =>
      finish(start(memoryStorage(), { epochs: 1, ...given }, { base, train: pairs }))
    await expect(run({}, bertBase(['pooler']))).rejects.toThrow(
      'Fine-tuning a classifier expected a BERT with the pooler',
    )
    await expect(run({ bothOrders: true }, bertBase())).rejects.toThrow(
      'Pairs in both orders expected a language model',
    )
  })
})

test('a vocabulary grows, and what was there keeps its rows', () => {
  const grown = growVocabulary(base, ['<|one|>', '<|two|>'], 1)
  expect(grown.model.vocabulary).toBe(base.model.vocabulary + 2)
  const [old, now] = [base, grown].map(({ weights }) => weights.get('tokenEmbedding.weight')!)
  expect(now.subarray(0, old.length)).toEqual(old)
  expect(now.subarray(old.length).every(value => value !== 0)).toBe(true)
  expect(grown.tokenizer.encode('bee')).toEqual(base.tokenizer.encode('bee'))
  expect(growVocabulary(grown, ['<|one|>'], 1).model).toBe(grown.model)
})

test('adapters need layers to be put on', async () => {
  const wrong = { lora: 2, loraTargets: 'q_proj' }
  await expect(finish(start(memoryStorage(), wrong))).rejects.toThrow('targets expected the end of a layer')
})
