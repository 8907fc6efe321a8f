/**
 * Multi-layer perceptron: each unit of a layer sees all units of the layer before it; the layers between the inputs and
 * the outputs are hidden. What one perceptron cannot separate (XOR), a hidden layer can.
 * Rumelhart, Hinton and Williams, Learning Internal Representations by Error Propagation, 1986, sections 1 and 3.
 * Shapes: B examples, I inputs, H hidden units of a layer, O outputs.
 */
import type { Dropout } from '../nn/dropout.ts'
import { normal, uniform } from '../nn/initializers.ts'
import { Linear } from '../nn/layers.ts'
import type { Initializer, Tensor } from '../tensor/tensor.ts'

/** What a hidden unit makes of its weighted sum. */
export type Activation = 'sigmoid' | 'tanh' | 'relu'

export interface MultiLayerPerceptronConfiguration {
  readonly inputs: number
  /** Units of each hidden layer, from the inputs on; none, and it is a single layer of perceptrons. */
  readonly hidden: readonly number[]
  readonly outputs: number
  /** Of the hidden layers. 1986 had the sigmoid; rectified units learn faster (Glorot, Bordes and Bengio, 2011). */
  readonly activation: Activation
}

/** Networks of this file's recipes and tests. */
export const multiLayerPerceptronSizes: Readonly<Record<'xor' | 'mnist', MultiLayerPerceptronConfiguration>> = {
  /** Figure 2 of the paper has two inputs and one output for XOR; ours has an output for each answer. */
  xor: { inputs: 2, hidden: [2], outputs: 2, activation: 'tanh' },
  /** 28 x 28 pixels to ten digits. */
  mnist: { inputs: 784, hidden: [512, 512], outputs: 10, activation: 'relu' },
}

export class MultiLayerPerceptron {
  /** The hidden layers, then the outputs. */
  readonly layers: readonly Linear[]
  readonly #configuration: MultiLayerPerceptronConfiguration

  constructor(configuration: MultiLayerPerceptronConfiguration) {
    const { inputs, hidden, outputs, activation } = configuration
    const widths = [inputs, ...hidden, outputs]
    this.layers = widths.slice(1).map((width, i) => {
      const rectified = activation === 'relu' && i < hidden.length
      return new Linear(widths[i], width, { initialize: (rectified ? he : glorot)(widths[i], width) })
    })
    this.#configuration = configuration
  }

  get configuration(): MultiLayerPerceptronConfiguration {
    return this.#configuration
  }

  /**
   * @param x - [B, I]
   * @param options.dropout - in training: drops units of the hidden layers, one place for each
   * @returns [B, O]: logits; their softmax is the probability of each output
   */
  logits(x: Tensor, { dropout }: { readonly dropout?: Dropout } = {}): Tensor {
    let y = x
    for (const layer of this.layers.slice(0, -1)) {
      const active = layer.apply(y)[this.#configuration.activation]() // [B, H]
      y = dropout?.apply(active) ?? active
    }
    return this.layers.at(-1)!.apply(y) // [B, O]
  }
}

/** Keeps the size of the signal through rectified units. He et al., Delving Deep into Rectifiers, 2015, equation 10. */
const he = (inputs: number): Initializer => normal(Math.sqrt(2 / inputs))

/** The same for units that pass both signs. Glorot and Bengio, 2010, equation 16. */
const glorot = (inputs: number, outputs: number): Initializer => uniform(Math.sqrt(6 / (inputs + outputs)))
