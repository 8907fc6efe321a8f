import { beforeAll, expect, test } from 'vitest'
import { CheckpointError, OptionError, StorageError, TrainingError } from '../base/errors.ts'
import { checkOptions } from '../base/options.ts'
import { loadModelFolder } from '../checkpoints/model-folder.ts'
import { openSafetensors } from '../checkpoints/safetensors.ts'
import { memoryText } from '../data/text.ts'
import { loadTokens } from '../data/token-shards.ts'
import { perplexity } from '../evaluation/score.ts'
import { nodeRuntime } from '../runtime/node.ts'
import { memoryStorage } from '../storage/memory.ts'
import { readText, type Storage, writeText } from '../storage/storage.ts'
import { trainByteLevelBPE } from '../tokenizers/bpe-training.ts'
import { trainCharacters } from '../tokenizers/characters.ts'
import { stateFile } from './checkpoint.ts'
import { costFile } from './cost.ts'
import { readMetrics } from './metrics.ts'
import { trainOptions } from './options.ts'
import { type RunEvent, type RunInput, type RunOptions, resumedOptions, trainRun } from './run.ts'

const runtime = nodeRuntime({ threads: 1 })
const sentences = 'The quick brown fox jumps over the lazy dog. 话说天下大势。\n'.repeat(20)
const text = memoryText(sentences)

/** 13 steps with dropout, micro-batches, validations and checkpoints at steps of their own. */
const tiny: Partial<RunOptions> = {
  ...{ steps: 13, batchSize: 4, microBatchSize: 2, context: 8, layers: 2, heads: 2, channels: 16, dropout: 0.2 },
  ...{ evaluateEvery: 4, evaluationBatches: 3, saveEvery: 5, logEvery: 1, sampleEvery: 0, warmUp: 3, seed: 3 },
}

function start(
  storage: Storage,
  given: Partial<RunOptions> = {},
  rest: Partial<RunInput> = {},
): ReturnType<typeof trainRun> {
  return trainRun({
    modelName: 'gpt2',
    storage,
    options: checkOptions(trainOptions, { ...tiny, ...given }),
    runtime,
    text,
    makeTokenizer: source => trainCharacters(source.chunks()),
    openTokens: name => loadTokens(storage, name),
    ...rest,
  })
}

/** As `nacre train --resume` does it. */
async function resume(
  storage: Storage,
  given: Partial<RunOptions> = {},
  rest: Partial<RunInput> = {},
): Promise<ReturnType<typeof trainRun>> {
  const { modelName, options } = await resumedOptions(storage, given)
  return start(storage, options, { modelName, ...rest })
}

async function finish(events: AsyncIterable<RunEvent>): Promise<RunEvent[]> {
  const all: RunEvent[] = []
  for await (const event of events) all.push(event)
  return all
}

/**
 * Leaves at an event, as a kill does: nothing is saved.
 * @param type - of an event, or what was saved
 */
async function killAt(
  events: AsyncIterable<RunEvent>,
  type: RunEvent['type'] | 'best' | 'last',
  step: number,
): Promise<void> {
  for await (const event of events) {
    const named: readonly string[] = event.type === 'saved' ? [event.type, event.what] : [event.type]
    if (named.includes(type) && (event.type === 'start' || event.step === step)) return
  }
  throw new Error(`no ${type} at step ${step}`)
}

async function expectSameRun(storage: Storage, other: Storage): Promise<void> {
  const different: string[] = []
  for (const file of [stateFile, 'model.safetensors', 'config.json', 'tokenizer.json', 'training/train.bin'])
    if (!equalBytes(await storage.read(file), await other.read(file))) different.push(file)
  expect(different).toEqual([])
  const metrics = async (of: Storage) =>
    (await readMetrics(of)).map(({ type, step, loss, gradientNorm, learningRate }) => [
      ...[type, step, loss],
      ...[gradientNorm, learningRate],
    ])
  expect(await metrics(storage)).toEqual(await metrics(other))
}

const equalBytes = (a: Uint8Array, b: Uint8Array) => a.length === b.length && a.every((byte, i) => byte === b[i])
const stepOf = async (storage: Storage) => Number((await openSafetensors(storage, stateFile)).metadata.step)

const whole = memoryStorage()
let wholeEvents: RunEvent[]
beforeAll(async () => {
  wholeEvents = await finish(start(whole))
})

