import type { Shape } from '../base/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { type AdamOptions, adamW } from './adamw.ts'
import type { Optimizer } from './optimizer.ts'

export interface MuonOptions extends AdamOptions {
  /** How far what follows AdamW goes in a step: times the learning rate of the matrices. */
  readonly adamRate?: number
  readonly momentum?: number
  /** How many matrices, side by side, a parameter holds that follows Muon; 0 for one that follows AdamW. */
  readonly matrices?: (name: string, shape: Shape) => number
}

/**
 * Those of a block or a recurrent layer; queries, keys and values are three, keys and values of what is read elsewhere two.
 * Embeddings and the head are none.
 */
export function hiddenMatrices(name: string, shape: Shape): number {
  if (shape.length !== 2 || !/(^|\.)(blocks|layers|encoder|decoder)\.\d+\./.test(name)) return 0
  if (/ttention\.keyValue\.weight$/.test(name)) return 2
  return /\battention\.project\.weight$/.test(name) && shape[1] === 3 * shape[0] ? 3 : 1
}

/** Of the polynomial a x + b x³ + c x⁵ that brings singular values to about 1. */
const [a, b, c] = [3.4445, -4.775, 2.0315] as const
const newtonSchulzSteps = 5

/**
 * Muon: the momentum of a hidden matrix is made orthogonal before it is taken, so that it moves all directions alike.
 * Everything else follows AdamW. Jordan et al., Muon: An optimizer for hidden layers in neural networks, 2024
 * (kellerjordan.github.io/posts/muon). Each update is scaled to the root mean square of one of AdamW's, so that learning
 * rate and weight decay mean the same for both: Liu et al., Muon is Scalable for LLM Training, 2025, section 2.2.
 */
export function muon({
  momentum = 0.95,
  matrices = hiddenMatrices,
  adamRate = 1,
  ...adam
}: MuonOptions = {}): Optimizer {
  const beside = adamW(adam)
  return {
    ...beside,
    name: 'muon',
    scalars(step) {
      const scalars = beside.scalars(step)
      return { ...scalars, stepSize: scalars.stepSize * adamRate }
    },
    whole: {
      matrices,
      update: ({ parameter, gradient, state: [m, square], scalars: { learningRate, weightDecay } }, count) => {
        const mean = m.mul(momentum).add(gradient) // m = μ m + g
        const direction = mean.mul(momentum).add(gradient) // Nesterov's
        const [rows, columns] = parameter.shape.slice(-2)
        const width = columns / count
        const parts = count === 1 ? [direction] : direction.split(Array(count).fill(width), -1)
        const [first, ...rest] = parts.map(orthogonal)
        const change = (rest.length === 0 ? first : first.concat(rest, -1)).mul(0.2 * Math.sqrt(Math.max(rows, width)))
        // W = W (1 - η λ) - 0.2 √max(rows, columns) η O
        const decayed = parameter.mul(learningRate.mul(weightDecay).neg().add(1))
        return { parameter: decayed.sub(change.mul(learningRate)), state: [mean, square] }
      },
    },
  }
}

/**
 * About U Vᵀ of each matrix G = U S Vᵀ, by Newton and Schulz's iteration: singular values end between 0.7 and 1.2.
 * @param matrix - [.., rows, columns]
 */
export function orthogonal(matrix: Tensor): Tensor {
  const [rows, columns] = matrix.shape.slice(-2)
  const wide = rows <= columns
  let x = matrix.div(matrix.sumSquare([-2, -1], true).sqrt().maximum(1e-7))
  for (let step = 0; step < newtonSchulzSteps; step++) {
    // The smaller of X Xᵀ and Xᵀ X: X (a + b A + c A²), from the left or from the right
    const gram = wide ? x.matmul(x, { transposeB: true }) : x.matmul(x, { transposeA: true })
    const factor = gram.mul(b).add(gram.matmul(gram, { scale: c }))
    x = x.mul(a).add(wide ? factor.matmul(x) : x.matmul(factor))
  }
  return x
}
