import type { Binary, Op, Unary } from './op.ts'

/** 2 √(2/π) and its product with 0.044715: tanh-GELU is x σ(a x + b x³). */
const a = 2 * Math.sqrt(2 / Math.PI)
const b = a * 0.044715

/**
 * GELU by the tanh approximation, as GPT-2 uses it: x/2 (1 + tanh(√(2/π) (x + 0.044715 x³))). The second output is its
 * gate, which the gradient shares: y = x s, s = σ(a x + b x³).
 * Hendrycks and Gimpel, Gaussian Error Linear Units, 2016, section 2.
 */
export const geluTanh: Op<Unary> = {
  name: 'geluTanh',
  onnx: () => ({ type: 'Gelu', attributes: { approximate: 'tanh' } }),
  element: x => x / (1 + Math.exp(-(a * x + b * x ** 3))),
  infer: ([x]) => [x, x],
  compose: ([x]) => {
    const gate = x.square().mul(b).add(a).mul(x).sigmoid()
    return [x.mul(gate), gate]
  },
  gradient: ({ dys: [dy, dGate], inputs: [x], outputs: [y, gate] }) => {
    const slope = x
      .square()
      .mul(b)
      .add(a)
      .mul(3)
      .sub(2 * a) // z' = a + 3 b x² = 3 (a + b x²) - 2 a
    const rest = gate.neg().add(1) // 1 - s
    let dx = dy ? y.mul(rest).mul(slope).add(gate).mul(dy) : undefined // dx = dy (s + y (1 - s) z')
    if (dGate) {
      const through = gate.mul(rest).mul(slope).mul(dGate) // ds = s (1 - s) z' dx
      dx = dx ? dx.add(through) : through
    }
    return [dx!]
  },
}

/** GELU: x Φ(x), with the normal distribution's Φ by the error function. Hendrycks and Gimpel, 2016, section 2. */
export const gelu: Op<Unary> = {
  name: 'gelu',
  onnx: () => ({ type: 'Gelu', attributes: { approximate: 'none' } }),
  infer: ([x]) => [x],
  gradient: ({ dy, inputs: [x] }) => {
    const cumulative = x.mul(Math.SQRT1_2).erf().mul(0.5).add(0.5) // Φ(x)
    const density = x
      .square()
      .mul(-0.5)
      .exp()
      .mul(1 / Math.sqrt(2 * Math.PI)) // φ(x)
    return [x.mul(density).add(cumulative).mul(dy)] // dx = dy (Φ(x) + x φ(x))
  },
}

/**
 * SwiGLU: x σ(x) u, the gate x and what it lets through, u. The second output is σ(x), which the gradient shares.
 * Shazeer, GLU Variants Improve Transformer, 2020, section 2.
 */
export const swiglu: Op<Binary> = {
  name: 'swiglu',
  infer: ([x]) => [x, x],
  compose: ([x, u]) => {
    const gate = x.sigmoid()
    return [x.mul(gate).mul(u), gate]
  },
  gradient: ({ dys: [dy, dGate], inputs: [x, u], outputs: [, gate] }) => {
    const swish = x.mul(gate)
    const rest = gate.mul(swish.sub(1)) // s (x s - 1)
    let dx = dy?.mul(u).mul(swish.sub(rest)) // dx = dy u (x s + s (1 - x s))
    if (dGate) {
      const through = gate.mul(gate.neg().add(1)).mul(dGate) // ds = s (1 - s) dx
      dx = dx ? dx.add(through) : through
    }
    return [dx!, dy?.mul(swish) ?? null] // du = dy x s
  },
}

/**
 * Negative log-likelihood of each target in nats: [N], from logits [N, V] and targets [N]. Where the target is
 * negative the row's loss is 0. With smoothing s the target distribution is 1 - s on the target and s / V on every token.
 * The second output is the log-probabilities [N, V].
 * Szegedy et al., Rethinking the Inception Architecture, 2016, section 7.
 */
export const crossEntropy: Op<Binary, { readonly smoothing: number }> = {
  name: 'crossEntropy',
  infer: ([logits, targets]) => [{ dtype: 'float32', shape: targets.shape }, logits],
  compose: ([logits, targets], { smoothing }) => {
    const [rows, vocabulary] = logits.shape
    const logProbabilities = logits.logSoftmax()
    const kept = targets.greaterOrEqual(0)
    const indices = kept.where(targets, 0).reshape([rows, 1])
    let loss = logProbabilities
      .gatherElements(indices, 1)
      .reshape([rows])
      .mul(smoothing - 1)
    if (smoothing > 0) loss = loss.sub(logProbabilities.sum([-1]).mul(smoothing / vocabulary))
    return [kept.where(loss, 0), logProbabilities]
  },
  gradient: ({
    dys: [dy, dLog],
    outputs: [, logProbabilities],
    inputs: [logits, targets],
    attributes: { smoothing },
  }) => {
    const [rows, vocabulary] = logits.shape
    const probabilities = logProbabilities.exp()
    let dx = logits.mul(0)
    if (dy) {
      const kept = targets.greaterOrEqual(0)
      const weight = kept.where(dy, 0).reshape([rows, 1])
      const indices = kept.where(targets, 0).reshape([rows, 1])
      const surplus = smoothing > 0 ? probabilities.sub(smoothing / vocabulary) : probabilities
      dx = surplus.scatterElementsAdd(indices, weight.full([rows, 1], smoothing - 1), 1).mul(weight) // dy (p - target's)
    }
    if (dLog) dx = dx.add(dLog.sub(probabilities.mul(dLog.sum([-1], true))))
    return [dx, null]
  },
}

type DropoutAttributes = { readonly rate: number }

/**
 * Keeps each element with probability 1 - rate and divides it by that; zeroes the others.
 * Inputs: x, and int32 random numbers that are compared with the rate, in x's shape.
 * Srivastava et al., Dropout, 2014, section 4 (scaled in training instead of in use).
 */
export const dropout: Op<Binary, DropoutAttributes> = {
  name: 'dropout',
  infer: ([x]) => [x, x],
  compose: ([x, bits], { rate }) => {
    const threshold = Math.round(rate * 2 ** 32) - 2 ** 31
    const mask = bits.greaterOrEqual(threshold).where(x.full([], 1 / (1 - rate)), 0)
    return [x.mul(mask), mask]
  },
  gradient: ({ dy, outputs: [, mask] }) => [dy.mul(mask), null],
}

/** Passes its input through and lets no gradient flow back. */
export const stopGradient: Op<Unary> = {
  name: 'stopGradient',
  infer: ([x]) => [x],
  compose: ([x]) => [x],
}
