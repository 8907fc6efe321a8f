import { broadcastShapes, type Shape } from '../../../src/base/shape.ts'
import type * as matmul from '../../../src/ops/matmul.ts'
import type { MatmulAttributes } from '../../../src/ops/matmul.ts'
import { type Case, floats, type ProofsOf } from './proof.ts'
import { at, generate, type Values } from './values.ts'

const swapped = (x: Values): Values =>
  generate([...x.shape.slice(0, -2), x.shape.at(-1)!, x.shape.at(-2)!], index =>
    at(x, [...index.slice(0, -2), index.at(-1)!, index.at(-2)!]),
  )

/** scale Σ_k a[.., i, k] b[.., k, j], each operand transposed where asked. */
function product(first: Values, second: Values, { transposeA, transposeB, scale }: MatmulAttributes): Values {
  const [a, b] = [transposeA ? swapped(first) : first, transposeB ? swapped(second) : second]
  const leading = broadcastShapes('reference', a.shape.slice(0, -2), b.shape.slice(0, -2))
  return generate([...leading, a.shape.at(-2)!, b.shape.at(-1)!], index => {
    const [lead, [i, j]] = [index.slice(0, -2), index.slice(-2)]
    let sum = 0
    for (let k = 0; k < a.shape.at(-1)!; k++) sum += at(a, [...lead, i, k]) * at(b, [...lead, k, j])
    return scale * sum
  })
}

/** Leading axes of A and B, and the sizes n, k, m of [n, k] times [k, m]. */
const matmulShapes: readonly (readonly [Shape, Shape, readonly [number, number, number]])[] = [
  [[], [], [2, 3, 4]],
  [[], [], [1, 1, 1]],
  [[3], [], [2, 4, 3]],
  [[2, 3], [], [1, 2, 3]],
  [[], [2], [3, 2, 1]],
  [[2], [2], [2, 3, 2]],
  [[2, 1], [3], [2, 2, 2]],
  [
    [1, 2, 3],
    [2, 2, 1, 1],
    [2, 1, 2],
  ],
]

const transposed = (shape: Shape, swap: boolean): Shape =>
  swap ? [...shape.slice(0, -2), shape.at(-1)!, shape.at(-2)!] : shape

function products(
  shapes: typeof matmulShapes,
  addends: (n: number, m: number) => readonly Shape[][],
): Case<MatmulAttributes>[] {
  return shapes.flatMap(([leadA, leadB, [n, k, m]]) =>
    [false, true].flatMap(transposeA =>
      [false, true].flatMap(transposeB =>
        addends(n, m).map(addend => ({
          operands: [
            floats(transposed([...leadA, n, k], transposeA)),
            floats(transposed([...leadB, k, m], transposeB)),
            ...addend.map(shape => floats(shape)),
          ],
          attributes: { transposeA, transposeB, scale: transposeA ? 0.5 : 1 },
        })),
      ),
    ),
  )
}

export const matmulProofs: ProofsOf<typeof matmul> = {
  matmul: {
    cases: products(matmulShapes, () => [[]]),
    reference: ([a, b], attributes) => [product(a, b, attributes)],
  },
  gemm: {
    cases: products(matmulShapes.slice(0, 2), (n, m) => [[[n, m]], [[m]], [[n, 1]], [[]]]),
    reference: ([a, b, c], attributes) => {
      const ab = product(a, b, attributes)
      return [generate(ab.shape, index => at(ab, index) + at(c, index))]
    },
  },
}
