import { labelledTextOptions } from './labelled-text-options.ts'
import { changeableOptions, runOptions } from './run-options.ts'

const ownOptions = {
  out: { type: 'string', placeholder: 'DIR', help: 'folder of the run' },
  resume: { type: 'boolean', default: false, help: 'go on where the run in --out stopped' },
  minimumCount: { type: 'integer', default: 2, minimum: 1, help: 'rarer words are unknown ones' },
  lowercase: { type: 'boolean', default: true, help: 'read text in small letters' },

  cell: { type: 'choice', choices: ['rnn', 'lstm', 'gru'], default: 'lstm', help: 'kind of the recurrent layers' },
  layers: { type: 'integer', default: 1, minimum: 1, help: 'recurrent layers' },
  hiddenSize: { type: 'integer', default: 128, minimum: 1, help: 'units of a layer and direction' },
  embeddingSize: { type: 'integer', default: 128, minimum: 1, help: 'numbers that stand for a word' },
  bidirectional: { type: 'boolean', default: true, help: 'read in both directions' },
  pooling: {
    type: 'choice',
    choices: ['max', 'mean', 'last'],
    default: 'max',
    help: 'what is made of the outputs of all words',
  },
  context: {
    type: 'integer',
    default: 128,
    minimum: 1,
    unit: 'words',
    help: 'words that are read; longer texts are cut',
  },
  dropout: { type: 'number', default: 0.5, minimum: 0, below: 1, help: 'probability of dropping an element' },

  epochs: { type: 'integer', default: 3, minimum: 1, help: 'times that each text is seen' },
  batchSize: { type: 'integer', default: 64, minimum: 1, unit: 'texts', help: 'texts of one update' },
  learningRate: { type: 'number', default: 2e-3, above: 0, help: 'learning rate of the first step' },
  finalLearningRate: { type: 'number', default: 2e-4, minimum: 0, help: 'learning rate of the last step' },
  weightDecay: { type: 'number', default: 0.01, minimum: 0, help: 'decay of matrices and embeddings' },
} as const

/** Everything that the training of a recurrent classifier of texts can be told. */
export const recurrentClassifierOptions: typeof labelledTextOptions & typeof ownOptions & typeof runOptions = {
  ...labelledTextOptions,
  ...ownOptions,
  ...runOptions,
}

/** Options that a resumed run may be given anew without becoming another run. */
export const changeableRecurrentClassifierOptions: ReadonlySet<string> = changeableOptions(recurrentClassifierOptions, [
  'data',
  'encoding',
  'epochs',
  'finalLearningRate',
])