test('a run tells what happens, in order', () => {
  const told = wholeEvents.flatMap(event => {
    if (event.type !== 'saved') return [event.type]
    return event.what === 'last' ? [`saved at ${event.step}`] : []
  })
  const beforeBest = wholeEvents.filter((_, i) => {
    const next = wholeEvents[i + 1]
    return next?.type === 'saved' && next.what === 'best'
  })
  expect(beforeBest).toEqual(wholeEvents.filter(event => event.type === 'validation' && event.best))
  const steps = (count: number) => Array(count).fill('step')
  expect(told).toEqual([
    ...['start', ...steps(4), 'validation', ...steps(1), 'saved at 5', ...steps(3), 'validation', ...steps(2)],
    ...['saved at 10', ...steps(2), 'validation', ...steps(1), 'validation', 'saved at 13', 'done'],
  ])
  expect(wholeEvents[0]).toMatchObject({ steps: 13, from: 0, microBatches: 2, vocabulary: 37 })
  expect(wholeEvents.at(-1)).toMatchObject({ type: 'done', step: 13 })
})

test('what a run costs is counted, over all starts of a run that was killed', async () => {
  const costOf = (event: RunEvent | undefined) => (event?.type === 'done' ? event.cost : undefined)!
  const flopsOfStep = wholeEvents[0].type === 'start' ? wholeEvents[0].matmulFlops : 0
  const cost = costOf(wholeEvents.at(-1))
  expect(flopsOfStep).toBeGreaterThan(1e5)
  expect(cost.matmulFlops).toBeGreaterThan(13 * flopsOfStep) // the updates, and the validations
  expect(cost.matmulFlops).toBeLessThan(26 * flopsOfStep)
  expect(cost.coreSeconds).toBeGreaterThan(0)
  expect(cost.joules === undefined).toBe(cost.joulesAbsent !== undefined)
  expect(JSON.parse(await readText(whole, costFile))).toMatchObject({ total: cost, starts: [{}] })

  const storage = memoryStorage()
  await killAt(start(storage), 'step', 11) // written at step 10
  const gone = costOf((await finish(await resume(storage))).at(-1))
  expect(gone.matmulFlops).toBe(cost.matmulFlops)
  expect(JSON.parse(await readText(storage, costFile)).starts).toHaveLength(2)
  const again = costOf((await finish(start(storage))).at(-1))
  expect(again.matmulFlops).toBe(cost.matmulFlops)
})

test('a run leaves a folder with model, state, metrics and plot', async () => {
  expect(await whole.list()).toEqual([
    ...['config.json', 'generation_config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json'],
    ...['cost.json', 'loss.svg', 'metrics.jsonl', 'options.json', 'state.safetensors', 'tokenizer.json'].map(
      name => `training/${name}`,
    ),
    ...['train.bin', 'train.json', 'validation.bin', 'validation.json'].map(name => `training/${name}`),
  ])
  expect(await readText(whole, 'training/loss.svg')).toMatch(/^<svg [\s\S]*gpt2: loss[\s\S]*<\/svg>$/)
  const metrics = await readMetrics(whole)
  expect(metrics.filter(({ type }) => type === 'step').map(({ step }) => step)).toEqual(
    [...Array(13).keys()].map(i => i + 1),
  )
  expect(metrics.filter(({ type }) => type === 'validation').map(({ step }) => step)).toEqual([4, 8, 12, 13])
  const { model } = await loadModelFolder(whole)
  expect(model.configuration).toMatchObject({ layers: 2, heads: 2, channels: 16, context: 8 })
})

test('the same seed gives the same run, another one another', async () => {
  const [again, other] = [memoryStorage(), memoryStorage()]
  await finish(start(again))
  await expectSameRun(again, whole)
  await finish(start(other, { seed: 4 }))
  expect(equalBytes(await other.read(stateFile), await whole.read(stateFile))).toBe(false)
})

test.each([
  ['start', 0, 0],
  ['step', 3, 0],
  ['best', 4, 0],
  ['last', 5, 5],
  ['step', 6, 5],
  ['validation', 8, 5],
  ['step', 13, 10],
  ['validation', 13, 10],
  ['best', 13, 10],
  ['last', 13, 13],
] as const)('killed at %s %i and resumed, it equals the uninterrupted run bit for bit', async (type, step, from) => {
  const storage = memoryStorage()
  await killAt(start(storage), type, step)
  const events = await finish(await resume(storage))
  expect(events[0]).toMatchObject({ type: 'start', from })
  await expectSameRun(storage, whole)
})

