import { GPT2, gpt2TensorNames } from '../models/2019-gpt2.ts'
import { transformerDeviation } from '../nn/initializers.ts'
import { type Architecture, renaming } from './architecture.ts'

/** transformers' `GPT2LMHeadModel`, which always has biases: those of a model without are written as zeros. */
export const gpt2: Architecture<GPT2> = {
  modelType: 'gpt2',
  describes: model => model.constructor === GPT2, // GPT-3 is one, too
  config: ({ configuration: { vocabulary, context, channels, layers, heads, bias } }, { endOfText }) => ({
    architectures: ['GPT2LMHeadModel'],
    model_type: 'gpt2',
    vocab_size: vocabulary,
    n_positions: context,
    n_ctx: context,
    n_embd: channels,
    n_layer: layers,
    n_head: heads,
    activation_function: 'gelu_new',
    layer_norm_epsilon: 1e-5,
    initializer_range: transformerDeviation(channels),
    attn_pdrop: 0,
    embd_pdrop: 0,
    resid_pdrop: 0,
    tie_word_embeddings: true,
    bos_token_id: endOfText ?? null,
    eos_token_id: endOfText ?? null,
    dtype: 'float32',
    nacre: { bias },
  }),
  create: config => {
    const channels = config.integer('n_embd')
    config.onlyIf('activation_function', ['gelu_new', 'gelu_pytorch_tanh'])
    config.onlyIf('layer_norm_epsilon', [1e-5])
    config.onlyIf('n_inner', [null, 4 * channels])
    config.onlyIf('scale_attn_weights', [true])
    config.onlyIf('scale_attn_by_inverse_layer_idx', [false])
    config.onlyIf('tie_word_embeddings', [true])
    return new GPT2({
      vocabulary: config.integer('vocab_size'),
      context: config.integer('n_positions'),
      channels,
      layers: config.integer('n_layer'),
      heads: config.integer('n_head'),
      bias: config.bias(),
    })
  },
  ...renaming<GPT2>(gpt2TensorNames, ({ configuration: { bias } }, stored) => {
    const missing = [...stored].filter(([name]) => !bias && !/\.(wte|wpe)\./.test(name))
    return new Map(missing.map(([name, shape]) => [name.replace(/weight$/, 'bias'), [shape.at(-1)!]]))
  }),
}
