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

/** How a rotation made for short texts is slowed, so that it serves for longer ones. */
export type RotaryScaling =
  /** All pairs. Chen et al., Extending Context Window of Large Language Models via Position Interpolation, 2023, section 3.2. */
  | { readonly kind: 'linear'; readonly factor: number }
  /**
   * Pairs whose waves are longer than `context / lowFrequencyFactor` tokens; those up to `context / highFrequencyFactor` stay
   * as they are, and between the two it grows. Llama 3.1: `apply_scaling` in its authors' own program.
   */
  | {
      readonly kind: 'llama3'
      readonly factor: number
      readonly lowFrequencyFactor: number
      readonly highFrequencyFactor: number
      /** Tokens that the model saw at once before. */
      readonly context: number
    }

/**
 * Radians per token by which each pair of channels is turned: base^(-2i / D), slowed where it is told: D / 2 numbers.
 *
 * @param channels - of one head, an even number
 * @see Su et al., RoFormer, 2021, section 3.2.2
 */
export function rotaryFrequencies(channels: number, base: number, scaling?: RotaryScaling): number[] {
  const frequencies = Array.from({ length: channels / 2 }, (_, i) => base ** ((-2 * i) / channels))
  if (scaling === undefined) return frequencies
  const { factor } = scaling
  if (scaling.kind === 'linear') return frequencies.map(frequency => frequency / factor)
  const { lowFrequencyFactor: low, highFrequencyFactor: high, context } = scaling
  return frequencies.map(frequency => {
    const turns = (context * frequency) / (2 * Math.PI) // in a text of that many tokens
    const kept = Math.min(1, Math.max(0, (turns - low) / (high - low)))
    return kept * frequency + ((1 - kept) * frequency) / factor
  })
}

/**
 * Cosines and sines of the angles of each pair at position t, t times its frequency: two tables [T, D / 2].
 *
 * @param frequencies - by pair, radians per token
 */
export function rotaryTables(tokens: number, frequencies: readonly number[]): Pick<RotaryPlace, 'cosines' | 'sines'> {
  const half = frequencies.length
  const table = (wave: (angle: number) => number): Tensor => {
    const values = new Float32Array(tokens * half)
    for (let t = 0; t < tokens; t++) {
      for (const [i, frequency] of frequencies.entries()) values[t * half + i] = wave(t * frequency)
    }
    return constant(values, [tokens, half])
  }
  return { cosines: table(Math.cos), sines: table(Math.sin) }
}
