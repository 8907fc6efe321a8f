import { type Initializer, Parameter, type Tensor } from '../tensor/tensor.ts'
import { normal, ones, zeros } from './initializers.ts'

/** y = x W + b. */
export class Linear {
  readonly weight: Parameter
  readonly bias?: Parameter

  /** Weight [inputs, outputs]; the bias, if there is one, starts at zero. */
  constructor(
    inputs: number,
    outputs: number,
    { bias = true, initialize = normal(0.02) }: { bias?: boolean; initialize?: Initializer } = {},
  ) {
    this.weight = new Parameter([inputs, outputs], initialize)
    if (bias) this.bias = new Parameter([outputs], zeros)
  }

  /** @param x - [.., inputs]; returns [.., outputs] */
  apply(x: Tensor): Tensor {
    const y = x.matmul(this.weight)
    return this.bias ? y.add(this.bias) : y
  }
}

/** A vector for each of a number of ids. */
export class Embedding {
  readonly weight: Parameter

  constructor(count: number, channels: number, initialize: Initializer = normal(0.02)) {
    this.weight = new Parameter([count, channels], initialize)
  }

  /** What vectors are taken from, [count, channels]: a head that shares the embedding multiplies with it as well. */
  get table(): Tensor {
    return this.weight
  }

  /** @param ids - int64 or int32, any shape; returns [.., channels] */
  apply(ids: Tensor): Tensor {
    return this.table.gather(ids)
  }
}

/** Layer normalization over the last axis, with a learned gain and bias. Ba et al., 2016. */
export class LayerNormalization {
  readonly weight: Parameter
  readonly bias?: Parameter
  readonly #epsilon: number
  readonly #channels: number

  constructor(channels: number, { epsilon = 1e-5, bias = true }: { epsilon?: number; bias?: boolean } = {}) {
    this.weight = new Parameter([channels], ones)
    if (bias) this.bias = new Parameter([channels], zeros)
    this.#epsilon = epsilon
    this.#channels = channels
  }

  apply(x: Tensor): Tensor {
    return x.layerNormalization(this.weight, this.bias ?? x.zeros([this.#channels]), this.#epsilon)
  }
}

/** Root-mean-square normalization over the last axis, with a learned gain. Zhang and Sennrich, 2019. */
export class RootMeanSquareNormalization {
  readonly weight: Parameter
  readonly #epsilon: number

  constructor(channels: number, epsilon: number) {
    this.weight = new Parameter([channels], ones)
    this.#epsilon = epsilon
  }

  apply(x: Tensor): Tensor {
    return x.rmsNormalization(this.weight, this.#epsilon)
  }
}
