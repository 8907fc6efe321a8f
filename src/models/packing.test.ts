import { describe, expect, it } from 'vitest'
import { compile, host } from '../compiler/compile.ts'
import { initialWeights, namedParameters, parameterNames, weightFeeds } from '../nn/parameters.ts'
import { nodeRuntime } from '../runtime/node.ts'
import type { HostTensor } from '../runtime/runtime.ts'
import { input } from '../tensor/tensor.ts'
import { timeline } from './index.ts'

const size = { vocabulary: 11, context: 8, layers: 2, heads: 2, channels: 16, bias: true }
const attending = timeline.filter(({ carriesState }) => !carriesState)
const runtime = nodeRuntime({ threads: 1 })

/** Two documents, and one place that is left over. */
const first = [3, 1, 4]
const second = [1, 5, 9, 2]
const rows = (values: readonly number[]): HostTensor =>
  host('int64', [1, values.length], BigInt64Array.from(values, BigInt))

describe.each(attending)('$name with packing', entry => {
  const model = entry.create({ ...size, hiddenSize: 8, embeddingSize: 8 })
  const parameters = namedParameters(model)
  // The published first weights make positions matter too little.
  const weights = new Map([...initialWeights(parameters, 1)].map(([name, values]) => [name, values.map(x => 3 * x)]))

  async function logits(
    ids: readonly number[],
    packing?: { positions: readonly number[]; documents: readonly number[]; prefixes?: readonly number[] },
  ) {
    const shape = [1, ids.length]
    const named = packing && {
      positions: input('positions', shape, 'int64'),
      documents: input('documents', shape, 'int64'),
      ...(packing.prefixes && { prefixes: input('prefixes', shape, 'int64') }),
    }
    const output = model.logits(input('ids', shape, 'int64'), { packing: named })
    const program = await compile(runtime, { output }, { parameterNames: parameterNames(parameters) })
    const given = Object.fromEntries(Object.entries(packing ?? {}).map(([name, values]) => [name, rows(values)]))
    const result = await program.run({ ids: rows(ids), ...given, ...weightFeeds(model, weights) })
    await program.release()
    return [...((result.output as HostTensor).data as Float32Array)]
  }

  it('gives each document the logits that it has alone', async () => {
    const packed = await logits([...first, ...second, 0], {
      positions: [0, 1, 2, 0, 1, 2, 3, 0],
      documents: [0, 0, 0, 1, 1, 1, 1, 2],
    })
    const alone = [...(await logits(first)), ...(await logits(second))]
    for (const [i, value] of alone.entries()) expect(packed[i]).toBeCloseTo(value, 4)
    const joined = await logits([...first, ...second])
    const differences = joined
      .slice(first.length * size.vocabulary)
      .map((value, i) => Math.abs(value - packed[first.length * size.vocabulary + i]))
    expect(Math.max(...differences)).toBeGreaterThan(0.01)
  })

  it('gives documents with a common prefix the logits that each has alone', async () => {
    const packed = await logits([...first, 1, 5, 9, 2, 0], {
      positions: [0, 1, 2, 3, 4, 3, 4, 0],
      documents: [0, 0, 0, 1, 1, 2, 2, 3],
      prefixes: [0, 0, 0, 0, 0, 0, 0, 3],
    })
    const [one, other] = [await logits([...first, 1, 5]), await logits([...first, 9, 2])]
    const alone = [...one, ...other.slice(first.length * size.vocabulary)]
    for (const [i, value] of alone.entries()) expect(packed[i]).toBeCloseTo(value, 4)
  })
})
