import { presetHelp } from './presets.ts'
import { changeableOptions, runOptions } from './run-options.ts'

const ownOptions = {
  data: {
    type: 'string',
    placeholder: 'FILE',
    help: 'text to learn from: a file (.gz is unpacked), files with commas between, a pattern, a folder, or a dataset of "nacre data list"; of JSONL, JSON, CSV, TSV and Parquet a column',
  },
  field: { type: 'string', default: 'text', placeholder: 'NAME', help: 'column of records that holds the text' },
  stream: {
    type: 'boolean',
    default: false,
    help: 'learn from the documents of files as they are read, without a copy of all their tokens',
  },
  shuffleBuffer: {
    type: 'integer',
    default: 10_000,
    minimum: 1,
    unit: 'documents',
    help: 'documents of many files that are shuffled at once (1: in their order)',
  },
  mirror: { type: 'string', placeholder: 'DIR', help: 'take datasets from this folder (default: $NACRE_DATA_MIRROR)' },
  out: { type: 'string', placeholder: 'DIR', help: 'folder of the run' },
  resume: { type: 'boolean', default: false, help: 'go on where the run in --out stopped' },
  preset: {
    type: 'string',
    placeholder: 'NAME',
    help: presetHelp as string,
  },

  steps: { type: 'integer', default: 2000, minimum: 1, help: 'updates of the weights' },
  batchSize: { type: 'integer', default: 12, minimum: 1, unit: 'sequences', help: 'sequences of one update' },
  microBatchSize: {
    type: 'integer',
    minimum: 1,
    unit: 'sequences',
    help: 'sequences computed at once; gradients are added up to the batch (default: what suits the caches)',
  },
  recompute: {
    type: 'boolean',
    default: false,
    help: 'keep less for the backward pass, which computes each block again: less memory, more time',
  },
  context: { type: 'integer', default: 64, minimum: 1, unit: 'tokens', help: 'tokens of a training window' },
  layers: { type: 'integer', default: 4, minimum: 1, help: 'blocks, recurrent layers, or hidden layers of mlp' },
  heads: { type: 'integer', default: 4, minimum: 1, help: 'attention heads of a block' },
  tied: {
    type: 'boolean',
    default: false,
    help: 'the embedding also predicts: fewer parameters, and words are copied sooner',
  },
  keyValueHeads: {
    type: 'integer',
    minimum: 1,
    help: 'heads of keys and values, each for a group of heads (default: as many as heads)',
  },
  band: {
    type: 'integer',
    minimum: 1,
    unit: 'tokens',
    help: 'tokens that a local layer sees (default: an eighth of the context)',
  },
  channels: {
    type: 'integer',
    default: 128,
    minimum: 1,
    help: 'width of a Transformer (a multiple of heads), or units of a hidden layer of mlp',
  },
  firstWeights: {
    type: 'choice',
    choices: ['random', 'neighbours', 'look-up'],
    default: 'random',
    help: 'before training: all at random, or heads that look at what stood right before (gpt, gpt2, gpt3), or find it again (llama)',
  },
  hiddenSize: { type: 'integer', default: 256, minimum: 1, help: 'units of a recurrent layer' },
  embeddingSize: { type: 'integer', default: 64, minimum: 1, help: 'numbers that stand for a token' },
  bias: { type: 'boolean', default: true, help: 'biases in linear layers and normalizations, as published' },
  dropout: { type: 'number', default: 0, minimum: 0, below: 1, help: 'probability of dropping an element' },
  smoothing: { type: 'number', default: 0, minimum: 0, below: 1, help: 'label smoothing' },

  teacher: {
    type: 'string',
    placeholder: 'DIR',
    help: 'folder of a larger model to learn from beside the text (distillation); its tokenizer is used',
  },
  temperature: { type: 'number', default: 2, above: 0, help: 'softens what the teacher and its student predict' },
  teacherShare: {
    type: 'number',
    default: 0.5,
    minimum: 0,
    maximum: 1,
    help: 'share of the loss that compares with the teacher',
  },

  tokenizer: {
    type: 'string',
    default: 'characters',
    placeholder: 'KIND|DIR',
    help: '"characters", "bpe", "word-bpe", "words" (trained on the text), or a folder with tokenizer.json, or the files of GPT or GPT-2',
  },
  vocabulary: {
    type: 'integer',
    default: 8192,
    minimum: 257,
    unit: 'tokens',
    help: 'tokens of a trained "bpe", "word-bpe" or "words"',
  },
  encoding: { type: 'string', default: 'utf-8', help: 'encoding of the text, for example gb18030' },
  validationFraction: {
    type: 'number',
    default: 0.1,
    minimum: 0,
    below: 1,
    help: 'last part of the text that is held out (0: no validation)',
  },

  optimizer: {
    type: 'choice',
    choices: ['adamw', 'adam', 'sgd', 'muon'],
    default: 'adamw',
    help: 'rule of the update; muon: of hidden matrices, adamw of the rest',
  },
  learningRate: { type: 'number', default: 1e-3, above: 0, help: 'largest learning rate' },
  finalLearningRate: { type: 'number', default: 1e-4, minimum: 0, help: 'learning rate of the last step' },
  schedule: {
    type: 'choice',
    choices: ['cosine', 'linear', 'constant'],
    default: 'cosine',
    help: 'way from one to the other',
  },
  warmUp: { type: 'integer', default: 100, minimum: 0, unit: 'steps', help: 'steps in which the learning rate rises' },
  weightDecay: { type: 'number', default: 0.1, minimum: 0, help: 'decay of matrices and embeddings' },
  beta1: { type: 'number', default: 0.9, minimum: 0, below: 1, help: "Adam's decay of the mean" },
  beta2: { type: 'number', default: 0.99, minimum: 0, below: 1, help: "Adam's decay of the mean square" },
  momentum: { type: 'number', minimum: 0, below: 1, help: 'momentum (default: 0.9 of sgd, 0.95 of muon)' },

  evaluateEvery: { type: 'integer', default: 250, minimum: 1, unit: 'steps', help: 'steps between validations' },
  evaluationBatches: { type: 'integer', default: 20, minimum: 1, help: 'batches of a validation; the last takes all' },
  sampleEvery: { type: 'integer', default: 500, minimum: 0, unit: 'steps', help: 'steps between samples (0: none)' },
  sampleTokens: { type: 'integer', default: 200, minimum: 1, unit: 'tokens', help: 'length of a sample' },

  seed: { type: 'integer', default: 1, minimum: 0, help: 'first weights, batches, dropout and samples follow from it' },
} as const

/** Everything that a training can be told. The same table gives the flags, the help, the checks and the types. */
export const trainOptions: typeof ownOptions & typeof runOptions = { ...ownOptions, ...runOptions }

/** Options that a resumed run may be given anew without becoming another run. */
export const changeableOnResume: ReadonlySet<string> = changeableOptions(trainOptions, [
  'data',
  'steps',
  'encoding',
  'evaluationBatches',
  'sampleTokens',
  'finalLearningRate',
  'schedule',
  'warmUp',
])
