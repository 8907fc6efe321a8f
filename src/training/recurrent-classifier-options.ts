import type { OptionTable } from '../base/options.ts'
import { labelledTextOptions } from './labelled-text-options.ts'

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
  clip: { type: 'number', default: 1, minimum: 0, help: 'largest norm of the gradient (0: no clipping)' },
  maximumGradientNorm: { type: 'number', default: 1e4, above: 0, help: 'a larger gradient stops the training' },

  patience: {
    type: 'integer',
    minimum: 1,
    unit: 'validations',
    help: 'end after so many validations without a better one (default: never)',
  },
  saveEvery: { type: 'integer', default: 250, minimum: 1, unit: 'steps', help: 'steps between checkpoints' },
  logEvery: { type: 'integer', default: 10, minimum: 1, unit: 'steps', help: 'steps between lines of metrics.jsonl' },

  threads: { type: 'integer', minimum: 1, help: 'threads of one operator (default: one per core)' },
  device: { type: 'string', default: 'cpu', help: 'cpu, or what the installed onnxruntime-node offers' },
} as const

/** Everything that the training of a recurrent classifier of texts can be told. */
export const recurrentClassifierOptions: typeof labelledTextOptions & typeof ownOptions = {
  ...labelledTextOptions,
  ...ownOptions,
}

const table: OptionTable = recurrentClassifierOptions
/** Options that a resumed run may be given anew without becoming another run. */
export const changeableRecurrentClassifierOptions: ReadonlySet<string> = new Set(
  Object.keys(table).filter(name =>
    /^(resume|out|data|mirror|encoding|epochs|threads|device|.*Every|patience|learningRate|finalLearningRate|clip|maximumGradientNorm)$/.test(
      name,
    ),
  ),
)
