import { Random } from '../src/base/random.ts'
import { elementCount } from '../src/base/shape.ts'
import type { LoadedModel } from '../src/generation/predictor.ts'
import { RNN } from '../src/models/1982-rnn.ts'
import { LSTM } from '../src/models/1997-lstm.ts'
import { GRU } from '../src/models/2014-gru.ts'
import { GPT2 } from '../src/models/2019-gpt2.ts'
import type { LanguageModel } from '../src/models/language-model.ts'
import { namedParameters } from '../src/nn/parameters.ts'
import { nodeRuntime } from '../src/runtime/node.ts'

/**
 * GPT-2 with 2 layers, 2 heads and 16 channels. Its weights are large enough that tokens and positions matter: a fresh
 * model's logits are all but equal, and a test on them would prove nothing.
 */
export function tinyLanguageModel({
  vocabulary,
  context,
  bias = true,
  seed = 1,
}: {
  vocabulary: number
  context: number
  bias?: boolean
  seed?: number
}): LoadedModel & { readonly model: GPT2 } {
  return withWeights(new GPT2({ vocabulary, context, channels: 16, layers: 2, heads: 2, bias }), seed)
}

/** A recurrent model with 2 layers of 12 units, likewise. */
export function tinyRecurrentModel(
  kind: 'rnn' | 'lstm' | 'gru',
  { vocabulary, context, seed = 1 }: { vocabulary: number; context: number; seed?: number },
): LoadedModel & { readonly model: RNN | LSTM | GRU } {
  const Model = { rnn: RNN, lstm: LSTM, gru: GRU }[kind]
  return withWeights(new Model({ vocabulary, context, embeddingSize: 8, hiddenSize: 12, layers: 2 }), seed)
}

function withWeights<M extends LanguageModel & object>(model: M, seed: number): LoadedModel & { readonly model: M } {
  const weights = new Map<string, Float32Array>()
  for (const [name, { shape }] of namedParameters(model)) {
    const random = new Random(seed, name)
    const scale = shape.length > 1 ? 0.4 : 0.2
    const mean = /[nN]ormalization\.weight$/.test(name) ? 1 : 0
    weights.set(
      name,
      Float32Array.from({ length: elementCount(shape) }, () => mean + scale * random.normal()),
    )
  }
  return { model, weights, runtime: nodeRuntime({ threads: 1 }) }
}
