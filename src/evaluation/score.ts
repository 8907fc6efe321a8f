import { compile, host, type Program } from '../compiler/compile.ts'
import { sequentialWindows } from '../data/batches.ts'
import type { TokenSource } from '../data/token-shards.ts'
import type { LanguageModel } from '../models/language-model.ts'
import { tokenLosses } from '../nn/losses.ts'
import { namedParameters, parameterNames } from '../nn/parameters.ts'
import type { HostTensor, Runtime } from '../runtime/runtime.ts'
import { input } from '../tensor/tensor.ts'

/** A model, its weights, and where it runs. */
export interface ScoredModel {
  readonly model: LanguageModel & object
  readonly weights: ReadonlyMap<string, Float32Array>
  readonly runtime: Runtime
}

/** Negative log-likelihood of every target of [B, T] windows, in nats. */
export async function lossProgram(
  { model, weights, runtime }: ScoredModel,
  shape: readonly [number, number],
): Promise<{
  run(inputs: BigInt64Array, targets: BigInt64Array): Promise<Float32Array>
  release(): Promise<void>
}> {
  const parameters = namedParameters(model)
  const losses = tokenLosses(model.logits(input('ids', shape, 'int64')), input('targets', shape, 'int64'))
  const program: Program = await compile(runtime, { losses }, { parameterNames: parameterNames(parameters) })
  const feeds = Object.fromEntries(
    [...parameters].map(([name, parameter]) => [name, host('float32', parameter.shape, weights.get(name)!)]),
  )
  return {
    run: async (inputs, targets) => {
      const given = { ids: host('int64', shape, inputs), targets: host('int64', shape, targets) }
      return ((await program.run({ ...feeds, ...given })).losses as HostTensor).data as Float32Array
    },
    release: () => program.release(),
  }
}

/**
 * log P(w_i | w_1 .. w_{i-1}) of each token after the first, in nats: the terms of the chain rule. A text longer than
 * the context is scored in windows that move by half of it, so that each token has at least that much before it.
 *
 * @param tokens - at least two
 */
export async function scoreTokens(scored: ScoredModel, tokens: ArrayLike<number>): Promise<number[]> {
  const { context } = scored.model
  const width = Math.min(context, tokens.length - 1)
  const program = await lossProgram(scored, [1, width])
  const scores: number[] = []
  while (scores.length < tokens.length - 1) {
    const done = scores.length
    const overlap = done === 0 ? 0 : Math.floor(width / 2)
    const start = Math.min(done - overlap, tokens.length - 1 - width)
    const ids = BigInt64Array.from({ length: width }, (_, i) => BigInt(tokens[start + i]))
    const targets = BigInt64Array.from({ length: width }, (_, i) => BigInt(tokens[start + i + 1]))
    const losses = await program.run(ids, targets)
    for (let i = done - start; i < width; i++) scores.push(-losses[i])
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
 * How well a model predicts a text of any length. The text is cut into windows of the context side by side; every token
 * after the first is scored once, with the tokens of its window before it.
 *
 * @param onProgress - called with the share that is done
 */
export async function perplexity(
  scored: ScoredModel,
  source: TokenSource,
  { batchSize = 8, onProgress }: { batchSize?: number; onProgress?: (share: number) => void } = {},
): Promise<Perplexity> {
  const { context } = scored.model
  const windows = sequentialWindows({ source, batchSize, context })
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
