import type { Dataset } from './dataset.ts'

/**
 * English sentences with Chinese translations, from Tatoeba by way of ManyThings. Sorted by the length of the English;
 * simplified and traditional characters are mixed; line 13 has no tab.
 */
export const tatoeba: Dataset = {
  name: 'tatoeba',
  description: '30,979 short sentences in English and Chinese',
  language: 'zh-en',
  licence: 'CC BY 2.0 FR',
  mirrorFolder: 'cmn_eng',
  files: [
    {
      name: 'cmn.txt',
      url: 'https://raw.githubusercontent.com/TraitYoung/NLP-From-RNN-To-Transformer/a597ba46fc33bc4950ac5c89fe76ee045c7224bb/data/cmn.txt',
      bytes: 1_907_041,
      sha256: 'd4a7279c27fde9ced1d3dcec021baf77cfa6797b081f7cf052698de53469fbaf',
    },
  ],
}
