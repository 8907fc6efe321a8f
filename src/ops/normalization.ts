import { elementCount, normalizeAxis } from '../base/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { type Binary, float, type Op, type Ternary, type Unary } from './op.ts'

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

/** What a mask has less than this of is hidden. */
const hidden = -1e8
/** A part of less than e to this power is nothing beside the largest. */
const lost = -60

/**
 * The softmax along the last axis of x + mask, with exactly 0 where the mask is -∞ or nearly. ONNX Runtime's own makes e^-88
 * of what is hidden, a denormal number, with which some processors are ten times slower (decision 0023): so that is raised first
 * to where its part is a normal number, and taken away after.
 */
export const maskedSoftmax: Op<Binary> = {
  name: 'maskedSoftmax',
  infer: ([x]) => [x],
  compose: ([x, mask]) => {
    const masked = x.add(mask)
    const raised = masked.maximum(masked.max([-1], true).add(lost))
    return [raised.softmax().mul(mask.greater(hidden).where(1, 0))]
  },
  gradient: ({ dy, y }) => {
    const weighted = dy.mul(y)
    return [weighted.sub(y.mul(weighted.sum([-1], true))), null]
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
  gradient: ({ dy, dys: [, dMean, dInverse], inputs: [x, gamma], outputs: [, mean, inverse] }) => {
    const channels = x.shape.at(-1)!
    const centered = x.sub(mean) // x - μ
    const weighted = dy.mul(centered)
    // Means over the last axis are products with a column, and sums over the rows with a row: one pass each.
    const rows = elementCount(inverse.shape)
    const column = gamma.mul(1 / channels).reshape([channels, 1])
    const rowMeans = (y: Tensor) => y.reshape([rows, channels]).matmul(column).reshape(inverse.shape)
    // dx = (g - mean g) r - (x - μ) r³ mean(g (x - μ)), with g = dy γ and r = 1 / √(σ² + ε)
    let slope = rowMeans(weighted).mul(inverse.square().mul(inverse))
    if (dInverse) slope = slope.add(dInverse.mul(inverse.square().mul(inverse)).mul(1 / channels)) // dr = -r³ (x - μ) / n
    let dx = dy.mul(gamma).sub(rowMeans(dy)).mul(inverse).sub(centered.mul(slope))
    if (dMean) dx = dx.add(dMean.mul(1 / channels))
    const dGamma = inverse
      .reshape([1, rows])
      .matmul(weighted.reshape([rows, channels]))
      .reshape([channels])
    return [dx, dGamma, dy.sum([...x.shape.keys()].slice(0, -1))]
  },
}

/**
 * y = x r γ over the last axis, with r = 1 / √(mean x² + ε). The operator's second output should be r, and is not on
 * WebGPU (onnxruntime-web 1.30): the gradient computes it from x.
 * Zhang and Sennrich, Root Mean Square Layer Normalization, 2019, section 4.
 */
export const rmsNormalization: Op<Binary, { readonly epsilon: number }> = {
  name: 'rmsNormalization',
  // An operator of ONNX Runtime's own, though in ONNX's domain; the standard one (RMSNormalization) begins with opset 23.
  onnx: ({ epsilon }) => ({ type: 'SimplifiedLayerNormalization', attributes: { axis: -1, epsilon: float(epsilon) } }),
  infer: ([x]) => [x],
  gradient: ({ dy, inputs: [x, gamma], attributes: { epsilon } }) => {
    const channels = x.shape.at(-1)!
    const inverse = x
      .sumSquare([-1], true)
      .mul(1 / channels)
      .add(epsilon)
      .sqrt()
      .reciprocal() // r
    const rows = elementCount(inverse.shape)
    const weighted = dy.mul(x)
    // As in layer normalization: means of rows and sums over rows are products, one pass each.
    const column = gamma.mul(1 / channels).reshape([channels, 1])
    const means = weighted.reshape([rows, channels]).matmul(column).reshape(inverse.shape)
    const slope = means.mul(inverse.square().mul(inverse))
    const dGamma = inverse
      .reshape([1, rows])
      .matmul(weighted.reshape([rows, channels]))
      .reshape([channels])
    return [dy.mul(gamma).mul(inverse).sub(x.mul(slope)), dGamma] // dx = g r - x r³ mean(g x), with g = dy γ
  },
}
