import { normalizeAxis } from '../base/shape.ts'
import { float, type Op, type Ternary, type Unary } from './op.ts'

type Axis = { readonly axis: number }

/** y_i = e^(x_i) / Σ_j e^(x_j) along an axis. */
export const softmax: Op<Unary, Axis> = {
  name: 'softmax',
  onnx: ({ axis }) => ({ type: 'Softmax', attributes: { axis } }),
  infer: ([x], { axis }) => {
    normalizeAxis('softmax', axis, x.shape.length)
    return [x]
  },
  gradient: ({ dy, y, attributes: { axis } }) => {
    const weighted = dy.mul(y)
    return [weighted.sub(y.mul(weighted.sum([axis], true)))] // dx = y (dy - Σ dy y)
  },
}

/** y_i = x_i - log Σ_j e^(x_j) along an axis. */
export const logSoftmax: Op<Unary, Axis> = {
  name: 'logSoftmax',
  onnx: ({ axis }) => ({ type: 'LogSoftmax', attributes: { axis } }),
  infer: ([x], { axis }) => {
    normalizeAxis('logSoftmax', axis, x.shape.length)
    return [x]
  },
  gradient: ({ dy, y, attributes: { axis } }) => [dy.sub(y.exp().mul(dy.sum([axis], true)))], // dx = dy - e^y Σ dy
}

/**
 * y = (x - μ) / √(σ² + ε) · γ + β over the last axis; the second and third outputs are μ and 1 / √(σ² + ε).
 * Ba et al., Layer Normalization, 2016, section 3.1.
 */
export const layerNormalization: Op<Ternary, { readonly epsilon: number }> = {
  name: 'layerNormalization',
  onnx: ({ epsilon }) => ({ type: 'LayerNormalization', attributes: { axis: -1, epsilon: float(epsilon) } }),
  infer: ([x]) => {
    const statistics = { dtype: 'float32', shape: x.shape.with(-1, 1) } as const
    return [x, statistics, statistics]
  },
  gradient: ({ dy, dys: [, dMean, dInverse], inputs: [x, gamma], outputs: [, mean, inverseDeviation] }) => {
    const normalized = x.sub(mean).mul(inverseDeviation) // x̂
    const g = dy.mul(gamma)
    const dyNormalized = dy.mul(normalized)
    const leading = [...x.shape.keys()].slice(0, -1)
    // dx = (g - mean g - x̂ mean(g x̂)) / √(σ² + ε), with g = dy γ
    const projected = normalized.mul(dyNormalized.mul(gamma).mean([-1], true))
    let dx = g.sub(g.mean([-1], true).add(projected)).mul(inverseDeviation)
    const channels = x.shape.at(-1)!
    const inverseSlope = normalized.mul(inverseDeviation.square()) // -n times the derivative of 1 / √(σ² + ε)
    if (dMean) dx = dx.add(dMean.div(channels))
    if (dInverse) dx = dx.sub(inverseSlope.mul(dInverse.div(channels)))
    return [dx, dyNormalized.sum(leading), dy.sum(leading)]
  },
}
