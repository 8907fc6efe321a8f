import type { SavedModel } from '../checkpoints/model-folder.ts'
import { generate, length } from '../generation/generate.ts'
import { cachedPredictor } from '../generation/predictor.ts'
import { samplingPolicies } from '../generation/sampling.ts'
import { nodeRuntime } from '../runtime/node.ts'
import type { RunOptions } from '../training/run.ts'

/** Text that a model in training writes now. */
export function sampler({ sampleTokens, seed, device }: RunOptions): (model: SavedModel) => Promise<string> {
  return async ({ model, weights, tokenizer }) => {
    // A new cache for each sample: the keys and values of older weights mean nothing.
    const predictor = cachedPredictor({ model, weights, runtime: nodeRuntime({ device, threads: 1 }) })
    let text = ''
    const options = { sample: samplingPolicies({ temperature: 0.8 }), stopWhen: [length(sampleTokens)], seed }
    for await (const piece of generate(predictor, tokenizer, [firstToken(tokenizer.encode.bind(tokenizer))], options))
      text += piece.text
    await predictor.release()
    return text
  }
}

/** A line break where the vocabulary has one, else its first token. */
function firstToken(encode: (text: string) => Int32Array): number {
  try {
    return encode('\n')[0]
  } catch {
    return 0
  }
}
