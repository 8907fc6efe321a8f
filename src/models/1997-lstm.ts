/**
 * Long short-term memory as a language model: gates decide what a cell takes in, keeps and shows, so that the error of a
 * token reaches those far before it. Hochreiter and Schmidhuber, Long Short-Term Memory, 1997; the forget gate is Gers,
 * Schmidhuber and Cummins, Learning to Forget, 2000, section 3. Embedding, layers, softmax as in Zaremba et al., 2014.
 * Shapes: B sequences, T tokens, E embedding size, H hidden size, V vocabulary.
 */
import { normal, uniform } from '../nn/initializers.ts'
import { Embedding, Linear } from '../nn/layers.ts'
import type { MemorySize } from '../nn/memory.ts'
import { applyLayers, LSTMLayer, RecurrentMemory } from '../nn/recurrent.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { LanguageModel, LogitsOptions } from './language-model.ts'

export interface LSTMConfiguration {
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

/**
 * Zaremba, Sutskever and Vinyals, Recurrent Neural Network Regularization, 2014, section 4.1: words of the Penn Treebank,
 * 35 steps, batch 20. Dropout is 0, 0.5 and 0.65.
 */
export const lstmSizes = {
  small: { layers: 2, hiddenSize: 200, embeddingSize: 200, vocabulary: 10_000, context: 35 },
  medium: { layers: 2, hiddenSize: 650, embeddingSize: 650, vocabulary: 10_000, context: 35 },
  large: { layers: 2, hiddenSize: 1500, embeddingSize: 1500, vocabulary: 10_000, context: 35 },
} as const

export class LSTM implements LanguageModel<RecurrentMemory> {
  readonly embedding: Embedding
  readonly layers: readonly LSTMLayer[]
  readonly output: Linear
  readonly #configuration: LSTMConfiguration

  constructor(configuration: LSTMConfiguration) {
    const { vocabulary, embeddingSize, hiddenSize, layers } = configuration
    // With the uniform 0.1 of Zaremba et al. two layers hardly see their input at first: 2.65 nats, not 2.24, after 200
    // steps of characters; 6.05, not 5.74, after 600 of words.
    this.embedding = new Embedding(vocabulary, embeddingSize, normal(1))
    this.layers = Array.from(
      { length: layers },
      (_, i) => new LSTMLayer(i === 0 ? embeddingSize : hiddenSize, hiddenSize),
    )
    this.output = new Linear(hiddenSize, vocabulary, { initialize: uniform(1 / Math.sqrt(hiddenSize)) })
    this.#configuration = configuration
  }

  get configuration(): LSTMConfiguration {
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
