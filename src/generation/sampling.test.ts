import { expect, test } from 'vitest'
import { OptionError } from '../base/errors.ts'
import { Random } from '../base/random.ts'
import {
  drawToken,
  greedy,
  logProbabilityOf,
  minP,
  repetitionPenalty,
  type SamplingPolicy,
  samplingPolicies,
  temperature,
  topK,
  topP,
} from './sampling.ts'

const none = -Infinity

/** Scores after a policy. */
function after(policy: SamplingPolicy, scores: readonly number[], tokens: readonly number[] = []): number[] {
  const changed = Float32Array.from(scores)
  policy(changed, tokens)
  return [...changed]
}

/** Logits whose softmax is the given probabilities. */
const logits = (...probabilities: number[]): number[] => probabilities.map(p => Math.fround(Math.log(p)))

test('temperature divides; at 0 only the likeliest is left', () => {
  expect(after(temperature(0.5), [1, -2, 0])).toEqual([2, -4, 0])
  expect(after(temperature(2), [1, -2, 0])).toEqual([0.5, -1, 0])
  expect(after(temperature(0), [1, 3, 2])).toEqual([none, 3, none])
})

test('greedy takes the first of equals', () => {
  expect(after(greedy, [1, 3, 3, 2])).toEqual([none, 3, none, none])
  expect(after(greedy, [none, none, -5])).toEqual([none, none, -5])
})

test.each([
  [1, [1, 4, 2, 3], [none, 4, none, none]],
  [2, [1, 4, 2, 3], [none, 4, none, 3]],
  [2, [1, 3, 3, 3], [none, 3, 3, 3]], // as likely as the second
  [3, [2, 4, 2, 3], [2, 4, 2, 3]],
  [4, [1, 4, 2, 3], [1, 4, 2, 3]],
  [9, [1, 4, 2, 3], [1, 4, 2, 3]],
  [2, [-1, none, -3, none], [-1, none, -3, none]],
])('top-k of %i on %j', (k, scores, expected) => {
  expect(after(topK(k), scores)).toEqual(expected)
})

test('top-p leaves the fewest tokens that add up to p, and always one', () => {
  const scores = logits(0.1, 0.5, 0.15, 0.25)
  const kept = (p: number) => after(topP(p), scores).map(score => score > none)
  expect(kept(0)).toEqual(kept(1e-9))
  expect(kept(0.4)).toEqual([false, true, false, false])
  expect(kept(0.7)).toEqual([false, true, false, true])
  expect(kept(0.8)).toEqual([false, true, true, true])
  expect(kept(0.95)).toEqual([true, true, true, true])
  expect(kept(1)).toEqual([true, true, true, true])
  expect(kept(1e-9)).toEqual([false, true, false, false])
  expect(after(topP(0.4), logits(0.25, 0.25, 0.25, 0.25)).map(score => score > none)).toEqual([
    ...[true, true], // the first of equals
    ...[false, false],
  ])
  expect(after(topP(0.7), scores)[1]).toBe(scores[1])
})

test('min-p leaves tokens at least p times as likely as the likeliest', () => {
  const scores = logits(0.1, 0.5, 0.15, 0.25)
  const kept = (p: number) => after(minP(p), scores).map(score => score > none)
  expect(kept(0)).toEqual([true, true, true, true])
  expect(kept(0.19)).toEqual([true, true, true, true])
  expect(kept(0.21)).toEqual([false, true, true, true])
  expect(kept(0.31)).toEqual([false, true, false, true])
  expect(kept(1)).toEqual([false, true, false, false])
  expect(after(minP(1), [2, 2, 1])).toEqual([2, 2, none])
})

test('a repetition penalty lowers what was used, once, whatever its sign', () => {
  expect(after(repetitionPenalty(2), [4, -4, 1, -1, 0], [0, 1, 1, 0, 4])).toEqual([2, -8, 1, -1, 0])
  expect(after(repetitionPenalty(0.5), [4, -4, 1], [0, 1])).toEqual([8, -2, 1])
  expect(after(repetitionPenalty(2), [4, none], [1])).toEqual([4, none])
})

test('options become policies in the order of transformers', () => {
  const policies = samplingPolicies({ temperature: 0.5, topK: 2, topP: 0.9, minP: 0.5, repetitionPenalty: 2 })
  // penalty: [2, 1.5, 1, -2]; temperature: [4, 3, 2, -4]; top-k: first two; softmax 0.73, 0.27: top-p keeps both
  const scores = Float32Array.of(2, 3, 1, -1)
  const tokens = [1, 3]
  for (const policy of policies.slice(0, 4)) policy(scores, tokens)
  expect([...scores]).toEqual([4, 3, none, none])
  policies[4](scores, tokens) // 0.27 / 0.73 < 0.5
  expect([...scores]).toEqual([4, none, none, none])
  expect(samplingPolicies({})).toEqual([])
  expect(samplingPolicies({ temperature: 1, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 })).toEqual([])
  expect(samplingPolicies({ temperature: 0 })).toEqual([greedy])
})

test('tokens are drawn as often as they are likely', () => {
  const random = new Random(1, 'test')
  const probabilities = [0.1, 0.5, 0.4]
  const scores = Float32Array.from([...logits(...probabilities), none])
  const counts = [0, 0, 0, 0]
  const draws = 20_000
  for (let i = 0; i < draws; i++) counts[drawToken(scores, random)]++
  expect(counts[3]).toBe(0)
  for (const [i, p] of probabilities.entries()) {
    const deviation = Math.sqrt(draws * p * (1 - p))
    expect(Math.abs(counts[i] - draws * p)).toBeLessThan(4 * deviation)
  }
})

test('a draw takes the same numbers whatever the scores', () => {
  const random = new Random(1, 'test')
  drawToken(Float32Array.of(1, 2), random)
  const counter = random.counter
  drawToken(Float32Array.of(none, 2, none), random)
  expect(random.counter).toBe(2 * counter)
})

test('where no token is left the policies are to blame', () => {
  const draw = () => drawToken(Float32Array.of(none, none), new Random(1))
  expect(draw).toThrow(OptionError)
  expect(draw).toThrow('Sampling expected a token to be left. Received none. Loosen the policies.')
})

test('log-probabilities are the log-softmax, also of huge logits', () => {
  const scores = Float32Array.of(1, -2, 0.5)
  const sum = Math.exp(1) + Math.exp(-2) + Math.exp(0.5)
  for (const [i, score] of scores.entries()) expect(logProbabilityOf(scores, i)).toBeCloseTo(score - Math.log(sum), 12)
  expect(logProbabilityOf(Float32Array.of(1e4, 1e4), 1)).toBeCloseTo(-Math.LN2, 12)
  expect(logProbabilityOf(Float32Array.of(-1e4, 1e4), 0)).toBe(-2e4)
  expect(logProbabilityOf(Float32Array.of(0, none), 1)).toBe(none)
})
