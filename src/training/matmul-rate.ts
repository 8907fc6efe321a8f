import { compile, host } from '../compiler/compile.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { input } from '../tensor/tensor.ts'

/** Rows and columns of the measured product: large enough that the rate no longer grows. */
const size = 1536

/** What the machine reaches on a large matrix product, in floating-point operations per second: the best of a few runs. */
export async function measureMatmulRate(runtime: Runtime, runs: number = 5): Promise<number> {
  const shape = [size, size]
  const program = await compile(runtime, { product: input('a', shape).matmul(input('b', shape)) })
  const operand = () => host('float32', shape, new Float32Array(size * size).fill(0.5))
  const feeds = { a: operand(), b: operand() }
  const fetches = { product: operand() }
  let best = Infinity
  for (let run = 0; run < runs; run++) {
    const started = performance.now()
    await program.run(feeds, fetches)
    best = Math.min(best, performance.now() - started)
  }
  await program.release()
  return (2 * size ** 3) / (best / 1000)
}
