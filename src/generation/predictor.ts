import { OptionError } from '../base/errors.ts'
import { elementCount, type Shape } from '../base/shape.ts'
import { compile, host, type Program } from '../compiler/compile.ts'
import type { LanguageModel } from '../models/language-model.ts'
import { KeyValueCache } from '../nn/key-value-cache.ts'
import { namedParameters, parameterNames } from '../nn/parameters.ts'
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

/** The weights as feeds. */
export function weightFeeds({ model, weights }: LoadedModel): Record<string, HostTensor> {
  return Object.fromEntries(
    [...namedParameters(model)].map(([name, { shape }]) => [name, host('float32', shape, weights.get(name)!)]),
  )
}

/** The slow twin: the whole window through the model again for every token. */
export function naivePredictor(loaded: LoadedModel): LoadedPredictor {
  const { model, runtime } = loaded
  const feeds = weightFeeds(loaded)
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
      const seen = visible(tokens, model.context)
      const ids = host('int64', [1, seen.length], BigInt64Array.from(seen, BigInt))
      const { logits } = await (await programOf(seen.length)).run({ ...feeds, ids })
      return (logits as HostTensor).data as Float32Array
    },
    release: () => releaseAll(programs.values()),
  }
}

/** The cached model for pieces of one length, and the memory of its inputs and logits. */
interface CachedProgram {
  readonly program: Program
  readonly ids: BigInt64Array
  readonly positions: BigInt64Array
  readonly last: Int32Array
  readonly total: Int32Array
  readonly feeds: Readonly<Record<string, HostTensor>>
  readonly fetches: Readonly<Record<string, HostTensor>>
}

/**
 * Predicts with a cache of keys and values: of a text that grew, only the new tokens are computed. They go through the
 * model in pieces whose lengths are powers of two, so that few sizes are compiled.
 */
export function cachedPredictor(loaded: LoadedModel): LoadedPredictor {
  const { model, runtime } = loaded
  const names = parameterNames(namedParameters(model))
  const weights = weightFeeds(loaded)
  const programs = new Map<number, Promise<CachedProgram>>()
  let caches: Record<string, Value> | undefined
  let cached: number[] = []
  let start = 0

  async function build(tokens: number): Promise<CachedProgram> {
    const cache = new KeyValueCache(tokens, model.context)
    const logits = model.logits(input('ids', [1, tokens], 'int64'), { cache, lastOnly: true })
    const outputs = { logits, ...cache.outputs }
    const options = { parameterNames: names, keepOnDevice: Object.keys(cache.outputs) }
    const memory = {
      ids: new BigInt64Array(tokens),
      positions: new BigInt64Array(tokens),
      last: new Int32Array(1),
      total: new Int32Array(1),
    }
    const feeds = {
      ids: host('int64', [1, tokens], memory.ids),
      positions: host('int64', [tokens], memory.positions),
      last: host('int32', [1], memory.last),
      total: host('int32', [], memory.total),
    }
    caches ??= Object.fromEntries(Object.entries(cache.shapes).map(([name, shape]) => [name, zeroTensor(shape)]))
    const fetches = Object.entries(caches).map(([name, value]) => [`next/${name}`, value as HostTensor])
    return {
      program: await compile(runtime, outputs, options),
      ...memory,
      feeds: { ...weights, ...feeds },
      fetches: { logits: zeroTensor(logits.shape), ...Object.fromEntries(fetches) },
    }
  }

  /** Puts tokens behind those in the cache; answers the logits after the last. */
  async function push(tokens: readonly number[]): Promise<Float32Array> {
    const made = programs.get(tokens.length) ?? build(tokens.length)
    programs.set(tokens.length, made)
    const { program, ids, positions, last, total, feeds, fetches } = await made
    for (const [i, token] of tokens.entries()) {
      ids[i] = BigInt(token)
      positions[i] = BigInt(cached.length + i)
    }
    total[0] = cached.length + tokens.length
    last[0] = total[0] - 1
    const results = await program.run({ ...feeds, ...caches }, runtime.writesInPlace ? fetches : undefined)
    if (!runtime.writesInPlace) {
      release(caches)
      caches = Object.fromEntries(Object.keys(caches!).map(name => [name, results[`next/${name}`]]))
    }
    cached.push(...tokens)
    return (results.logits as HostTensor).data as Float32Array
  }

  return {
    next: async tokens => {
      const seen = visible(tokens, model.context)
      const from = windowStart(tokens.length, model.context)
      const shared = from === start ? commonPrefix(cached, seen) : 0
      // The last token is always computed: its logits are asked for.
      const kept = Math.min(shared, seen.length - 1)
      cached = cached.slice(0, kept)
      start = from
      let logits: Float32Array | undefined
      for (let i = kept; i < seen.length; ) {
        const size = 2 ** Math.floor(Math.log2(seen.length - i))
        logits = await push(seen.slice(i, i + size))
        i += size
      }
      return logits!
    },
    release: async () => {
      release(caches)
      await releaseAll([...programs.values()].map(async made => (await made).program))
    },
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

function visible(tokens: readonly number[], context: number): readonly number[] {
  if (tokens.length === 0) {
    throw new OptionError({
      what: 'A prompt',
      expected: 'at least one token',
      received: 'an empty text',
      hint: 'Begin with a word or a line break.',
    })
  }
  return tokens.slice(windowStart(tokens.length, context))
}

function commonPrefix(a: readonly number[], b: readonly number[]): number {
  const limit = Math.min(a.length, b.length)
  for (let i = 0; i < limit; i++) if (a[i] !== b[i]) return i
  return limit
}
