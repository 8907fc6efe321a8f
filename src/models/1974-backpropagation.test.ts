import { expect, test } from 'vitest'
import { Random } from '../base/random.ts'
import { nodeRuntime } from '../runtime/node.ts'
import {
  backwardPass,
  derivativeNames,
  descend,
  engineDerivatives,
  finiteDifferences,
  forwardPass,
  largestRelativeDifference,
  type Numbers,
  workedExample,
} from './1974-backpropagation.ts'

const runtime = nodeRuntime({ threads: 1 })

/** A network and an example at random. */
function randomCase(seed: number): Numbers {
  const random = new Random(seed, 'network')
  return Object.fromEntries(Object.keys(workedExample).map(name => [name, 2 * random.uniform() - 1]))
}
const cases: readonly (readonly [string, Numbers])[] = [
  ['the worked example', workedExample],
  ...Array.from({ length: 20 }, (_, i) => [`seed ${i + 1}`, randomCase(i + 1)] as const),
]

test.each(cases)('%s: engine, chain rule and finite differences agree on all 23 derivatives', async (_, given) => {
  expect(derivativeNames).toHaveLength(23)
  const byRule = backwardPass(forwardPass(given))
  const byDifferences = finiteDifferences(given)
  const byEngine = await engineDerivatives(runtime, given)
  expect(Object.keys(byEngine).toSorted()).toEqual([...derivativeNames].toSorted())
  expect(largestRelativeDifference(byRule, byDifferences)).toBeLessThan(1e-7)
  expect(largestRelativeDifference(byEngine, byRule)).toBeLessThan(2e-5)
  expect(largestRelativeDifference(byEngine, byDifferences)).toBeLessThan(2e-5)
})

test('the numbers that Mazur prints', () => {
  const values = forwardPass(workedExample)
  const close = (value: number, printed: number) => expect(Math.abs(value - printed)).toBeLessThan(1e-8)
  close(values.z1, 0.3775)
  close(values.h1, 0.593269992)
  close(values.h2, 0.596884378)
  close(values.y1, 0.75136507)
  close(values.y2, 0.772928465)
  close(values.e1, 0.274811083)
  close(values.e2, 0.023560026)
  close(values.E, 0.298371109)
  const derivatives = backwardPass(values)
  close(derivatives.v11, 0.082167041)
  close(derivatives.h1, 0.036350306)
  close(derivatives.w11, 0.000438568)
  // He leaves the biases as they are.
  const weightsOnly = { ...derivatives, b1: 0, b2: 0, c1: 0, c2: 0 }
  const moved = descend(workedExample, weightsOnly, 0.5)
  close(moved.v11, 0.35891648)
  close(moved.w11, 0.149780716)
  expect(forwardPass(moved).E).toBeCloseTo(0.291027924, 6) // he goes on with rounded numbers
})

test('a wrong rule would be seen: every derivative counts', () => {
  const right = backwardPass(forwardPass(workedExample))
  for (const name of derivativeNames)
    expect(largestRelativeDifference(right, { ...right, [name]: right[name] * 1.001 }), name).toBeGreaterThan(5e-4)
})

test('step by step the error falls', () => {
  let given = workedExample
  let last = Infinity
  for (let step = 0; step < 1000; step++) {
    const values = forwardPass(given)
    expect(values.E).toBeLessThan(last)
    last = values.E
    given = descend(given, backwardPass(values), 0.5)
  }
  expect(last).toBeLessThan(0.002)
})
