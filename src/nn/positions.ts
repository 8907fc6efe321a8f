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
