/** Starting points of a training, for each model of the timeline; the first is taken where none is named. */
import type { GivenOptions } from '../base/options.ts'
import { lstmSizes } from '../models/1997-lstm.ts'
import { gpt2Sizes } from '../models/2019-gpt2.ts'
import { gpt3Published, gpt3Sizes } from '../models/2020-gpt3.ts'
import { llamaPublished, llamaSizes } from '../models/2023-llama.ts'
import type { trainOptions } from './options.ts'

export type Preset = GivenOptions<typeof trainOptions>

const published = (name: keyof typeof gpt2Sizes): Preset => {
  const { layers, heads, channels } = gpt2Sizes[name]
  return {
    ...{ layers, heads, channels, context: 1024, batchSize: 8, microBatchSize: 1, bias: true, dropout: 0.1 },
    ...{
      tokenizer: 'bpe',
      vocabulary: 50_257,
      steps: 10_000,
      learningRate: 2.5e-4,
      finalLearningRate: 0,
      warmUp: 200,
      beta2: 0.95,
    },
  }
}

/** Table 2.1 of GPT-3's paper: sequences of 2,048 tokens, half a million tokens or more, and the largest learning rate. */
const gpt3Batches: Readonly<Record<keyof typeof gpt3Sizes, readonly [sequences: number, learningRate: number]>> = {
  'gpt3-small': [256, 6e-4],
  'gpt3-medium': [256, 3e-4],
  'gpt3-large': [256, 2.5e-4],
  'gpt3-xl': [512, 2e-4],
  'gpt3-2.7b': [512, 1.6e-4],
  'gpt3-6.7b': [1024, 1.2e-4],
  'gpt3-13b': [1024, 1e-4],
  'gpt3-175b': [1536, 6e-5],
}

/** Its appendix B: 300 billion tokens; the learning rate rises over 375 million and falls to a tenth. */
const gpt3Preset = (name: keyof typeof gpt3Sizes): Preset => {
  const { layers, heads, channels } = gpt3Sizes[name]
  const [batchSize, learningRate] = gpt3Batches[name]
  const { context, band, vocabulary } = gpt3Published
  const stepsOf = (tokens: number): number => Math.round(tokens / (batchSize * context))
  return {
    ...{
      layers,
      heads,
      channels,
      context,
      band,
      batchSize,
      microBatchSize: 1,
      bias: true,
      tokenizer: 'bpe',
      vocabulary,
    },
    ...{ steps: stepsOf(300e9), warmUp: stepsOf(375e6), learningRate, finalLearningRate: learningRate / 10 },
    ...{ weightDecay: 0.1, beta2: 0.95, clip: 1 },
  }
}

const llamaSize = (name: keyof typeof llamaSizes): Preset => {
  const { layers, heads, keyValueHeads, channels, context } = llamaSizes[name]
  return { layers, heads, keyValueHeads, channels, context, tokenizer: 'bpe', vocabulary: llamaPublished.vocabulary }
}

/** Those of llama2.c, with its learning rate and decay. */
const stories = (name: 'stories-15m' | 'stories-42m' | 'stories-110m'): Preset => ({
  ...llamaSize(name),
  ...{ batchSize: 16, steps: 10_000, learningRate: 5e-4, finalLearningRate: 0, warmUp: 1000, beta2: 0.95 },
})

const recurrentChar: Preset = {
  ...{ layers: 2, hiddenSize: 256, embeddingSize: 64, context: 64, batchSize: 32, steps: 2000, dropout: 0.1 },
  ...{ learningRate: 4e-3, weightDecay: 0, clip: 1, warmUp: 100, beta2: 0.99 },
}

/** Zaremba et al., 2014, section 4.1: words, plain gradient descent, clipping at 5. */
const zaremba = (name: keyof typeof lstmSizes, dropout: number, clip: number): Preset => {
  const { layers, hiddenSize, embeddingSize, context } = lstmSizes[name]
  return {
    ...{
      layers,
      hiddenSize,
      embeddingSize,
      context,
      dropout,
      clip,
      batchSize: 20,
      tokenizer: 'bpe',
      vocabulary: 10_000,
    },
    ...{ optimizer: 'sgd', momentum: 0, weightDecay: 0, learningRate: 1, schedule: 'linear', finalLearningRate: 0.01 },
    ...{ warmUp: 0, steps: 20_000, evaluateEvery: 1000 },
  }
}

