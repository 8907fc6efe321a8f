import { expect, test } from 'vitest'
import { expectClose } from '../../test/engine/closeness.ts'
import { Random } from '../base/random.ts'
import { nodeRuntime } from '../runtime/node.ts'
import type { HostTensor, Runtime } from '../runtime/runtime.ts'
import { webRuntime } from '../runtime/web.ts'
import { input } from '../tensor/tensor.ts'
import { compile, host } from './compile.ts'

/** Tokens, vocabulary, channels; more than one slab but for the first, and a table smaller and larger than the tokens. */
const sizes: readonly (readonly [tokens: number, vocabulary: number, channels: number])[] = [
  [768, 65, 128],
  [768, 65, 384],
  [4096, 10, 64],
  [700, 1000, 384],
  [2000, 2, 384],
]

async function expectExactSums(runtime: Runtime, [count, vocabulary, channels]: (typeof sizes)[number]): Promise<void> {
  const random = new Random(1)
  const ids = BigInt64Array.from({ length: count }, () => BigInt(random.integer(Math.min(vocabulary, 65))))
  const rows = Float32Array.from({ length: count * channels }, () => random.normal())
  const table = Float32Array.from({ length: vocabulary * channels }, () => random.normal())
  const places = input('ids', [count], 'int64')
  const result = input('table', [vocabulary, channels]).scatterAdd(places, input('rows', [count, channels]))
  const program = await compile(runtime, { result })
  const feeds = {
    ids: host('int64', [count], ids),
    rows: host('float32', [count, channels], rows),
    table: host('float32', [vocabulary, channels], table),
  }
  const first = ((await program.run(feeds)).result as HostTensor).data as Float32Array
  const exact = Float64Array.from(table)
  rows.forEach((value, i) => {
    exact[Number(ids[Math.floor(i / channels)]) * channels + (i % channels)] += value
  })
  expectClose('sums', first, exact, { absolute: 1e-3, relative: 1e-4 })
  for (let run = 0; run < 50; run++) {
    const again = ((await program.run(feeds)).result as HostTensor).data as Float32Array
    expect(Buffer.compare(bytesOf(again), bytesOf(first))).toBe(0)
  }
  await program.release()
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array) => Buffer.from(buffer, byteOffset, byteLength)

test.each(sizes)('%i rows added to %i of %i channels: nothing is lost, every run is the same', async (...size) => {
  await expectExactSums(nodeRuntime({ threads: 2 }), size)
  await expectExactSums(nodeRuntime({ threads: 4 }), size)
  await expectExactSums(await webRuntime({ threads: 2 }), size)
})
