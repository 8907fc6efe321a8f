import type { SavedModel } from '../checkpoints/model-folder.ts'
import { generate, length } from '../generation/generate.ts'
import { cachedPredictor, type Predictor } from '../generation/predictor.ts'
import { samplingPolicies } from '../generation/sampling.ts'
import { nodeRuntime } from '../runtime/node.ts'
import type { Tokenizer } from '../tokenizers/tokenizer.ts'
import type { RunOptions } from '../training/run.ts'

/** Text that a model in training writes now. */
export function sampler({ sampleTokens, seed, device }: RunOptions): (model: SavedModel) => Promise<string> {
  return async ({ model, weights, tokenizer }) => {
    // A new cache for each sample: the keys and values of older weights mean nothing.
    const predictor = cachedPredictor({ model, weights, runtime: nodeRuntime({ device, threads: 1 }) })
    const text = await sampleOf(predictor, tokenizer, { tokens: sampleTokens, seed })
    await predictor.release()
    return text
  }
}

/** Text from the beginning of a line on, at a temperature of 0.8. */
export async function sampleOf(
  predictor: Predictor,
  tokenizer: Tokenizer,
  { tokens, seed }: { readonly tokens: number; readonly seed: number },
): Promise<string> {
  const options = { sample: samplingPolicies({ temperature: 0.8 }), stopWhen: [length(tokens)], seed }
  let text = ''
  for await (const piece of generate(predictor, tokenizer, [firstToken(tokenizer)], options)) text += piece.text
  return text
}

/** A line break where the vocabulary has one, else its first token. */
function firstToken(tokenizer: Tokenizer): number {
  try {
    return tokenizer.encode('\n')[0]
  } catch {
    return 0
  }
}
