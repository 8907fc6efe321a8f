import { OptionError } from '../base/errors.ts'
import { elementCount, type Shape } from '../base/shape.ts'
import { compile, host, type Program } from '../compiler/compile.ts'
import { isRecurrent, type LanguageModel } from '../models/language-model.ts'
import { firstState, type Memory, nextName, nextState } from '../nn/memory.ts'
import { namedParameters, parameterNames, weightFeeds } from '../nn/parameters.ts'
import { type HostTensor, isDeviceTensor, type Runtime, type Value } from '../runtime/runtime.ts'
import { input } from '../tensor/tensor.ts'
import { windowStart } from './window.ts'

/** Answers which token comes next. */
export interface Predictor {
  /**
   * Logits [V] of the token that follows a text. The array is the predictor's own and lasts until the next call, which
   * must wait for this one.
   * @throws {OptionError} if there are no tokens
   */
  next(tokens: readonly number[]): Promise<Float32Array>
}

/** A predictor that owns compiled programs. */
export interface LoadedPredictor extends Predictor {
  /** Frees the programs; the predictor is not used again. */
  release(): Promise<void>
}

/** A model with the memory of its weights: views made once, fed at every run. */
export interface LoadedModel {
  readonly model: LanguageModel & object
  readonly weights: ReadonlyMap<string, Float32Array>
  readonly runtime: Runtime
}

/** The slow twin: the whole window through the model again for every token. */
export function naivePredictor(loaded: LoadedModel): LoadedPredictor {
  const { model, runtime } = loaded
  const feeds = weightFeeds(loaded.model, loaded.weights)
  const names = parameterNames(namedParameters(model))
  const programs = new Map<number, Promise<Program>>()
  const programOf = (tokens: number): Promise<Program> => {
    const logits = () => model.logits(input('ids', [1, tokens], 'int64'), { lastOnly: true })
    const program = programs.get(tokens) ?? compile(runtime, { logits: logits() }, { parameterNames: names })
    programs.set(tokens, program)
    return program
  }
  return {
    next: async tokens => {
      const seen = visible(tokens, model.reach)
      const ids = host('int64', [1, seen.length], BigInt64Array.from(seen, BigInt))
      const { logits } = await (await programOf(seen.length)).run({ ...feeds, ids })
      return (logits as HostTensor).data as Float32Array
    },
    release: () => releaseAll(programs.values()),
  }
}

/** The model with its memory for pieces of one length, and the arrays of its inputs and logits. */
interface CachedProgram {
  readonly program: Program
  readonly memory: Memory
  readonly ids: BigInt64Array
  readonly feeds: Readonly<Record<string, HostTensor>>
  readonly fetches: Readonly<Record<string, HostTensor>> | undefined
}

/** Tokens that a memory has room for at first; it doubles when it is full, for models may see 100,000 tokens at once. */
const firstRoom = 2048

/** Power of two of the longest piece of a recurrence: the graph grows with its steps, and takes longer to load. */
const longestRecurrence = 5

/**
 * Predicts with a memory of the tokens before: of a text that grew, only the new tokens are computed. They go through
 * the model in pieces whose lengths are powers of two, so that few sizes are compiled.
 */
