/**
 * Beam search for every encoder-decoder: the decoder's state is kept between tokens, and the beams of many sentences go
 * through it at once. Shapes: B sentences, K beams of each, N = B K, S source tokens, L tokens that may be written.
 */
import { OptionError } from '../base/errors.ts'
import { elementCount, type Shape } from '../base/shape.ts'
import { compile, host, type Program } from '../compiler/compile.ts'
import type { EncoderDecoder } from '../models/encoder-decoder.ts'
import { namedParameters, parameterNames, weightFeeds } from '../nn/parameters.ts'
import { type HostTensor, isDeviceTensor, type Runtime, type Value } from '../runtime/runtime.ts'
import { input, type Tensor } from '../tensor/tensor.ts'

/** Ids that stand for no text. */
export interface Markers {
  readonly begin: number
  readonly end: number
  readonly padding: number
}

export interface BeamOptions {
  /** Hypotheses that are kept; 1 always takes the likeliest token. */
  readonly beams?: number
  /** Strength α of the length penalty: a hypothesis scores log P / ((5 + |Y|) / 6)^α. Wu et al., 2016, section 7. */
  readonly lengthPenalty?: number
  /** Sentences that are translated at once. */
  readonly batchSize?: number
}

/** A translation that was found. */
export interface Hypothesis {
  /** Without begin and end. */
  readonly ids: readonly number[]
  /** Of the ids and the end, in nats. */
  readonly logProbability: number
  /** Log-probability over the length penalty. */
  readonly score: number
}

/** An encoder-decoder with the memory of its weights. */
export interface LoadedTranslator {
  readonly model: EncoderDecoder & object
  readonly weights: ReadonlyMap<string, Float32Array>
  readonly runtime: Runtime
  readonly markers: Markers
}

/** The length penalty of a hypothesis with this many tokens. */
export const penaltyOf = (tokens: number, alpha: number): number => ((5 + tokens) / 6) ** alpha

/** Answers what may follow each beam. */
export interface BeamScorer {
  readonly sentences: number
  /** Tokens that may be written. */
  readonly length: number
  /**
   * Log-probabilities [N, V] of the next token of each beam. The array lasts until the next call.
   * @param previous - the latest token of each beam
   * @param parents - the beam of the step before that each beam goes on from
   */
  next(previous: readonly number[], parents: readonly number[], position: number): Promise<Float32Array>
}

/** Translates sentences, in any number. */
export interface BeamTranslator {
  /**
   * The hypotheses of each sentence, the best first.
   * @param sources - ids without begin and end
   * @throws {OptionError} if a sentence is empty or longer than the model takes
   */
  translate(sources: readonly (readonly number[])[]): Promise<Hypothesis[][]>
  release(): Promise<void>
}

/** A source's room in a program grows in steps of this many tokens, so that few shapes are compiled. */
const sourceStep = 8

/** Tokens that a translation may have: twice the source and some, but no more than the paper's 50 above it. */
const roomFor = (source: number, context: number): number => Math.min(context, 2 * source + 8, source + 50)

export function beamTranslator(loaded: LoadedTranslator, options: BeamOptions = {}): BeamTranslator {
  const { model } = loaded
  const { beams = 4, lengthPenalty = 0.6, batchSize = 32 } = options
  const programs = new Map<string, Promise<BeamPrograms>>()
  return {
    async translate(sources) {
      for (const [i, { length }] of sources.entries()) checkSource(`Sentence ${i + 1}`, length, model.context)
      const order = [...sources.keys()].sort((a, b) => sources[a].length - sources[b].length)
      const results: Hypothesis[][] = Array(sources.length)
      for (let first = 0; first < order.length; first += batchSize) {
        const batch = order.slice(first, first + batchSize)
        const rows = order.length < batchSize ? order.length : batchSize
        const longest = sources[batch.at(-1)!].length + 1
        const source = Math.min(model.context, Math.ceil(longest / sourceStep) * sourceStep)
        const key = `${rows}x${source}`
        const made = programs.get(key) ?? buildPrograms(loaded, rows, source, beams)
        programs.set(key, made)
        const padded = Array.from({ length: rows }, (_, i) => sources[batch[i] ?? batch[0]])
        const scorer = await cachedScorer(await made, padded, loaded.markers)
        const found = await searchBeams(scorer, model.vocabulary, loaded.markers, { beams, lengthPenalty })
        for (const [i, sentence] of batch.entries()) results[sentence] = found[i]
      }
      return results
    },
    async release() {
      for (const made of programs.values()) {
        const { encode, step } = await made
        await Promise.all([encode.release(), step.release()])
      }
    },
  }
}

