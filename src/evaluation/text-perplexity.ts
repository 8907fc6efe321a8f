import { DataError } from '../base/errors.ts'
import { evaluationWindows } from '../data/streams.ts'
import type { MeasuredText } from '../data/text.ts'
import { memoryTokens } from '../data/token-shards.ts'
import { isRecurrent } from '../models/language-model.ts'
import { encodeChunks, type Tokenizer } from '../tokenizers/tokenizer.ts'
import { lossProgram, type Perplexity, type ScoredModel } from './score.ts'

/** Tokens of a text that a recurrent model scores as one; a longer text is scored in sections. */
const sectionTokens = 2 ** 22

/**
 * `perplexity` of a text that is read as it is scored: the same windows and the same numbers, with no more than one batch
 * of tokens in memory. For a recurrent model, whose state goes through the whole text, it is a section of 4 M tokens.
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
  const recurrent = isRecurrent(scored.model)
  const capacity = recurrent ? sectionTokens : batchSize * context
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
    const source = memoryTokens(pending.subarray(0, count), 0)
    program.forget()
    for (const { inputs, targets } of evaluationWindows({ source, batchSize, context }, recurrent)) {
      for (const loss of await program.run(inputs, targets)) total += loss
    }
    pending[0] = pending[count - 1] // the last target is the next input
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
