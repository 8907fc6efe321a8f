import { Random } from '../../src/base/random.ts'
import { host } from '../../src/compiler/compile.ts'
import { GPT2 } from '../../src/models/2019-gpt2.ts'
import { crossEntropy } from '../../src/nn/losses.ts'
import { initialWeights, namedParameters } from '../../src/nn/parameters.ts'
import { adamW } from '../../src/optim/adamw.ts'
import type { Optimizer } from '../../src/optim/optimizer.ts'
import type { HostTensor } from '../../src/runtime/runtime.ts'
import { input, type Parameter, type Tensor } from '../../src/tensor/tensor.ts'

/** A problem that trains in milliseconds on every runtime; everything in it follows from the seed. */
export interface TinyProblem {
  readonly parameters: ReadonlyMap<string, Parameter>
  readonly weights: ReadonlyMap<string, Float32Array>
  /** Mean over the batch. */
  readonly loss: Tensor
  readonly optimizer: Optimizer
  readonly clip: number
  /** The same shapes at every step, other tokens. */
  readonly batch: (step: number) => Record<string, HostTensor>
}

/** GPT-2 with 2 layers, 2 heads, 32 channels, context 16 and 61 tokens. */
export function tinyGpt2({ seed = 1, batchSize = 3 }: { seed?: number; batchSize?: number } = {}): TinyProblem {
  const [vocabulary, context] = [61, 16]
  const model = new GPT2({ vocabulary, context, channels: 32, layers: 2, heads: 2, bias: true })
  const parameters = namedParameters(model)
  const shape = [batchSize, context]
  const ids = input('ids', shape, 'int64')
  const targets = input('targets', shape, 'int64')
  return {
    parameters,
    weights: initialWeights(parameters, seed),
    loss: crossEntropy(model.logits(ids), targets),
    optimizer: adamW({ beta2: 0.95, weightDecay: 0.1 }),
    clip: 1,
    batch: step => {
      const random = new Random(seed, 'tokens', step * 10_000)
      const tokens = () => BigInt64Array.from({ length: batchSize * context }, () => BigInt(random.integer(vocabulary)))
      return { ids: host('int64', shape, tokens()), targets: host('int64', shape, tokens()) }
    },
  }
}
