import { describe, expect, test } from 'vitest'
import { gradient } from '../../src/autodiff/gradient.ts'
import { compile, host } from '../../src/compiler/compile.ts'
import { type Activation, MultiLayerPerceptron } from '../../src/models/1980-multi-layer-perceptron.ts'
import { crossEntropy } from '../../src/nn/losses.ts'
import { namedParameters, parameterNames } from '../../src/nn/parameters.ts'
import { adamW } from '../../src/optim/adamw.ts'
import type { Optimizer } from '../../src/optim/optimizer.ts'
import { sgd } from '../../src/optim/sgd.ts'
import { nodeRuntime } from '../../src/runtime/node.ts'
import type { HostTensor, Value } from '../../src/runtime/runtime.ts'
import { input } from '../../src/tensor/tensor.ts'
import { flatStep } from '../../src/training/step.ts'
import { wholeStep } from '../../src/training/whole-step.ts'
import { expectClose } from './closeness.ts'
import { goldenValues, readGolden } from './golden-values.ts'

interface Run {
  readonly losses: number[]
  readonly finalLoss: number
  readonly finalNorms: Record<string, number>
}

interface Case extends Record<'sgd' | 'adamw', Run> {
  readonly logits: number[][]
  readonly loss: number
  readonly gradients: Record<string, number[]>
}

interface Golden extends Record<Activation, Case> {
  readonly widths: number[]
  readonly batch: number
  readonly labels: number[]
}

const golden = readGolden<Golden>('mlp.json')
const runtime = nodeRuntime({ threads: 1 })
const [inputs, ...rest] = golden.widths
const x = input('x', [golden.batch, inputs])
const labels = input('labels', [golden.batch], 'int64')
const batch = {
  x: host('float32', x.shape, goldenValues('x', { shape: x.shape, offset: 0, scale: 2 })),
  labels: host('int64', labels.shape, BigInt64Array.from(golden.labels, BigInt)),
}
const numbers = (value: Value) => (value as HostTensor).data as Float32Array
const optimizers: Record<'sgd' | 'adamw', { optimizer: Optimizer; learningRate: number }> = {
  sgd: { optimizer: sgd({ momentum: 0.9 }), learningRate: 0.1 },
  adamw: { optimizer: adamW({ weightDecay: 0.01 }), learningRate: 1e-2 },
}

describe.each(['relu', 'tanh', 'sigmoid'] as const)('%s', activation => {
  const model = new MultiLayerPerceptron({ inputs, hidden: rest.slice(0, -1), outputs: rest.at(-1)!, activation })
  const parameters = namedParameters(model)
  const weights = new Map(
    [...parameters].map(([name, { shape }]) => [
      name,
      goldenValues(name, { shape, offset: 0, scale: name.endsWith('weight') ? 0.8 : 0.4 }),
    ]),
  )
  const expected = golden[activation]
  const logits = model.logits(x)
  const loss = crossEntropy(logits, labels)

  test('logits, loss and every gradient', async () => {
    const gradients = gradient(loss, [...parameters.values()])
    const outputs = Object.fromEntries([...parameters.keys()].map((name, i) => [`gradient/${name}`, gradients[i]]))
    const program = await compile(runtime, { logits, loss, ...outputs }, { parameterNames: parameterNames(parameters) })
    const weightFeeds = Object.fromEntries(
      [...weights].map(([name, data]) => [name, host('float32', parameters.get(name)!.shape, data)]),
    )
    const result = await program.run({ ...batch, ...weightFeeds })
    await program.release()
    expectClose('logits', numbers(result.logits), expected.logits.flat(), { absolute: 1e-6, relative: 1e-5 })
    expectClose('loss', numbers(result.loss), [expected.loss], { relative: 1e-6 })
    expect(Object.keys(expected.gradients)).toEqual([...parameters.keys()])
    for (const [name, values] of Object.entries(expected.gradients))
      expectClose(name, numbers(result[`gradient/${name}`]), values, { absolute: 1e-7, relative: 1e-5 })
  })

  for (const [makeName, makeStep] of Object.entries({ flatStep, wholeStep })) {
    for (const kind of ['sgd', 'adamw'] as const) {
      test(`ten steps of ${kind} by ${makeName}`, async () => {
        const { optimizer, learningRate } = optimizers[kind]
        const run = expected[kind]
        const step = await makeStep({ runtime, parameters, weights, loss, optimizer, clip: 0 })
        const losses: number[] = []
        for (let i = 1; i <= 11; i++) {
          losses.push((await step.run([batch], { step: i, learningRate: i <= 10 ? learningRate : 0 })).loss)
          if (i !== 10) continue
          for (const [name, values] of (await step.state()).weights) {
            const norm = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0))
            expectClose(`norm of ${name}`, [norm], [run.finalNorms[name]], { relative: 1e-5 })
          }
        }
        await step.release()
        expectClose('losses', losses, [...run.losses, run.finalLoss], { relative: 2e-5, absolute: 1e-6 })
      })
    }
  }
})