test('killed again and again, in the middle of a line of the metrics', async () => {
  const storage = memoryStorage()
  await killAt(start(storage), 'step', 2)
  for (const step of [4, 7, 7, 12]) {
    await storage.append('training/metrics.jsonl', '{"type":"step","step":4,"lo')
    await killAt(await resume(storage), 'step', step)
  }
  await finish(await resume(storage))
  await expectSameRun(storage, whole)
})

test('a signal stops after the step, with everything saved; resumed, nothing is lost', async () => {
  const storage = memoryStorage()
  const stop = new AbortController()
  const events: RunEvent[] = []
  for await (const event of start(storage, {}, { signal: stop.signal })) {
    events.push(event)
    if (event.type === 'step' && event.step === 7) stop.abort()
  }
  expect(events.slice(-2)).toMatchObject([
    { type: 'saved', what: 'last', step: 7 },
    { type: 'stopped', step: 7 },
  ])
  expect(await stepOf(storage)).toBe(7)
  expect((await finish(await resume(storage)))[0]).toMatchObject({ from: 7 })
  await expectSameRun(storage, whole)
})

test('stopped before the first validation there is a model nevertheless', async () => {
  const storage = memoryStorage()
  await finish(start(storage, {}, { signal: AbortSignal.abort() }))
  expect(await stepOf(storage)).toBe(1)
  expect((await loadModelFolder(storage)).model.context).toBe(8)
  await finish(await resume(storage))
  await expectSameRun(storage, whole)
})

test('a finished run goes on with more steps, and remembers how many', async () => {
  const options = { schedule: 'constant', evaluationBatches: 1000 } as const
  const [long, extended] = [memoryStorage(), memoryStorage()]
  await finish(start(long, { ...options, steps: 16 }))
  await finish(start(extended, { ...options, steps: 8 }))
  await killAt(await resume(extended, { steps: 16 }), 'saved', 10)
  await killAt(await resume(extended), 'step', 11)
  const events = await finish(await resume(extended))
  expect(events.at(-1)).toMatchObject({ type: 'done', step: 16 })
  await expectSameRun(extended, long)
})

test('a finished run that is resumed changes nothing', async () => {
  const storage = memoryStorage()
  await finish(start(storage))
  await storage.remove('training/loss.svg') // killed before its last plot
  expect((await finish(await resume(storage))).map(({ type }) => type)).toEqual(['start', 'done'])
  await expectSameRun(storage, whole)
  expect(await storage.exists('training/loss.svg')).toBe(true)
})

test('the best model is that of the lowest validation, not the last', async () => {
  const storage = memoryStorage()
  // Learns for a while; then the learning rate is far too large.
  const options = {
    steps: 16,
    evaluateEvery: 4,
    evaluationBatches: 1000,
    dropout: 0,
    schedule: 'linear',
    clip: 0,
  } as const
  const rising = { ...options, warmUp: 0, learningRate: 0.003, finalLearningRate: 2 }
  const events = await finish(start(storage, rising))
  const validations = events.filter(event => event.type === 'validation')
  const lowest = Math.min(...validations.map(({ loss }) => loss))
  const best = validations.filter(({ best }) => best).at(-1)
  expect(best?.loss).toBe(lowest)
  expect(best?.step).toBeLessThan(16)
  expect(events.at(-1)).toMatchObject({ best: { loss: lowest } })
  const saved = await loadModelFolder(storage)
  const held = await perplexity({ ...saved, runtime }, await loadTokens(storage, 'training/validation'))
  expect(held.natsPerToken).toBeCloseTo(lowest, 4)

  const patient = await finish(start(memoryStorage(), { ...rising, steps: 40, patience: 1 }))
  const last = patient.filter(event => event.type === 'validation').at(-1)!
  expect(last).toMatchObject({ best: false, sinceBest: 1 })
  expect(patient.at(-1)).toMatchObject({ type: 'done', early: true, step: last.step, best: { step: last.step - 4 } })
})

test('without validation the last model is kept', async () => {
  const storage = memoryStorage()
  const events = await finish(start(storage, { validationFraction: 0 }))
  expect(events.some(({ type }) => type === 'validation')).toBe(false)
  expect(events.at(-1)).toMatchObject({ type: 'done', step: 13, best: undefined })
  expect(await storage.exists('training/validation.bin')).toBe(false)
  const state = await openSafetensors(storage, stateFile)
  const { weights } = await loadModelFolder(storage)
  for (const [name, values] of weights) expect(await state.read(`weights/${name}`)).toEqual(values)
  const again = memoryStorage()
  await killAt(start(again, { validationFraction: 0 }), 'step', 7)
  await finish(await resume(again))
  await expectSameRun(again, storage)
})

