import { expect, test } from 'vitest'
import { checkOptions } from '../base/options.ts'
import { loadTranslatorFolder, markersOf } from '../checkpoints/translator-folder.ts'
import type { SentencePair } from '../data/pairs.ts'
import { beamTranslator } from '../generation/beam.ts'
import { nodeRuntime } from '../runtime/node.ts'
import { memoryStorage } from '../storage/memory.ts'
import { readText, type Storage } from '../storage/storage.ts'
import { stateFile } from './checkpoint.ts'
import { readMetrics } from './metrics.ts'
import type { RunEvent } from './run.ts'
import { translationOptions } from './translation-options.ts'
import {
  resumedTranslationOptions,
  type TranslationRunInput,
  type TranslationRunOptions,
  trainTranslationRun,
} from './translation-run.ts'

const runtime = nodeRuntime({ threads: 1 })

/** Numbers in German and English, of two digits. */
const digits = [
  ['null', 'zero'],
  ['eins', 'one'],
  ['zwei', 'two'],
  ['drei', 'three'],
  ['vier', 'four'],
] as const
const pairs: SentencePair[] = digits.flatMap(a =>
  digits.flatMap(b => digits.map(c => ({ source: `${a[0]} ${b[0]} ${c[0]}`, target: `${c[1]} ${b[1]} ${a[1]}` }))),
)
const [train, validation] = [pairs.filter((_, i) => i % 10 > 0), pairs.filter((_, i) => i % 10 === 0)]

const tiny: Partial<TranslationRunOptions> = {
  ...{ steps: 12, batchTokens: 64, microBatchTokens: 32, buckets: 2, vocabulary: 300, context: 32 },
  ...{ layers: 1, heads: 2, channels: 16, hidden: 24, dropout: 0.1, warmUp: 10, average: 2 },
  ...{ evaluateEvery: 4, saveEvery: 4, logEvery: 1 },
}

function start(
  storage: Storage,
  given: Partial<TranslationRunOptions> = {},
  rest: Partial<TranslationRunInput> = {},
): AsyncGenerator<RunEvent> {
  const options = checkOptions(translationOptions, { ...tiny, ...given })
  return trainTranslationRun({ modelName: 'transformer', storage, options, runtime, train, validation, ...rest })
}

async function finish(events: AsyncIterable<RunEvent>): Promise<RunEvent[]> {
  const all: RunEvent[] = []
  for await (const event of events) all.push(event)
  return all
}

test.each(['adam', 'muon'] as const)('a resumed run equals the uninterrupted one (%s)', async optimizer => {
  const [whole, parts] = [memoryStorage(), memoryStorage()]
  await finish(start(whole, { optimizer }))
  for await (const event of start(parts, { optimizer })) if (event.type === 'step' && event.step === 10) break // as a kill does it
  const { modelName, options } = await resumedTranslationOptions(parts, { resume: true })
  const events = await finish(start(parts, options, { modelName }))
  expect(events[0]).toMatchObject({ type: 'start', from: 8, model: 'transformer' })
  const snapshots = (await whole.list()).filter(name => name.includes('/snapshots/'))
  expect(snapshots).toHaveLength(3)
  for (const file of [stateFile, 'model.safetensors', 'config.json', ...snapshots])
    expect([file, await parts.read(file)]).toEqual([file, await whole.read(file)])
  const losses = async (storage: Storage) =>
    (await readMetrics(storage)).map(({ type, step, loss }) => [type, step, loss])
  expect(await losses(parts)).toEqual(await losses(whole))
  await expect(resumedTranslationOptions(parts, { channels: 32 })).rejects.toThrow(
    'Option --channels expected 16, with which the run was started. Received 32.',
  )
  const others = { train: train.slice(1) }
  await expect(finish(start(parts, options, others))).rejects.toThrow('the configuration that the run was started with')
})

