import { expect, test } from 'vitest'
import { checkOptions } from '../base/options.ts'
import { openSafetensors } from '../checkpoints/safetensors.ts'
import { isHeldOut } from '../data/held-out-documents.ts'
import { textOfShards } from '../data/shard-stream.ts'
import { shardOf } from '../data/shards.ts'
import { loadTokens } from '../data/token-shards.ts'
import { nodeRuntime } from '../runtime/node.ts'
import { memoryStorage } from '../storage/memory.ts'
import type { Storage } from '../storage/storage.ts'
import { trainCharacters } from '../tokenizers/characters.ts'
import { stateFile } from './checkpoint.ts'
import { metricsFile, readMetrics } from './metrics.ts'
import { trainOptions } from './options.ts'
import { type RunEvent, type RunInput, type RunOptions, resumedOptions, trainRun } from './run.ts'
import { openStream } from './run-stream.ts'

const texts = Array.from(
  { length: 60 },
  (_, i) => `${i} hides ${'abcdefgh'.slice(i % 8)}，话说${'天下大势'.slice(i % 4)}`,
)
const jsonl = (part: readonly string[]) => part.map(text => `${JSON.stringify({ text })}\n`).join('')
const files = memoryStorage({
  'a.jsonl': jsonl(texts.slice(0, 20)),
  'b.csv': ['text', ...texts.slice(20, 35)].join('\n'),
  'c.json': JSON.stringify(texts.slice(35, 50).map(text => ({ text }))),
  'd.txt': texts.slice(50).join('\n'),
})
const shards = ['a.jsonl', 'b.csv', 'c.json', 'd.txt'].map(name => shardOf(files, name, { textDocuments: 'lines' }))
const tokenizer = (await trainCharacters(texts)).withSpecialTokens(['<|endoftext|>'])
const runtime = nodeRuntime({ threads: 1 })

const tiny: Partial<RunOptions> = {
  ...{ stream: true, shuffleBuffer: 7, validationFraction: 0.2, steps: 30, batchSize: 4, context: 8, layers: 1 },
  ...{ heads: 2, channels: 16, evaluateEvery: 10, saveEvery: 6, logEvery: 1, sampleEvery: 0, warmUp: 3 },
}
const start = (storage: Storage, given: Partial<RunOptions> = {}, rest: Partial<RunInput> = {}) =>
  trainRun({
    ...{ modelName: 'gpt2', storage, runtime, shards, text: textOfShards('shards', shards, { seed: 1 }) },
    options: checkOptions(trainOptions, { ...tiny, ...given }),
    makeTokenizer: async () => tokenizer,
    openTokens: name => loadTokens(storage, name),
    ...rest,
  })
async function finish(events: AsyncIterable<RunEvent>): Promise<RunEvent[]> {
  const all: RunEvent[] = []
  for await (const event of events) all.push(event)
  return all
}

test('a run on a stream keeps no copy of its tokens, and one that was killed goes on bit for bit within a shard', async () => {
  const [whole, parts] = [memoryStorage(), memoryStorage()]
  const [first] = await finish(start(whole))
  expect(first).toMatchObject({ type: 'start', shards: 4 })
  expect(first).not.toHaveProperty('trainTokens')
  expect((await whole.list('training')).filter(name => name.endsWith('.bin'))).toEqual(['training/validation.bin'])

  for await (const event of start(parts)) if (event.type === 'step' && event.step === 15) break // as a kill does it
  const position = JSON.parse((await openSafetensors(parts, stateFile)).metadata.data)
  expect([position.offset, position.taken, position.tokens].every(place => place > 0)).toBe(true) // in the middle of all
  const { options } = await resumedOptions(parts, { resume: true })
  const events = await finish(start(parts, {}, { options, text: undefined }))
  expect(events[0]).toMatchObject({ type: 'start', from: 12 })
  for (const file of [stateFile, 'model.safetensors', 'config.json', 'tokenizer.json'])
    expect([file, await parts.read(file)]).toEqual([file, await whole.read(file)])
  const losses = async (storage: Storage) =>
    (await readMetrics(storage)).map(({ type, step, loss }) => [type, step, loss])
  expect(await losses(parts)).toEqual(await losses(whole))
  expect(await whole.exists(metricsFile)).toBe(true)

  const others = { options, text: undefined, shards: shards.slice(1) }
  await expect(finish(start(parts, {}, others))).rejects.toThrow('expected the examples that the run was started with')
  await expect(resumedOptions(parts, { shuffleBuffer: 8 })).rejects.toThrow('Option --shuffle-buffer expected 7')
})

test('what is held out is never learned, and all else is, in every epoch', async () => {
  const options = { seed: 1, shuffleBuffer: 7, validationFraction: 0.2 }
  const learned = texts.filter(text => !isHeldOut(text, 0.2))
  expect(learned.length).toBeLessThan(60)
  const stream = openStream(shards, tokenizer, options, { batchSize: 1, context: 1 })
  const ids: number[] = []
  for (let epoch = 0; epoch < 2; ) {
    ids.push(Number((await stream.batch()).inputs[0]))
    epoch = stream.position.epoch
  }
  await stream.close()
  const seen = tokenizer
    .decode(ids)
    .split('<|endoftext|>')
    .filter(text => text !== '')
  expect(seen.toSorted()).toEqual([...learned, ...learned].toSorted())
  expect(seen.slice(0, learned.length).toSorted()).toEqual(learned.toSorted())
  expect(seen.slice(0, learned.length)).not.toEqual(seen.slice(learned.length))
})

test.each([
  ['a recurrent model', { modelName: 'lstm' }, {}, 'Option --stream expected a model that attends'],
  ['no files', { shards: [] }, {}, 'Option --stream expected files that are read as they come'],
  [
    'nothing to hold out',
    {},
    { validationFraction: 1e-6 },
    'The shards expected documents to hold out. Received none.',
  ],
] as const)('refused: %s', async (_, rest, given, message) => {
  await expect(finish(start(memoryStorage(), given, rest))).rejects.toThrow(message)
})

test('without validation nothing is held out', async () => {
  const storage = memoryStorage()
  const events = await finish(start(storage, { validationFraction: 0, steps: 7 }))
  expect(events.at(-1)).toMatchObject({ type: 'done', step: 7 })
  const { options } = await resumedOptions(storage, { resume: true, steps: 9 })
  expect((await finish(start(storage, {}, { options }))).at(-1)).toMatchObject({ type: 'done', step: 9 })
})
