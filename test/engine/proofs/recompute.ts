import type * as recompute from '../../../src/ops/recompute.ts'
import { booleans, floats, integers, type ProofsOf, someShapes } from './proof.ts'
import { at, generate } from './values.ts'

export const recomputeProofs: ProofsOf<typeof recompute> = {
  keep: {
    cases: someShapes.map(shape => ({ operands: [floats(shape)], attributes: {} })),
    reference: ([x]) => [x],
  },
  after: {
    cases: [
      ...[[3, 4], [5], []].map(shape => ({ operands: [booleans([]), floats(shape), floats(shape)], attributes: {} })),
      { operands: [booleans([1]), integers([3, 2], -9, 9), integers([3, 2], -9, 9)], attributes: {} },
    ],
    reference: ([condition, a, b]) => [
      generate(a.shape.length > 0 ? a.shape : [], index => (condition.data[0] ? at(a, index) : at(b, index))),
    ],
  },
}
