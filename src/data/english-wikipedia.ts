import type { Dataset } from './dataset.ts'

const raw = 'https://raw.githubusercontent.com'

/**
 * Texts of the English Wikipedia: 105 whole articles of about 2011, and 15,000 sentences of WikiSplit (Botha et al.,
 * Learning To Split and Rephrase From Wikipedia Edit History, 2018). Both are made from what lies at their addresses.
 */
export const englishWikipedia: Dataset = {
  name: 'english-wikipedia',
  description: '105 articles and 15,000 sentences of the English Wikipedia',
  language: 'en',
  licence: 'CC BY-SA 3.0 and 4.0',
  mirrorFolder: 'english_corpora',
  files: [
    {
      name: 'enwiki_articles.txt',
      url: `${raw}/RaRe-Technologies/gensim/2d17ddf0f2aa1f7987ddd19c472c9d4da8b5c5c0/gensim/test/test_data/enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2`,
      bytes: 2_897_814,
      sha256: '2d736929ef08ebc8616eb9ff26596143272421bdcc84b152ca12605c1c5de5a7',
      derivation: 'the articles of that dump without their markup',
    },
    {
      name: 'wikipedia_sentences.txt',
      url: `${raw}/google-research-datasets/wiki-split/80f5bddf42d1a68201b7b107ee4b8d86d82e9fde/tune.tsv`,
      bytes: 2_696_539,
      sha256: 'f45234478c0ea1a3304f2c63b4c0e236be8007b88924b12cfba62c15c904370f',
      derivation: 'the first column of tune.tsv, validation.tsv and test.tsv of that folder',
    },
  ],
}
