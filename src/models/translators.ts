/** Every model of the line that turns one sequence into another and can be trained by name, in the order of years. */
import { UnknownNameError } from '../base/options.ts'
import { Seq2Seq } from './2014-seq2seq.ts'
import { Transformer } from './2017-transformer.ts'
import type { EncoderDecoder } from './encoder-decoder.ts'

/** What the command line says of a size. A model takes those that mean something to it. */
export interface TranslatorSize {
  readonly vocabulary: number
  readonly context: number
  readonly padding: number
  readonly layers: number
  readonly heads: number
  readonly channels: number
  readonly hidden: number
  readonly bias: boolean
  readonly cell: 'lstm' | 'gru'
  readonly attention: boolean
}

export interface TranslatorEntry {
  readonly year: number
  /** As typed after `nacre train`. */
  readonly name: string
  create(size: TranslatorSize): EncoderDecoder & object
}

export const translators: readonly TranslatorEntry[] = [
  {
    year: 2014,
    name: 'seq2seq',
    create: ({ vocabulary, context, padding, layers, channels, cell, attention }) =>
      new Seq2Seq({ vocabulary, context, padding, layers, channels, cell, attention }),
  },
  {
    year: 2017,
    name: 'transformer',
    create: ({ vocabulary, context, padding, layers, heads, channels, hidden, bias }) =>
      new Transformer({ vocabulary, context, padding, layers, heads, channels, hidden, bias }),
  },
]

/**
 * The entry of a model's name.
 * @throws {OptionError} if there is no such model
 */
export function translatorEntry(name: string): TranslatorEntry {
  const entry = translators.find(candidate => candidate.name === name)
  if (entry) return entry
  const names = translators.map(({ name: known }) => known)
  throw new UnknownNameError('model', name, names)
}