test('samples come when they are due, from the weights of that step', async () => {
  const sample = async ({ weights }: { weights: ReadonlyMap<string, Float32Array> }) =>
    String(weights.get('finalNormalization.weight')?.[0])
  const events = await finish(start(memoryStorage(), { sampleEvery: 6 }, { sample }))
  const samples = events.filter(event => event.type === 'sample')
  expect(samples.map(({ step }) => step)).toEqual([6, 12, 13])
  expect(new Set(samples.map(each => each.text)).size).toBe(3)
})

test('a loss that is not a number stops the run and leaves the last checkpoint whole', async () => {
  const storage = memoryStorage()
  await killAt(start(storage), 'saved', 5)
  const before = await storage.read(stateFile)
  const exploding = { learningRate: 1e38, finalLearningRate: 1e38, warmUp: 0, clip: 0 }
  const failure = finish(await resume(storage, exploding))
  await expect(failure).rejects.toThrow(TrainingError)
  await expect(failure).rejects.toThrow(
    /^Step 7 expected a finite loss.* Received loss NaN, gradient norm NaN\. The last saved checkpoint is whole\. Try a smaller --learning-rate/,
  )
  expect(await storage.read(stateFile)).toEqual(before)
})

test('weights that are not numbers are never saved', async () => {
  const storage = memoryStorage()
  await killAt(start(storage), 'saved', 5)
  const files = [stateFile, 'model.safetensors']
  const before = await Promise.all(files.map(file => storage.read(file)))
  const exploding = { learningRate: 1e39, finalLearningRate: 1e39, warmUp: 0, clip: 0 }
  for (const given of [{ saveEvery: 1 }, { evaluateEvery: 1 }]) {
    const failure = finish(await resume(storage, { ...exploding, ...given }))
    await expect(failure).rejects.toThrow(/^Step 6 expected a finite loss and weights/)
    expect(await Promise.all(files.map(file => storage.read(file)))).toEqual(before)
  }
})

test('a gradient beyond the maximum stops the run', async () => {
  const storage = memoryStorage()
  await killAt(start(storage), 'saved', 5)
  const before = await storage.read(stateFile)
  await expect(finish(await resume(storage, { maximumGradientNorm: 1e-3 }))).rejects.toThrow(
    /^Step 6 expected .* a finite gradient norm of at most 0\.001\. Received loss [\d.]+, gradient norm [\d.]+\./,
  )
  expect(await storage.read(stateFile)).toEqual(before)
  await finish(await resume(storage, { maximumGradientNorm: 1e4 }))
  await expectSameRun(storage, whole)
})

test.each([
  [{ layers: 3 }, 'Option --layers expected 2, with which the run was started. Received 3. Leave it out to go on'],
  [{ batchSize: 8 }, 'Option --batch-size expected 4'],
  [{ dropout: 0.5 }, 'Option --dropout expected 0.2'],
  [{ seed: 9 }, 'Option --seed expected 3'],
  [{ tokenizer: 'bpe' }, 'Option --tokenizer expected characters, with which the run was started. Received bpe.'],
  [{ vocabulary: 400 }, 'Option --vocabulary expected 8192'],
  [{ optimizer: 'sgd' }, 'Option --optimizer expected adamw'],
] as const)('resumed with %j it would be another run', async (given, message) => {
  const failure = resumedOptions(whole, given)
  await expect(failure).rejects.toThrow(CheckpointError)
  await expect(failure).rejects.toThrow(message)
  await expect(resumedOptions(whole, { layers: 2, steps: 20, learningRate: 1 })).resolves.toMatchObject({
    modelName: 'gpt2',
    options: { steps: 20, learningRate: 1, dropout: 0.2, resume: true },
  })
})

test('a state of other layers or another optimizer is refused', async () => {
  const storage = memoryStorage()
  await killAt(start(storage), 'saved', 5)
  const other = (given: Partial<RunOptions>) => finish(start(storage, { ...given, resume: true }))
  await expect(other({ layers: 3 })).rejects.toThrow(CheckpointError)
  await expect(other({ layers: 3 })).rejects.toThrow(
    /expected the configuration that the run was started with\. Received .*"layers":3.* now and .*"layers":2.* then/,
  )
  await expect(other({ optimizer: 'sgd' })).rejects.toThrow(
    /expected the optimizer .* Received sgd.* now and adamW? then/i,
  )
})

