/**
 * How likely a model finds continuations of prompts: what multiple choice is decided by. Many rows at once, in few
 * shapes; only the states whose next token counts are projected on the vocabulary; and continuations that differ in
 * their last token alone, as one-token choices of one prompt do, share a row.
 */
import { DataError } from '../base/errors.ts'
import { compile, host, type Program } from '../compiler/compile.ts'
import { isRecurrent } from '../models/language-model.ts'
import { firstState, type Memory, nextState } from '../nn/memory.ts'
import { namedParameters, parameterNames, weightFeeds } from '../nn/parameters.ts'
import type { HostTensor, Value } from '../runtime/runtime.ts'
import { input } from '../tensor/tensor.ts'
import type { Tokenizer } from '../tokenizers/tokenizer.ts'
import type { ScoredModel } from './score.ts'

/** Tokens of a prompt, at least one, and of what may follow it, at least one. */
export interface Continuation {
  readonly prompt: ArrayLike<number>
  readonly continuation: ArrayLike<number>
}

export interface Likelihood {
  /** log P(continuation | prompt), in nats: the sum over its tokens. */
  readonly logProbability: number
  /** Whether each of its tokens is the likeliest one: what greedy generation would write. */
  readonly greedy: boolean
  /** Tokens of the prompt that were cut from its left, because both are longer than the model's context. */
  readonly cut: number
}

export interface LikelihoodScorer {
  /** @param onProgress - called with the share that is done */
  score(requests: readonly Continuation[], onProgress?: (share: number) => void): Promise<Likelihood[]>
  release(): Promise<void>
}

/**
 * A prompt and what follows as tokens: the whole is encoded, and what differs from the prompt alone is the continuation.
 * @param joint - what comes between both, a part of the continuation
 * @param before - stands before an empty prompt
 */
export function continuationOf(
  tokenizer: Tokenizer,
  { prompt, continuation, joint = '' }: { prompt: string; continuation: string; joint?: string },
  before: readonly number[] = [],
): Continuation {
  const own = tokenizer.encode(prompt)
  const whole = tokenizer.encode(prompt + joint + continuation)
  let shared = 0
  while (shared < own.length && shared < whole.length - 1 && own[shared] === whole[shared]) shared++
  const head = shared === 0 ? before : []
  return { prompt: [...head, ...whole.subarray(0, shared)], continuation: whole.subarray(shared) }
}

/** A sequence that goes through the model, and the continuations that are scored on it. */
interface Row {
  /** All tokens but the last of a continuation. */
  readonly inputs: Int32Array
  /** The position whose next token is the first of the continuation. */
  readonly begin: number
  /** Numbers of the requests. */
  readonly requests: number[]
  readonly cut: number
}

/** B rows of T tokens, P positions of each that count, K tokens that may follow at each. */
interface Sizes {
  readonly tokens: number
  readonly positions: number
  readonly targets: number
}

interface Compiled {
  readonly program: Program
  readonly memory: Memory | undefined
}

