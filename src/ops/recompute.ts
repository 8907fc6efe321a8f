import { where } from './elementwise.ts'
import type { Op, Ternary, Unary } from './op.ts'

/**
 * Passes its input through, and marks it as kept for the backward pass: what was computed between two such tensors is
 * computed again there. Chen et al., Training Deep Nets with Sublinear Memory Cost, 2016, section 4.
 */
export const keep: Op<Unary> = {
  name: 'keep',
  infer: ([x]) => [x],
  compose: ([x]) => [x],
  gradient: ({ dy }) => [dy],
}

/**
 * x, once a condition is known: `where` with x on both sides. To the compiler it is another tensor than x, so that what is
 * computed of it stays apart from what is computed of x, and waits for the condition.
 */
export const after: Op<Ternary> = { ...where, name: 'after', element: undefined }
