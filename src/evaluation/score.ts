import { elementCount } from '../base/shape.ts'
import { compile, host, type Program } from '../compiler/compile.ts'
import { evaluationWindows } from '../data/streams.ts'
import type { TokenSource } from '../data/token-shards.ts'
import { isRecurrent, type LanguageModel, windowTokens } from '../models/language-model.ts'
import { tokenLosses } from '../nn/losses.ts'
import { firstState, nextState } from '../nn/memory.ts'
import { namedParameters, parameterNames, weightFeeds } from '../nn/parameters.ts'
import type { HostTensor, Runtime } from '../runtime/runtime.ts'
import { input, type Tensor } from '../tensor/tensor.ts'

/** A model, its weights, and where it runs. */
export interface ScoredModel {
  readonly model: LanguageModel & object
  readonly weights: ReadonlyMap<string, Float32Array>
  readonly runtime: Runtime
}

/** Scores windows [B, T], one after another. */
export interface LossProgram {
  /**
   * Negative log-likelihood of every target in nats, 0 where it is negative. A recurrent model goes on from the window
   * before.
   */
  run(inputs: BigInt64Array, targets: BigInt64Array): Promise<Float32Array>
  /** What follows is the beginning of a text. */
  forget(): void
  release(): Promise<void>
}

/** Compiles the scoring of windows of one shape. */
export async function lossProgram(
  { model, weights, runtime }: ScoredModel,
  shape: readonly [number, number],
): Promise<LossProgram> {
  const parameters = namedParameters(model)
  const [rows, tokens] = shape
  const memory = isRecurrent(model) ? model.memory({ rows, tokens }) : undefined
  const states = model.states(input('ids', shape, 'int64'), { memory })
  const losses = lossesOf(model, states, input('targets', shape, 'int64'))
  const outputs = { losses, ...memory?.outputs }
  const program: Program = await compile(runtime, outputs, { parameterNames: parameterNames(parameters) })
  const feeds = weightFeeds(model, weights)
  let carried = firstState(memory)
  return {
    run: async (inputs, targets) => {
      const given = { ids: host('int64', shape, inputs), targets: host('int64', shape, targets) }
      const results = await program.run({ ...feeds, ...given, ...carried })
      carried = nextState(results, memory)
      return (results.losses as HostTensor).data as Float32Array
    },
    forget: () => {
      carried = firstState(memory)
    },
    release: () => program.release(),
  }
}

/** Logits that are computed at once: 256 MB of them. */
const mostLogits = 2 ** 26

/** Losses of all tokens, of some at a time where the vocabulary is large. */
export function lossesOf(model: LanguageModel, states: Tensor, targets: Tensor, most: number = mostLogits): Tensor {
  const places = elementCount(targets.shape)
  const size = Math.max(1, Math.floor(most / model.vocabulary))
  if (places <= size) return tokenLosses(model.project(states), targets)
  const [rows, flat] = [states.reshape([places, states.shape[2]]), targets.reshape([places])]
  const [first, ...rest] = Array.from({ length: Math.ceil(places / size) }, (_, i) => {
    const part = (tensor: Tensor): Tensor => tensor.slice(0, i * size, Math.min(places, (i + 1) * size))
    return tokenLosses(model.project(part(rows)), part(flat))
  })
  return first.concat(rest, 0).reshape(targets.shape)
}

/**
 * log P(w_i | w_1 .. w_{i-1}) of each token after the first, in nats: the terms of the chain rule. Where the text is
 * longer than a window, 2,048 tokens at most, it is scored in windows that move by half of one, so that each token has at
 * least that much before it.
 *
 * @param tokens - at least two
 */
export async function scoreTokens(scored: ScoredModel, tokens: ArrayLike<number>): Promise<number[]> {
  const context = windowTokens(scored.model)
  const count = tokens.length - 1
  const width = Math.min(context, count)
  const moves = isRecurrent(scored.model) ? width : Math.floor((width + 1) / 2)
  const program = await lossProgram(scored, [1, width])
  const scores: number[] = []
  while (scores.length < count) {
    const done = scores.length
    const from = done === 0 ? 0 : done - (width - moves)
    const start = moves === width ? from : Math.min(from, count - width)
    const has = (i: number): boolean => start + i < count
    const ids = BigInt64Array.from({ length: width }, (_, i) => (has(i) ? BigInt(tokens[start + i]) : 0n))
    const targets = BigInt64Array.from({ length: width }, (_, i) => (has(i) ? BigInt(tokens[start + i + 1]) : -1n))
    const losses = await program.run(ids, targets)
    for (let i = done - start; i < width && has(i); i++) scores.push(-losses[i])
  }
  await program.release()
  return scores
}

export interface Perplexity {
  /** Tokens scored: all but the first. */
  readonly tokens: number
  readonly natsPerToken: number
  readonly perplexity: number
  /**
   * Bits for each byte of the raw text in UTF-8: comparable between tokenizers. The first token, which has nothing before
   * it, counts as much as the mean of the others.
   */
  readonly bitsPerByte: number
}

/**
 * How well a model predicts a text of any length. The text is cut into windows side by side; every token
 * after the first is scored once, with the tokens of its window before it. A recurrent model reads the text in as many
 * contiguous stretches as the batch has rows, and carries its state from window to window.
 *
 * @param context - tokens of a window, by default as many as the model sees at once, 2,048 at most
 * @param onProgress - called with the share that is done
 */
export async function perplexity(
  scored: ScoredModel,
  source: TokenSource,
  {
    batchSize = 8,
    context: wanted,
    onProgress,
  }: { batchSize?: number; context?: number; onProgress?: (share: number) => void } = {},
): Promise<Perplexity> {
  const context = windowTokens(scored.model, wanted)
  const windows = evaluationWindows({ source, batchSize, context }, isRecurrent(scored.model))
  const program = await lossProgram(scored, [batchSize, context])
  let total = 0
  for (let i = 0; i < windows.length; i++) {
    const { inputs, targets } = windows.batch(i)
    for (const loss of await program.run(inputs, targets)) total += loss
    onProgress?.((i + 1) / windows.length)
  }
  await program.release()
  const natsPerToken = total / windows.scoredTokens
  return {
    tokens: windows.scoredTokens,
    natsPerToken,
    perplexity: Math.exp(natsPerToken),
    bitsPerByte: (natsPerToken * source.length) / source.bytesOfText / Math.LN2,
  }
}
