/**
 * The gated recurrent unit as a language model: two gates and one state do what the LSTM does with three gates and a cell.
 * Cho et al., Learning Phrase Representations using RNN Encoder-Decoder, 2014, section 2.3. The reset gate is applied
 * after the product with the state, as cuDNN and torch.nn.GRU do it, which takes one product instead of two.
 * Shapes: B sequences, T tokens, E embedding size, H hidden size, V vocabulary.
 */
import { normal, uniform } from '../nn/initializers.ts'
import { Embedding, Linear } from '../nn/layers.ts'
import type { MemorySize } from '../nn/memory.ts'
import { applyLayers, GRULayer, RecurrentMemory } from '../nn/recurrent.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { LanguageModel, LogitsOptions } from './language-model.ts'

export interface GRUConfiguration {
  /** Different tokens. */
  readonly vocabulary: number
  /** Tokens through which the gradient goes back in training; the state goes on beyond them. */
  readonly context: number
  /** Numbers that stand for a token. */
  readonly embeddingSize: number
  /** Units of a layer. */
  readonly hiddenSize: number
  readonly layers: number
}

export class GRU implements LanguageModel<RecurrentMemory> {
  readonly embedding: Embedding
  readonly layers: readonly GRULayer[]
  readonly output: Linear
  readonly #configuration: GRUConfiguration

  constructor(configuration: GRUConfiguration) {
    const { vocabulary, embeddingSize, hiddenSize, layers } = configuration
    this.embedding = new Embedding(vocabulary, embeddingSize, normal(1))
    this.layers = Array.from(
      { length: layers },
      (_, i) => new GRULayer(i === 0 ? embeddingSize : hiddenSize, hiddenSize),
    )
    this.output = new Linear(hiddenSize, vocabulary, { initialize: uniform(1 / Math.sqrt(hiddenSize)) })
    this.#configuration = configuration
  }

  get configuration(): GRUConfiguration {
    return this.#configuration
  }
  get context(): number {
    return this.#configuration.context
  }
  get reach(): number {
    return Infinity
  }
  get vocabulary(): number {
    return this.#configuration.vocabulary
  }

  memory(size: MemorySize): RecurrentMemory {
    return new RecurrentMemory(size)
  }

  states(ids: Tensor, { dropout, memory, lastOnly = false }: LogitsOptions<RecurrentMemory> = {}): Tensor {
    const x = this.embedding.apply(ids.transpose()) // [T, B, E]
    const y = applyLayers(this.layers, x, { dropout, memory }).permute([1, 0, 2]) // [B, T, H]
    return lastOnly ? y.slice(1, ids.shape[1] - 1, ids.shape[1]) : y // or [B, 1, H]
  }

  project(states: Tensor): Tensor {
    return this.output.apply(states) // [B, T, V]
  }

  logits(ids: Tensor, options?: LogitsOptions<RecurrentMemory>): Tensor {
    return this.project(this.states(ids, options))
  }
}
