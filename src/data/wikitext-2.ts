import type { Dataset } from './dataset.ts'

const raw = 'https://raw.githubusercontent.com'

/**
 * Good and featured articles of the English Wikipedia, tokenized, rare words as <unk>: the validation and test parts.
 * Merity et al., Pointer Sentinel Mixture Models, 2016, section 4.3.
 */
export const wikitext2: Dataset = {
  name: 'wikitext-2',
  description: 'validation and test parts of WikiText-2, from Wikipedia',
  language: 'en',
  licence: 'CC BY-SA 3.0',
  mirrorFolder: 'english_corpora',
  files: [
    {
      name: 'wikitext2/wiki.valid.tokens',
      url: `${raw}/pytorch/examples/77f55b912142e11fcfdf5b530231fb9c52f181e8/word_language_model/data/wikitext-2/valid.txt`,
      bytes: 1_121_681,
      sha256: 'f0737ed31fc1329026e95cb8b98e19c2a182c39c240ab909dc31abf2f8af58e8',
    },
    {
      name: 'wikitext2/wiki.test.tokens',
      url: `${raw}/pytorch/examples/77f55b912142e11fcfdf5b530231fb9c52f181e8/word_language_model/data/wikitext-2/test.txt`,
      bytes: 1_256_449,
      sha256: 'd790b833ef8cf03a90db7bf1271b7520b83c45ce07ba3c1a9699df81e239eca0',
    },
  ],
}