export const presets: Readonly<Record<string, Readonly<Record<string, Preset>>>> = {
  rnn: { char: { ...recurrentChar, layers: 1, learningRate: 1e-3 } },
  lstm: {
    char: recurrentChar,
    'zaremba-small': zaremba('small', 0, 5),
    'zaremba-medium': zaremba('medium', 0.5, 5),
    'zaremba-large': zaremba('large', 0.65, 10),
  },
  gru: { char: recurrentChar },
  'transformer-decoder': {
    /** The size of GPT-2's small character configuration; post-norm asks for a longer rise of the learning rate. */
    char: { learningRate: 2e-3, warmUp: 200 },
  },
  gpt: {
    /** The size of GPT-2's small character configuration; post-norm asks for a longer rise of the learning rate. */
    char: { learningRate: 2e-3, warmUp: 200 },
    /** As published, but for the steps: the paper counts 100 epochs of BooksCorpus. */
    'gpt-published': {
      ...{ layers: 12, heads: 12, channels: 768, context: 512, batchSize: 64, microBatchSize: 1, dropout: 0.1 },
      ...{ tokenizer: 'word-bpe', vocabulary: 40_478, steps: 100_000, warmUp: 2000 },
      ...{ learningRate: 2.5e-4, finalLearningRate: 0, weightDecay: 0.01, beta2: 0.999 },
    },
  },
  gpt2: {
    /** nanoGPT's small character configuration for a CPU, with a learning rate three times as large: it learns more. */
    'char-small': { learningRate: 3e-3 },
    /** nanoGPT's larger one, with the batch of a machine without a GPU. */
    'char-large': { layers: 6, heads: 6, channels: 384, context: 256, batchSize: 16, dropout: 0.2, steps: 5000 },
    'gpt2-small': published('gpt2-small'),
    'gpt2-medium': published('gpt2-medium'),
    'gpt2-large': published('gpt2-large'),
    'gpt2-xl': published('gpt2-xl'),
  },
  gpt3: {
    /** GPT-2's of that name, with bands of 8 tokens in 64. */
    'char-small': { learningRate: 3e-3 },
    'char-large': { layers: 6, heads: 6, channels: 384, context: 256, batchSize: 16, dropout: 0.2, steps: 5000 },
    'gpt3-small': gpt3Preset('gpt3-small'),
    'gpt3-medium': gpt3Preset('gpt3-medium'),
    'gpt3-large': gpt3Preset('gpt3-large'),
    'gpt3-xl': gpt3Preset('gpt3-xl'),
    'gpt3-2.7b': gpt3Preset('gpt3-2.7b'),
    'gpt3-6.7b': gpt3Preset('gpt3-6.7b'),
    'gpt3-13b': gpt3Preset('gpt3-13b'),
    'gpt3-175b': gpt3Preset('gpt3-175b'),
  },
  llama: {
    /** Beside GPT-2's of that name: as many layers, heads and channels. */
    'char-small': { keyValueHeads: 2, learningRate: 3e-3 },
    'char-large': {
      ...{ layers: 6, heads: 6, keyValueHeads: 2, channels: 384, context: 256, batchSize: 16, dropout: 0.2 },
      steps: 5000,
    },
    'stories-15m': stories('stories-15m'),
    'stories-42m': stories('stories-42m'),
    'stories-110m': stories('stories-110m'),
    /** Section 2.3 of the paper, with the batch of one machine. */
    'llama-7b': {
      ...llamaSize('llama-7b'),
      ...{ batchSize: 8, microBatchSize: 1, steps: 10_000, learningRate: 3e-4, finalLearningRate: 3e-5, warmUp: 2000 },
      beta2: 0.95,
    },
  },
}

/** Of the classifiers, which are no language models. */
export const classifierPresets: Readonly<Record<string, Readonly<Record<string, Preset>>>> = {
  mlp: {
    /** That of recipes/mnist.ts, on nine tenths of the training images: the others show how well it does. */
    mnist: {
      ...{ layers: 2, channels: 512, dropout: 0.3, batchSize: 128, steps: 5063 },
      ...{ optimizer: 'sgd', learningRate: 0.1, finalLearningRate: 0, weightDecay: 0, clip: 0 },
      ...{ evaluateEvery: 422, saveEvery: 422 },
    },
  },
}

const listed = Object.entries({ ...presets, ...classifierPresets }).map(
  ([model, own]) => `${model}: ${Object.keys(own).join(', ')}`,
)

export const presetHelp: string = `starting point that other options change; of ${listed.join('; of ')}`
