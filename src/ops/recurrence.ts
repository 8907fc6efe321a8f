/**
 * Whole recurrences as single operations, with hand-written gradients: backpropagation through time (Werbos, 1990) in
 * which only what must wait for the step after it is done step by step. Slopes are taken for all steps at once, and the
 * gradient of the recurrent weights is one product over all steps.
 *
 * Shapes: T steps, B sequences, H units. Inputs are projected beforehand, for all steps in one product.
 */
import { ShapeError } from '../base/errors.ts'
import { formatShape, type Shape } from '../base/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { GradientContext, Op, TensorType, Ternary } from './op.ts'

export type Recurrence = {
  /** From the last step to the first. */
  readonly reverse: boolean
}

/** Types of the outputs: every h, and the last of each state. */
function outputTypes(name: string, projected: TensorType, recurrent: TensorType, states: readonly TensorType[]) {
  const [steps, batch, width] = projected.shape
  const units = recurrent.shape[0]
  const fits = projected.shape.length === 3 && width === recurrent.shape[1]
  if (!fits || !states.every(({ shape }) => shape.join() === `${batch},${units}`)) {
    throw new ShapeError({
      what: name,
      expected: 'inputs [T, B, N H], recurrent weights [H, N H] and states [B, H]',
      received: [projected, recurrent, ...states].map(({ shape }) => formatShape(shape)).join(', '),
    })
  }
  const shapes: Shape[] = [[steps, batch, units], ...states.map(() => [batch, units])]
  return shapes.map(shape => ({ dtype: 'float32' as const, shape }))
}

/** [T, B, C] as T pieces [B, C], in the order in which they are used. */
function piecesOf(x: Tensor, reverse: boolean): Tensor[] {
  const [steps, batch, width] = x.shape
  return rowPieces(x.reshape([steps * batch, width]), steps, reverse)
}

/** [T B, C] likewise. */
function rowPieces(rows: Tensor, steps: number, reverse = false): Tensor[] {
  if (steps === 1) return [rows]
  const pieces = rows.split(Array<number>(steps).fill(rows.shape[0] / steps), 0)
  return reverse ? pieces.reverse() : pieces
}

/** Pieces [B, C] as rows [T B, C]. */
const rowsOf = ([first, ...rest]: readonly Tensor[]): Tensor => (rest.length === 0 ? first : first.concat(rest, 0))

/** Pieces in the order of their use as [T, B, C] in the order of time. */
function inTime(pieces: readonly Tensor[], reverse: boolean): Tensor {
  const [batch, width] = pieces[0].shape
  return rowsOf(reverse ? pieces.toReversed() : pieces).reshape([pieces.length, batch, width])
}

/** What a step had before it, as rows: the first state and all states but the last. */
const before = (first: Tensor, states: readonly Tensor[]): Tensor => rowsOf([first, ...states.slice(0, -1)])

const sumOf = (...terms: readonly (Tensor | null | undefined)[]): Tensor | undefined => {
  const [first, ...rest] = terms.filter(term => term !== null && term !== undefined)
  return first && rest.reduce((sum, term) => sum.add(term), first)
}

/** Gradients of the outputs of the steps, in the order of their use; those of the last state join the last. */
function outputGradients({ dys: [dy, dLast] }: GradientContext<never, Recurrence>, reverse: boolean, like: Tensor) {
  const pieces = dy ? piecesOf(dy, reverse) : undefined
  return (t: number, steps: number, carried?: Tensor): Tensor =>
    sumOf(carried, pieces?.[t], t === steps - 1 ? dLast : undefined) ?? like.mul(0)
}

/**
 * h_t = tanh(x_t + h_{t-1} R). Elman, Finding Structure in Time, 1990.
 * Inputs: projected inputs [T, B, H], R [H, H], first state [B, H]. Outputs: every h [T, B, H] and the last [B, H].
 */
export const elmanRecurrence: Op<Ternary, Recurrence> = {
  name: 'elmanRecurrence',
  infer: ([x, recurrent, first]) => outputTypes('elmanRecurrence', x, recurrent, [first]),
  compose: (inputs, { reverse }) => {
    const states = elmanStates(inputs, reverse)
    return [inTime(states, reverse), states.at(-1)!]
  },
  gradient: context => {
    const { inputs, attributes } = context
    const [, recurrent, first] = inputs
    const { reverse } = attributes
    const states = elmanStates(inputs, reverse)
    const slopes = rowPieces(rowsOf(states).square().neg().add(1), states.length) // 1 - h²
    const dState = outputGradients(context as never, reverse, first)
    const dSums: Tensor[] = []
    let carried: Tensor | undefined
    for (let t = states.length - 1; t >= 0; t--) {
      dSums[t] = dState(t, states.length, carried).mul(slopes[t])
      carried = dSums[t].matmul(recurrent, { transposeB: true })
    }
    const dRecurrent = before(first, states).matmul(rowsOf(dSums), { transposeA: true })
    return [inTime(dSums, reverse), dRecurrent, carried!]
  },
}

