/**
 * Several threads on the same vectors without locks: Hogwild. Most predictions touch different rows, and where two meet,
 * one of the updates may be lost.
 * Recht et al., Hogwild!: A Lock-Free Approach to Parallelizing Stochastic Gradient Descent, 2011.
 */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { openTokens } from '../../data/node.ts'
import { word2vecMemory } from '../../models/2013-word2vec.ts'
import type { Word2vecMemory } from '../../models/word2vec/memory.ts'
import { addLesson, type Crew, chunkLearner, type Work } from './crew.ts'

/** Words that all threads share; the crew's thread waits while `turn` is the turn that it has done. */
const control = { next: 0, to: 1, turn: 2 } as const

interface Task {
  readonly kind: 'word2vec'
  readonly work: Work
  readonly memory: WebAssembly.Memory
  readonly threads: number
  readonly thread: number
  /** Where {@link openTokens} finds the text. */
  readonly directory: string
  readonly tokens: string
  readonly control: Int32Array
  /** Four numbers of each thread: the sum of its lessons. */
  readonly lessons: Float64Array
}

/**
 * As many threads as the memory has scratch for. Two trainings with the same seed differ: who comes first is chance.
 * @param tokens - where `openTokens` finds the text
 */
export function threadedCrew(
  work: Work,
  memory: Word2vecMemory,
  tokens: { readonly directory: string; readonly name: string },
): Crew {
  const { threads } = memory.size
  const shared = new Int32Array(new SharedArrayBuffer(12))
  const lessons = new Float64Array(new SharedArrayBuffer(threads * 32))
  let failed: (error: unknown) => void = () => {}
  let parked: () => void = () => {}
  const workers = Array.from({ length: threads }, (_, thread) => {
    const task: Task = {
      ...{ kind: 'word2vec', work, memory: memory.memory, threads, thread },
      ...{ directory: tokens.directory, tokens: tokens.name, control: shared, lessons },
    }
    const worker = new Worker(new URL(import.meta.url), { workerData: task })
    worker.on('message', () => parked())
    worker.on('error', error => failed(error))
    return worker
  })
  return {
    memory,
    async work(from, to, durationMs) {
      Atomics.store(shared, control.next, from)
      Atomics.store(shared, control.to, to)
      let left = threads
      let timer: ReturnType<typeof setTimeout> | undefined
      await new Promise<void>((resolve, reject) => {
        failed = reject
        parked = () => --left === 0 && resolve()
        // From now on nobody begins another chunk; what is begun is brought to its end.
        timer = setTimeout(() => Atomics.store(shared, control.to, 0), durationMs)
        Atomics.add(shared, control.turn, 1)
        Atomics.notify(shared, control.turn)
      }).finally(() => clearTimeout(timer))
      return Atomics.load(shared, control.next)
    },
    lesson() {
      const sum = { words: 0, predictions: 0, measured: 0, loss: 0 }
      for (let i = 0; i < lessons.length; i += 4)
        addLesson(sum, {
          words: lessons[i],
          predictions: lessons[i + 1],
          measured: lessons[i + 2],
          loss: lessons[i + 3],
        })
      return sum
    },
    async end() {
      await Promise.all(workers.map(worker => worker.terminate()))
    },
  }
}

async function labour(task: Task): Promise<never> {
  const { work, threads, thread, control: shared, lessons } = task
  const memory = word2vecMemory(work.configuration, work.counts, { threads, shared: true, memory: task.memory })
  const tokens = await openTokens(task.directory, task.tokens)
  const learn = chunkLearner(work, memory, tokens, thread)
  for (let turn = 0; ; turn++) {
    Atomics.wait(shared, control.turn, turn)
    for (let chunk = take(shared); chunk >= 0; chunk = take(shared)) {
      const { words, predictions, measured, loss } = learn(chunk)
      for (const [i, value] of [words, predictions, measured, loss].entries()) lessons[4 * thread + i] += value
    }
    parentPort!.postMessage('parked')
  }
}

/** The next chunk to learn, or -1. */
function take(shared: Int32Array): number {
  for (;;) {
    const next = Atomics.load(shared, control.next)
    if (next >= Atomics.load(shared, control.to)) return -1
    if (Atomics.compareExchange(shared, control.next, next, next + 1) === next) return next
  }
}

const isTask = (data: unknown): data is Task =>
  typeof data === 'object' && data !== null && (data as Partial<Task>).kind === 'word2vec'

if (!isMainThread && isTask(workerData)) await labour(workerData)
