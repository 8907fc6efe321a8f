import type { Tokenizer } from '../tokenizers/tokenizer.ts'
import { generate, length } from './generate.ts'
import { cachedPredictor, type LoadedModel } from './predictor.ts'
import { greedy } from './sampling.ts'

/** Writes what a model finds likeliest after a prompt, token by token. */
export interface GreedyWriter {
  /** @param stop - texts that end what is written and are no part of it */
  write(
    prompt: readonly number[],
    options: { readonly stop: readonly string[]; readonly tokens: number; readonly signal?: AbortSignal },
  ): Promise<string>
  release(): Promise<void>
}

/** With a memory: what a prompt has in common with the one before is not computed again. */
export function greedyWriter(model: LoadedModel & { readonly tokenizer: Tokenizer }): GreedyWriter {
  const { tokenizer } = model
  const predictor = cachedPredictor(model)
  const stopTokens = tokenizer.endOfText === undefined ? [] : [tokenizer.endOfText]
  return {
    write: async (prompt, { stop, tokens, signal }) => {
      const options = { sample: [greedy], stopWhen: [length(tokens)], stopStrings: stop, stopTokens, signal }
      let written = ''
      for await (const { text } of generate(predictor, tokenizer, prompt, options)) written += text
      return written
    },
    release: () => predictor.release(),
  }
}