/** @throws {OptionError} if a source has no token, or more than the model takes */
export function checkSource(what: string, length: number, context: number): void {
  if (length === 0) {
    const hint = 'Leave empty lines out.'
    throw new OptionError({ what, expected: 'at least one word', received: 'nothing', hint })
  }
  if (length < context) return
  throw new OptionError({
    what,
    expected: `at most ${context - 1} tokens, as long as the model learned`,
    received: String(length),
    hint: 'Cut it into sentences.',
  })
}

/** The encoder and one step of the decoder for sentences of one length. */
interface BeamPrograms {
  readonly rows: number
  readonly source: number
  readonly length: number
  readonly beams: number
  readonly encode: Program
  readonly step: Program
  readonly weights: Readonly<Record<string, HostTensor>>
  readonly memoryNames: readonly string[]
  /** Shapes of the states of N beams. */
  readonly states: Readonly<Record<string, Shape>>
  readonly logits: Shape
}

const memoryPrefix = 'memory/'
const statePrefix = 'state/'
const nextPrefix = 'next/'

const prefixed = <T>(prefix: string, named: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(named).map(([name, value]) => [prefix + name, value]))

const asInputs = (prefix: string, shapes: Readonly<Record<string, Shape>>): Record<string, Tensor> =>
  Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, input(prefix + name, shape)]))

async function buildPrograms(
  { model, weights, runtime }: LoadedTranslator,
  rows: number,
  source: number,
  beams: number,
): Promise<BeamPrograms> {
  const parameters = namedParameters(model)
  const names = { parameterNames: parameterNames(parameters) }
  const length = roomFor(source, model.context)
  const encoded = model.encode(input('source', [rows, source], 'int64'), length)
  const shapesOf = (tensors: Readonly<Record<string, Tensor>>, count: (shape: Shape) => number) =>
    Object.fromEntries(Object.entries(tensors).map(([name, { shape }]) => [name, [count(shape), ...shape.slice(1)]]))
  const states = shapesOf(encoded.state, ([first]) => first * beams)
  const count = rows * beams
  const next = model.step({
    previous: input('previous', [count], 'int64'),
    parents: input('parents', [count], 'int64'),
    position: input('position', [1], 'int64'),
    memory: asInputs(
      memoryPrefix,
      shapesOf(encoded.memory, ([first]) => first),
    ),
    state: asInputs(statePrefix, states),
  })
  const logProbabilities = next.logits.logSoftmax()
  return {
    rows,
    source,
    length,
    beams,
    encode: await compile(
      runtime,
      { ...prefixed(memoryPrefix, encoded.memory), ...prefixed(nextPrefix, encoded.state) },
      names,
    ),
    step: await compile(runtime, { logProbabilities, ...prefixed(nextPrefix, next.state) }, names),
    weights: weightFeeds(model, weights),
    memoryNames: Object.keys(encoded.memory),
    states,
    logits: logProbabilities.shape,
  }
}

/** The weights that a program reads. */
export const weightsOf = ({ inputs }: Program, weights: BeamPrograms['weights']): Record<string, HostTensor> =>
  Object.fromEntries(Object.entries(weights).filter(([name]) => name in inputs))

async function valuesOf(value: Value): Promise<Float32Array> {
  return (isDeviceTensor(value) ? await value.read() : value.data) as Float32Array
}

