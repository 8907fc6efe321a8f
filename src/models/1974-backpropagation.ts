/**
 * Backpropagation on the smallest network that needs it: two inputs, two hidden units, two outputs. Every value of the
 * forward pass and every derivative of the backward pass has a name, a formula and a number.
 * Werbos, Beyond Regression, 1974, chapter 2; Rumelhart, Hinton and Williams, Learning Representations by
 * Back-Propagating Errors, 1986, equations 1 to 7.
 * Names: x inputs, w and b weights and biases of the hidden units, z their sums, h their outputs; v and c, s, y the same
 * of the output units; t targets; e error of an output; E the whole error. w12 leads from x1 to h2.
 */
import { gradient } from '../autodiff/gradient.ts'
import { compile, host } from '../compiler/compile.ts'
import type { HostTensor, Runtime } from '../runtime/runtime.ts'
import { input, type Tensor } from '../tensor/tensor.ts'

/** Numbers by the names above. */
export type Numbers = Readonly<Record<string, number>>

/** A value of the forward pass, and what the backward pass makes of it. */
export interface Quantity {
  readonly name: string
  readonly formula: string
  /** From the values before it. */
  readonly value: (v: Numbers) => number
  /** dE / d(name), by the chain rule. */
  readonly derivativeFormula: string
  /** From all values, and the derivatives of what was computed from it. */
  readonly derivative: (v: Numbers, d: Numbers) => number
}

const units = [1, 2] as const

/** σ(a) = 1 / (1 + e⁻ᵃ); its slope is σ(a) (1 - σ(a)). */
const sigmoid = (a: number): number => 1 / (1 + Math.exp(-a))

/** Given: inputs, targets, and the twelve parameters. */
export const parameterNames: readonly string[] = [
  ...['w11', 'w21', 'b1', 'w12', 'w22', 'b2'],
  ...['v11', 'v21', 'c1', 'v12', 'v22', 'c2'],
]

/** What is computed, in the order of the forward pass. */
export const quantities: readonly Quantity[] = [
  ...units.map(
    (j): Quantity => ({
      name: `z${j}`,
      formula: `x1 w1${j} + x2 w2${j} + b${j}`,
      value: v => v.x1 * v[`w1${j}`] + v.x2 * v[`w2${j}`] + v[`b${j}`],
      derivativeFormula: `dE/dh${j} h${j} (1 - h${j})`,
      derivative: (v, d) => d[`h${j}`] * v[`h${j}`] * (1 - v[`h${j}`]),
    }),
  ),
  ...units.map(
    (j): Quantity => ({
      name: `h${j}`,
      formula: `σ(z${j})`,
      value: v => sigmoid(v[`z${j}`]),
      // Its error comes back from both outputs, along the weights that it went forward on.
      derivativeFormula: `dE/ds1 v${j}1 + dE/ds2 v${j}2`,
      derivative: (v, d) => d.s1 * v[`v${j}1`] + d.s2 * v[`v${j}2`],
    }),
  ),
  ...units.map(
    (k): Quantity => ({
      name: `s${k}`,
      formula: `h1 v1${k} + h2 v2${k} + c${k}`,
      value: v => v.h1 * v[`v1${k}`] + v.h2 * v[`v2${k}`] + v[`c${k}`],
      derivativeFormula: `dE/dy${k} y${k} (1 - y${k})`,
      derivative: (v, d) => d[`y${k}`] * v[`y${k}`] * (1 - v[`y${k}`]),
    }),
  ),
  ...units.map(
    (k): Quantity => ({
      name: `y${k}`,
      formula: `σ(s${k})`,
      value: v => sigmoid(v[`s${k}`]),
      derivativeFormula: `dE/de${k} (y${k} - t${k})`,
      derivative: (v, d) => d[`e${k}`] * (v[`y${k}`] - v[`t${k}`]),
    }),
  ),
  ...units.map(
    (k): Quantity => ({
      name: `e${k}`,
      formula: `(y${k} - t${k})² / 2`,
      value: v => (v[`y${k}`] - v[`t${k}`]) ** 2 / 2,
      derivativeFormula: 'dE/dE',
      derivative: (_, d) => d.E,
    }),
  ),
  { name: 'E', formula: 'e1 + e2', value: v => v.e1 + v.e2, derivativeFormula: '1', derivative: () => 1 },
]

/** dE of each parameter: what comes in at its beginning times the error at its end. */
export const parameterDerivatives: readonly Pick<Quantity, 'name' | 'derivativeFormula' | 'derivative'>[] = [
  ...units.flatMap(j => [
    ...units.map(i => ({
      name: `w${i}${j}`,
      derivativeFormula: `dE/dz${j} x${i}`,
      derivative: (v: Numbers, d: Numbers) => d[`z${j}`] * v[`x${i}`],
    })),
    { name: `b${j}`, derivativeFormula: `dE/dz${j}`, derivative: (_: Numbers, d: Numbers) => d[`z${j}`] },
  ]),
  ...units.flatMap(k => [
    ...units.map(j => ({
      name: `v${j}${k}`,
      derivativeFormula: `dE/ds${k} h${j}`,
      derivative: (v: Numbers, d: Numbers) => d[`s${k}`] * v[`h${j}`],
    })),
    { name: `c${k}`, derivativeFormula: `dE/ds${k}`, derivative: (_: Numbers, d: Numbers) => d[`s${k}`] },
  ]),
]