test('a run that begins anew in a folder, and is resumed, has nothing of the run before', async () => {
  const [fresh, used] = [memoryStorage(), memoryStorage()]
  await finish(start(used, { seed: 5 }))
  for (const storage of [fresh, used]) {
    for await (const event of start(storage, { saveEvery: 2 })) if (event.type === 'step' && event.step === 3) break
    const { options } = await resumedTranslationOptions(storage, { resume: true })
    await finish(start(storage, options))
  }
  expect(await used.read('model.safetensors')).toEqual(await fresh.read('model.safetensors'))
})

test('a run whose snapshots are newer than its state goes on from those of the state', async () => {
  const [whole, parts] = [memoryStorage(), memoryStorage()]
  const options = { average: 2, evaluateEvery: 2, saveEvery: 4 }
  await finish(start(whole, options))
  const write = parts.write.bind(parts)
  let states = 0
  parts.write = async (name, chunks) => {
    if (name === stateFile && ++states === 2) throw new Error('the disk is full') // as a kill between the two does it
    return write(name, chunks)
  }
  await expect(finish(start(parts, options))).rejects.toThrow('full')
  const resumed = await resumedTranslationOptions(parts, { resume: true })
  await finish(start(parts, resumed.options))
  expect(await parts.read('model.safetensors')).toEqual(await whole.read('model.safetensors'))
  const losses = async (storage: Storage) =>
    (await readMetrics(storage)).flatMap(({ type, step, loss }) => (type === 'validation' ? [[step, loss]] : []))
  expect(await losses(parts)).toEqual(await losses(whole))
})

test('an interrupted run saves what it has', async () => {
  const storage = memoryStorage()
  const stop = new AbortController()
  const events: RunEvent[] = []
  for await (const event of start(storage, {}, { signal: stop.signal })) {
    events.push(event)
    if (event.type === 'step' && event.step === 2) stop.abort()
  }
  expect(events.at(-1)).toMatchObject({ type: 'stopped', step: 2, best: undefined })
  expect((await loadTranslatorFolder(storage)).model.configuration).toMatchObject({ channels: 16, layers: 1 })
})

test('small letters, where asked for', async () => {
  const storage = memoryStorage()
  const upper = train.map(({ source, target }) => ({ source: source.toUpperCase(), target }))
  await finish(start(storage, { lowerCase: true, steps: 1 }, { train: upper }))
  const { lowerCase, tokenizer } = await loadTranslatorFolder(storage)
  expect(lowerCase).toBe(true)
  expect(tokenizer.encode('eins').length).toBeLessThan(3)
  expect(await readText(storage, 'config.json')).toContain('"model_type": "marian"')
})

test('a token never reaches from one Chinese word into the next', async () => {
  const storage = memoryStorage()
  const chinese = Array.from({ length: 4 }, () => ({ source: '我喜欢学习', target: 'zero' }))
  await finish(start(storage, { steps: 1, vocabulary: 400 }, { train: chinese, validation: chinese }))
  const { tokenizer } = await loadTranslatorFolder(storage)
  const tokensOf = (text: string) => [...tokenizer.encode(text)].map(id => tokenizer.decode([id]))
  expect(tokensOf('我喜欢学习')).toEqual(['我', '喜欢', '学习'])
})

test.each(['transformer', 'seq2seq'])(
  '%s learns to translate, and to turn the order round',
  async modelName => {
    const storage = memoryStorage()
    const longer = { steps: 250, channels: 32, hidden: 64, dropout: 0, learningRate: 5e-3, warmUp: 50 }
    const rest = { evaluateEvery: 50, saveEvery: 250, batchTokens: 256, microBatchTokens: 256, average: 1 }
    await finish(start(storage, { ...longer, ...rest }, { modelName }))
    const { model, weights, tokenizer } = await loadTranslatorFolder(storage)
    const translator = beamTranslator({ model, weights, runtime, markers: markersOf(tokenizer) })
    const found = await translator.translate(validation.map(({ source }) => [...tokenizer.encode(source)]))
    await translator.release()
    const right = found.filter(([{ ids }], i) => tokenizer.decode(ids) === validation[i].target)
    expect(right.length).toBeGreaterThanOrEqual(0.9 * validation.length)
  },
  120_000,
)
