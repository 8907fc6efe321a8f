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
  update(inputs: UpdateInputs): { readonly parameter: Tensor; readonly state: readonly Tensor[] }
}
