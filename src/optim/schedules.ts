/** The learning rate of a step, 1 at first. */
export type Schedule = (step: number) => number

export const constantRate =
  (rate: number): Schedule =>
  () =>
    rate

/** From `rate` to `final` in a straight line over `steps`. */
export const linear =
  (rate: number, final: number, steps: number): Schedule =>
  step =>
    rate + (final - rate) * Math.min(1, step / steps)

/** From `rate` to `final` along half a cosine over `steps`. Loshchilov and Hutter, SGDR, 2017, section 3. */
export const cosine =
  (rate: number, final: number, steps: number): Schedule =>
  step =>
    final + 0.5 * (rate - final) * (1 + Math.cos(Math.PI * Math.min(1, step / steps)))

/** Rises in a straight line for a number of steps, then follows another schedule from its start. */
export const warmUp =
  (steps: number, then: Schedule): Schedule =>
  step =>
    step <= steps ? (then(0) * step) / (steps + 1) : then(step - steps)

/**
 * The Transformer's: rises in a straight line for `warmUp` steps, then falls with the square root of the step; its peak is
 * (channels warmUp)^-0.5 times the factor. Vaswani et al., Attention Is All You Need, 2017, section 5.3.
 */
export const inverseSquareRoot =
  (channels: number, warmUp: number, factor: number = 1): Schedule =>
  step =>
    factor * channels ** -0.5 * Math.min(step ** -0.5, step * warmUp ** -1.5)
