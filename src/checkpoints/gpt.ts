import { GPT, gptTensorNames } from '../models/2018-gpt.ts'
import { transformerDeviation } from '../nn/initializers.ts'
import { type Architecture, renaming } from './architecture.ts'

/** transformers' `OpenAIGPTLMHeadModel`. */
export const gpt: Architecture<GPT> = {
  modelType: 'openai-gpt',
  describes: model => model instanceof GPT,
  config: ({ configuration: { vocabulary, context, channels, layers, heads } }, { endOfText }) => ({
    architectures: ['OpenAIGPTLMHeadModel'],
    model_type: 'openai-gpt',
    vocab_size: vocabulary,
    n_positions: context,
    n_ctx: context,
    n_embd: channels,
    n_layer: layers,
    n_head: heads,
    afn: 'gelu',
    layer_norm_epsilon: 1e-5,
    initializer_range: transformerDeviation(channels),
    attn_pdrop: 0,
    embd_pdrop: 0,
    resid_pdrop: 0,
    bos_token_id: endOfText ?? null,
    eos_token_id: endOfText ?? null,
    dtype: 'float32',
  }),
  create: config => {
    config.onlyIf('afn', ['gelu'])
    config.onlyIf('layer_norm_epsilon', [1e-5])
    config.onlyIf('tie_word_embeddings', [true])
    return new GPT({
      vocabulary: config.integer('vocab_size'),
      context: config.integer('n_positions'),
      channels: config.integer('n_embd'),
      layers: config.integer('n_layer'),
      heads: config.integer('n_head'),
    })
  },
  ...renaming<GPT>(gptTensorNames, () => new Map()),
}
