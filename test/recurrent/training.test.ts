/** Truncated backpropagation with a carried state: what is carried, and that a resumed run carries it on. */
import { expect, test } from 'vitest'
import { checkOptions } from '../../src/base/options.ts'
import { loadModelFolder } from '../../src/checkpoints/model-folder.ts'
import { openSafetensors } from '../../src/checkpoints/safetensors.ts'
import { memoryText } from '../../src/data/text.ts'
import { loadTokens, memoryTokens } from '../../src/data/token-shards.ts'
import { perplexity } from '../../src/evaluation/score.ts'
import { sgd } from '../../src/optim/sgd.ts'
import { nodeRuntime } from '../../src/runtime/node.ts'
import type { Runtime } from '../../src/runtime/runtime.ts'
import { memoryStorage } from '../../src/storage/memory.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { trainCharacters } from '../../src/tokenizers/characters.ts'
import { stateFile } from '../../src/training/checkpoint.ts'
import { readMetrics } from '../../src/training/metrics.ts'
import { trainOptions } from '../../src/training/options.ts'
import { type RunEvent, type RunOptions, resumedOptions, trainRun } from '../../src/training/run.ts'
import { type TrainingEvent, type TrainOptions, train } from '../../src/training/train.ts'
import { tinyRecurrentModel } from '../tiny-language-model.ts'

const kinds = ['rnn', 'lstm', 'gru'] as const
const runtime = nodeRuntime({ threads: 1 })

const count = (length: number) =>
  memoryTokens(
    Int32Array.from({ length }, (_, i) => (i * i) % 11),
    length,
  )

async function losses(kind: (typeof kinds)[number], given: Partial<TrainOptions>): Promise<TrainingEvent[]> {
  const loaded = tinyRecurrentModel(kind, { vocabulary: 11, context: 5 })
  const training = await train(loaded.model, {
    ...{ runtime: loaded.runtime, weights: loaded.weights, train: count(201), steps: 6, batchSize: 1 },
    ...{ optimizer: sgd({ momentum: 0 }), learningRate: () => 1e-30, clip: 0, seed: 1, evaluateEvery: 100 },
    ...{ evaluationBatches: 1000 },
    ...given,
  })
  const events: TrainingEvent[] = []
  for await (const event of training.events) events.push(event)
  await training.release()
  return events
}

test.each(kinds)('%s: the losses of successive windows are those of one long text', async kind => {
  const steps = (await losses(kind, {})).filter(event => event.type === 'step')
  const loaded = tinyRecurrentModel(kind, { vocabulary: 11, context: 5 })
  const first = await perplexity(loaded, { ...count(201), length: 31 }, { batchSize: 1 }) // 30 targets: 6 windows of 5
  const mean = steps.reduce((sum, { loss }) => sum + loss, 0) / 6
  expect(mean).toBeCloseTo(first.natsPerToken, 5)
})

test.each(kinds)('%s: a validation is the perplexity of the held-out text', async kind => {
  for (const batchSize of [1, 3]) {
    const events = await losses(kind, { batchSize, validation: count(91) })
    const loaded = tinyRecurrentModel(kind, { vocabulary: 11, context: 5 })
    const { natsPerToken } = await perplexity(loaded, count(91), { batchSize })
    expect(events.at(-1)).toMatchObject({ type: 'validation', whole: true })
    expect(events.at(-1)?.loss).toBeCloseTo(natsPerToken, 5)
  }
})

const text = memoryText('The quick brown fox jumps over the lazy dog. 话说天下大势。\n'.repeat(20))
const tiny: Partial<RunOptions> = {
  ...{ steps: 13, batchSize: 4, context: 8, layers: 2, hiddenSize: 12, embeddingSize: 6, dropout: 0.2 },
  ...{ evaluateEvery: 4, evaluationBatches: 3, saveEvery: 5, logEvery: 1, sampleEvery: 0, warmUp: 3, seed: 3 },
}

function start(modelName: string, storage: Storage, options: RunOptions, on: Runtime = runtime) {
  return trainRun({
    ...{ modelName, storage, options, runtime: on, text },
    makeTokenizer: source => trainCharacters(source.chunks()),
    openTokens: name => loadTokens(storage, name),
  })
}

async function until(events: AsyncIterable<RunEvent>, type: RunEvent['type'], step: number): Promise<void> {
  for await (const event of events) if (event.type === type && 'step' in event && event.step === step) return
}

test.each(kinds)('%s: a run that was killed and resumed equals one that was not, bit for bit', async kind => {
  const [whole, killed] = [memoryStorage(), memoryStorage()]
  const options = checkOptions(trainOptions, tiny)
  await until(start(kind, whole, options), 'done', 13)
  await until(start(kind, killed, options), 'step', 7)
  const state = await openSafetensors(killed, stateFile)
  expect([...state.tensors.keys()].filter(name => name.startsWith('carried/'))).not.toEqual([])
  await until(start(kind, killed, (await resumedOptions(killed, {})).options), 'step', 12)
  await until(start(kind, killed, (await resumedOptions(killed, {})).options), 'done', 13)
  for (const file of [stateFile, 'model.safetensors', 'config.json']) {
    expect([file, await killed.read(file)]).toEqual([file, await whole.read(file)])
  }
  const history = async (storage: Storage) =>
    (await readMetrics(storage)).map(({ type, step, loss }) => [type, step, loss])
  expect(await history(killed)).toEqual(await history(whole))
  expect((await loadModelFolder(whole)).model.reach).toBe(Infinity)
})

test('on a runtime that cannot write in place the run is as good', async () => {
  const options = checkOptions(trainOptions, { ...tiny, dropout: 0 })
  const [here, there] = [memoryStorage(), memoryStorage()]
  await until(start('lstm', here, options), 'done', 13)
  await until(start('lstm', there, options, { ...runtime, writesInPlace: false }), 'done', 13)
  const last = async (storage: Storage) => (await readMetrics(storage)).at(-1)!.loss
  expect(await last(there)).toBeCloseTo(await last(here), 4)
})
