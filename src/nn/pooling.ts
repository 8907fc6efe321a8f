import { constant, type Tensor } from '../tensor/tensor.ts'

/** Mean pooling: of the states [B, T, C] of each row's tokens, [B, C]. */
export function meanOfTokens(states: Tensor, lengths: Tensor): Tensor {
  const [batch, tokens] = states.shape
  const places = constant([...Array(tokens).keys()], [1, tokens], 'int64')
  const present = places.less(lengths.reshape([batch, 1])).cast('float32') // [B, T]
  return states
    .mul(present.reshape([batch, tokens, 1]))
    .sum([1])
    .div(lengths.cast('float32').reshape([batch, 1]))
}
