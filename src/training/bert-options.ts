import { muonOptions } from './muon-options.ts'
import { changeableOptions, runOptions } from './run-options.ts'

const ownOptions = {
  data: {
    type: 'string',
    placeholder: 'FILE',
    help: 'text to learn from: a file (.gz is unpacked) or a dataset of "nacre data list"; an empty line ends a document',
  },
  mirror: { type: 'string', placeholder: 'DIR', help: 'take datasets from this folder (default: $NACRE_DATA_MIRROR)' },
  encoding: { type: 'string', default: 'utf-8', help: 'encoding of the text, for example gb18030' },
  validationFraction: {
    type: 'number',
    default: 0.05,
    minimum: 0,
    below: 1,
    help: 'last part of the documents that is held out (0: no validation)',
  },
  out: { type: 'string', placeholder: 'DIR', help: 'folder of the run' },
  resume: { type: 'boolean', default: false, help: 'go on where the run in --out stopped' },

  tokenizer: {
    type: 'string',
    placeholder: 'FILE|DIR',
    help: 'a vocab.txt, or a folder with a WordPiece tokenizer.json (default: one is trained on the text)',
  },
  vocabulary: { type: 'integer', default: 8192, minimum: 32, unit: 'tokens', help: 'tokens of a trained tokenizer' },
  lowercase: { type: 'boolean', default: true, help: 'read text in small letters and without accents' },

  size: {
    type: 'choice',
    choices: ['bert-tiny', 'bert-mini', 'bert-small', 'bert-medium', 'bert-base', 'bert-large'],
    default: 'bert-mini',
    help: 'layers, heads, channels and hidden width of a published size',
  },
  layers: { type: 'integer', minimum: 1, help: 'blocks (default: as the size has)' },
  heads: { type: 'integer', minimum: 1, help: 'attention heads of a block (default: as the size has)' },
  channels: { type: 'integer', minimum: 1, help: 'width, a multiple of heads (default: as the size has)' },
  hidden: { type: 'integer', minimum: 1, help: 'inner width of the feed-forward networks (default: 4 x channels)' },
  context: { type: 'integer', default: 128, minimum: 8, unit: 'tokens', help: 'tokens of a row, two texts together' },
  dropout: { type: 'number', default: 0.1, minimum: 0, below: 1, help: 'probability of dropping an element' },

  firstWeights: {
    type: 'choice',
    choices: ['neighbours', 'random'],
    default: 'neighbours',
    help: 'before training: heads of the first layer look at the tokens beside, or all at random, as first published',
  },

  masking: {
    type: 'choice',
    choices: ['tokens', 'words'],
    default: 'tokens',
    help: 'what is masked together: single tokens, as first published, or whole words',
  },
  maskedShare: { type: 'number', default: 0.15, above: 0, below: 1, help: 'share of the tokens that are asked for' },
  segmenter: {
    type: 'choice',
    choices: ['intl', 'jieba'],
    default: 'intl',
    help: 'what finds the words of Chinese for --masking words',
  },

  steps: { type: 'integer', default: 2000, minimum: 1, help: 'updates of the weights' },
  batchSize: { type: 'integer', default: 32, minimum: 1, unit: 'rows', help: 'rows of one update' },
  microBatchSize: {
    type: 'integer',
    minimum: 1,
    unit: 'rows',
    help: 'rows computed at once; gradients are added up to the batch (default: what suits the caches)',
  },
  learningRate: { type: 'number', default: 5e-4, above: 0, help: 'largest learning rate' },
  finalLearningRate: { type: 'number', default: 0, minimum: 0, help: 'learning rate of the last step' },
  warmUp: { type: 'integer', default: 200, minimum: 0, unit: 'steps', help: 'steps in which the learning rate rises' },
  weightDecay: { type: 'number', default: 0.01, minimum: 0, help: 'decay of matrices and embeddings' },
  beta1: { type: 'number', default: 0.9, minimum: 0, below: 1, help: "Adam's decay of the mean" },
  beta2: { type: 'number', default: 0.999, minimum: 0, below: 1, help: "Adam's decay of the mean square" },

  evaluateEvery: { type: 'integer', default: 250, minimum: 1, unit: 'steps', help: 'steps between validations' },
  evaluationBatches: { type: 'integer', default: 20, minimum: 1, help: 'batches of a validation; the last takes all' },

  seed: { type: 'integer', default: 1, minimum: 0, help: 'first weights, pairs, masks and dropout follow from it' },
} as const

/** Everything that the pre-training of BERT can be told. */
export const bertOptions: typeof ownOptions & typeof muonOptions & typeof runOptions = {
  ...ownOptions,
  ...muonOptions,
  ...runOptions,
}

/** Options that a resumed run may be given anew without becoming another run. */
export const changeableBertOptions: ReadonlySet<string> = changeableOptions(bertOptions, [
  'data',
  'encoding',
  'steps',
  'evaluationBatches',
  'finalLearningRate',
  'warmUp',
])