/** Encodes the sentences and scores their beams with the state kept. */
async function cachedScorer(
  programs: BeamPrograms,
  sources: readonly (readonly number[])[],
  { end, padding }: Markers,
): Promise<BeamScorer> {
  const { rows, source, beams, length, states } = programs
  const ids = new BigInt64Array(rows * source).fill(BigInt(padding))
  for (const [row, words] of sources.entries()) {
    ids.set([...words, end].map(BigInt), row * source)
  }
  const encoded = await programs.encode.run({
    ...weightsOf(programs.encode, programs.weights),
    source: host('int64', [rows, source], ids),
  })
  const memory = Object.fromEntries(
    programs.memoryNames.map(name => [memoryPrefix + name, encoded[memoryPrefix + name]]),
  )
  const empty = () =>
    Object.fromEntries(
      Object.entries(states).map(([name, shape]) => [
        name,
        host('float32', shape, new Float32Array(elementCount(shape))),
      ]),
    )
  // Two sets of states, read and written by turns.
  let [present, next] = [empty(), empty()]
  for (const name of Object.keys(states)) {
    const values = await valuesOf(encoded[nextPrefix + name])
    const size = values.length / rows
    for (let beam = 0; beam < rows * beams; beam++) {
      const first = Math.floor(beam / beams) * size
      ;(present[name].data as Float32Array).set(values.subarray(first, first + size), beam * size)
    }
  }
  const count = rows * beams
  const [previousIds, parentIds, place] = [new BigInt64Array(count), new BigInt64Array(count), new BigInt64Array(1)]
  const feeds = {
    ...weightsOf(programs.step, programs.weights),
    ...memory,
    previous: host('int64', [count], previousIds),
    parents: host('int64', [count], parentIds),
    position: host('int64', [1], place),
  }
  const logProbabilities = host('float32', programs.logits, new Float32Array(elementCount(programs.logits)))
  const read = ({ inputs }: Program, given: Record<string, Value>): Record<string, Value> =>
    Object.fromEntries(Object.entries(given).filter(([name]) => name in inputs))
  return {
    sentences: rows,
    length,
    async next(previous, parents, position) {
      for (let i = 0; i < count; i++) {
        previousIds[i] = BigInt(previous[i])
        parentIds[i] = BigInt(parents[i])
      }
      place[0] = BigInt(position)
      const fetches = { logProbabilities, ...prefixed(nextPrefix, next) }
      const given = read(programs.step, { ...feeds, ...prefixed(statePrefix, present) })
      const results = await programs.step.run(given, fetches)
      for (const name of Object.keys(states)) {
        const result = results[nextPrefix + name] as HostTensor
        if (result !== next[name]) next[name] = host('float32', states[name], await valuesOf(result))
      }
      ;[present, next] = [next, present]
      return valuesOf(results.logProbabilities)
    },
  }
}

/** The slow twin: every beam's whole sentence through the model again for every token. */
export function naiveScorer(
  { model, weights, runtime, markers }: LoadedTranslator,
  sources: readonly (readonly number[])[],
  beams: number,
): BeamScorer {
  const parameters = namedParameters(model)
  const count = sources.length * beams
  const source = Math.max(...sources.map(words => words.length)) + 1
  let sentences: number[][] = Array.from({ length: count }, () => [])
  const feeds = weightFeeds(model, weights)
  const ids = sources.flatMap(words => {
    const row = [...words, markers.end, ...Array(source - words.length - 1).fill(markers.padding)]
    return Array(beams).fill(row).flat()
  })
  return {
    sentences: sources.length,
    length: roomFor(Math.ceil(source / sourceStep) * sourceStep, model.context),
    async next(previous, parents, position) {
      sentences = parents.map((parent, i) => [...sentences[parent], previous[i]])
      const tokens = position + 1
      const logits = model.logits(input('source', [count, source], 'int64'), input('target', [count, tokens], 'int64'))
      const last = logits.slice(1, position, tokens).reshape([count, model.vocabulary]).logSoftmax()
      const program = await compile(runtime, { last }, { parameterNames: parameterNames(parameters) })
      const results = await program.run({
        ...feeds,
        source: host('int64', [count, source], BigInt64Array.from(ids, BigInt)),
        target: host('int64', [count, tokens], BigInt64Array.from(sentences.flat(), BigInt)),
      })
      await program.release()
      return valuesOf(results.last)
    },
  }
}

