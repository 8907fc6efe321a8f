import { spawnSync } from 'node:child_process'
import { env } from 'node:process'
import { expect, test } from 'vitest'
import { expectClose } from '../../test/engine/closeness.ts'
import { tinyGpt2 } from '../../test/engine/tiny-gpt2.ts'
import { gradient } from '../autodiff/gradient.ts'
import { parameterNames } from '../nn/parameters.ts'
import { nodeRuntime } from '../runtime/node.ts'
import type { HostTensor } from '../runtime/runtime.ts'
import { webRuntime } from '../runtime/web.ts'
import { input, Parameter, type Tensor } from '../tensor/tensor.ts'
import { compile, compileToOnnx, host } from './compile.ts'

const runtime = nodeRuntime({ threads: 1 })

/** Forward and backward of the tiny GPT-2. */
function gptGradients() {
  const problem = tinyGpt2()
  const gradients = gradient(problem.loss, [...problem.parameters.values()])
  const outputs = Object.fromEntries(
    [...problem.parameters.keys()].map((name, i) => [`gradient/${name}`, gradients[i]]),
  )
  return { problem, outputs: { loss: problem.loss, ...outputs }, names: parameterNames(problem.parameters) }
}

test('a model is valid for Python’s onnx.checker', async context => {
  const python = env.NACRE_PYTHON
  context.skip(python === undefined, 'needs a Python with onnx: $NACRE_PYTHON')
  const { outputs, names } = gptGradients()
  const { bytes } = compileToOnnx(outputs, names)
  const code =
    'import onnx, sys; onnx.checker.check_model(onnx.load_from_string(sys.stdin.buffer.read()), full_check=True)'
  const { status, stderr } = spawnSync(python!, ['-c', code], { input: bytes })
  expect([status, stderr.toString()]).toEqual([0, ''])
})

test('a model loads in onnxruntime-node and onnxruntime-web', async () => {
  const { outputs, names, problem } = gptGradients()
  const { bytes } = compileToOnnx(outputs, names)
  const weights = [...problem.parameters].map(([name, { shape }]) => {
    return [name, host('float32', shape, problem.weights.get(name)!)] as const
  })
  const feeds = { ...problem.batch(1), ...Object.fromEntries(weights) }
  const losses = []
  for (const one of [runtime, await webRuntime()]) {
    const session = await one.load(bytes)
    losses.push(((await session.run(feeds)).loss as HostTensor).data[0] as number)
    await session.release()
  }
  expectClose('loss', [losses[0]], [losses[1]], { absolute: 1e-5 })
})

test('what a device lacks is written with other operators', async () => {
  const { outputs, names, problem } = gptGradients()
  const weights = [...problem.parameters].map(([name, { shape }]) => {
    return [name, host('float32', shape, problem.weights.get(name)!)] as const
  })
  const feeds = { ...problem.batch(1), ...Object.fromEntries(weights) }
  const plain = await compile(runtime, outputs, { parameterNames: names })
  const lacking = await compile({ ...runtime, lacks: ['FusedMatMul', 'LogSoftmax'] }, outputs, {
    parameterNames: names,
  })
  const text = (lacks: readonly ('FusedMatMul' | 'LogSoftmax')[]) =>
    new TextDecoder('latin1').decode(compileToOnnx(outputs, names, lacks).bytes)
  expect(text([])).toMatch(/FusedMatMul[\s\S]*LogSoftmax|LogSoftmax[\s\S]*FusedMatMul/)
  expect(text(['FusedMatMul', 'LogSoftmax'])).not.toMatch(/FusedMatMul|LogSoftmax/)
  const [expected, actual] = [await plain.run(feeds), await lacking.run(feeds)]
  for (const name of Object.keys(outputs)) {
    const numbers = (value: typeof expected) => (value[name] as HostTensor).data as Float32Array
    expectClose(name, numbers(actual), numbers(expected), { relative: 1e-4, absolute: 1e-6 })
  }
})

test('names of inputs, outputs and parameters never meet those that the compiler makes', async () => {
  const tensors = ['c0', 't0', 't1', 'c1'].map(name => input(name, [2]))
  const sum = tensors.reduce((total, one) => total.mul(2).add(one))
  const program = await compile(runtime, { t2: sum, t3: sum.add(1), same: sum, c0copy: tensors[0] })
  const feeds = Object.fromEntries(
    tensors.map((tensor, i) => [tensor.node.attributes.name, host('float32', [2], Float32Array.of(i, -i))]),
  )
  const result = await program.run(feeds)
  const numbers = Object.fromEntries(
    Object.entries(result).map(([name, value]) => [name, [...((value as HostTensor).data as Float32Array)]]),
  )
  expect(numbers).toEqual({ t2: [11, -11], t3: [12, -10], same: [11, -11], c0copy: [0, -0] })
})

test('a parameter without a name is an error that tells its shape', () => {
  const parameter = new Parameter([2, 3], () => new Float32Array(6))
  expect(() => compileToOnnx({ y: parameter.exp() })).toThrow(
    'compile expected every parameter to be a field of the model. Received an unnamed parameter of shape [2, 3].',
  )
})

test('a chain of 20,000 nodes compiles without deep recursion and in seconds', async () => {
  const x = input('x', [4])
  let y: Tensor = x
  for (let i = 0; i < 4_000; i++) y = y.sin().mul(0.5 + i / 8_000)
  const started = performance.now()
  const model = compileToOnnx({ y, dx: gradient(y.sum(), [x])[0] })
  const compileMs = performance.now() - started
  expect(model.nodeCount).toBeGreaterThan(19_990)
  const session = await runtime.load(model.bytes)
  const createMs = performance.now() - started - compileMs
  const result = await session.run({ x: host('float32', [4], Float32Array.of(0.1, 0.2, 0.3, 0.4)) })
  await session.release()
  expect(((result.y as HostTensor).data as Float32Array).every(Number.isFinite)).toBe(true)
  console.info(`${model.nodeCount} nodes: compiled in ${compileMs.toFixed()} ms, loaded in ${createMs.toFixed()} ms`)
  expect(compileMs).toBeLessThan(10_000)
})

test('a part of a tensor is read where nobody reads the rest', async () => {
  const [first] = input('x', [2, 3]).split([1, 1], 0)
  const program = await compile(runtime, { first })
  const { first: value } = await program.run({ x: host('float32', [2, 3], Float32Array.of(1, 2, 3, 4, 5, 6)) })
  expect([...((value as HostTensor).data as Float32Array)]).toEqual([1, 2, 3])
  await program.release()
})
