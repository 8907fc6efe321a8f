import { expect, test } from 'vitest'
import { tinyGpt2 } from '../../../test/engine/tiny-gpt2.ts'
import { compile, host } from '../../compiler/compile.ts'
import { input } from '../../tensor/tensor.ts'
import { flatStep } from '../../training/step.ts'
import { nodeRuntime } from '../node.ts'
import { nativeLibrary } from './node.ts'

const runtime = nodeRuntime()
const doubled = () => compile(runtime, { y: input('x', [2, 2]).mul(2) })
const matrix = (...values: number[]) => host('float32', [2, 2], Float32Array.from(values))

test('the library is found and called', () => {
  expect(nativeLibrary()).toBeDefined()
})

test('training is that of onnxruntime-node, bit for bit', async () => {
  const losses = async (copying: boolean): Promise<number[]> => {
    const problem = tinyGpt2()
    const step = await flatStep({ runtime: nodeRuntime({ copying }), ...problem })
    const all: number[] = []
    for (let i = 1; i <= 10; i++) {
      const { loss, gradientNorm } = await step.run([problem.batch(i)], { step: i, learningRate: 1e-3 })
      all.push(loss, gradientNorm)
    }
    await step.release()
    return all
  }
  expect(await losses(false)).toEqual(await losses(true))
})

test('outputs are written to the memory that is given, also over an input', async () => {
  const program = await doubled()
  const x = matrix(1, 2, 3, 4)
  const { y } = await program.run({ x }, { y: x })
  expect(y).toBe(x)
  expect([...x.data]).toEqual([2, 4, 6, 8])
  await program.run({ x }, { y: x })
  expect([...x.data]).toEqual([4, 8, 12, 16])
  await program.release()
})

test('outputs without memory are new at every run', async () => {
  const program = await doubled()
  const first = await program.run({ x: matrix(1, 2, 3, 4) })
  const second = await program.run({ x: matrix(5, 6, 7, 8) })
  expect(first.y).toMatchObject({ shape: [2, 2], data: Float32Array.of(2, 4, 6, 8) })
  expect(second.y).toMatchObject({ shape: [2, 2], data: Float32Array.of(10, 12, 14, 16) })
  await program.release()
})

test('values end with their tensors: memory does not grow with the number of runs', async () => {
  const program = await compile(runtime, { y: input('x', [256, 1024]).mul(2) }) // 1 MB in, 1 MB out
  const run = async (times: number): Promise<void> => {
    for (let i = 0; i < times; i++) await program.run({ x: host('float32', [256, 1024], new Float32Array(2 ** 18)) })
  }
  await run(200)
  const before = process.memoryUsage().rss
  await run(1500)
  expect(process.memoryUsage().rss - before).toBeLessThan(600 * 2 ** 20)
  await program.release()
})

test('what does not fit is refused, and the program goes on', async () => {
  const program = await doubled()
  await expect(program.run({})).rejects.toThrow(
    'Tensor "x" expected a tensor in the memory of the program. Received none.',
  )
  await expect(program.run({ x: host('float32', [2, 2], new Float32Array(3)) })).rejects.toThrow(
    'Tensor "x" expected 4 elements for [2, 2]. Received 3.',
  )
  await expect(program.run({ x: host('int32', [2, 2], new Int32Array(4)) })).rejects.toThrow(
    'Unexpected input data type',
  )
  await expect(program.run({ x: host('float32', [4], new Float32Array(4)) })).rejects.toThrow(
    'Invalid rank for input: x',
  )
  expect((await program.run({ x: matrix(1, 1, 1, 1) })).y).toMatchObject({ data: Float32Array.of(2, 2, 2, 2) })
  await program.release()
  await program.release()
  await expect(program.run({ x: matrix(1, 1, 1, 1) })).rejects.toThrow('A program expected not to be released.')
})

test('a model that is none is refused with a message', async () => {
  await expect(runtime.load(new Uint8Array([1, 2, 3]))).rejects.toThrow('expected to load the model')
})

test('timers have their turn between runs', async () => {
  const program = await doubled()
  let turns = 0
  const timer = setInterval(() => turns++, 1)
  const started = performance.now()
  while (performance.now() - started < 200) await program.run({ x: matrix(1, 2, 3, 4) })
  clearInterval(timer)
  expect(turns).toBeGreaterThan(2)
  await program.release()
})
