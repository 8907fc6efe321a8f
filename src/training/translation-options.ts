import type { GivenOptions } from '../base/options.ts'
import { changeableOptions, runOptions } from './run-options.ts'

const ownOptions = {
  data: {
    type: 'string',
    placeholder: 'FILE',
    help: 'pairs to learn from: a file with a tab between the sides, or a dataset of "nacre data list"',
  },
  mirror: { type: 'string', placeholder: 'DIR', help: 'take datasets from this folder (default: $NACRE_DATA_MIRROR)' },
  encoding: { type: 'string', default: 'utf-8', help: 'encoding of a file of pairs' },
  out: { type: 'string', placeholder: 'DIR', help: 'folder of the run' },
  resume: { type: 'boolean', default: false, help: 'go on where the run in --out stopped' },
  skipMalformed: { type: 'boolean', default: false, help: 'leave out lines of pairs without a tab' },
  reverse: { type: 'boolean', default: false, help: 'learn the other direction' },
  lowerCase: { type: 'boolean', default: false, help: 'learn from text in small letters' },
  validationFraction: {
    type: 'number',
    default: 0.05,
    minimum: 0,
    below: 1,
    help: 'pairs of a file that are held out (0: no validation); datasets have parts of their own',
  },

  steps: { type: 'integer', default: 4000, minimum: 1, help: 'updates of the weights' },
  batchTokens: { type: 'integer', default: 2048, minimum: 16, unit: 'tokens', help: 'tokens of one update' },
  microBatchTokens: { type: 'integer', default: 1024, minimum: 16, unit: 'tokens', help: 'tokens computed at once' },
  buckets: {
    type: 'integer',
    default: 10,
    minimum: 1,
    help: 'shapes of batches; more waste less and take longer to begin',
  },
  vocabulary: {
    type: 'integer',
    default: 4000,
    minimum: 260,
    unit: 'tokens',
    help: 'tokens of both languages together',
  },
  context: { type: 'integer', default: 128, minimum: 4, unit: 'tokens', help: 'tokens that a sentence may have' },
  layers: { type: 'integer', default: 3, minimum: 1, help: 'blocks of the encoder, and of the decoder' },
  heads: { type: 'integer', default: 4, minimum: 1, help: 'attention heads of a block' },
  channels: { type: 'integer', default: 128, minimum: 1, help: 'width of every layer; a multiple of heads' },
  hidden: { type: 'integer', default: 512, minimum: 1, help: 'inner width of the feed-forward networks' },
  bias: { type: 'boolean', default: false, help: 'biases in the projections of the attention' },
  cell: { type: 'choice', choices: ['lstm', 'gru'], default: 'lstm', help: 'cell of seq2seq' },
  attention: { type: 'boolean', default: true, help: 'whether the decoder of seq2seq looks back at the source' },
  dropout: { type: 'number', default: 0.1, minimum: 0, below: 1, help: 'probability of dropping an element' },
  smoothing: { type: 'number', default: 0.1, minimum: 0, below: 1, help: 'label smoothing' },

  optimizer: {
    type: 'choice',
    choices: ['adam', 'muon'],
    default: 'adam',
    help: 'rule of the update; adam as published; muon: of hidden matrices, adam of the rest',
  },
  learningRate: {
    type: 'number',
    above: 0,
    help: 'largest learning rate (default: 1 / √(channels warm-up), as in the paper)',
  },
  warmUp: { type: 'integer', default: 1000, minimum: 1, unit: 'steps', help: 'steps in which the learning rate rises' },
  beta1: { type: 'number', default: 0.9, minimum: 0, below: 1, help: "Adam's decay of the mean" },
  beta2: { type: 'number', default: 0.98, minimum: 0, below: 1, help: "Adam's decay of the mean square" },
  average: { type: 'integer', default: 5, minimum: 1, help: 'validated weights whose mean is kept' },

  evaluateEvery: { type: 'integer', default: 250, minimum: 1, unit: 'steps', help: 'steps between validations' },

  seed: { type: 'integer', default: 1, minimum: 0, help: 'first weights, batches and dropout follow from it' },
} as const

/** Everything that the training of a translator can be told. */
export const translationOptions: typeof ownOptions & typeof runOptions = { ...ownOptions, ...runOptions }

/** What a model's training begins with. */
export const translationPresets: Readonly<Record<string, GivenOptions<typeof translationOptions>>> = {
  seq2seq: { layers: 1, channels: 256, dropout: 0.3, learningRate: 2e-3, warmUp: 400 },
  transformer: {},
}

/** Options that a resumed run may be given anew without becoming another run. */
export const changeableTranslationOptions: ReadonlySet<string> = changeableOptions(translationOptions, [
  'steps',
  'warmUp',
])
