/** The timeline: every language model of the line that can be trained by name, in the order of years. */
import { UnknownNameError } from '../base/options.ts'
import { RNN } from './1982-rnn.ts'
import { LSTM } from './1997-lstm.ts'
import { GRU } from './2014-gru.ts'
import { TransformerDecoder } from './2017-transformer-decoder.ts'
import { GPT } from './2018-gpt.ts'
import { GPT2 } from './2019-gpt2.ts'
import { GPT3, gpt3Band } from './2020-gpt3.ts'
import { Llama, llamaHidden, llamaPublished } from './2023-llama.ts'
import type { LanguageModel } from './language-model.ts'
import { lookUpWeights } from './look-up-weights.ts'
import { neighbourWeights } from './neighbour-weights.ts'

/** What the command line says of a model's size. A model takes those that its entry names; the others mean nothing to it. */
export interface ModelSize {
  readonly vocabulary: number
  readonly context: number
  readonly layers: number
  readonly heads: number
  readonly channels: number
  readonly bias: boolean
  readonly hiddenSize: number
  readonly embeddingSize: number
  /** As many as heads where it is left out. */
  readonly keyValueHeads?: number
  /** Tokens that a local layer sees; `gpt3Band` of the context where it is left out. */
  readonly band?: number
  /** Whether what reads tokens also predicts them; false where it is left out. */
  readonly tied?: boolean
}

/** Sizes that only some models have. */
export type OwnSize = Exclude<keyof ModelSize, 'vocabulary' | 'context'>

export interface TimelineEntry<M extends LanguageModel & object = LanguageModel & object> {
  readonly year: number
  /** As typed after `nacre train`. */
  readonly name: string
  /** What is asked of a size beside vocabulary and context. */
  readonly sizes: readonly OwnSize[]
  create(size: ModelSize): M
  /** First weights other than random ones, by the names of `--first-weights`. */
  readonly firstWeights?: Readonly<Record<string, (model: M, seed: number) => Map<string, Float32Array>>>
  /** Whether it goes on from batch to batch with a state, as `isRecurrent` says of the model. */
  readonly carriesState: boolean
}

type RecurrentSize = Pick<ModelSize, 'vocabulary' | 'context' | 'layers' | 'hiddenSize' | 'embeddingSize'>

const recurrent = (
  year: number,
  name: string,
  Model: new (configuration: RecurrentSize) => LanguageModel & object,
): TimelineEntry => ({
  year,
  name,
  sizes: ['layers', 'hiddenSize', 'embeddingSize'],
  carriesState: true,
  create: ({ vocabulary, context, layers, hiddenSize, embeddingSize }) =>
    new Model({ vocabulary, context, embeddingSize, hiddenSize, layers }),
})

export const timeline: readonly TimelineEntry[] = [
  recurrent(1982, 'rnn', RNN),
  recurrent(1997, 'lstm', LSTM),
  recurrent(2014, 'gru', GRU),
  {
    year: 2017,
    name: 'transformer-decoder',
    sizes: ['layers', 'heads', 'channels'],
    carriesState: false,
    create: ({ vocabulary, context, layers, heads, channels }) =>
      new TransformerDecoder({ vocabulary, context, layers, heads, channels, hidden: 4 * channels }),
  },
  {
    year: 2018,
    name: 'gpt',
    sizes: ['layers', 'heads', 'channels'],
    carriesState: false,
    create: ({ vocabulary, context, layers, heads, channels }) =>
      new GPT({ vocabulary, context, layers, heads, channels }),
    firstWeights: { neighbours: (model, seed) => neighbourWeights(model as GPT, seed) },
  },
  {
    year: 2019,
    name: 'gpt2',
    sizes: ['layers', 'heads', 'channels', 'bias'],
    carriesState: false,
    create: ({ vocabulary, context, layers, heads, channels, bias }) =>
      new GPT2({ vocabulary, context, layers, heads, channels, bias }),
    firstWeights: { neighbours: (model, seed) => neighbourWeights(model as GPT2, seed) },
  },
  {
    year: 2020,
    name: 'gpt3',
    sizes: ['layers', 'heads', 'channels', 'bias', 'band'],
    carriesState: false,
    create: ({ vocabulary, context, layers, heads, channels, bias, band = gpt3Band(context) }) =>
      new GPT3({ vocabulary, context, layers, heads, channels, bias, band }),
    firstWeights: { neighbours: (model, seed) => neighbourWeights(model as GPT3, seed) },
  },
  {
    year: 2023,
    name: 'llama',
    sizes: ['layers', 'heads', 'channels', 'keyValueHeads', 'tied'],
    carriesState: false,
    create: ({ vocabulary, context, layers, heads, channels, keyValueHeads = heads, tied = false }) =>
      new Llama({
        ...{ vocabulary, context, channels, layers, heads, keyValueHeads, hidden: llamaHidden(channels) },
        ...{ rotaryBase: llamaPublished.rotaryBase, epsilon: 1e-5, tied },
      }),
    firstWeights: { 'look-up': (model, seed) => lookUpWeights(model as Llama, seed) },
  },
]

/**
 * The entry of a model's name.
 * @throws {OptionError} if there is no such model
 */
export function modelEntry(name: string): TimelineEntry {
  const entry = timeline.find(candidate => candidate.name === name)
  if (entry) return entry
  const names = timeline.map(({ name: known }) => known)
  throw new UnknownNameError('model', name, names)
}
