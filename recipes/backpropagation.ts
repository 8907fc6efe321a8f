/**
 * The engine's gradients on the smallest network, against the chain rule written by hand and against finite differences.
 * `nacre reproduce backpropagation --explain` prints every value and every derivative.
 */
import { backpropagation, Random } from '../src/index.ts'
import type { Recipe } from './recipe.ts'

const {
  backwardPass,
  descend,
  engineDerivatives,
  finiteDifferences,
  forwardPass,
  largestRelativeDifference,
  parameterDerivatives,
  quantities,
  workedExample,
} = backpropagation

type Numbers = backpropagation.Numbers

export const recipe: Recipe = {
  name: 'backpropagation',
  year: 1974,
  title: {
    en: 'Two inputs, two hidden units, two outputs: 23 derivatives by the engine, by hand and by finite differences',
    zh: '两个输入、两个隐藏单元、两个输出：23 个导数，由引擎、手写链式法则和有限差分分别求得',
  },
  datasets: [],
  seeds: 3,
  measures: [
    {
      name: 'finiteDifferences',
      title: 'largest relative difference of the engine (single precision) from finite differences (double)',
      better: 'lower',
      bound: 1e-4,
    },
    {
      name: 'chainRule',
      title: 'largest relative difference of the engine from the chain rule by hand (double)',
      better: 'lower',
      bound: 1e-4,
    },
    {
      name: 'ruleAndDifferences',
      title: 'largest relative difference of the chain rule from finite differences (both double)',
      better: 'lower',
      bound: 1e-6,
    },
  ],
  run: async ({ seed, quick, explain, runtime, print }) => {
    if (explain && seed === 1)
      await explainExample(workedExample, await engineDerivatives(runtime, workedExample), print)
    const random = new Random(seed, 'networks')
    const networks = Array.from({ length: quick ? 3 : 100 }, () =>
      Object.fromEntries(Object.keys(workedExample).map(name => [name, 2 * random.uniform() - 1])),
    )
    let [engineFromDifferences, engineFromRule, ruleFromDifferences] = [0, 0, 0]
    for (const network of [workedExample, ...networks]) {
      const engine = await engineDerivatives(runtime, network)
      const rule = backwardPass(forwardPass(network))
      const differences = finiteDifferences(network)
      engineFromDifferences = Math.max(engineFromDifferences, largestRelativeDifference(engine, differences))
      engineFromRule = Math.max(engineFromRule, largestRelativeDifference(engine, rule))
      ruleFromDifferences = Math.max(ruleFromDifferences, largestRelativeDifference(rule, differences))
    }
    return {
      finiteDifferences: engineFromDifferences,
      chainRule: engineFromRule,
      ruleAndDifferences: ruleFromDifferences,
    }
  },
}

/** Both passes of one example, line by line. */
async function explainExample(given: Numbers, engine: Numbers, print: (text: string) => void): Promise<void> {
  const values = forwardPass(given)
  const derivatives = backwardPass(values)
  const differences = finiteDifferences(given)
  const number = (value: number) => value.toFixed(9).padStart(13)

  print('x1 ─┬─ w11, w12 ─┬─ z1 → h1 ─┬─ v11, v12 ─┬─ s1 → y1  ↔  t1')
  print('x2 ─┴─ w21, w22 ─┴─ z2 → h2 ─┴─ v21, v22 ─┴─ s2 → y2  ↔  t2')
  print('       and b1, b2            and c1, c2            E = error of both\n')

  print('Given: inputs, targets, weights, biases')
  const names = Object.keys(given)
  for (let i = 0; i < names.length; i += 4) {
    const line = names.slice(i, i + 4).map(name => `${name} = ${given[name].toFixed(2)}`.padEnd(14))
    print(`  ${line.join('').trimEnd()}`)
  }

  print('\nForward, from the inputs to the error: σ(a) = 1 / (1 + e⁻ᵃ)')
  for (const { name, formula } of quantities) {
    print(`  ${name.padEnd(2)} = ${formula.padEnd(24)} = ${number(values[name])}`)
  }

  print('\nBackward, from the error to the weights: how much does E change, for a change of each?')
  print(`${''.padEnd(42)}${'by hand'.padStart(13)} ${'engine'.padStart(13)} ${'differences'.padStart(13)}`)
  for (const { name, derivativeFormula } of [...quantities.toReversed(), ...parameterDerivatives]) {
    const rule = `  dE/d${name} = ${derivativeFormula}`.padEnd(42)
    print(`${rule}${number(derivatives[name])} ${number(engine[name])} ${number(differences[name])}`)
  }

  const learningRate = 0.5
  print(`\nOne step down: each weight minus ${learningRate} times its derivative`)
  const moved = descend(given, derivatives, learningRate)
  print(
    `  v11: ${given.v11.toFixed(6)} becomes ${moved.v11.toFixed(6)};  w11: ${given.w11.toFixed(6)} becomes ${moved.w11.toFixed(6)}`,
  )
  print(`  E:   ${values.E.toFixed(6)} becomes ${forwardPass(moved).E.toFixed(6)}\n`)
}