function elmanStates([x, recurrent, first]: Ternary, reverse: boolean): Tensor[] {
  const states: Tensor[] = []
  for (const piece of piecesOf(x, reverse)) {
    states.push((states.at(-1) ?? first).matmul(recurrent).add(piece).tanh())
  }
  return states
}

type FourTensors = readonly [...Ternary, Tensor]

/**
 * Long short-term memory. Of s = x_t + h_{t-1} R in blocks of H: i = σ(s₁), f = σ(s₂), o = σ(s₃), g = tanh(s₄);
 * c_t = f c_{t-1} + i g; h_t = o tanh(c_t).
 * Hochreiter and Schmidhuber, 1997; with the forget gate of Gers, Schmidhuber and Cummins, 2000.
 *
 * Inputs: projected inputs [T, B, 4H], R [H, 4H], first h and c [B, H]. Outputs: every h [T, B, H], the last h and c.
 */
export const lstmRecurrence: Op<FourTensors, Recurrence> = {
  name: 'lstmRecurrence',
  infer: ([x, recurrent, ...first]) => outputTypes('lstmRecurrence', x, recurrent, first),
  compose: (inputs, { reverse }) => {
    const { hidden, cells } = lstmStates(inputs, reverse)
    return [inTime(hidden, reverse), hidden.at(-1)!, cells.at(-1)!]
  },
  gradient: context => {
    const { inputs, attributes, dys } = context
    const [, recurrent, firstHidden, firstCell] = inputs
    const { reverse } = attributes
    const { hidden, cells, gates, candidates } = lstmStates(inputs, reverse)
    const steps = hidden.length
    const units = recurrent.shape[0]

    // For all steps at once: what dc and dh are multiplied by to become the gradients of the four sums.
    const sigmoids = rowsOf(gates) // i, f, o
    const [i, f, o] = sigmoids.split([units, units, units], 1)
    const g = rowsOf(candidates)
    const squashed = rowsOf(cells).tanh()
    const factors = g.concat([before(firstCell, cells), squashed], 1) // of i in c, of f in c, of o in h
    const gateSlopes = sigmoids.sub(sigmoids.square()).mul(factors)
    const candidateSlopes = i.sub(i.mul(g.square())) // i (1 - g²)
    const slopes = rowPieces(gateSlopes.concat([candidateSlopes], 1), steps) // [B, 4H]
    const intoCell = rowPieces(o.sub(o.mul(squashed.square())), steps) // dc from dh: o (1 - tanh² c)
    const forgets = rowPieces(f, steps)

    const dState = outputGradients(context as never, reverse, firstHidden)
    const dSums: Tensor[] = []
    let carried: Tensor | undefined
    let dCell: Tensor | undefined = dys[2] ?? undefined
    for (let t = steps - 1; t >= 0; t--) {
      const dHidden = dState(t, steps, carried)
      const dc: Tensor = sumOf(dHidden.mul(intoCell[t]), dCell)!
      dSums[t] = dc.concat([dc, dHidden, dc], 1).mul(slopes[t])
      carried = dSums[t].matmul(recurrent, { transposeB: true })
      dCell = dc.mul(forgets[t])
    }
    const dRecurrent = before(firstHidden, hidden).matmul(rowsOf(dSums), { transposeA: true })
    return [inTime(dSums, reverse), dRecurrent, carried!, dCell!]
  },
}

function lstmStates([x, recurrent, firstHidden, firstCell]: FourTensors, reverse: boolean) {
  const units = recurrent.shape[0]
  const [hidden, cells, gates, candidates]: Tensor[][] = [[], [], [], []]
  for (const piece of piecesOf(x, reverse)) {
    const sums = (hidden.at(-1) ?? firstHidden).matmul(recurrent).add(piece) // [B, 4H]
    const [forGates, forCandidate] = sums.split([3 * units, units], 1)
    gates.push(forGates.sigmoid())
    candidates.push(forCandidate.tanh())
    const [i, f, o] = gates.at(-1)!.split([units, units, units], 1)
    cells.push(f.mul(cells.at(-1) ?? firstCell).add(i.mul(candidates.at(-1)!)))
    hidden.push(o.mul(cells.at(-1)!.tanh()))
  }
  return { hidden, cells, gates, candidates }
}

