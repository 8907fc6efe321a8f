import type { Dataset, DatasetFile } from './dataset.ts'

const folder =
  'https://raw.githubusercontent.com/ml5js/ml5-data-and-models/0612a3e7c51cbffdc5db701dff49d16d1ac26fa8/models/charRNN/shakespeare'

const file = (name: string, bytes: number, sha256: string): DatasetFile => ({
  name,
  url: `${folder}/${name}`,
  bytes,
  sha256,
})

/** The weights of a character LSTM of two layers that ml5.js ships, trained on Shakespeare with TensorFlow. */
export const charrnnShakespeare: Dataset = {
  name: 'charrnn-shakespeare',
  description: 'pretrained character LSTM of ml5.js, for nacre import',
  language: '-',
  licence: 'MIT',
  mirrorFolder: 'weights/ml5_charrnn/shakespeare',
  files: [
    file('manifest.json', 1_038, '0ef19527fec3f13c12505032c5193967af7860d1a977ff6c74a01e957548c77e'),
    file('vocab.json', 579, '8199734400dc8dd97b525714275d057d24c5f45c8d62472f893968d42f3f73fd'),
    file('embedding', 33_280, 'f738fa23ff1ef0a87a3b5bf6cdf5e2f0cc5597cb46426056f7c04a20f36a02bf'),
    file(
      'rnnlm_multi_rnn_cell_cell_0_basic_lstm_cell_biases',
      2_048,
      'a9dfef4d48c981965802036eb814b9475946667204d7ead0f83f07f974f1d565',
    ),
    file(
      'rnnlm_multi_rnn_cell_cell_0_basic_lstm_cell_weights',
      524_288,
      'cb405b33bfd05403dd78e7528cc901c05a4ea09a4f16de84c18861fab3438388',
    ),
    file(
      'rnnlm_multi_rnn_cell_cell_1_basic_lstm_cell_biases',
      2_048,
      'ee7b52a5e0f1062dcbc94478cc988bfd78c3448bfb6855290e9d88f5a2b150b6',
    ),
    file(
      'rnnlm_multi_rnn_cell_cell_1_basic_lstm_cell_weights',
      524_288,
      '23feeff964b40fae9a9a5c0a1c8e608947b1338be57a66231c5031784c35b228',
    ),
    file('rnnlm_softmax_b', 260, 'fad111f8fd4ee3f86d2b5530a5242ac36c1ea5040247a9f96f33b1bab2646d02'),
    file('rnnlm_softmax_w', 33_280, 'c4ffe61e0c520ba43a21ce1aed50dce25746b12589a221a52c87b7ee1c4fbea2'),
  ],
}
