/** Sequence to sequence has no class in transformers: its tensors are stored by our names, as they are. */
import { CheckpointError } from '../base/errors.ts'
import { Seq2Seq } from '../models/2014-seq2seq.ts'
import { namedParameters } from '../nn/parameters.ts'
import type { TranslatorArchitecture } from './translator-folder.ts'

export const seq2seq: TranslatorArchitecture<Seq2Seq> = {
  modelType: 'nacre-seq2seq',
  describes: model => model instanceof Seq2Seq,
  config: ({ configuration: { vocabulary, context, channels, layers, cell, attention, padding } }) => ({
    model_type: 'nacre-seq2seq',
    is_encoder_decoder: true,
    vocab_size: vocabulary,
    max_position_embeddings: context,
    hidden_size: channels,
    encoder_layers: layers,
    cell,
    decoder_attention: attention ? 'additive' : 'none',
    pad_token_id: padding,
    dtype: 'float32',
  }),
  create: config => {
    const cell = config.string('cell')
    if (cell !== 'lstm' && cell !== 'gru') {
      const what = `${config.location}, field "cell",`
      throw new CheckpointError({ what, expected: '"lstm" or "gru"', received: `"${cell}"` })
    }
    config.onlyIf('decoder_attention', ['additive', 'none'])
    return new Seq2Seq({
      vocabulary: config.integer('vocab_size'),
      context: config.integer('max_position_embeddings'),
      channels: config.integer('hidden_size'),
      layers: config.integer('encoder_layers'),
      cell,
      attention: config.string('decoder_attention') === 'additive',
      padding: config.integer('pad_token_id'),
    })
  },
  parts: model =>
    [...namedParameters(model)].map(([name, { shape }]) => ({ name, own: name, shape, place: index => index })),
  fixed: () => new Map(),
}
