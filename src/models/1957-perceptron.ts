/**
 * The perceptron: a neuron that learns its weights from its mistakes.
 * Rosenblatt, The Perceptron: A Perceiving and Recognizing Automaton, 1957; Novikoff, On Convergence Proofs for
 * Perceptrons, 1962 (the bound); Minsky and Papert, Perceptrons, 1969 (what it cannot).
 * Shapes: N examples, n inputs, K classes.
 */

/** An example and its class. */
export interface Labelled {
  readonly x: ArrayLike<number>
  readonly label: 0 | 1
}

/** y = 0 if w1 x1 + .. + wn xn <= theta, else 1. */
export class Perceptron {
  /** w: [n] */
  readonly weights: Float64Array
  theta = 0

  constructor(inputs: number) {
    this.weights = new Float64Array(inputs)
  }

  predict(x: ArrayLike<number>): 0 | 1 {
    let sum = 0
    for (let i = 0; i < this.weights.length; i++) sum += this.weights[i] * x[i]
    return sum <= this.theta ? 0 : 1
  }

  /**
   * The rule: nothing where the answer is right; else w += (label - y) x and theta -= (label - y).
   * @returns whether it was a mistake
   */
  learn({ x, label }: Labelled): boolean {
    const error = label - this.predict(x) // -1, 0 or 1
    if (error === 0) return false
    for (let i = 0; i < this.weights.length; i++) this.weights[i] += error * x[i]
    this.theta -= error
    return true
  }
}

/** How a training went. */
export interface PerceptronTraining {
  /** Mistakes of all passes. */
  readonly mistakes: number
  /** Passes through all examples. */
  readonly passes: number
  /** `learned`: a pass without a mistake. `cycled`: weights after a pass as after an earlier one, so it never will. */
  readonly end: 'learned' | 'cycled' | 'stopped'
  /** Largest share of right answers with any of the weights on the way. */
  readonly bestAccuracy: number
}

/**
 * Goes through the examples in their order, again and again, until it makes no mistake, repeats itself or has had enough.
 * The rule is a function of the weights alone: where they come back after a pass, the passes between repeat for ever.
 */
export function trainPerceptron(
  perceptron: Perceptron,
  examples: readonly Labelled[],
  limit: number,
): PerceptronTraining {
  const seen = new Set<string>()
  let [mistakes, bestAccuracy] = [0, 0]
  const look = () => {
    const right = examples.filter(({ x, label }) => perceptron.predict(x) === label).length
    bestAccuracy = Math.max(bestAccuracy, right / examples.length)
  }
  look()
  for (let passes = 1; passes <= limit; passes++) {
    const before = mistakes
    for (const example of examples) {
      if (!perceptron.learn(example)) continue
      mistakes++
      look()
    }
    if (mistakes === before) return { mistakes, passes, end: 'learned', bestAccuracy }
    const state = `${perceptron.weights.join()} ${perceptron.theta}`
    if (seen.has(state)) return { mistakes, passes, end: 'cycled', bestAccuracy }
    seen.add(state)
  }
  return { mistakes, passes: limit, end: 'stopped', bestAccuracy }
}

/**
 * Novikoff's bound on the mistakes of any order and number of passes: (R / γ)². R is the length of the longest example
 * and γ the least distance of an example from the plane of `solution`, both with theta as a weight of the input -1.
 *
 * @param solution - weights and theta that answer every example rightly; there is no bound (∞) where they do not
 */
export function mistakeBound(
  examples: readonly Labelled[],
  solution: { readonly weights: ArrayLike<number>; readonly theta: number },
): number {
  const w = [...Array.from(solution.weights), solution.theta]
  const length = Math.hypot(...w)
  let [longest, margin] = [0, Infinity]
  for (const { x, label } of examples) {
    const augmented = [...Array.from(x), -1]
    const score = augmented.reduce((sum, value, i) => sum + value * w[i], 0)
    longest = Math.max(longest, Math.hypot(...augmented))
    margin = Math.min(margin, ((label === 1 ? 1 : -1) * score) / length)
  }
  return margin > 0 ? (longest / margin) ** 2 : Infinity
}

/**
 * A perceptron for each class; the highest sum answers. On a mistake the right one's weights move towards the example,
 * the wrong one's away from it (Duda and Hart, 1973, section 5.12, Kesler's construction). `average` takes the mean of
 * the weights over all steps instead of the last ones, which errs less (Freund and Schapire, 1999).
 */
export class MulticlassPerceptron {
  readonly inputs: number
  readonly classes: number
  /** Weights of each class, and after them its bias, -theta: [K, n + 1] */
  readonly weights: Float64Array
  /** Sum of step × change, so that the average costs nothing at each step. */
  readonly #weighted: Float64Array
  readonly #scores: Float64Array
  #steps = 0

  constructor(inputs: number, classes: number) {
    this.inputs = inputs
    this.classes = classes
    this.weights = new Float64Array(classes * (inputs + 1))
    this.#weighted = new Float64Array(classes * (inputs + 1))
    this.#scores = new Float64Array(classes)
  }

  predict(x: ArrayLike<number>): number {
    const { inputs, classes, weights } = this
    for (let k = 0, row = 0; k < classes; k++, row += inputs + 1) {
      let sum = weights[row + inputs]
      for (let i = 0; i < inputs; i++) sum += weights[row + i] * x[i]
      this.#scores[k] = sum
    }
    return this.#scores.indexOf(Math.max(...this.#scores))
  }

  /** @returns whether it was a mistake */
  learn(x: ArrayLike<number>, label: number): boolean {
    this.#steps++
    const answer = this.predict(x)
    if (answer === label) return false
    this.#move(label, x, 1)
    this.#move(answer, x, -1)
    return true
  }

  #move(k: number, x: ArrayLike<number>, sign: number): void {
    const row = k * (this.inputs + 1)
    for (let i = 0; i <= this.inputs; i++) {
      const change = sign * (i < this.inputs ? x[i] : 1)
      this.weights[row + i] += change
      this.#weighted[row + i] += this.#steps * change
    }
  }

  /** The perceptron whose weights are the mean over all steps so far. */
  average(): MulticlassPerceptron {
    const mean = new MulticlassPerceptron(this.inputs, this.classes)
    for (let i = 0; i < mean.weights.length; i++) {
      mean.weights[i] = this.weights[i] - this.#weighted[i] / (this.#steps + 1)
    }
    return mean
  }
}
