import { ShapeError } from '../base/errors.ts'
import { formatShape } from '../base/shape.ts'
import type { Op, TensorType, Ternary } from './op.ts'

/**
 * Turns each pair of channels (i, i + D / 2) of each head by the angle of its token's position:
 * a' = a cos - b sin, b' = b cos + a sin. Su et al., RoFormer, 2021, section 3.2.2, with the pairs laid out as halves.
 *
 * Inputs: x [B, H, T, D] or [B, T, H D], positions int64 [B, T], or [1] for the position of the first token, tables of
 * cosines and sines [P, D / 2]. The last three are known in advance: no gradient flows to them.
 */
export const rotary: Op<readonly [...Ternary, Ternary[0]]> = {
  name: 'rotary',
  onnx: () => ({ type: 'RotaryEmbedding', domain: 'com.microsoft' }),
  infer: ([x, positions, cosines, sines]) => {
    const [batch, tokens] = x.shape.length === 4 ? [x.shape[0], x.shape[2]] : x.shape
    const isPlaced = positions.shape.join() === '1' || positions.shape.join() === `${batch},${tokens}`
    const isTurned = x.shape.at(-1)! % (2 * cosines.shape[1]) === 0 && cosines.shape.join() === sines.shape.join()
    if (isPlaced && isTurned && (x.shape.length === 3 || x.shape[3] === 2 * cosines.shape[1])) return [x]
    throw new ShapeError({
      what: 'rotary',
      expected: 'x [B, H, T, D] or [B, T, H D], positions [B, T] or [1], cosines and sines [P, D / 2]',
      received: [x, positions, cosines, sines].map(({ shape }: TensorType) => formatShape(shape)).join(', '),
    })
  },
  // The transpose of a rotation is the rotation by the opposite angle.
  gradient: ({ dy, inputs: [, positions, cosines, sines] }) => [
    dy.rotary(positions, cosines, sines.neg()),
    null,
    null,
    null,
  ],
}