export function cachedPredictor(loaded: LoadedModel): LoadedPredictor {
  const { model, runtime } = loaded
  const names = parameterNames(namedParameters(model))
  const weights = weightFeeds(loaded.model, loaded.weights)
  const programs = new Map<number, Promise<CachedProgram>>()
  let room = firstRoom
  const longest = isRecurrent(model) ? longestRecurrence : Infinity
  let remembered: Record<string, Value> | undefined
  /** Tokens in the memory, from `start` of the text on, and the logits after the last of them. */
  let tokensBefore: number[] = []
  let start = 0
  let latest: Float32Array | undefined

  async function build(tokens: number): Promise<CachedProgram> {
    const memory = model.memory({ rows: 1, tokens, room })
    const logits = model.logits(input('ids', [1, tokens], 'int64'), { memory, lastOnly: true })
    const outputs = { logits, ...memory.outputs }
    const ids = new BigInt64Array(tokens)
    remembered ??= firstState(memory)
    const inPlace = runtime.writesInPlace && memory.inPlace
    const places = Object.entries(remembered).map(([name, value]) => [nextName(name), value as HostTensor])
    return {
      program: await compile(runtime, outputs, { parameterNames: names, keepOnDevice: Object.keys(memory.outputs) }),
      memory,
      ids,
      feeds: { ...weights, ids: host('int64', [1, tokens], ids) },
      fetches: inPlace ? { logits: zeroTensor(logits.shape), ...Object.fromEntries(places) } : undefined,
    }
  }

  const programOf = (tokens: number): Promise<CachedProgram> => {
    const made = programs.get(tokens) ?? build(tokens)
    programs.set(tokens, made)
    return made
  }

  /** Puts tokens behind those in the memory; answers the logits after the last. */
  async function push(tokens: readonly number[]): Promise<Float32Array> {
    const { program, memory, ids, feeds, fetches } = await programOf(tokens.length)
    for (const [i, token] of tokens.entries()) ids[i] = BigInt(token)
    const results = await program.run({ ...feeds, ...memory.place(tokensBefore.length), ...remembered }, fetches)
    if (fetches === undefined) {
      release(remembered)
      remembered = nextState(results, memory)
    }
    tokensBefore.push(...tokens)
    return (results.logits as HostTensor).data as Float32Array
  }

  /** Makes a larger memory, empty; what it held is computed again. */
  async function grow(tokens: number): Promise<void> {
    while (room < tokens) room *= 2
    await clear()
    remembered = undefined
    tokensBefore = []
  }

  async function clear(): Promise<void> {
    release(remembered)
    await releaseAll([...programs.values()].map(async made => (await made).program))
    programs.clear()
  }

  /** How many of the tokens seen need not be computed again; the memory then holds these. */
  async function keep(seen: readonly number[], from: number): Promise<number> {
    const shared = from === start ? commonPrefix(tokensBefore, seen) : 0
    start = from
    const { memory } = await programOf(1)
    if (memory.rewinds) return Math.min(shared, seen.length - 1) // the last token's logits are asked for
    if (shared === tokensBefore.length) return shared
    release(remembered)
    remembered = firstState(memory)
    return 0
  }

  return {
    next: async tokens => {
      const seen = visible(tokens, model.reach)
      if (seen.length > room && !isRecurrent(model)) await grow(seen.length)
      const kept = await keep(seen, windowStart(tokens.length, model.reach))
      tokensBefore = tokensBefore.slice(0, kept)
      for (let i = kept; i < seen.length; ) {
        const size = 2 ** Math.min(longest, Math.floor(Math.log2(seen.length - i)))
        latest = await push(seen.slice(i, i + size))
        i += size
      }
      return latest!
    },
    release: clear,
  }
}

const zeroTensor = (shape: Shape): HostTensor => host('float32', shape, new Float32Array(elementCount(shape)))

/** Frees what lies on a device. */
function release(values: Readonly<Record<string, Value>> = {}): void {
  for (const value of Object.values(values)) if (isDeviceTensor(value)) value.release()
}

async function releaseAll(programs: Iterable<Promise<Program>>): Promise<void> {
  for (const program of programs) await (await program).release()
}

function visible(tokens: readonly number[], reach: number): readonly number[] {
  if (tokens.length === 0) {
    throw new OptionError({
      what: 'A prompt',
      expected: 'at least one token',
      received: 'an empty text',
      hint: 'Begin with a word or a line break.',
    })
  }
  return tokens.slice(windowStart(tokens.length, reach))
}

function commonPrefix(a: readonly number[], b: readonly number[]): number {
  const limit = Math.min(a.length, b.length)
  for (let i = 0; i < limit; i++) if (a[i] !== b[i]) return i
  return limit
}
