import { DataError } from '../base/errors.ts'
import { evaluationWindows } from '../data/streams.ts'
import type { MeasuredText } from '../data/text.ts'
import { memoryTokens } from '../data/token-shards.ts'
import { isRecurrent, windowTokens } from '../models/language-model.ts'
import { encodeChunks, type Tokenizer } from '../tokenizers/tokenizer.ts'
import { bootstrap, type Interval } from './intervals.ts'
import { lossProgram, type Perplexity, type ScoredModel } from './score.ts'

/** Tokens of a text that a recurrent model scores as one; a longer text is scored in sections. */
const sectionTokens = 2 ** 22

/** A stretch of the text that was scored at once. */
export interface TextWindow {
  readonly tokens: number
  /** Negative log-likelihood of all of them. */
  readonly nats: number
}

export interface TextPerplexity extends Perplexity {
  /** Words between white space, and perplexity for each; none where a text is not written with spaces. */
  readonly words?: number
  readonly wordPerplexity?: number
}

/**
 * `perplexity` of a text that is read as it is scored: the same windows and the same numbers, with no more than one batch
 * of tokens in memory. For a recurrent model, whose state goes through the whole text, it is a section of 4 M tokens.
 *
 * @param context - tokens of a window, by default as many as the model sees at once, 2,048 at most
 * @param onProgress - called with the share that is done
 * @param onWindow - called with each window
 * @throws {DataError} if the text has fewer than two tokens
 * @throws {TokenizerError} if the vocabulary lacks a character of the text
 */
export async function textPerplexity(
  scored: ScoredModel & { readonly tokenizer: Tokenizer },
  text: MeasuredText,
  {
    batchSize = 8,
    context: wanted,
    onProgress,
    onWindow,
  }: {
    batchSize?: number
    context?: number
    onProgress?: (share: number) => void
    onWindow?: (window: TextWindow) => void
  } = {},
): Promise<TextPerplexity> {
  const context = windowTokens(scored.model, wanted)
  const recurrent = isRecurrent(scored.model)
  const capacity = recurrent ? sectionTokens : batchSize * context
  const pending = new Int32Array(capacity + 1) // inputs, and the target of the last
  let count = 0
  let tokens = 0
  let total = 0
  let bytesRead = 0
  /** Of the last chunk, its bytes and which part of it has been scored. */
  let [lastBytes, lastShare] = [0, 0]
  const counter = new WordCounter()
  const program = await lossProgram(scored, [batchSize, context])

  async function* read(): AsyncGenerator<string> {
    for await (const chunk of text.chunks()) {
      lastBytes = utf8.encode(chunk).length
      bytesRead += lastBytes
      counter.push(chunk)
      yield chunk
    }
  }
  async function score(): Promise<void> {
    const source = memoryTokens(pending.subarray(0, count), 0)
    program.forget()
    for (const { inputs, targets } of evaluationWindows({ source, batchSize, context }, recurrent)) {
      const losses = await program.run(inputs, targets)
      for (let begin = 0; begin < losses.length; begin += context) {
        let [nats, counted] = [0, 0]
        for (let i = begin; i < begin + context; i++) {
          nats += losses[i]
          if (targets[i] >= 0) counted++
        }
        total += nats
        if (counted > 0) onWindow?.({ tokens: counted, nats })
      }
    }
    pending[0] = pending[count - 1] // the last target is the next input
    count = 1
    onProgress?.((bytesRead - lastBytes * (1 - lastShare)) / text.bytes)
  }

  try {
    for await (const ids of encodeChunks(scored.tokenizer, read())) {
      tokens += ids.length
      for (let done = 0; done < ids.length; ) {
        const piece = ids.subarray(done, done + pending.length - count)
        pending.set(piece, count)
        count += piece.length
        done += piece.length
        lastShare = done / ids.length
        if (count === pending.length) await score()
      }
    }
    if (count > 1) await score()
  } finally {
    await program.release()
  }
  if (tokens < 2) throw new DataError({ what: text.name, expected: 'at least 2 tokens', received: String(tokens) })
  const natsPerToken = total / (tokens - 1)
  return {
    tokens: tokens - 1,
    natsPerToken,
    perplexity: Math.exp(natsPerToken),
    bitsPerByte: (natsPerToken * tokens) / text.bytes / Math.LN2,
    ...(counter.words > 0 && {
      words: counter.words,
      wordPerplexity: Math.exp((natsPerToken * tokens) / counter.words),
    }),
  }
}

/** A number of a text, with the digits that people are shown. */
export interface TextMetric {
  readonly name: string
  readonly value: number
  /** By bootstrap over windows, which are what is nearly independent of each other; NaN for a single one. */
  readonly interval: Interval
  readonly digits: number
}

/** Nats per token, perplexity, bits per byte, and perplexity per word where there are words. */
export function textMetrics(
  { natsPerToken, tokens, words }: TextPerplexity,
  windows: readonly TextWindow[],
  bytes: number,
  { seed }: { seed?: number } = {},
): TextMetric[] {
  const nats = (of: Uint32Array) => {
    let [sum, count] = [0, 0]
    for (const i of of) {
      sum += windows[i].nats
      count += windows[i].tokens
    }
    return sum / count
  }
  const interval: Interval = windows.length < 2 ? [Number.NaN, Number.NaN] : bootstrap(windows.length, nats, { seed })
  const all = tokens + 1
  const metric = (name: string, digits: number, of: (perToken: number) => number): TextMetric => ({
    ...{ name, digits, value: of(natsPerToken) },
    interval: [of(interval[0]), of(interval[1])],
  })
  return [
    metric('nats per token', 4, perToken => perToken),
    metric('perplexity', 3, perToken => Math.exp(perToken)),
    metric('bits per byte', 4, perToken => (perToken * all) / bytes / Math.LN2),
    ...(words === undefined ? [] : [metric('word perplexity', 1, perToken => Math.exp((perToken * all) / words))]),
  ]
}

/** Counts what stands between white space, in a text that comes in chunks, unless most of its letters are Han. */
class WordCounter {
  #words = 0
  #inside = false
  #han = 0
  #letters = 0

  push(chunk: string): void {
    this.#han += chunk.match(/\p{Script=Han}/gu)?.length ?? 0
    this.#letters += chunk.match(/\p{L}/gu)?.length ?? 0
    this.#words += (chunk.match(/\S+/g)?.length ?? 0) - (this.#inside && /^\S/.test(chunk) ? 1 : 0)
    this.#inside = /\S$/.test(chunk)
  }

  get words(): number {
    return 2 * this.#han > this.#letters ? 0 : this.#words
  }
}

const utf8 = new TextEncoder()
