import { beforeAll, expect, test } from 'vitest'
import { loadModelFolder, type SavedModel } from '../checkpoints/model-folder.ts'
import type { TrainingExample } from '../data/packing.ts'
import { RNN } from '../models/1982-rnn.ts'
import { GPT2 } from '../models/2019-gpt2.ts'
import { initialWeights, namedParameters } from '../nn/parameters.ts'
import { nodeRuntime } from '../runtime/node.ts'
import { memoryStorage } from '../storage/memory.ts'
import type { Storage } from '../storage/storage.ts'
import { trainCharacters } from '../tokenizers/characters.ts'
import { stateFile } from './checkpoint.ts'
import { type FineTuningRunOptions, resumedFineTuningOptions, settleFineTuningOptions } from './fine-tuning-run.ts'
import { type SupervisedEvent, type SupervisedRunInput, superviseRun } from './supervised-run.ts'

const runtime = nodeRuntime({ threads: 1 })
const text = 'abcdefgh?我你'

let base: SavedModel
let examples: TrainingExample[]
beforeAll(async () => {
  const tokenizer = await trainCharacters([text])
  const model = new GPT2({
    vocabulary: tokenizer.vocabularySize,
    context: 12,
    channels: 16,
    layers: 2,
    heads: 2,
    bias: true,
  })
  base = { model, tokenizer, weights: initialWeights(namedParameters(model), 1) }
  // The answer is the letter before the question mark, again.
  examples = Array.from(text.replace('?', '')).flatMap(a =>
    Array.from(text.replace('?', '')).map(b => ({
      ids: tokenizer.encode(`${b}${a}?${a}`),
      isAnswer: Uint8Array.of(0, 0, 0, 1),
    })),
  )
})

const tiny: Partial<FineTuningRunOptions> = {
  ...{ epochs: 2, batchSize: 4, saveEvery: 4, logEvery: 1, learningRate: 1e-2, dropout: 0.1, warmUp: 0.1 },
}
const start = (
  storage: Storage,
  given: Partial<FineTuningRunOptions> = {},
  rest: Partial<SupervisedRunInput> = {},
): AsyncGenerator<SupervisedEvent> =>
  superviseRun({
    ...{ storage, runtime, base, train: examples, validation: examples.slice(0, 10) },
    options: settleFineTuningOptions({ ...tiny, ...given }),
    ...rest,
  })

async function finish(events: AsyncIterable<SupervisedEvent>): Promise<SupervisedEvent[]> {
  const all: SupervisedEvent[] = []
  for await (const event of events) all.push(event)
  return all
}

test.each([{ lora: 0 }, { lora: 2 }])('a resumed run equals the uninterrupted one: %j', async given => {
  const [whole, parts] = [memoryStorage(), memoryStorage()]
  await finish(start(whole, given))
  for await (const event of start(parts, given)) if (event.type === 'step' && event.step === 6) break // as a kill does it
  const options = await resumedFineTuningOptions(parts, { resume: true })
  const events = await finish(start(parts, {}, { options }))
  expect(events[0]).toMatchObject({ type: 'start', from: 4 })
  for (const file of [stateFile, 'model.safetensors', 'config.json', 'tokenizer.json'])
    expect([file, await parts.read(file)]).toEqual([file, await whole.read(file)])
  const other = { options, train: examples.slice(1) }
  await expect(finish(start(parts, {}, other))).rejects.toThrow('expected the examples')
})

test.each([{ lora: 0 }, { lora: 2 }])('recomputation learns the same: %j', async given => {
  const losses = async (recompute: boolean) => {
    const events = await finish(start(memoryStorage(), { ...given, recompute }))
    return events.flatMap(event => (event.type === 'step' ? [event.loss] : []))
  }
  const kept = await losses(false)
  const again = await losses(true)
  expect(again).toHaveLength(kept.length)
  for (const [i, loss] of again.entries()) expect(loss).toBeCloseTo(kept[i], 5)
})

const everyLayer = 'attention.project,attention.output,feedForward.expand,feedForward.contract'
test.each([
  ['whole', {}, 0.1],
  ['by adapters of every layer', { lora: 8, loraTargets: everyLayer }, 1.4],
])(
  'answers are learned, %s',
  async (_, given, bound) => {
    const storage = memoryStorage()
    const events = await finish(start(storage, { epochs: 30, batchSize: 8, dropout: 0, ...given }))
    const losses = events.flatMap(event => (event.type === 'validation' ? [event.loss] : []))
    expect(losses[0]).toBeGreaterThan(1.5)
    expect(Math.min(...losses)).toBeLessThan(bound)
    const { model, weights } = await loadModelFolder(storage)
    expect(model.configuration).toEqual(base.model.configuration)
    expect([...weights.keys()].toSorted()).toEqual([...base.weights.keys()].toSorted())
  },
  60_000,
)

test.each(['exact-match', 'token-f1'] as const)(
  '%s of the written answers chooses the best',
  async metric => {
    const [whole, parts] = [memoryStorage(), memoryStorage()]
    const given = {
      epochs: 40,
      batchSize: 8,
      dropout: 0,
      metric,
      metricExamples: 10,
      patience: 2,
      saveEvery: 1,
    } as const
    const events = await finish(start(whole, given))
    const validations = events.flatMap(event => (event.type === 'validation' ? [event] : []))
    expect(validations[0].metric).toBeLessThan(1)
    expect(Math.max(...validations.map(one => one.metric!))).toBe(1)
    expect(validations.at(-1)).toMatchObject({ metricName: metric, sinceBest: 2 })
    const end = events.at(-1)!
    const last = validations.at(-1)!.step
    expect(end).toMatchObject({ type: 'done', early: true, best: { metric: 1, since: 2 } })

    for await (const event of start(parts, given)) if (event.type === 'step' && event.step === last - 1) break
    const options = await resumedFineTuningOptions(parts, { resume: true })
    const again = (await finish(start(parts, {}, { options }))).at(-1)
    expect({ ...again, cost: 0 }).toEqual({ ...end, cost: 0 })
    for (const file of [stateFile, 'model.safetensors']) expect(await parts.read(file)).toEqual(await whole.read(file))
  },
  60_000,
)

test('a metric of classes, and answers without prompts', async () => {
  await expect(finish(start(memoryStorage(), { metric: 'accuracy' }))).rejects.toThrow('expected one of answers: loss')
  const texts = examples.map(({ ids }) => ({ ids, isAnswer: new Uint8Array(ids.length).fill(1) }))
  const alone = start(memoryStorage(), { metric: 'exact-match' }, { validation: texts })
  await expect(finish(alone)).rejects.toThrow('held-out examples without prompts')
})

test('adapters go on only with the weights that they were put on', async () => {
  const storage = memoryStorage()
  for await (const event of start(storage, { lora: 2 })) if (event.type === 'step' && event.step === 6) break
  const options = await resumedFineTuningOptions(storage, { resume: true })
  const weights = initialWeights(namedParameters(base.model), 2)
  const rest = { options, base: { ...base, weights } }
  await expect(finish(start(storage, {}, rest))).rejects.toThrow('the configuration that the run was started with')
})

test('a recurrent model is refused', async () => {
  const model = new RNN({ vocabulary: base.model.vocabulary, context: 12, embeddingSize: 8, hiddenSize: 8, layers: 1 })
  const recurrent = { ...base, model, weights: initialWeights(namedParameters(model), 1) }
  await expect(finish(start(memoryStorage(), {}, { base: recurrent }))).rejects.toThrow('expected a model that attends')
})
