import type { Shape } from '../base/shape.ts'
import { countDropouts, type Dropout } from '../nn/dropout.ts'
import { input, type Tensor } from '../tensor/tensor.ts'

export interface EncoderDecoderOptions {
  /** In training: drops elements. */
  readonly dropout?: Dropout
  /** Receives the attention weights by name, for example `cross/0`: [B, H, T, S]. */
  readonly attentions?: Map<string, Tensor>
}

/** Tensors by name. */
export type NamedTensors = Readonly<Record<string, Tensor>>

/** What a decoder reads at every step of a translation. */
export interface DecoderStep {
  /** Tokens that were chosen last: int64 [N], N = B sentences of equally many beams. */
  readonly previous: Tensor
  /** Where each beam comes from: its row in the states of the step before, int64 [N]. */
  readonly parents: Tensor
  /** Index of these tokens in their sentences: int64 [1]. */
  readonly position: Tensor
  /** What the encoder left, for B sentences. */
  readonly memory: NamedTensors
  /** What the decoder left at the step before, for N beams. */
  readonly state: NamedTensors
}

/** What every model that turns one sequence into another answers. */
export interface EncoderDecoder {
  /** Different tokens, of both sides together. */
  readonly vocabulary: number
  /** Tokens that one side may have, with the one that ends it. */
  readonly context: number
  /** The id that fills what a sentence leaves empty. */
  readonly padding: number
  /** What the model was made of: plain data. */
  readonly configuration: object
  /**
   * Learning with the true words before (teacher forcing).
   * @param source - int64 [B, S], each sentence with its end, then padding
   * @param target - int64 [B, T]: the begin token, then the sentence
   * @returns [B, T, V]: logits of the token that follows position t
   */
  logits(source: Tensor, target: Tensor, options?: EncoderDecoderOptions): Tensor
  /**
   * Reads the source once. Every first axis is B.
   * @param length - tokens that will be written at most
   */
  encode(source: Tensor, length: number): { readonly memory: NamedTensors; readonly state: NamedTensors }
  /** One more token of each beam: logits [N, V], the states after it. */
  step(step: DecoderStep): { readonly logits: Tensor; readonly state: NamedTensors }
}

/** How often a forward pass drops. */
export function translatorDropoutPlaces(model: EncoderDecoder): number {
  const [source, target] = ['source', 'target'].map(name => input(name, [1, 1], 'int64'))
  return countDropouts(dropout => model.logits(source, target, { dropout }))
}

/** The same tensors with another first axis. */
export function withRows(tensors: NamedTensors, rows: number): Record<string, Shape> {
  return Object.fromEntries(Object.entries(tensors).map(([name, { shape }]) => [name, [rows, ...shape.slice(1)]]))
}
