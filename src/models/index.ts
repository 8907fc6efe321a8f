/** The timeline: every model of the line that can be trained by name, in the order of years. */
import { GPT2, type GPT2Configuration, gpt2DropoutPlaces } from './2019-gpt2.ts'
import type { LanguageModel } from './language-model.ts'

/** What the command line says of a model's size. */
export interface ModelSize {
  readonly vocabulary: number
  readonly context: number
  readonly layers: number
  readonly heads: number
  readonly channels: number
  readonly bias: boolean
}

export interface TimelineEntry<M extends LanguageModel & object> {
  readonly year: number
  readonly name: string
  create(size: ModelSize): M
  /** Where a forward pass drops. */
  dropoutPlaces(size: ModelSize): number
}

const gpt2: TimelineEntry<GPT2> = {
  year: 2019,
  name: 'gpt2',
  create: ({ vocabulary, context, layers, heads, channels, bias }: GPT2Configuration) =>
    new GPT2({ vocabulary, context, layers, heads, channels, bias }),
  dropoutPlaces: gpt2DropoutPlaces,
}

export const timeline: readonly [TimelineEntry<GPT2>] = [gpt2]
