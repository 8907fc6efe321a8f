/** Everything that `nacre train word2vec` can be told. */
export const word2vecOptions = {
  data: {
    type: 'strings',
    default: [],
    placeholder: 'FILE',
    help: 'text to learn from: a file (.gz is unpacked) or a dataset of "nacre data list"',
  },
  mirror: { type: 'string', placeholder: 'DIR', help: 'take datasets from this folder (default: $NACRE_DATA_MIRROR)' },
  encoding: { type: 'string', default: 'utf-8', help: 'encoding of the text' },
  out: { type: 'string', placeholder: 'DIR', help: 'folder of the run' },
  resume: { type: 'boolean', default: false, help: 'go on where the run in --out stopped' },

  segmenter: {
    type: 'choice',
    choices: ['intl', 'jieba', 'spaces'],
    default: 'intl',
    help: 'how words are found: by the rules and dictionaries of Unicode (Chinese too), by jieba, between spaces',
  },
  sentences: {
    type: 'choice',
    choices: ['lines', 'paragraphs', 'none'],
    default: 'lines',
    help: 'where windows end: at each line, at empty lines, nowhere',
  },
  lowercase: { type: 'boolean', default: true, help: 'keep capitals' },
  phrases: {
    type: 'integer',
    default: 0,
    minimum: 0,
    maximum: 10,
    unit: 'passes',
    help: 'join words to phrases first',
  },
  phraseThreshold: { type: 'number', default: 200, above: 0, help: 'score of a phrase; halves with each pass' },
  minimumCount: { type: 'integer', default: 5, minimum: 1, help: 'words that occur less often get no vector' },
  maximumVocabulary: { type: 'integer', minimum: 2, unit: 'words', help: 'only the most frequent words' },

  architecture: {
    type: 'choice',
    choices: ['skip-gram', 'cbow'],
    default: 'skip-gram',
    help: 'a word predicts another, or their mean does',
  },
  objective: {
    type: 'choice',
    choices: ['negative-sampling', 'hierarchical-softmax'],
    default: 'negative-sampling',
    help: 'tell words from random ones, or go down a tree of all words',
  },
  channels: { type: 'integer', default: 100, minimum: 1, maximum: 4096, help: 'numbers of a vector' },
  window: { type: 'integer', default: 5, minimum: 1, maximum: 1000, unit: 'words', help: 'words to each side at most' },
  negative: {
    type: 'integer',
    default: 5,
    minimum: 1,
    maximum: 100,
    unit: 'words',
    help: 'random words for each right one',
  },
  sample: {
    type: 'number',
    default: 1e-3,
    minimum: 0,
    below: 1,
    help: 'share above which words are thinned out (0: none)',
  },

  epochs: { type: 'integer', default: 5, minimum: 1, help: 'times that the text is read' },
  learningRate: { type: 'number', above: 0, below: 10, help: 'at the beginning (default: skip-gram 0.025, cbow 0.05)' },
  finalLearningRate: { type: 'number', default: 1e-4, minimum: 0, help: 'at the end; it falls in a line' },
  threads: {
    type: 'integer',
    minimum: 1,
    maximum: 256,
    help: 'of the processor (default: all; 1: reproducible bit for bit)',
  },
  seed: { type: 'integer', default: 1, minimum: 0, help: 'of the random numbers' },

  format: { type: 'choice', choices: ['binary', 'text'], default: 'binary', help: 'of the file of vectors' },
  saveEvery: { type: 'number', default: 60, above: 0, unit: 'seconds', help: 'time between two checkpoints' },
} as const

/** Options that a run may change when it goes on. */
export const changeableVectorOptions: ReadonlySet<string> = new Set([
  ...['out', 'resume', 'mirror', 'data', 'epochs', 'threads', 'format', 'saveEvery'],
])