type FiveTensors = readonly [...FourTensors, Tensor]

/**
 * Gated recurrent unit. Of s = h_{t-1} R in blocks of H: r = σ(x₁ + s₁), z = σ(x₂ + s₂), n = tanh(x₃ + r (s₃ + b));
 * h_t = (1 - z) n + z h_{t-1}.
 * Cho et al., 2014; with the reset gate after the product, as in torch.nn.GRU and cuDNN.
 *
 * Inputs: projected inputs of the gates [T, B, 2H] and of the candidate [T, B, H], R [H, 3H], b [H], first state [B, H].
 * Outputs: every h [T, B, H] and the last [B, H].
 */
export const gruRecurrence: Op<FiveTensors, Recurrence> = {
  name: 'gruRecurrence',
  infer: ([gates, candidate, recurrent, , first]) => {
    const shape = [...candidate.shape.slice(0, 2), gates.shape[2] + candidate.shape[2]]
    return outputTypes('gruRecurrence', { dtype: 'float32', shape }, recurrent, [first])
  },
  compose: (inputs, { reverse }) => {
    const { states } = gruStates(inputs, reverse)
    return [inTime(states, reverse), states.at(-1)!]
  },
  gradient: context => {
    const { inputs, attributes } = context
    const [, , recurrent, , first] = inputs
    const { reverse } = attributes
    const { states, gates, candidates, recurrentCandidates } = gruStates(inputs, reverse)
    const steps = states.length
    const [batch, units] = first.shape

    // All gradients of a step are dh times what is known: these factors are taken for all steps at once.
    const sigmoids = rowsOf(gates)
    const [r, z] = sigmoids.split([units, units], 1)
    const n = rowsOf(candidates)
    const past = before(first, states)
    const toCandidate = z.neg().add(1).mul(n.square().neg().add(1)) // (1 - z) (1 - n²)
    const gateSlopes = sigmoids.sub(sigmoids.square()) // r (1 - r), z (1 - z)
    const gateFactors = toCandidate.mul(rowsOf(recurrentCandidates)).concat([past.sub(n)], 1)
    const factors = rowPieces(gateSlopes.mul(gateFactors).concat([toCandidate.mul(r)], 1), steps) // [B, 3H]
    const keeps = rowPieces(z, steps)

    const dState = outputGradients(context as never, reverse, first)
    const dStates: Tensor[] = []
    const dSums: Tensor[] = []
    let carried: Tensor | undefined
    for (let t = steps - 1; t >= 0; t--) {
      const dh = dState(t, steps, carried)
      dStates[t] = dh
      dSums[t] = dh.concat([dh, dh], 1).mul(factors[t])
      carried = dSums[t].matmul(recurrent, { transposeB: true }).add(dh.mul(keeps[t]))
    }
    const sums = rowsOf(dSums) // [T B, 3H]
    const [dGates, dRecurrentCandidates] = sums.split([2 * units, units], 1)
    const dCandidates = rowsOf(dStates).mul(toCandidate)
    const timed = (rows: Tensor): Tensor =>
      reverse ? inTime(rowPieces(rows, steps), true) : rows.reshape([steps, batch, rows.shape[1]])
    return [
      timed(dGates),
      timed(dCandidates),
      past.matmul(sums, { transposeA: true }),
      dRecurrentCandidates.sum([0]),
      carried!,
    ]
  },
}

function gruStates([xGates, xCandidate, recurrent, bias, first]: FiveTensors, reverse: boolean) {
  const units = recurrent.shape[0]
  const [states, gates, candidates, recurrentCandidates]: Tensor[][] = [[], [], [], []]
  // The bias of the candidate rides on the inputs of the gates: one product then adds everything.
  const [steps, batch] = xGates.shape
  const repeated = bias.reshape([1, 1, units]).expand([steps, batch, units])
  const addends = piecesOf(xGates.concat([repeated], 2), reverse)
  const inputs = piecesOf(xCandidate, reverse)
  for (const [t, addend] of addends.entries()) {
    const past = states.at(-1) ?? first
    const sums = past.matmul(recurrent).add(addend) // [B, 3H]
    const [forGates, forCandidate] = sums.split([2 * units, units], 1)
    gates.push(forGates.sigmoid())
    recurrentCandidates.push(forCandidate)
    const [r, z] = gates.at(-1)!.split([units, units], 1)
    candidates.push(r.mul(forCandidate).add(inputs[t]).tanh())
    const n = candidates.at(-1)!
    states.push(n.add(z.mul(past.sub(n))))
  }
  return { states, gates, candidates, recurrentCandidates }
}
