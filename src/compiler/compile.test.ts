import { spawnSync } from 'node:child_process'
import { env } from 'node:process'
import { describe, expect, test } from 'vitest'
import { expectClose } from '../../test/engine/closeness.ts'
import { tinyGpt2 } from '../../test/engine/tiny-gpt2.ts'
import { gradient } from '../autodiff/gradient.ts'
import { typedArray } from '../base/dtype.ts'
import { parameterNames } from '../nn/parameters.ts'
import { nodeRuntime } from '../runtime/node.ts'
import type { HostTensor } from '../runtime/runtime.ts'
import { webRuntime } from '../runtime/web.ts'
import { constant, full, input, Parameter, type Tensor } from '../tensor/tensor.ts'
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

/** Values of tensors that need no feeds but x. */
async function values(x: HostTensor, outputs: Record<string, Tensor>): Promise<Record<string, number[]>> {
  const program = await compile(runtime, outputs)
  const result = await program.run({ x })
  await program.release()
  return Object.fromEntries(
    Object.keys(outputs).map(name => [
      name,
      Array.from((result[name] as HostTensor).data as ArrayLike<number>, Number),
    ]),
  )
}

describe('corners', () => {
  test('infinities, NaN and -0 are different numbers', async () => {
    const x = input('x', [2])
    const [plus, minus] = [full([2], Infinity), full([2], -Infinity)]
    const chosen = x.greater(0).where(plus, minus)
    const result = await values(host('float32', [2], Float32Array.of(1, -2)), {
      ...{ chosen, plus, minus, nan: full([2], Number.NaN) },
      ...{
        up: x.div(0),
        down: x.div(-0),
        constant: x.mul(constant([0, -0], [2])),
        zeros: x.mul(constant([0, 0], [2])),
      },
    })
    expect(result).toEqual({
      ...{ chosen: [Infinity, -Infinity], plus: [Infinity, Infinity], minus: [-Infinity, -Infinity] },
      ...{ nan: [Number.NaN, Number.NaN], up: [Infinity, -Infinity], down: [-Infinity, Infinity] },
      ...{ constant: [0, 0], zeros: [0, -0] },
    })
  })

  test('a row times a column times a matrix', async () => {
    const [x, column] = [
      input('x', [100]),
      constant(
        Float32Array.from({ length: 8 }, (_, i) => i),
        [8, 1],
      ),
    ]
    const ones = constant(new Float32Array(300).fill(1), [100, 3])
    const { y } = await values(host('float32', [100], new Float32Array(100).fill(0.5)), {
      y: x.mul(column).matmul(ones),
    })
    expect(y).toEqual(Array.from({ length: 24 }, (_, i) => 50 * Math.floor(i / 3)))
  })

  test.each(['int64', 'int32'] as const)('many rows of %s are summed', async dtype => {
    const rows = Array.from({ length: 200 }, (_, i) => i)
    const { y } = await values(host(dtype, [100, 2], typedArray(dtype, rows)), {
      y: input('x', [100, 2], dtype).sum([0]),
    })
    expect(y).toEqual([9900, 10000])
  })

  test('over no axis, each element is by itself', async () => {
    const x = input('x', [2, 2])
    const outputs = { sum: x.sum([]), mean: x.mean([]), max: x.max([]), squares: x.sumSquare([]) }
    const result = await values(host('float32', [2, 2], Float32Array.of(1, 2, 3, 4)), outputs)
    expect(result).toEqual({ sum: [1, 2, 3, 4], mean: [1, 2, 3, 4], max: [1, 2, 3, 4], squares: [1, 4, 9, 16] })
  })

  test('two factors whose product is no number stay two', async () => {
    const x = input('x', [1])
    const outputs = { large: x.mul(1e30).mul(1e30), small: x.mul(1e-30).mul(1e-30) }
    const given = (value: number) => host('float32', [1], Float32Array.of(value))
    expect((await values(given(1e-30), outputs)).large[0]).toBeCloseTo(1e30, -25)
    expect((await values(given(1e30), outputs)).small[0]).toBeCloseTo(1e-30, 35)
  })
})
