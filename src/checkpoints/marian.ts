/** The Transformer as transformers' `MarianMTModel`, which computes the same: post-norm, sinusoids, shared embeddings. */
import { Transformer, transformerTensorNames } from '../models/2017-transformer.ts'
import { sinusoids } from '../nn/positions.ts'
import { storedParts } from './stored-parts.ts'
import type { TranslatorArchitecture } from './translator-folder.ts'

export const marian: TranslatorArchitecture<Transformer> = {
  modelType: 'marian',
  describes: model => model instanceof Transformer,
  config: ({ configuration: { vocabulary, context, channels, layers, heads, hidden, bias, padding } }) => ({
    architectures: ['MarianMTModel'],
    model_type: 'marian',
    is_encoder_decoder: true,
    vocab_size: vocabulary,
    decoder_vocab_size: vocabulary,
    max_position_embeddings: context,
    d_model: channels,
    encoder_layers: layers,
    decoder_layers: layers,
    encoder_attention_heads: heads,
    decoder_attention_heads: heads,
    encoder_ffn_dim: hidden,
    decoder_ffn_dim: hidden,
    activation_function: 'relu',
    scale_embedding: true,
    share_encoder_decoder_embeddings: true,
    tie_word_embeddings: true,
    dropout: 0,
    attention_dropout: 0,
    activation_dropout: 0,
    pad_token_id: padding,
    dtype: 'float32',
    nacre: { bias },
  }),
  create: config => {
    const [layers, heads, hidden] = ['encoder_layers', 'encoder_attention_heads', 'encoder_ffn_dim'].map(field =>
      config.integer(field),
    )
    config.onlyIf('decoder_layers', [layers])
    config.onlyIf('decoder_attention_heads', [heads])
    config.onlyIf('decoder_ffn_dim', [hidden])
    config.onlyIf('activation_function', ['relu'])
    config.onlyIf('scale_embedding', [true])
    config.onlyIf('share_encoder_decoder_embeddings', [true])
    config.onlyIf('tie_word_embeddings', [true])
    const vocabulary = config.integer('vocab_size')
    config.onlyIf('decoder_vocab_size', [null, vocabulary])
    const context = config.integer('max_position_embeddings')
    const channels = config.integer('d_model')
    const padding = config.integer('pad_token_id')
    return new Transformer({ vocabulary, context, channels, layers, heads, hidden, bias: config.bias(), padding })
  },
  parts: model => storedParts(model, transformerTensorNames, ['embedding']),
  fixed: ({ configuration: { vocabulary, context, channels, layers, bias } }) => {
    const positions = sinusoids(context, channels).node.values as Float32Array
    const zero = (length: number) => ({ shape: [length], values: new Float32Array(length) })
    const projections = ['encoder', 'decoder'].flatMap(side =>
      Array.from({ length: layers }, (_, i) =>
        (side === 'encoder' ? ['self_attn'] : ['self_attn', 'encoder_attn']).flatMap(attention =>
          ['q', 'k', 'v', 'out'].map(part => `model.${side}.layers.${i}.${attention}.${part}_proj.bias`),
        ),
      ).flat(),
    )
    return new Map([
      ['final_logits_bias', { shape: [1, vocabulary], values: new Float32Array(vocabulary) }],
      ['model.encoder.embed_positions.weight', { shape: [context, channels], values: positions }],
      ['model.decoder.embed_positions.weight', { shape: [context, channels], values: positions }],
      ...(bias ? [] : projections.map(name => [name, zero(channels)] as const)),
    ])
  },
}
