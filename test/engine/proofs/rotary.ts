import type { Shape } from '../../../src/base/shape.ts'
import type * as rotary from '../../../src/ops/rotary.ts'
import { type Case, floats, integers, type ProofsOf } from './proof.ts'
import { at, generate } from './values.ts'

const rotaryCase = (x: Shape, positions: Shape, half: number, places = 7): Case<Record<string, never>> => ({
  operands: [floats(x), integers(positions, 0, 3), floats([places, half]), floats([places, half])],
  attributes: {},
})

export const rotaryProofs: ProofsOf<typeof rotary> = {
  rotary: {
    cases: [
      rotaryCase([2, 3, 4, 6], [2, 4], 3),
      rotaryCase([2, 4, 12], [2, 4], 2),
      rotaryCase([1, 2, 4, 2], [1], 1),
      rotaryCase([2, 3, 8], [1], 4),
      rotaryCase([1, 1, 1, 16], [1, 1], 8),
      rotaryCase([3, 1, 32], [3, 1], 16),
    ],
    // Tables of angles, known in advance.
    constants: [2, 3],
    reference: ([x, positions, cosines, sines]) => {
      const half = cosines.shape[1]
      const y = generate(x.shape, index => {
        const [batch, token] = [index[0], index.at(-2)!]
        const place = positions.shape.length === 1 ? positions.data[0] + token : at(positions, [batch, token])
        const channel = index.at(-1)! % (2 * half)
        const isFirst = channel < half
        const other = at(x, index.with(-1, index.at(-1)! + (isFirst ? half : -half)))
        const angle = [place, channel % half]
        return at(x, index) * at(cosines, angle) + (isFirst ? -1 : 1) * other * at(sines, angle)
      })
      return [y]
    },
  },
}
