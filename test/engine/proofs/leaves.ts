import { elementCount } from '../../../src/base/shape.ts'
import type * as leaves from '../../../src/ops/leaves.ts'
import { constant } from '../../../src/tensor/tensor.ts'
import { floats, integers, type ProofsOf, someShapes } from './proof.ts'
import { generate } from './values.ts'

export const leafProofs: ProofsOf<typeof leaves> = {
  constant: {
    cases: someShapes.map(shape => ({ operands: [], attributes: { shape, dtype: 'float32' as const } })),
    build: (_, { shape }) => [constant([...Array(elementCount(shape)).keys()], shape)],
    reference: (_, { shape }) => [{ shape, data: [...Array(elementCount(shape)).keys()] }],
  },
  full: {
    cases: someShapes.map(shape => ({ operands: [], attributes: { shape, value: -1.5 } })),
    reference: (_, { shape, value }) => [generate(shape, () => value)],
  },
  input: {
    cases: someShapes.flatMap(shape => [
      { operands: [floats(shape)], attributes: { name: 'x0', dtype: 'float32', shape } },
      { operands: [integers(shape, -9, 9)], attributes: { name: 'x0', dtype: 'int64', shape } },
    ]),
    build: ([x]) => [x],
    reference: ([x]) => [x],
  },
  parameter: {
    cases: someShapes.map(shape => ({
      operands: [{ ...floats(shape), parameter: true }],
      attributes: { id: -1, shape },
    })),
    build: ([x]) => [x],
    reference: ([x]) => [x],
  },
}