/** Scores continuations of any prompts; programs are compiled once for each shape. */
export function likelihoodScorer(
  scored: ScoredModel,
  { batchSize = 8 }: { batchSize?: number } = {},
): LikelihoodScorer {
  const { model, weights, runtime } = scored
  const names = parameterNames(namedParameters(model))
  const feeds = weightFeeds(model, weights)
  const programs = new Map<string, Promise<Compiled>>()

  async function build({ tokens, positions, targets }: Sizes): Promise<Compiled> {
    const memory = isRecurrent(model) ? model.memory({ rows: batchSize, tokens }) : undefined
    const states = model.states(input('ids', [batchSize, tokens], 'int64'), { memory })
    const counting = states
      .reshape([batchSize * tokens, states.shape[2]])
      .gather(input('positions', [batchSize * positions], 'int64')) // [B P, C]
    const logProbabilities = model.project(counting).logSoftmax() // [B P, V]
    const outputs = {
      values: logProbabilities.gatherElements(input('targets', [batchSize * positions, targets], 'int64'), 1),
      best: logProbabilities.argmax(),
      ...memory?.outputs,
    }
    return { program: await compile(runtime, outputs, { parameterNames: names }), memory }
  }

  const compiled = (sizes: Sizes): Promise<Compiled> => {
    const key = Object.values(sizes).join()
    const found = programs.get(key) ?? build(sizes)
    programs.set(key, found)
    return found
  }

  /** A batch of rows, in as many windows as a recurrence needs. */
  async function run(rows: readonly Row[], requests: readonly Continuation[], results: Likelihood[]): Promise<void> {
    const longest = Math.max(...rows.map(({ inputs }) => inputs.length))
    const counted = Math.max(...rows.map(({ inputs, begin }) => inputs.length - begin))
    const tokens = shapeFor(longest, model.context)
    const sizes = {
      tokens,
      positions: Math.min(tokens, powerFor(counted)),
      targets: powerFor(Math.max(...rows.map(row => row.requests.length))),
    }
    const { program, memory } = await compiled(sizes)
    let carried: Record<string, Value> = firstState(memory)
    const sums = new Map<number, { logProbability: number; greedy: boolean }>()
    for (const { requests: own } of rows)
      for (const request of own) sums.set(request, { logProbability: 0, greedy: true })
    for (let from = 0; from < longest; from += tokens) {
      const [ids, positions] = [new BigInt64Array(batchSize * tokens), new BigInt64Array(batchSize * sizes.positions)]
      const targets = new BigInt64Array(batchSize * sizes.positions * sizes.targets)
      const places: { slot: number; request: number; target: number; column: number }[] = []
      for (const [r, { inputs, begin, requests: own }] of rows.entries()) {
        const end = Math.min(inputs.length, from + tokens)
        for (let t = from; t < end; t++) ids[r * tokens + t - from] = BigInt(inputs[t])
        for (let t = Math.max(begin, from), p = 0; t < end; t++, p++) {
          const slot = r * sizes.positions + p
          positions[slot] = BigInt(r * tokens + t - from)
          for (const [column, request] of own.entries()) {
            const target = requests[request].continuation[t - begin]
            targets[slot * sizes.targets + column] = BigInt(target)
            places.push({ slot, request, target, column })
          }
        }
      }
      const output = await program.run({
        ...{ ...feeds, ...carried },
        ids: host('int64', [batchSize, tokens], ids),
        positions: host('int64', [batchSize * sizes.positions], positions),
        targets: host('int64', [batchSize * sizes.positions, sizes.targets], targets),
      })
      carried = nextState(output, memory)
      const values = (output.values as HostTensor).data
      const best = (output.best as HostTensor).data
      for (const { slot, request, target, column } of places) {
        const sum = sums.get(request)!
        sum.logProbability += Number(values[slot * sizes.targets + column])
        if (Number(best[slot]) !== target) sum.greedy = false
      }
    }
    for (const { requests: own, cut } of rows)
      for (const request of own) results[request] = { ...sums.get(request)!, cut }
  }

  return {
    score: async (requests, onProgress) => {
      const results = new Array<Likelihood>(requests.length)
      const rows = rowsOf(requests, model.reach)
      rows.sort((a, b) => a.inputs.length - b.inputs.length)
      for (let begin = 0; begin < rows.length; begin += batchSize) {
        await run(rows.slice(begin, begin + batchSize), requests, results)
        onProgress?.(Math.min(1, (begin + batchSize) / rows.length))
      }
      return results
    },
    release: async () => {
      for (const made of programs.values()) await (await made).program.release()
    },
  }
}

/** One row for all requests whose tokens are equal but for the last. */
function rowsOf(requests: readonly Continuation[], reach: number): Row[] {
  const rows = new Map<string, Row>()
  for (const [number, { prompt, continuation }] of requests.entries()) {
    const length = prompt.length + continuation.length - 1
    if (prompt.length === 0 || continuation.length === 0 || continuation.length > reach) {
      const expected = `a prompt of at least one token, and from 1 to ${reach} tokens that follow`
      const received = `${prompt.length} and ${continuation.length} tokens`
      throw new DataError({ what: `Continuation ${number + 1}`, expected, received })
    }
    const whole = new Int32Array(length + 1)
    whole.set(prompt)
    whole.set(continuation, prompt.length)
    const cut = Math.max(0, length - reach)
    const inputs = whole.subarray(cut, length)
    const begin = prompt.length - 1 - cut
    const key = `${begin}:${inputs.join()}`
    const row = rows.get(key)
    if (row === undefined) rows.set(key, { inputs, begin, requests: [number], cut })
    else row.requests.push(number)
  }
  return [...rows.values()]
}

/** Powers of two and what lies halfway between, so that few shapes are compiled and little is padded. */
function shapeFor(length: number, limit: number): number {
  const power = Math.max(16, powerFor(length))
  const between = (3 * power) / 4
  return Math.min(limit, length <= between ? between : power)
}

const powerFor = (count: number): number => 2 ** Math.ceil(Math.log2(count))
