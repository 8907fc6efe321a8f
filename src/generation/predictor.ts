import { OptionError } from '../base/errors.ts'
import { compile, host, type Program } from '../compiler/compile.ts'
import type { LanguageModel } from '../models/language-model.ts'
import { KeyValueCache } from '../nn/key-value-cache.ts'
import { namedParameters, parameterNames } from '../nn/parameters.ts'
import type { HostTensor, Runtime, Value } from '../runtime/runtime.ts'
import { input } from '../tensor/tensor.ts'
import { windowStart } from './window.ts'

/** Answers which token comes next. */
export interface Predictor {
  /**
   * Logits [V] of the token that follows a text. The array is the predictor's own and lasts until the next call.
   * @throws {OptionError} if there are no tokens
   */
  next(tokens: readonly number[]): Promise<Float32Array>
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
export function naivePredictor(loaded: LoadedModel): Predictor {
  const { model, runtime } = loaded
  const feeds = weightFeeds(loaded)
  const programs = new Map<number, Promise<Program>>()
  return {
    next: async tokens => {
      const seen = visible(tokens, model.context)
      const shape = [1, seen.length]
      const known = programs.get(seen.length)
      const program =
        known ??
        compile(
          runtime,
          { logits: model.logits(input('ids', shape, 'int64'), { lastOnly: true }) },
          { parameterNames: parameterNames(namedParameters(model)) },
        )
      programs.set(seen.length, program)
      const ids = host('int64', shape, BigInt64Array.from(seen, BigInt))
      const { logits } = await (await program).run({ ...feeds, ids })
      return (logits as HostTensor).data as Float32Array
    },
  }
}

/** One compiled size of the cached model. */
interface CachedProgram {
  readonly program: Program
  readonly logits: HostTensor
}

/**
 * Predicts with a cache of keys and values: of a text that grew, only the new tokens are computed. They go through the
 * model in pieces whose lengths are powers of two, so that few sizes are compiled.
 */
export function cachedPredictor(loaded: LoadedModel): Predictor {
  const { model, runtime } = loaded
  const names = parameterNames(namedParameters(model))
  const weights = weightFeeds(loaded)
  const programs = new Map<number, Promise<CachedProgram>>()
  let caches: Record<string, Value> | undefined
  let cached: number[] = []
  let start = 0

  const programOf = (tokens: number): Promise<CachedProgram> => {
    const build = async (): Promise<CachedProgram> => {
      const cache = new KeyValueCache(tokens, model.context)
      const logits = model.logits(input('ids', [1, tokens], 'int64'), { cache, lastOnly: true })
      caches ??= Object.fromEntries(
        Object.entries(cache.shapes).map(([name, shape]) => [
          name,
          host('float32', shape, new Float32Array(shape.reduce((a, b) => a * b, 1))),
        ]),
      )
      const outputs = { logits, ...cache.outputs }
      const program = await compile(runtime, outputs, {
        parameterNames: names,
        keepOnDevice: Object.keys(cache.outputs),
      })
      return { program, logits: host('float32', [1, 1, model.vocabulary], new Float32Array(model.vocabulary)) }
    }
    const known = programs.get(tokens) ?? build()
    programs.set(tokens, known)
    return known
  }

  /** Puts tokens behind those in the cache; answers the logits after the last. */
  async function push(tokens: readonly number[]): Promise<Float32Array> {
    const { program, logits } = await programOf(tokens.length)
    const position = cached.length
    const total = position + tokens.length
    const feeds = {
      ids: host('int64', [1, tokens.length], BigInt64Array.from(tokens, BigInt)),
      positions: host(
        'int64',
        [tokens.length],
        BigInt64Array.from(tokens, (_, i) => BigInt(position + i)),
      ),
      last: host('int32', [1], Int32Array.of(total - 1)),
      total: host('int32', [], Int32Array.of(total)),
    }
    cached.push(...tokens)
    if (runtime.writesInPlace) {
      const fetches = Object.fromEntries(
        Object.entries(caches!).map(([name, value]) => [`next/${name}`, value as HostTensor]),
      )
      await program.run({ ...weights, ...caches, ...feeds }, { ...fetches, logits })
      return logits.data as Float32Array
    }
    const results = await program.run({ ...weights, ...caches, ...feeds })
    caches = Object.fromEntries(Object.keys(caches!).map(name => [name, results[`next/${name}`]]))
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
  }
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
