/** Who learns: one thread here, or several in `node.ts`. A text is learned in chunks; each epoch has all of them. */
import { FastRandom } from '../../base/fast-random.ts'
import type { TokenSource } from '../../data/token-shards.ts'
import { type Lesson, type Word2vecConfiguration, Word2vecLearner } from '../../models/2013-word2vec.ts'
import type { Word2vecMemory } from '../../models/word2vec/memory.ts'
import { plainKernel } from '../../models/word2vec/plain-kernel.ts'
import { simdIsThere, simdKernel } from '../../models/word2vec/simd-kernel.ts'

/** What the work is; plain data, so that it can be sent to a thread. */
export interface Work {
  readonly configuration: Word2vecConfiguration
  /** Of each word in the text, in falling order. */
  readonly counts: Int32Array
  readonly seed: number
  readonly epochs: number
  readonly chunksPerEpoch: number
  /** Tokens of a chunk, sentence ends too. */
  readonly chunkLength: number
  readonly learningRate: number
  readonly finalLearningRate: number
  /** `plain` is the slow twin; `simd` unless this machine's WebAssembly lacks it. */
  readonly kernel?: 'plain' | 'simd'
}

export interface Crew {
  readonly memory: Word2vecMemory
  /**
   * Learns chunks from `from` on, until `to` or until so much time is over.
   * @returns the first chunk that is not done; all before it are
   */
  work(from: number, to: number, durationMs: number): Promise<number>
  /** The sum of all lessons so far. */
  lesson(): Lesson
  end(): Promise<void>
}

/** Learns one chunk, a function of its number, the seed and the vectors alone. */
export function chunkLearner(
  work: Work,
  memory: Word2vecMemory,
  tokens: TokenSource,
  thread: number,
): (chunk: number) => Lesson {
  const { configuration, counts, seed, epochs, chunksPerEpoch, chunkLength } = work
  const isPlain = work.kernel === 'plain' || !simdIsThere()
  const kernel = (isPlain ? plainKernel : simdKernel)(memory)
  const learner = new Word2vecLearner(configuration, counts, memory, kernel, thread)
  const ids = new Int32Array(chunkLength)
  return chunk => {
    const begin = (chunk % chunksPerEpoch) * chunkLength
    const length = Math.min(chunkLength, tokens.length - begin)
    tokens.read(begin, length, ids)
    const left = 1 - chunk / (epochs * chunksPerEpoch)
    const rate = Math.max(work.finalLearningRate, work.learningRate * left)
    return learner.learn(ids.subarray(0, length), rate, new FastRandom(seed, `word2vec/chunk ${chunk}`))
  }
}

/** A crew of one, which needs no host: the same seed gives the same bits. */
export function singleCrew(work: Work, memory: Word2vecMemory, tokens: TokenSource): Crew {
  const learn = chunkLearner(work, memory, tokens, 0)
  const sum: Lesson = { words: 0, predictions: 0, measured: 0, loss: 0 }
  return {
    memory,
    async work(from, to, durationMs) {
      const end = performance.now() + durationMs
      let chunk = from
      while (chunk < to && (chunk === from || performance.now() < end)) addLesson(sum, learn(chunk++))
      await new Promise(resolve => setTimeout(resolve, 0)) // timers and Ctrl-C have their turn
      return chunk
    },
    lesson: () => ({ ...sum }),
    async end() {},
  }
}

export function addLesson(sum: Lesson, { words, predictions, measured, loss }: Lesson): void {
  sum.words += words
  sum.predictions += predictions
  sum.measured += measured
  sum.loss += loss
}
