/** On WebAssembly under Node; test/browser has the same in a browser, and WebGPU. */
import { expect, test } from 'vitest'
import { expectClose } from '../../test/engine/closeness.ts'
import { prove } from '../../test/engine/proofs/proof.ts'
import { table } from '../../test/engine/proofs/table.ts'
import { tinyGpt2 } from '../../test/engine/tiny-gpt2.ts'
import { DeviceError } from '../base/errors.ts'
import { compile, host } from '../compiler/compile.ts'
import { input } from '../tensor/tensor.ts'
import { flatStep } from '../training/step.ts'
import { wholeStep } from '../training/whole-step.ts'
import { nodeRuntime } from './node.ts'
import { webRuntime } from './web.ts'

test('every operation is proven', async () => {
  const runtime = await webRuntime()
  const complaints = []
  for (const { op, proof } of table) complaints.push(...(await prove(runtime, op, proof, { mostCases: 4 })))
  expect(complaints).toEqual([])
})

test('training gives the losses of the native library', async () => {
  const problem = tinyGpt2()
  const web = await wholeStep({ runtime: await webRuntime(), ...problem })
  const native = await flatStep({ runtime: nodeRuntime(), ...problem })
  for (let i = 1; i <= 10; i++) {
    const at = { step: i, learningRate: 1e-3 }
    const [a, b] = [await web.run([problem.batch(i)], at), await native.run([problem.batch(i)], at)]
    expectClose(`step ${i}`, [a.loss, a.gradientNorm], [b.loss, b.gradientNorm], { absolute: 1e-4 })
  }
})

test('every element type goes in and comes out; inputs that the graph lacks are left out', async () => {
  const [i64, i32, bool, float] = (['int64', 'int32', 'bool', 'float32'] as const).map(type => input(type, [2], type))
  const outputs = { long: i64.add(1), int: i32.mul(3), flag: bool.not(), number: float.neg() }
  const program = await compile(await webRuntime(), outputs)
  const feeds = {
    int64: host('int64', [2], BigInt64Array.of(-1n, 2n ** 40n)),
    int32: host('int32', [2], Int32Array.of(-7, 2 ** 30)),
    bool: host('bool', [2], Uint8Array.of(0, 1)),
    float32: host('float32', [2], Float32Array.of(0.5, -2)),
    unknown: host('float32', [], Float32Array.of(1)),
  }
  expect(await program.run(feeds)).toEqual({
    long: { dtype: 'int64', shape: [2], data: BigInt64Array.of(0n, 2n ** 40n + 1n) },
    int: { dtype: 'int32', shape: [2], data: Int32Array.of(-21, (3 * 2 ** 30) | 0) },
    flag: { dtype: 'bool', shape: [2], data: Uint8Array.of(1, 0) },
    number: { dtype: 'float32', shape: [2], data: Float32Array.of(-0.5, 2) },
  })
})

test('where there is no WebGPU, the error says so', async () => {
  await expect(webRuntime({ device: 'webgpu' })).rejects.toThrow(DeviceError)
  await expect(webRuntime({ device: 'webgpu' })).rejects.toThrow('Received no navigator.gpu. Use the device "wasm".')
})

test('a model that cannot be loaded is a DeviceError', async () => {
  await expect((await webRuntime()).load(new Uint8Array([1, 2, 3]))).rejects.toThrow(DeviceError)
})