/** One sentence that is being written. */
interface Beam {
  readonly ids: readonly number[]
  readonly logProbability: number
}

/**
 * The search itself: of all continuations of a sentence's beams the likeliest go on; those that end are kept, best
 * first by score. It stops when no beam can become better than the best that ended.
 */
export async function searchBeams(
  scorer: BeamScorer,
  vocabulary: number,
  { begin, end, padding }: Markers,
  { beams, lengthPenalty }: { readonly beams: number; readonly lengthPenalty: number },
): Promise<Hypothesis[][]> {
  const { sentences, length } = scorer
  const alive: Beam[][] = Array.from({ length: sentences }, () => [{ ids: [], logProbability: 0 }])
  const ended: Hypothesis[][] = Array.from({ length: sentences }, () => [])
  const done: boolean[] = Array(sentences).fill(false)
  let previous: number[] = Array(sentences * beams).fill(begin)
  let parents: number[] = [...previous.keys()]
  const hypothesis = ({ ids, logProbability }: Beam, tokens: number): Hypothesis => {
    return { ids, logProbability, score: logProbability / penaltyOf(tokens, lengthPenalty) }
  }
  for (let position = 0; position < length && done.includes(false); position++) {
    const logProbabilities = await scorer.next(previous, parents, position)
    ;[previous, parents] = [[...previous], [...parents]]
    for (let sentence = 0; sentence < sentences; sentence++) {
      if (done[sentence]) continue
      const first = sentence * beams
      const best = bestContinuations(logProbabilities, vocabulary, first, alive[sentence], 2 * beams, [begin, padding])
      const going: Beam[] = []
      for (const { beam, token, logProbability } of best) {
        const { ids } = alive[sentence][beam]
        if (token === end) ended[sentence].push(hypothesis({ ids, logProbability }, ids.length + 1))
        else if (going.length < beams) {
          previous[first + going.length] = token
          parents[first + going.length] = first + beam
          going.push({ ids: [...ids, token], logProbability })
        }
        if (going.length === beams) break
      }
      alive[sentence] = going
      ended[sentence].sort((a, b) => b.score - a.score).splice(beams)
      const hope = (going[0]?.logProbability ?? -Infinity) / penaltyOf(length, lengthPenalty)
      done[sentence] = ended[sentence].length > 0 && ended[sentence][0].score >= hope
    }
  }
  return ended.map((found, sentence) =>
    found.length > 0 ? found : alive[sentence].map(beam => hypothesis(beam, beam.ids.length)),
  )
}

interface Continuation {
  readonly beam: number
  readonly token: number
  readonly logProbability: number
}

/** The likeliest continuations of a sentence's beams, best first. */
function bestContinuations(
  logProbabilities: Float32Array,
  vocabulary: number,
  firstRow: number,
  beams: readonly Beam[],
  count: number,
  forbidden: readonly number[],
): Continuation[] {
  const best: Continuation[] = []
  let least = -Infinity
  for (const [beam, { logProbability: before }] of beams.entries()) {
    const offset = (firstRow + beam) * vocabulary
    for (let token = 0; token < vocabulary; token++) {
      const logProbability = before + logProbabilities[offset + token]
      if (!(logProbability > least) || forbidden.includes(token)) continue
      let place = best.length
      while (place > 0 && best[place - 1].logProbability < logProbability) place--
      best.splice(place, 0, { beam, token, logProbability })
      if (best.length > count) best.pop()
      if (best.length === count) least = best[count - 1].logProbability
    }
  }
  return best
}