test('another tokenizer is refused', async () => {
  const storage = memoryStorage()
  await killAt(start(storage), 'saved', 5)
  const tokenizer = await trainByteLevelBPE(['abc'], { vocabularySize: 257 })
  await writeText(storage, 'training/tokenizer.json', JSON.stringify(tokenizer.toJSON()))
  await expect(resume(storage).then(finish)).rejects.toThrow(CheckpointError)
  await expect(resume(storage).then(finish)).rejects.toThrow(
    'memory:training/tokenizer.json expected the tokenizer that made the tokens of this run. Received another.',
  )

  const other = memoryStorage()
  const letters = memoryText(sentences.replaceAll('q', 'Q')) // as many characters
  await killAt(start(other, {}, { text: letters }), 'start', 0)
  await other.write(stateFile, [await whole.read(stateFile)])
  await expect(resume(other).then(finish)).rejects.toThrow(
    'state.safetensors expected the tokenizer that the run was started with. Received another. Resume with the options',
  )
})

test('a run killed while it made its tokens begins anew', async () => {
  for (const file of ['training/train.bin', 'training/validation.json', 'training/tokenizer.json']) {
    const storage = memoryStorage()
    const failing = failingAt(storage, file, 1)
    await expect(finish(start(failing))).rejects.toThrow(StorageError)
    await expect(finish(start(failing, { resume: true }, { text: undefined }))).rejects.toThrow(OptionError)
    await finish(await resume(storage))
    await expectSameRun(storage, whole)
  }
})

test('a full disk while saving leaves the checkpoint before', async () => {
  for (const file of [stateFile, 'model.safetensors', 'training/loss.svg']) {
    const storage = memoryStorage()
    const failure = finish(start(failingAt(storage, file, 2)))
    await expect(failure).rejects.toThrow(`Writing ${file} expected room on the disk. Received a full disk (ENOSPC).`)
    expect(await stepOf(storage)).toBe(file === 'training/loss.svg' ? 10 : 5)
    await loadModelFolder(storage)
    await finish(await resume(storage))
    await expectSameRun(storage, whole)
  }
})

test('what cannot begin leaves the run that was there', async () => {
  const storage = memoryStorage()
  await finish(start(storage))
  await expect(finish(start(storage, { channels: 17 }))).rejects.toThrow(
    'channels expected a multiple of heads (2). Received 17. Try 18.',
  )
  await expect(finish(start(storage, {}, { text: memoryText('') }))).rejects.toThrow('expected a text')
  const device = { ...runtime, load: () => Promise.reject(new Error('no such device')) }
  await expect(finish(start(storage, {}, { runtime: device }))).rejects.toThrow('no such device')
  await expectSameRun(storage, whole)
})

/** A storage whose disk is full at the nth writing of a file. */
function failingAt(storage: Storage, file: string, writing: number): Storage {
  let count = 0
  return new Proxy(storage, {
    get: (target, property: keyof Storage) => {
      if (property !== 'write') return target[property].bind(target)
      return async (...[name, chunks]: Parameters<Storage['write']>) => {
        if (name === file && ++count >= writing)
          throw new StorageError({
            what: `Writing ${name}`,
            expected: 'room on the disk',
            received: 'a full disk (ENOSPC)',
          })
        await target.write(name, chunks)
      }
    },
  })
}

test('a student goes on with its teacher bit for bit, and with no other', async () => {
  const teacher = await loadModelFolder(whole)
  const given = { channels: 8, teacher: 'runs/teacher', temperature: 3, teacherShare: 0.7 }
  const rest = { teacher, makeTokenizer: async () => teacher.tokenizer }
  const [uninterrupted, killed] = [memoryStorage(), memoryStorage()]
  const events = await finish(start(uninterrupted, given, rest))
  expect(events[0]).toMatchObject({ teacherParameters: expect.any(Number) })
  await killAt(start(killed, given, rest), 'step', 7)
  await finish(await resume(killed, {}, rest))
  await expectSameRun(killed, uninterrupted)
  const others = new Map([...teacher.weights].map(([name, values]) => [name, values.map(value => value + 1)]))
  const other = resume(killed, { steps: 15 }, { ...rest, teacher: { ...teacher, weights: others } })
  await expect(finish(await other)).rejects.toThrow(CheckpointError)
  const { tokenizer } = await loadModelFolder(uninterrupted)
  expect(tokenizer.toJSON()).toEqual(teacher.tokenizer.toJSON())
})
