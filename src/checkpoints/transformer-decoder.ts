import { TransformerDecoder } from '../models/2017-transformer-decoder.ts'
import { type Architecture, renaming } from './architecture.ts'

/** The Transformer's decoder alone has no class in transformers: its tensors are stored by our names, as they are. */
export const transformerDecoder: Architecture<TransformerDecoder> = {
  modelType: 'nacre-transformer-decoder',
  describes: model => model instanceof TransformerDecoder,
  config: ({ configuration: { vocabulary, context, channels, layers, heads, hidden } }, { endOfText }) => ({
    architectures: ['TransformerDecoder'],
    model_type: 'nacre-transformer-decoder',
    vocab_size: vocabulary,
    max_position_embeddings: context,
    hidden_size: channels,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    intermediate_size: hidden,
    tie_word_embeddings: true,
    bos_token_id: endOfText ?? null,
    eos_token_id: endOfText ?? null,
    dtype: 'float32',
  }),
  create: config =>
    new TransformerDecoder({
      vocabulary: config.integer('vocab_size'),
      context: config.integer('max_position_embeddings'),
      channels: config.integer('hidden_size'),
      layers: config.integer('num_hidden_layers'),
      heads: config.integer('num_attention_heads'),
      hidden: config.integer('intermediate_size'),
    }),
  ...renaming<TransformerDecoder>([], () => new Map()),
}
