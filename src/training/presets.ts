/** Starting points of a training, for each model of the timeline; the first is taken where none is named. */
import type { GivenOptions } from '../base/options.ts'
import { gpt2Sizes } from '../models/2019-gpt2.ts'
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

export const presets: Readonly<Record<string, Readonly<Record<string, Preset>>>> = {
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
}

const listed = Object.entries(presets).map(([model, own]) => `${model}: ${Object.keys(own).join(', ')}`)

export const presetHelp: string = `starting point that other options change; of ${listed.join('; of ')}`
