import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { checkOptions } from '../../base/options.ts'
import { Random } from '../../base/random.ts'
import { readWordVectors } from '../../checkpoints/word-vectors.ts'
import { openTokens } from '../../data/node.ts'
import { memoryText, type TextSource } from '../../data/text.ts'
import { loadTokens } from '../../data/token-shards.ts'
import { memoryStorage } from '../../storage/memory.ts'
import { nodeStorage } from '../../storage/node.ts'
import type { Storage } from '../../storage/storage.ts'
import { spaceSegmenter } from '../../tokenizers/segmenter.ts'
import { stateFile } from '../checkpoint.ts'
import { threadedCrew } from './node.ts'
import { word2vecOptions } from './options.ts'
import { resumedVectorOptions, trainWord2vec, type VectorsEvent, type Word2vecOptions } from './run.ts'

const directory = mkdtempSync(join(tmpdir(), 'nacre-word2vec-'))
afterAll(() => rmSync(directory, { recursive: true }))

/** 30,000 words of ten themes: a sentence keeps to one. */
function themes(): string {
  const random = new Random(1, 'themes')
  const sentence = (theme: number) => Array.from({ length: 10 }, () => `t${theme}w${random.integer(12)}`).join(' ')
  return Array.from({ length: 3000 }, () => sentence(random.integer(10))).join('\n')
}
const text = memoryText(themes(), 'themes')

const optionsOf = (given: Record<string, unknown> = {}): Word2vecOptions =>
  checkOptions(word2vecOptions, { channels: 20, epochs: 3, ...given })

/** Every event of a training by one thread in memory; it may be told to stop as soon as it can. */
async function run(
  storage: Storage,
  options: Word2vecOptions,
  { stops = false, from = text }: { stops?: boolean; from?: TextSource } = {},
): Promise<VectorsEvent[]> {
  const events: VectorsEvent[] = []
  const stop = new AbortController()
  const training = trainWord2vec({
    ...{ storage, options, text: from, segmenter: spaceSegmenter, threads: 1, sliceMs: 0, signal: stop.signal },
    openTokens: name => loadTokens(storage, name),
  })
  for await (const event of training) {
    events.push(event)
    if (event.type === 'start' && stops) stop.abort()
  }
  return events
}

const vectorsOf = (storage: Storage) => readWordVectors(storage, 'vectors.bin')
const last = (events: readonly VectorsEvent[]) => events[events.length - 1]

/** How much nearer words of a theme are than words of two, as cosines. */
function contrast(vectors: Awaited<ReturnType<typeof vectorsOf>>): number {
  let [same, other] = [0, 0]
  for (let theme = 0; theme < 10; theme++) {
    same += vectors.similarity(vectors.idOf(`t${theme}w0`), vectors.idOf(`t${theme}w1`)) / 10
    other += vectors.similarity(vectors.idOf(`t${theme}w0`), vectors.idOf(`t${(theme + 1) % 10}w1`)) / 10
  }
  return same - other
}

