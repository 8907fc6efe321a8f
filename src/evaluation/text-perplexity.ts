import { DataError } from '../base/errors.ts'
import type { MeasuredText } from '../data/text.ts'
import { encodeChunks, type Tokenizer } from '../tokenizers/tokenizer.ts'
import { lossProgram, type Perplexity, type ScoredModel } from './score.ts'

/**
 * `perplexity` of a text that is read as it is scored: the same windows and the same numbers, with no more than one batch
 * of tokens in memory.
 *
 * @param onProgress - called with the share that is done
 * @throws {DataError} if the text has fewer than two tokens
 * @throws {TokenizerError} if the vocabulary lacks a character of the text
 */
export async function textPerplexity(
  scored: ScoredModel & { readonly tokenizer: Tokenizer },
  text: MeasuredText,
  { batchSize = 8, onProgress }: { batchSize?: number; onProgress?: (share: number) => void } = {},
): Promise<Perplexity> {
  const { context } = scored.model
  const capacity = batchSize * context
  const pending = new Int32Array(capacity + 1) // inputs, and the target of the last
  let count = 0
  let tokens = 0
  let total = 0
  let bytesRead = 0
  const program = await lossProgram(scored, [batchSize, context])

  async function* read(): AsyncGenerator<string> {
    for await (const chunk of text.chunks()) {
      bytesRead += utf8.encode(chunk).length
      yield chunk
    }
  }
  async function score(): Promise<void> {
    const targets = count - 1
    const inputs = BigInt64Array.from(pending.subarray(0, capacity), (id, i) => (i < targets ? BigInt(id) : 0n))
    const following = BigInt64Array.from(pending.subarray(1), (id, i) => (i < targets ? BigInt(id) : -1n))
    for (const loss of await program.run(inputs, following)) total += loss
    pending[0] = pending[targets] // the last target is the next input
    count = 1
    onProgress?.(bytesRead / text.bytes)
  }

  try {
    for await (const ids of encodeChunks(scored.tokenizer, read())) {
      tokens += ids.length
      for (let done = 0; done < ids.length; ) {
        const piece = ids.subarray(done, done + pending.length - count)
        pending.set(piece, count)
        count += piece.length
        done += piece.length
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
  }
}

const utf8 = new TextEncoder()
