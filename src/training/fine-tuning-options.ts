import { labelledTextOptions } from './labelled-text-options.ts'
import { muonOptions } from './muon-options.ts'
import { changeableOptions, runOptions } from './run-options.ts'
import { taskMetricNames } from './task-metric.ts'

const ownOptions = {
  base: { type: 'string', placeholder: 'DIR', help: 'folder of the model that learns, the word RUN' },
  adapterBase: {
    type: 'string',
    placeholder: 'DIR',
    help: 'where RUN is an adapter: folder of the model that it was learned on (default: what the adapter names)',
  },
  out: { type: 'string', placeholder: 'DIR', help: 'folder of the run' },
  task: {
    type: 'choice',
    choices: ['classify', 'choose', 'answer', 'tag', 'find'],
    help: 'what is learned (default: to classify labelled texts, to choose among choices, with a BERT to tag words of a .conll file or to find the answers of SQuAD’s JSON, to answer everything else)',
  },
  tooLong: {
    type: 'choice',
    choices: ['drop', 'cut-left', 'error'],
    default: 'drop',
    help: 'what becomes of an example that is longer than the context: it is left out, or loses the beginning of its prompt',
  },
  context: {
    type: 'integer',
    minimum: 1,
    unit: 'tokens',
    help: 'where answers are learned: tokens of a row, which holds several examples (default: what the model sees at once, 2,048 at most)',
  },
  skipMalformed: { type: 'boolean', default: false, help: 'leave out records with problems, and count them' },
  resume: { type: 'boolean', default: false, help: 'go on where the run in --out stopped' },
  fromScratch: {
    type: 'boolean',
    default: false,
    help: 'forget what the model has learned: what pre-training is worth',
  },
  bothOrders: {
    type: 'boolean',
    default: false,
    help: 'pairs without an order, as of similarity: both are read, and what the model makes of them is added',
  },

  epochs: { type: 'integer', default: 3, minimum: 1, help: 'times that each text is seen' },
  batchSize: { type: 'integer', default: 32, minimum: 1, unit: 'texts', help: 'texts of one update' },
  limit: { type: 'integer', minimum: 1, unit: 'texts', help: 'learn from the first of a random order only' },
  inOrder: {
    type: 'boolean',
    default: false,
    help: 'where answers are learned: in the order of the data, for example the easy ones first; shuffled otherwise',
  },
  learningRate: { type: 'number', default: 2e-4, above: 0, help: 'largest learning rate' },
  finalLearningRate: { type: 'number', default: 0, minimum: 0, help: 'learning rate of the last step' },
  warmUp: {
    type: 'number',
    default: 0.1,
    minimum: 0,
    below: 1,
    help: 'part of the steps in which the learning rate rises',
  },
  auxiliary: {
    type: 'number',
    default: 0.5,
    minimum: 0,
    help: 'weight of predicting the text beside its class, λ of the paper (0: none)',
  },
  recompute: {
    type: 'boolean',
    default: false,
    help: 'where answers are learned: the backward pass computes each block again; less memory, more time',
  },
  dropout: { type: 'number', default: 0.1, minimum: 0, below: 1, help: 'probability of dropping an element' },
  weightDecay: { type: 'number', default: 0.01, minimum: 0, help: 'decay of matrices and embeddings' },

  lora: {
    type: 'integer',
    default: 0,
    minimum: 0,
    help: 'rank of adapters that learn in the place of the model (0: none)',
  },
  loraAlpha: {
    type: 'number',
    above: 0,
    help: 'adapters are multiplied by this over their rank (default: twice the rank)',
  },
  loraTargets: {
    type: 'string',
    placeholder: 'NAMES',
    help: 'layers with adapters, with commas between the ends of their names (default: those of the attention)',
  },

  metric: {
    type: 'choice',
    choices: taskMetricNames as typeof taskMetricNames,
    help: 'what the best is chosen by: of classes accuracy (default), f1 (of the second of two), macro-f1, matthews; of answers loss (default), exact-match, token-f1',
  },
  metricExamples: {
    type: 'integer',
    default: 100,
    minimum: 1,
    help: 'held-out examples that are answered for exact-match or token-f1, at most',
  },
  evaluateEvery: {
    type: 'integer',
    minimum: 1,
    unit: 'steps',
    help: 'steps between validations (default: those of an epoch)',
  },
} as const

const data = {
  type: 'string',
  placeholder: 'FILE',
  help: 'what is learned from: a dataset, or a .jsonl, .json, .csv, .tsv or .parquet file with messages, prompts and completions, instructions, texts, texts with labels, or questions with choices',
} as const

/** Everything that the fine-tuning of a language model can be told. */
export const fineTuningOptions: Omit<typeof labelledTextOptions, 'segmenter' | 'data'> & {
  data: typeof data
} & typeof ownOptions &
  typeof muonOptions &
  typeof runOptions = {
  data,
  mirror: labelledTextOptions.mirror,
  encoding: labelledTextOptions.encoding,
  validationFraction: labelledTextOptions.validationFraction,
  seed: labelledTextOptions.seed,
  ...ownOptions,
  ...muonOptions,
  ...runOptions,
}

/** Options that a resumed run may be given anew without becoming another run. */
export const changeableFineTuningOptions: ReadonlySet<string> = changeableOptions(fineTuningOptions, [
  'data',
  'encoding',
  'epochs',
  'finalLearningRate',
])
