import type { Optimizer } from './optimizer.ts'

/**
 * Stochastic gradient descent with momentum. Robbins and Monro, 1951; Polyak, 1964; Sutskever et al., 2013, section 2.
 * Weight decay is added to the gradient, as PyTorch does.
 */
export function sgd({ momentum = 0, weightDecay = 0 }: { momentum?: number; weightDecay?: number } = {}): Optimizer {
  return {
    name: 'sgd',
    state: momentum === 0 ? [] : ['velocity'],
    weightDecay,
    scalars: () => ({}),
    update: ({ parameter, gradient, state: [velocity], scalars: { learningRate, weightDecay: decay } }) => {
      const descent = weightDecay === 0 ? gradient : gradient.add(parameter.mul(decay))
      const next = velocity === undefined ? descent : velocity.mul(momentum).add(descent) // u = μ u + g
      return { parameter: parameter.sub(next.mul(learningRate)), state: velocity === undefined ? [] : [next] } // θ = θ - η u
    },
  }
}
