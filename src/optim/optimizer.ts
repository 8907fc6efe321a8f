import type { Shape } from '../base/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'

/** The tensors of one update, all of one shape but for the scalars. */
export interface UpdateInputs {
  readonly parameter: Tensor
  /** Already clipped. */
  readonly gradient: Tensor
  /** The optimizer's memory of this parameter, in the order of `state`. */
  readonly state: readonly Tensor[]
  /** Scalars of this step: `learningRate`, `weightDecay` and the optimizer's own. */
  readonly scalars: Readonly<Record<string, Tensor>>
}

/** A rule that changes parameters by their gradients, as a symbolic computation. */
export interface Optimizer {
  readonly name: string
  /** Names of the tensors that it remembers for each parameter; they start at zero. */
  readonly state: readonly string[]
  /** Share of the weights, times the learning rate, that each step takes away from parameters that decay. */
  readonly weightDecay: number
  /** Numbers that depend on the step alone, 1 at first; computed in double precision on the host. */
  scalars(step: number): Readonly<Record<string, number>>
  update(inputs: UpdateInputs): Updated
  /** Another rule, for parameters that must be seen whole: all other updates work on any run of elements. */
  readonly whole?: {
    /** How many matrices, side by side, a parameter holds that follows this rule; 0 for one that does not. */
    matrices(name: string, shape: Shape): number
    /** Of one parameter, or of several alike: those have their number before their shape, and do not see each other. */
    update(inputs: UpdateInputs, matrices: number): Updated
  }
}

export interface Updated {
  readonly parameter: Tensor
  readonly state: readonly Tensor[]
}

/** How many matrices a parameter holds that its optimizer sees whole; 0 where it is updated element by element. */
export const wholeMatrices = ({ whole }: Optimizer, name: string, shape: Shape): number =>
  whole?.matrices(name, shape) ?? 0
