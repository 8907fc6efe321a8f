/**
 * Texts in classes by a recurrent network: every word is read, in one or both directions, and what was made of them is
 * pooled. Bidirectional: Schuster and Paliwal, 1997; the largest of each unit over time as in Conneau et al., 2017.
 * Shapes: B texts, T tokens, E embedding size, H hidden size, K classes.
 */
import type { Dropout } from '../nn/dropout.ts'
import { uniform } from '../nn/initializers.ts'
import { Embedding, Linear } from '../nn/layers.ts'
import { BidirectionalLayer, type RecurrentKind, recurrentLayer } from '../nn/recurrent.ts'
import { constant, type Tensor } from '../tensor/tensor.ts'

export interface RecurrentClassifierConfiguration {
  readonly kind: RecurrentKind
  readonly vocabulary: number
  readonly classes: number
  readonly embeddingSize: number
  /** Units of a layer and direction. */
  readonly hiddenSize: number
  readonly layers: number
  readonly bidirectional: boolean
  /** What becomes of the outputs of all tokens: their mean, the largest of each unit, or what stood when all was read. */
  readonly pooling: 'mean' | 'max' | 'last'
}

export class RecurrentClassifier {
  readonly embedding: Embedding
  readonly layers: readonly (BidirectionalLayer | ReturnType<typeof recurrentLayer>)[]
  readonly output: Linear
  readonly #configuration: RecurrentClassifierConfiguration

  constructor(configuration: RecurrentClassifierConfiguration) {
    const { kind, vocabulary, classes, embeddingSize, hiddenSize, layers, bidirectional } = configuration
    const width = hiddenSize * (bidirectional ? 2 : 1)
    this.embedding = new Embedding(vocabulary, embeddingSize, uniform(0.1))
    this.layers = Array.from({ length: layers }, (_, i) => {
      const inputs = i === 0 ? embeddingSize : width
      return bidirectional ? new BidirectionalLayer(kind, inputs, hiddenSize) : recurrentLayer(kind, inputs, hiddenSize)
    })
    this.output = new Linear(width, classes, { initialize: uniform(1 / Math.sqrt(width)) })
    this.#configuration = configuration
  }

  get configuration(): RecurrentClassifierConfiguration {
    return this.#configuration
  }
  /** How often a forward pass drops: what goes into each layer, and into the output. */
  get dropoutPlaces(): number {
    return this.layers.length + 1
  }

  /**
   * @param ids - int64 [B, T]
   * @param lengths - int64 [B]: tokens of each text, at least one; what stands behind them is not read
   * @returns [B, K]
   */
  logits(ids: Tensor, lengths: Tensor, { dropout }: { readonly dropout?: Dropout } = {}): Tensor {
    const [batch, tokens] = ids.shape
    const drop = (x: Tensor): Tensor => dropout?.apply(x) ?? x
    const present = steps(tokens).less(lengths.cast('int32').reshape([1, batch])) // [T, B]
    const padding = present.not().cast('float32').reshape([tokens, batch, 1])
    let x = this.embedding.apply(ids.transpose()) // [T, B, E]
    for (const layer of this.layers) x = layer.apply(drop(x), { padding }).outputs // [T, B, H or 2H]
    return this.output.apply(drop(this.#pool(x, padding, lengths))) // [B, K]
  }

  #pool(x: Tensor, padding: Tensor, lengths: Tensor): Tensor {
    const { pooling, bidirectional, hiddenSize } = this.#configuration
    const [tokens, batch, width] = x.shape
    if (pooling === 'max') return x.sub(padding.mul(1e4)).max([0])
    if (pooling === 'mean') {
      const counts = lengths.cast('float32').reshape([batch, 1])
      return x.mul(padding.neg().add(1)).sum([0]).div(counts)
    }
    // The last token of each text is row (length - 1) B + b; backward, the last that is read is the first.
    const rows = lengths.sub(1).mul(batch).add(order(batch))
    const last = x.reshape([tokens * batch, width]).gather(rows) // [B, H or 2H]
    if (!bidirectional) return last
    const first = x.slice(0, 0, 1).reshape([batch, width])
    return last.slice(1, 0, hiddenSize).concat([first.slice(1, hiddenSize, width)], 1)
  }
}

/** 0 .. T - 1 as a column. */
const steps = (tokens: number): Tensor => constant([...Array(tokens).keys()], [tokens, 1], 'int32')
/** 0 .. B - 1. */
const order = (batch: number): Tensor => constant([...Array(batch).keys()], [batch], 'int64')