describe('one thread', () => {
  test('learns, leaves a folder, and the same seed gives the same bits', async () => {
    const storage = memoryStorage()
    const events = await run(storage, optionsOf())
    expect(events[0]).toEqual({
      ...{ type: 'start', vocabulary: 120, parameters: 4800, words: 30_000, threads: 1, done: 0 },
    })
    expect(last(events)).toEqual({ type: 'done', chunk: 21, file: 'vectors.bin' })
    expect(await storage.list()).toEqual([
      ...['config.json', 'training/metrics.jsonl', 'training/options.json', 'training/state.safetensors'],
      ...['training/train.bin', 'training/train.json', 'training/vocabulary.txt', 'vectors.bin'],
    ])
    const vectors = await vectorsOf(storage)
    expect(contrast(vectors)).toBeGreaterThan(0.5)
    const again = memoryStorage()
    await run(again, optionsOf())
    expect((await vectorsOf(again)).matrix).toEqual(vectors.matrix)
    const other = memoryStorage()
    await run(other, optionsOf({ seed: 2 }))
    expect((await vectorsOf(other)).matrix).not.toEqual(vectors.matrix)
  })

  test('goes on after a stop, bit for bit', async () => {
    const whole = memoryStorage()
    await run(whole, optionsOf())
    const parts = memoryStorage()
    // A slice is one chunk here, so that it stops after the first of 21.
    expect(last(await run(parts, optionsOf(), { stops: true }))).toMatchObject({ type: 'stopped', chunk: 1 })
    const [start] = await run(parts, await resumedVectorOptions(parts, {}))
    expect(start).toMatchObject({ type: 'start', done: 1 / 21 })
    expect((await vectorsOf(parts)).matrix).toEqual((await vectorsOf(whole)).matrix)
    const resumedOptions = await resumedVectorOptions(parts, { format: 'text' })
    const rest = await run(parts, resumedOptions)
    expect(rest.map(({ type }) => type)).toEqual(['start', 'saved', 'done'])
    expect((await readWordVectors(parts, 'vectors.txt')).matrix).toEqual((await vectorsOf(whole)).matrix)
  })

  test('what would make it another run is refused', async () => {
    const storage = memoryStorage()
    await run(storage, optionsOf())
    await expect(resumedVectorOptions(storage, { channels: 30 })).rejects.toThrow(
      'Option --channels expected 20, with which the run was started. Received 30.',
    )
    expect(await resumedVectorOptions(storage, { epochs: 5 })).toMatchObject({ epochs: 5, channels: 20, resume: true })
    await expect(resumedVectorOptions(memoryStorage(), {})).rejects.toThrow(
      'Option --resume expected a run of word2vec with memory:training/options.json. Received none.',
    )
    const words = (await storage.read('training/vocabulary.txt')).slice()
    words[0] = 'x'.charCodeAt(0)
    await storage.write('training/vocabulary.txt', [words])
    await expect(run(storage, await resumedVectorOptions(storage, {}))).rejects.toThrow(
      `memory:${stateFile} expected the state of this run: its configuration, vocabulary and seed. Received another.`,
    )
  })

  test('a text of single words, and vectors that leave the numbers', async () => {
    const storage = memoryStorage()
    await run(storage, optionsOf())
    const before = await storage.read('vectors.bin')
    await expect(run(storage, optionsOf(), { from: memoryText('a\nb\n'.repeat(10)) })).rejects.toThrow(
      'Option --data expected words that follow each other. Received none.',
    )
    expect(await storage.read('vectors.bin')).toEqual(before)
    await expect(run(memoryStorage(), optionsOf({ sample: 1e-12 }))).rejects.toThrow(
      'The training expected words with neighbours to learn from. Received none with --sample 1e-12',
    )
    await expect(
      run(memoryStorage(), optionsOf({ learningRate: 9.9, finalLearningRate: 9, epochs: 50 })),
    ).rejects.toThrow(
      /Chunk \d+ expected finite vectors\. Received some that are not\. Begin again with a lower --learning-rate/,
    )
  })

  test('too much memory is refused before the old run is gone', async () => {
    const storage = memoryStorage()
    await run(storage, optionsOf())
    const many = memoryText(Array.from({ length: 200_000 }, (_, i) => `w${i}`).join(' '))
    const options = optionsOf({ minimumCount: 1, channels: 4096 })
    await expect(run(storage, options, { from: many })).rejects.toThrow('twice 200000 words of 4096 channels')
    expect(await storage.exists('vectors.bin')).toBe(true)
  })

  test.each(['skip-gram', 'cbow'])('%s with hierarchical softmax and phrases', async architecture => {
    const storage = memoryStorage()
    await run(storage, optionsOf({ architecture, objective: 'hierarchical-softmax', epochs: 5, phrases: 1 }))
    expect(contrast(await vectorsOf(storage))).toBeGreaterThan(0.4)
  })
})

test('threads on the same vectors learn as well as one', async () => {
  const contrasts: number[] = []
  for (const threads of [1, 3]) {
    const folder = join(directory, `threads-${threads}`)
    const storage = nodeStorage(folder)
    const training = trainWord2vec({
      ...{ storage, options: optionsOf({ epochs: 6 }), text, segmenter: spaceSegmenter, threads },
      openTokens: name => openTokens(folder, name),
      threadedCrew: (work, memory, name) => threadedCrew(work, memory, { directory: folder, name }),
    })
    const events: VectorsEvent[] = []
    for await (const event of training) events.push(event)
    expect(events[0]).toMatchObject({ threads })
    expect(last(events)).toMatchObject({ type: 'done', chunk: 42 })
    contrasts.push(contrast(await vectorsOf(storage)))
  }
  expect(contrasts[0]).toBeGreaterThan(0.5)
  expect(Math.abs(contrasts[1] - contrasts[0])).toBeLessThan(0.15)
})
