import type { Optimizer } from './optimizer.ts'

export interface AdamOptions {
  /** Decay of the mean of the gradient. */
  readonly beta1?: number
  /** Decay of the mean of its square. */
  readonly beta2?: number
  readonly epsilon?: number
  readonly weightDecay?: number
}

/**
 * Adam with weight decay apart from the gradient.
 * Kingma and Ba, Adam, 2015, algorithm 1; Loshchilov and Hutter, Decoupled Weight Decay Regularization, 2019,
 * algorithm 2.
 */
export function adamW({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0.01 }: AdamOptions = {}): Optimizer {
  return {
    name: 'adamw',
    state: ['mean', 'square'],
    weightDecay,
    scalars: step => {
      const correction = Math.sqrt(1 - beta2 ** step)
      return { stepSize: correction / (1 - beta1 ** step), stepEpsilon: epsilon * correction }
    },
    update: ({
      parameter,
      gradient,
      state: [m, v],
      scalars: { learningRate, weightDecay: decay, stepSize, stepEpsilon },
    }) => {
      const mean = m.mul(beta1).add(gradient.mul(1 - beta1)) // m = β1 m + (1 - β1) g
      const square = v.mul(beta2).add(gradient.mul(Math.sqrt(1 - beta2)).square()) // v = β2 v + (1 - β2) g²
      // θ = θ (1 - η λ) - η m̂ / (√v̂ + ε), with both bias corrections moved into the step size and ε
      const change = mean.div(square.sqrt().add(stepEpsilon)).mul(learningRate.mul(stepSize))
      const decayed = parameter.mul(learningRate.mul(decay).neg().add(1))
      return { parameter: decayed.sub(change), state: [mean, square] }
    },
  }
}

/** Adam without weight decay. Kingma and Ba, 2015, algorithm 1. */
export function adam(options: Omit<AdamOptions, 'weightDecay'> = {}): Optimizer {
  return { ...adamW({ ...options, weightDecay: 0 }), name: 'adam' }
}