/** Every name that has a derivative. */
export const derivativeNames: readonly string[] = [...quantities.map(({ name }) => name), ...parameterNames]

/** A network with an example: the one of Mazur, A Step by Step Backpropagation Example, 2015. */
export const workedExample: Numbers = {
  ...{ x1: 0.05, x2: 0.1, t1: 0.01, t2: 0.99 },
  ...{ w11: 0.15, w21: 0.2, b1: 0.35, w12: 0.25, w22: 0.3, b2: 0.35 },
  ...{ v11: 0.4, v21: 0.45, c1: 0.6, v12: 0.5, v22: 0.55, c2: 0.6 },
}

/**
 * The forward pass: every value by its name, in double precision.
 * @param given - inputs, targets and parameters
 * @param nudge - added to one computed value, to see what that does to what follows
 */
export function forwardPass(given: Numbers, nudge?: { readonly name: string; readonly by: number }): Numbers {
  const values: Record<string, number> = { ...given }
  for (const { name, value } of quantities) values[name] = value(values) + (nudge?.name === name ? nudge.by : 0)
  return values
}

/** The backward pass: dE of every value and parameter, by the chain rule as it is written above. */
export function backwardPass(values: Numbers): Numbers {
  const derivatives: Record<string, number> = {}
  for (const { name, derivative } of quantities.toReversed()) derivatives[name] = derivative(values, derivatives)
  for (const { name, derivative } of parameterDerivatives) derivatives[name] = derivative(values, derivatives)
  return derivatives
}

/** The same without any rule: (E(a + h) - E(a - h)) / 2h for each value and parameter a. */
export function finiteDifferences(given: Numbers, h = 1e-5): Numbers {
  const error = (name: string, by: number): number =>
    name in given ? forwardPass({ ...given, [name]: given[name] + by }).E : forwardPass(given, { name, by }).E
  return Object.fromEntries(derivativeNames.map(name => [name, (error(name, h) - error(name, -h)) / (2 * h)]))
}

/** The same by the engine: `gradient()` on symbolic tensors, compiled, run in single precision. */
export async function engineDerivatives(runtime: Runtime, given: Numbers): Promise<Numbers> {
  const x = input('x', [1, 2])
  const t = input('t', [1, 2])
  const w = input('w', [2, 2])
  const b = input('b', [1, 2])
  const v = input('v', [2, 2])
  const c = input('c', [1, 2])
  const z = x.matmul(w).add(b)
  const h = z.sigmoid()
  const s = h.matmul(v).add(c)
  const y = s.sigmoid()
  const e = y.sub(t).square().mul(0.5)
  const E = e.sum()
  const wanted = { w, b, v, c, z, h, s, y, e }
  const derivatives = gradient(E, Object.values(wanted))
  const outputs = Object.fromEntries(Object.keys(wanted).map((name, i) => [`d${name}`, derivatives[i]]))
  const program = await compile(runtime, outputs)
  const feeds = Object.fromEntries(
    Object.entries({ x, t, w, b, v, c }).map(([name, { shape }]) => {
      const numbers = elementNames(name, shape).map(element => given[element])
      return [name, host('float32', shape, Float32Array.from(numbers))]
    }),
  )
  const result = await program.run(feeds)
  await program.release()
  const found: Record<string, number> = { E: 1 }
  for (const [name, { shape }] of Object.entries<Tensor>(wanted)) {
    const { data } = result[`d${name}`] as HostTensor
    for (const [i, element] of elementNames(name, shape).entries()) found[element] = Number(data[i])
  }
  return found
}

/** The elements of a tensor by our names: w [2, 2] is w11, w12, w21, w22; b [1, 2] is b1, b2. */
function elementNames(name: string, [rows, columns]: readonly number[]): string[] {
  return Array.from({ length: rows * columns }, (_, i) => {
    const row = rows === 1 ? '' : String(Math.floor(i / columns) + 1)
    return `${name}${row}${(i % columns) + 1}`
  })
}

/** The largest |a - b| / max(|a|, |b|) over all names. */
export function largestRelativeDifference(a: Numbers, b: Numbers): number {
  return Math.max(
    ...derivativeNames.map(name => {
      const size = Math.max(Math.abs(a[name]), Math.abs(b[name]))
      return size === 0 ? 0 : Math.abs(a[name] - b[name]) / size
    }),
  )
}

/** The parameters after one step against the derivatives; the rest as it was. */
export function descend(given: Numbers, derivatives: Numbers, learningRate: number): Numbers {
  const moved = parameterNames.map(name => [name, given[name] - learningRate * derivatives[name]])
  return { ...given, ...Object.fromEntries(moved) }
}
