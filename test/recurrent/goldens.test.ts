import { expect, test } from 'vitest'
import { gradient } from '../../src/autodiff/gradient.ts'
import type { Shape } from '../../src/base/shape.ts'
import {
  fromTorch,
  type LayerWeights,
  type TorchLayer,
  torchShapes,
  toTorch,
} from '../../src/checkpoints/torch-recurrent.ts'
import { compile, host } from '../../src/compiler/compile.ts'
import { namedParameters, parameterNames } from '../../src/nn/parameters.ts'
import { type RecurrentKind, type RecurrentLayer, recurrentLayer } from '../../src/nn/recurrent.ts'
import { nodeRuntime } from '../../src/runtime/node.ts'
import type { HostTensor } from '../../src/runtime/runtime.ts'
import { input, type Tensor } from '../../src/tensor/tensor.ts'
import { expectClose } from '../engine/closeness.ts'
import { goldenValues, readGolden } from '../engine/golden-values.ts'

interface GoldenCase {
  readonly options: { readonly kind: RecurrentKind; readonly layers: number; readonly bidirectional: boolean }
  readonly y: number[]
  readonly h: number[]
  readonly c?: number[]
  readonly gradients: Record<string, number[]>
}

const { size, cases } = readGolden<{
  size: { steps: number; batch: number; inputs: number; units: number }
  cases: Record<string, GoldenCase>
}>('recurrent.json')
const { steps, batch, inputs, units } = size
const runtime = nodeRuntime({ threads: 1 })

/** One layer and direction: ours, and how torch's names end. */
interface Direction {
  readonly layer: RecurrentLayer & object
  readonly inputs: number
  readonly suffix: string
  readonly reverse: boolean
}

test.each(Object.entries(cases))('%s agrees with PyTorch, forward and backward', async (name, golden) => {
  const { kind, layers, bidirectional } = golden.options
  const directions = (layer: number): Direction[] => {
    const width = layer === 0 ? inputs : units * (bidirectional ? 2 : 1)
    return (bidirectional ? [false, true] : [false]).map(reverse => ({
      layer: recurrentLayer(kind, width, units),
      inputs: width,
      suffix: `_l${layer}${reverse ? '_reverse' : ''}`,
      reverse,
    }))
  }
  const stack = Array.from({ length: layers }, (_, layer) => directions(layer))
  const all = stack.flat()
  const given = (key: string, shape: Shape, scale: number) =>
    goldenValues(`${name}.${key}`, { shape, scale, offset: 0 })
  const stateShape = [batch, units]
  const letters = kind === 'lstm' ? (['h', 'c'] as const) : (['h'] as const)

  // Forward, with the states of each layer and direction as inputs of their own.
  const x = input('x', [steps, batch, inputs])
  let y: Tensor = x
  const feeds: Record<string, HostTensor> = { x: host('float32', x.shape, given('x', x.shape, 2)) }
  const first: Record<'h' | 'c', Tensor[]> = { h: [], c: [] }
  const last: Record<'h' | 'c', Tensor[]> = { h: [], c: [] }
  for (const direction of stack) {
    const outputs = direction.map(({ layer, reverse }) => {
      const state = letters.map(letter => {
        const row = first[letter].length
        first[letter].push(input(`${letter}0/${row}`, stateShape))
        const whole = given(`${letter}0`, [all.length, ...stateShape], 2)
        const own = whole.slice(row * batch * units, (row + 1) * batch * units)
        feeds[`${letter}0/${row}`] = host('float32', stateShape, own)
        return first[letter][row]
      })
      const result = layer.apply(y, { state, reverse })
      for (const [i, letter] of letters.entries()) last[letter].push(result.state[i])
      return result.outputs
    })
    y = outputs[0].concat(outputs.slice(1), 2)
  }
  const stacked = (states: Tensor[]): Tensor =>
    states[0].concat(states.slice(1), 0).reshape([all.length, ...stateShape])
  const results: Record<string, Tensor> = { y, h: stacked(last.h) }
  if (kind === 'lstm') results.c = stacked(last.c)

  const parameters = new Map(
    all.flatMap(({ layer, suffix }) =>
      [...namedParameters(layer)].map(([field, parameter]) => [`${field}${suffix}`, parameter]),
    ),
  )
  for (const { inputs: width, suffix } of all) {
    const torch = Object.fromEntries(
      Object.entries(torchShapes(kind, width, units)).map(([part, shape]) => [part, given(part + suffix, shape, 1)]),
    )
    for (const [field, data] of Object.entries(fromTorch(kind, torch as unknown as TorchLayer)))
      if (data) feeds[field + suffix] = host('float32', parameters.get(field + suffix)!.shape, data)
  }

  const loss = Object.entries(results)
    .map(([key, tensor]) => {
      feeds[`${key}/weight`] = host('float32', tensor.shape, given(`${key}.weight`, tensor.shape, 2))
      return tensor.mul(input(`${key}/weight`, tensor.shape)).sum()
    })
    .reduce((sum, term) => sum.add(term))
  const wanted = new Map<string, Tensor>([
    ...[x, ...first.h, ...first.c].map(tensor => [String(tensor.node.attributes.name), tensor] as const),
    ...parameters,
  ])
  const gradients = gradient(loss, [...wanted.values()])
  const named = Object.fromEntries([...wanted.keys()].map((key, i) => [`d/${key}`, gradients[i]]))
  const program = await compile(runtime, { ...results, ...named }, { parameterNames: parameterNames(parameters) })
  const values = await program.run(feeds)
  const of = (key: string) => (values[key] as HostTensor).data as Float32Array

  const near = { absolute: 2e-6, relative: 2e-5 }
  for (const key of Object.keys(results)) expectClose(key, of(key), golden[key as 'y'], near)
  expectClose('d x', of('d/x'), golden.gradients.x, near)
  for (const letter of letters)
    expectClose(
      `d ${letter}0`,
      first[letter].flatMap((_, row) => [...of(`d/${letter}0/${row}`)]),
      golden.gradients[`${letter}0`],
      near,
    )
  for (const { suffix, layer } of all) {
    const own = Object.fromEntries([...namedParameters(layer).keys()].map(field => [field, of(`d/${field}${suffix}`)]))
    const torch = toTorch(kind, own as unknown as LayerWeights)
    const { weight_ih, weight_hh, bias_ih } = torch
    for (const [part, data] of Object.entries({ weight_ih, weight_hh, bias_ih }))
      expectClose(`d ${part}${suffix}`, data, golden.gradients[part + suffix], near)
    // torch's second bias has the gradient of the first, but for a GRU's candidate.
    const second = kind === 'gru' ? [...bias_ih.slice(0, 2 * units), ...torch.bias_hh.slice(2 * units)] : bias_ih
    expectClose(`d bias_hh${suffix}`, second, golden.gradients[`bias_hh${suffix}`], near)
  }
  expect(Object.keys(golden.gradients)).toHaveLength(1 + letters.length + 4 * all.length)
})
