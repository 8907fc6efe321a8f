/** How long compiling and creating the session take: the small model's training step, and a graph of 20,000 nodes. */

import { gradient } from '../src/autodiff/gradient.ts'
import { compile } from '../src/compiler/compile.ts'
import { GPT2 } from '../src/models/2019-gpt2.ts'
import { zeros } from '../src/nn/initializers.ts'
import { tokenLosses } from '../src/nn/losses.ts'
import { namedParameters, parameterNames } from '../src/nn/parameters.ts'
import { nodeRuntime } from '../src/runtime/node.ts'
import { input, Parameter, type Tensor } from '../src/tensor/tensor.ts'

const runtime = nodeRuntime({ threads: 2 })

async function timed(name: string, loss: Tensor, parameters: ReadonlyMap<string, Parameter>): Promise<void> {
  const started = performance.now()
  const gradients = gradient(loss, [...parameters.values()])
  const outputs = Object.fromEntries([...parameters.keys()].map((key, i) => [`gradient/${key}`, gradients[i]]))
  const program = await compile(runtime, { loss, ...outputs }, { parameterNames: parameterNames(parameters) })
  const milliseconds = performance.now() - started
  console.log(JSON.stringify({ name, nodes: program.nodeCount, milliseconds: Math.round(milliseconds) }))
  await program.release()
}

const model = new GPT2({ vocabulary: 65, context: 64, channels: 128, layers: 4, heads: 4, bias: true })
const losses = tokenLosses(model.logits(input('ids', [12, 64], 'int64')), input('targets', [12, 64], 'int64'))
await timed('small model', losses.mean(), namedParameters(model))

/** A recurrence unrolled over 2,850 steps: forward and backward come to 20,000 operators. */
const recurrent = new Parameter([16, 16], zeros)
let state = input('state', [4, 16])
for (let step = 0; step < 2850; step++)
  state = state
    .matmul(recurrent)
    .add(input(`x${step % 8}`, [4, 16]))
    .tanh()
await timed('unrolled recurrence', state.sum(), new Map([['recurrent', recurrent]]))
