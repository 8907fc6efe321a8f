/**
 * How the next token is chosen from logits. Each policy is a plain function that changes the scores; they are applied in
 * the order given, and the token is drawn from the softmax of what is left.
 */
import { OptionError } from '../base/errors.ts'
import type { Random } from '../base/random.ts'

/**
 * @param scores - logits [V]; changed in place, -∞ excludes a token
 * @param tokens - the text so far
 */
export type SamplingPolicy = (scores: Float32Array, tokens: readonly number[]) => void

/** Divides the logits: below 1 the likely grow likelier, above 1 the unlikely do. 0 leaves only the likeliest. */
export function temperature(value: number): SamplingPolicy {
  if (value < 1e-6) return greedy // what dividing would come to, before it overflows
  return scores => {
    for (let i = 0; i < scores.length; i++) scores[i] /= value
  }
}

/** Leaves only the likeliest token; the first of several that are equal. */
export const greedy: SamplingPolicy = scores => {
  const best = argmax(scores)
  for (let i = 0; i < scores.length; i++) if (i !== best) scores[i] = -Infinity
}

/** Leaves the k likeliest tokens, and those as likely as the kth. Fan et al., 2018, section 5.4. */
export function topK(k: number): SamplingPolicy {
  return scores => {
    if (k >= scores.length) return
    const threshold = Float32Array.from(scores).sort().at(-k)!
    for (let i = 0; i < scores.length; i++) if (scores[i] < threshold) scores[i] = -Infinity
  }
}

/** Leaves the fewest likeliest tokens whose probabilities add up to p, at least one. Holtzman et al., 2020, section 3.1. */
export function topP(p: number): SamplingPolicy {
  return scores => {
    if (p >= 1) return
    const probabilities = softmax(scores)
    // Tokens below (1 - p) / V add up to less than 1 - p, so p is reached without them: fewer are left to sort.
    const least = (1 - p) / scores.length
    const sorted = probabilities.filter(probability => probability >= least).sort()
    let kept = 0
    for (let total = 0; kept < sorted.length && (kept === 0 || total < p); ) total += sorted[sorted.length - ++kept]
    const threshold = sorted[sorted.length - kept]
    // Of tokens just as likely as the last one kept, the first ones stay.
    let ties = kept - sorted.reduce((count, probability) => count + (probability > threshold ? 1 : 0), 0)
    for (let i = 0; i < scores.length; i++) {
      const isKept = probabilities[i] > threshold || (probabilities[i] === threshold && ties-- > 0)
      if (!isKept) scores[i] = -Infinity
    }
  }
}

/** Leaves tokens at least p times as likely as the likeliest. Nguyen et al., Min-p Sampling, 2024, section 3. */
export function minP(p: number): SamplingPolicy {
  return scores => {
    const threshold = scores[argmax(scores)] + Math.log(p)
    for (let i = 0; i < scores.length; i++) if (scores[i] < threshold) scores[i] = -Infinity
  }
}

/** Makes tokens that the text has already less likely. Keskar et al., CTRL, 2019, section 4.1. */
export function repetitionPenalty(penalty: number): SamplingPolicy {
  return (scores, tokens) => {
    for (const token of new Set(tokens)) scores[token] *= scores[token] > 0 ? 1 / penalty : penalty
  }
}

/** What a person may say of sampling. */
export interface SamplingOptions {
  readonly temperature?: number
  readonly topK?: number
  readonly topP?: number
  readonly minP?: number
  readonly repetitionPenalty?: number
}

/** The policies that options name, in transformers' order: penalty, temperature, top-k, top-p, min-p. */
export function samplingPolicies(options: SamplingOptions): SamplingPolicy[] {
  const { repetitionPenalty: penalty = 1, topK: k = 0, topP: p = 1, minP: least = 0 } = options
  return [
    ...(penalty === 1 ? [] : [repetitionPenalty(penalty)]),
    ...(options.temperature === undefined || options.temperature === 1 ? [] : [temperature(options.temperature)]),
    ...(k === 0 ? [] : [topK(k)]),
    ...(p === 1 ? [] : [topP(p)]),
    ...(least === 0 ? [] : [minP(least)]),
  ]
}

/**
 * Draws a token by the softmax of the scores.
 * @throws {OptionError} if no token is left
 */
export function drawToken(scores: Float32Array, random: Random): number {
  const probabilities = softmax(scores)
  let rest = random.uniform()
  let last = -1
  for (let i = 0; i < probabilities.length; i++) {
    if (!(probabilities[i] > 0)) continue
    last = i
    rest -= probabilities[i]
    if (rest < 0) return i
  }
  if (last < 0)
    throw new OptionError({
      what: 'Sampling',
      expected: 'a token to be left',
      received: 'none',
      hint: 'Loosen the policies.',
    })
  return last
}

/** Natural logarithm of the softmax at one index, in double precision. */
export function logProbabilityOf(logits: Float32Array, token: number): number {
  const largest = logits[argmax(logits)]
  let sum = 0
  for (let i = 0; i < logits.length; i++) sum += Math.exp(logits[i] - largest)
  return logits[token] - largest - Math.log(sum)
}

function softmax(scores: Float32Array): Float64Array {
  const largest = scores[argmax(scores)]
  const result = new Float64Array(scores.length)
  let sum = 0
  for (let i = 0; i < scores.length; i++) sum += result[i] = Math.exp(scores[i] - largest)
  for (let i = 0; i < result.length; i++) result[i] /= sum
  return result
}

function argmax(scores: Float32Array): number {
  let best = 0
  for (let i = 1; i < scores.length; i++) if (scores[i] > scores[best]) best = i
  return best
}
