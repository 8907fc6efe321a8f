import type { Dataset } from './dataset.ts'

/**
 * Karpathy, The Unreasonable Effectiveness of Recurrent Neural Networks, 2015. The repository states no licence; the
 * plays are in the public domain.
 */
export const tinyshakespeare: Dataset = {
  name: 'tinyshakespeare',
  description: 'plays of Shakespeare, 40,000 lines, as in char-rnn and nanoGPT',
  language: 'en',
  licence: 'public domain',
  mirrorFolder: 'tinyshakespeare',
  files: [
    {
      name: 'input.txt',
      url: 'https://raw.githubusercontent.com/karpathy/char-rnn/6f9487a6fe5b420b7ca9afb0d7c078e37c1d1b4e/data/tinyshakespeare/input.txt',
      bytes: 1_115_394,
      sha256: '86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed',
    },
  ],
}
