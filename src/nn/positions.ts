import { constant, type Tensor } from '../tensor/tensor.ts'

/**
 * Positions as waves of growing length: sin(t / 10000^(2i / C)) in the first half of the channels, the cosines in the
 * second: [T, C]. The paper writes them by turns; its authors' own program (tensor2tensor) and Marian write two halves,
 * which is the same up to the order of the channels.
 *
 * @see Vaswani et al., Attention Is All You Need, 2017, section 3.5
 */
export function sinusoids(tokens: number, channels: number): Tensor {
  const values = new Float32Array(tokens * channels)
  const sines = Math.ceil(channels / 2)
  for (let t = 0; t < tokens; t++) {
    for (let i = 0; i < sines; i++) {
      const angle = t / 10_000 ** ((2 * i) / channels)
      values[t * channels + i] = Math.sin(angle)
      if (sines + i < channels) values[t * channels + sines + i] = Math.cos(angle)
    }
  }
  return constant(values, [tokens, channels])
}

/** Tables of the rotation of each pair of channels, and where the tokens stand. */
export interface RotaryPlace {
  /** int64 [B, T], or [1] for the position of the first token where the others follow. */
  readonly positions: Tensor
  /** [P, D / 2] */
  readonly cosines: Tensor
  readonly sines: Tensor
}

/**
 * Cosines and sines of the angles t / base^(2i / D) of the pair i at position t: two tables [T, D / 2].
 *
 * @param channels - of one head, an even number
 * @see Su et al., RoFormer, 2021, section 3.2.2
 */
export function rotaryTables(tokens: number, channels: number, base: number): Pick<RotaryPlace, 'cosines' | 'sines'> {
  const half = channels / 2
  const table = (wave: (angle: number) => number): Tensor => {
    const values = new Float32Array(tokens * half)
    for (let t = 0; t < tokens; t++) {
      for (let i = 0; i < half; i++) values[t * half + i] = wave(t / base ** (i / half))
    }
    return constant(values, [tokens, half])
  }
  return { cosines: table(Math.cos), sines: table(Math.sin) }
}
