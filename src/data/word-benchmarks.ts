import type { Dataset } from './dataset.ts'

const raw = 'https://raw.githubusercontent.com'

/** Google's analogies: 19,544 questions in 14 sections. Mikolov et al., 2013 (1301.3781), section 4.1. */
export const wordAnalogies: Dataset = {
  name: 'word-analogies',
  description: "Google's 19,544 analogies of English words",
  language: '-',
  licence: 'Apache-2.0',
  mirrorFolder: 'word2vec_eval',
  files: [
    {
      name: 'questions-words.txt',
      url: `${raw}/tmikolov/word2vec/20c129af10659f7c50e86e3be406df663beff438/questions-words.txt`,
      bytes: 603_955,
      sha256: '8c29b3332afc46f3fb8be04cb5297bf96f39aa7131272dff57869b4485b22a36',
    },
  ],
}

/** CA8: Li et al., Analogical Reasoning on Chinese Morphological and Semantic Relations, 2018. */
export const chineseAnalogies: Dataset = {
  name: 'chinese-analogies',
  description: 'CA8: 17,813 analogies of Chinese words',
  language: '-',
  licence: 'Apache-2.0',
  mirrorFolder: 'word2vec_eval',
  files: [
    {
      name: 'zh_CA8_morphological.txt',
      url: `${raw}/Embedding/Chinese-Word-Vectors/3096a475f79f218dde7b413dcc6b507d302b7f46/testsets/CA8/morphological.txt`,
      bytes: 341_904,
      sha256: 'ed47740c28d5ce052f205e7ffff8e28dfefe451fcd39867bbe98ef710cc6bf4f',
    },
    {
      name: 'zh_CA8_semantic.txt',
      url: `${raw}/Embedding/Chinese-Word-Vectors/3096a475f79f218dde7b413dcc6b507d302b7f46/testsets/CA8/semantic.txt`,
      bytes: 265_603,
      sha256: 'aed64568e6350ce08f7b9e4af2bd8aadd7ff0498b812cd94c660638ed8ad1f4a',
    },
  ],
}

/**
 * Pairs of English words, and how alike people found them: relatedness in WordSim-353 (Finkelstein et al., 2001) and MEN
 * (Bruni et al., 2014), similarity in SimLex-999 (Hill et al., 2015).
 */
export const wordSimilarities: Dataset = {
  name: 'word-similarities',
  description: 'WordSim-353, SimLex-999, MEN: word pairs with scores by people',
  language: '-',
  licence: 'research; CC BY 4.0',
  mirrorFolder: 'word2vec_eval',
  files: [
    {
      name: 'wordsim353.tsv',
      url: `${raw}/RaRe-Technologies/gensim/2d17ddf0f2aa1f7987ddd19c472c9d4da8b5c5c0/gensim/test/test_data/wordsim353.tsv`,
      bytes: 7_186,
      sha256: 'f92a022fc2537793a15bc3a8c162ebcd74990e033a228bb6388cb71e4c0b1e1d',
    },
    {
      name: 'simlex999.txt',
      url: `${raw}/RaRe-Technologies/gensim/2d17ddf0f2aa1f7987ddd19c472c9d4da8b5c5c0/gensim/test/test_data/simlex999.txt`,
      bytes: 18_126,
      sha256: 'd5e0501971478a511430ee880bd0121e94ac701ba86d90544d83e6d2ba3db05d',
    },
    {
      name: 'EN-MEN-TR-3k.txt',
      url: `${raw}/mfaruqui/eval-word-vectors/94b3dd9fdbac7ed08dbee7179cd5ee464acf0594/data/word-sim/EN-MEN-TR-3k.txt`,
      bytes: 53_593,
      sha256: '888b13580faa362c7b11da0a670258cf1b1eb4bf0ecbcd418918729a3bd3f43a',
    },
  ],
}
