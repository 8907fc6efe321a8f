/** Every rule beside its slow twin: the graph without it. */
import { describe, expect, test } from 'vitest'
import { expectClose } from '../../test/engine/closeness.ts'
import { tinyGpt2 } from '../../test/engine/tiny-gpt2.ts'
import { gradient } from '../autodiff/gradient.ts'
import { typedArray } from '../base/dtype.ts'
import { Random } from '../base/random.ts'
import { elementCount } from '../base/shape.ts'
import { parameterNames } from '../nn/parameters.ts'
import { nodeRuntime } from '../runtime/node.ts'
import type { HostTensor } from '../runtime/runtime.ts'
import { topologicalOrder } from '../tensor/order.ts'
import { constant, full, input, type Node, type Tensor } from '../tensor/tensor.ts'
import { compileToOnnx, host } from './compile.ts'
import { emit } from './emit.ts'
import { fuseGemm, fuseMatmul } from './fuse.ts'
import { flattenRows, reduceRows } from './layout.ts'
import { type Rule, rewrite, rewriteUntilStable } from './rewrite.ts'
import { scaleRows } from './scale-rows.ts'
import {
  arithmetic,
  dropExpand,
  expandComposites,
  foldConstants,
  negation,
  rearrangement,
  scatterOntoSum,
} from './simplify.ts'

const runtime = nodeRuntime({ threads: 1 })
const leaves = new Set(['input', 'parameter', 'constant', 'full'])
const opNames = (targets: readonly Tensor[]): string[] =>
  topologicalOrder(targets)
    .map(node => node.op.name)
    .filter(name => !leaves.has(name))

async function valuesOf(target: Tensor, feeds: Record<string, HostTensor>): Promise<HostTensor> {
  const session = await runtime.load(emit({ result: target }, new Map()).bytes)
  const result = (await session.run(feeds)).result as HostTensor
  await session.release()
  return result
}

/** Feeds for every input below a tensor. */
function randomFeeds(target: Tensor): Record<string, HostTensor> {
  const inputs = topologicalOrder([target]).filter(node => node.op.name === 'input')
  return Object.fromEntries(
    inputs.map(({ attributes: { name }, outputs: [{ dtype, shape }] }) => {
      const random = new Random(1, String(name))
      const values = Array.from({ length: elementCount(shape) }, () =>
        dtype === 'float32' ? random.normal() : random.integer(3),
      )
      return [name, host(dtype, shape, typedArray(dtype, values))]
    }),
  )
}

/** Operations of the graph after some passes of rules; the values must be those before. */
async function after(before: Tensor, rules: readonly Rule[], passes = 1): Promise<string[]> {
  let [changed] = rewrite([before], [])
  for (let pass = 0; pass < passes; pass++) [changed] = rewrite([changed], rules)
  const feeds = randomFeeds(before)
  const [expected, actual] = [await valuesOf(before, feeds), await valuesOf(changed, feeds)]
  expect([actual.dtype, actual.shape]).toEqual([expected.dtype, expected.shape])
  const numbers = ({ data }: HostTensor) => Array.from(data as ArrayLike<number | bigint>, Number)
  expectClose('values', numbers(actual), numbers(expected), { absolute: 1e-5, relative: 1e-5 })
  return opNames([changed])
}

const x = input('x', [2, 3])
const y = input('y', [2, 3])

test('equal nodes become one', async () => {
  expect(await after(x.exp().add(x.exp()), [])).toEqual(['exp', 'add'])
  expect(await after(x.sum([0]).add(x.sum([1]).sum()), [])).toEqual(['sum', 'sum', 'sum', 'add'])
  const [a, b] = [constant([1, 2, 3], [3]), constant([1, 2, 3], [3])]
  expect(await after(x.add(a).mul(x.add(b)), [])).toEqual(['add', 'mul'])
  expect(await after(x.add(a).mul(x.add(constant([1, 2, 4], [3]))), [])).toEqual(['add', 'add', 'mul'])
})

describe('constants are folded', () => {
  test('numbers, tensors and whole expressions', async () => {
    expect(await after(x.mul(full([], 2).add(3)), [foldConstants])).toEqual(['mul'])
    const table = constant([1, 2, 3], [3]).mul(constant([10, 20], [2, 1]))
    expect(await after(x.add(table.sin()), [foldConstants])).toEqual(['add'])
    expect(await after(x.add(full([2, 3], 4).sqrt()), [foldConstants])).toEqual(['add'])
  })
  test('comparisons and choices', async () => {
    const mask = constant([1, 5], [2, 1]).greater(constant([0, 3, 7], [3]))
    expect(await after(mask.where(x, 0), [foldConstants])).toEqual(['where'])
    expect(await after(x.add(mask.where(full([2, 3], 1), 0)), [foldConstants])).toEqual(['add'])
  })
  test('integers stay exact: products wrap, quotients are cut', async () => {
    const zero = input('i', [1], 'int32')
    const product = constant([0x9e3779b1 | 0], [1], 'int32').mul(constant([0x85ebca6b | 0], [1], 'int32'))
    await after(zero.add(product), [foldConstants])
    const quotient = constant([7], [1], 'int64').div(constant([2], [1], 'int64'))
    expect(await after(input('l', [1], 'int64').add(quotient), [foldConstants])).toEqual(['add'])
  })
})

test('what broadcasts need not be expanded', async () => {
  expect(await after(x.mul(input('row', [3]).expand([2, 3])), [dropExpand])).toEqual(['mul'])
  expect(await after(x.mul(full([2, 3], 2)), [dropExpand])).toEqual(['mul'])
  // Nothing else would give the shape.
  expect(
    await after(
      input('one', [1])
        .expand([2, 3])
        .add(input('row', [3])),
      [dropExpand],
    ),
  ).toEqual(['expand', 'add'])
})

test.each<[string, Tensor, string[]]>([
  ['x + 0', x.add(0), []],
  ['0 + x', full([], 0).add(x), []],
  ['x + (-y)', x.add(y.neg()), ['sub']],
  ['-x + y', x.neg().add(y), ['sub']],
  ['x - 0', x.sub(0), []],
  ['x - (-y)', x.sub(y.neg()), ['add']],
  ['x 1', x.mul(1), []],
  ['x (-1)', x.mul(-1), ['neg']],
  ['(x 2) 3', x.mul(2).mul(3), ['mul']],
  ['x / 1', x.div(1), []],
  ['x 0 + y', x.mul(0).add(y), []],
  ['a number that gives the shape stays', input('one', [1]).mul(full([2, 3], 1)), ['mul']],
])('arithmetic: %s', async (_, before, expected) => {
  expect(await after(before, [arithmetic], 2)).toEqual(expected)
})

test.each<[string, Tensor, string[]]>([
  ['-(-x)', x.neg().neg(), []],
  ['-(x - y)', x.sub(y).neg(), ['sub']],
  ['-(x 2)', x.mul(2).neg(), ['mul']],
])('negation: %s', async (_, before, expected) => {
  expect(await after(before, [negation])).toEqual(expected)
})

test('a difference that others use is not turned around', async () => {
  const difference = x.sub(y)
  expect(await after(difference.neg().mul(difference), [negation])).toEqual(['sub', 'neg', 'mul'])
})

test.each<[string, Tensor, string[]]>([
  ['two reshapes', x.reshape([6]).reshape([3, 2]), ['reshape']],
  ['there and back', x.reshape([6]).reshape([2, 3]), []],
  ['two permutations', input('z', [2, 3, 4]).permute([1, 2, 0]).permute([0, 2, 1]), ['permute']],
  ['a permutation and its inverse', x.transpose().transpose(), []],
  ['an expansion to the same shape', x.expand([2, 3]), []],
  ['a sum over axes of size 1', input('z', [2, 1, 3]).sum([1]), ['reshape']],
])('rearrangement: %s', async (_, before, expected) => {
  expect(await after(before, [rearrangement], 3)).toEqual(expected)
})

test('a scattered gradient is scattered onto what it would be added to', async () => {
  const scattered = full([3, 2], 0).scatterAdd(input('ids', [4], 'int64'), input('rows', [4, 2]))
  const base = input('base', [3, 2])
  expect((await after(scattered.add(base), [scatterOntoSum])).toSorted()).toEqual(['reshape', 'scatterAdd'])
  expect((await after(base.add(scattered), [scatterOntoSum])).toSorted()).toEqual(['reshape', 'scatterAdd'])
})

test('transposes and factors go into the product', async () => {
  const [a, b] = [input('a', [4, 3]), input('b', [4, 5])]
  expect(await after(a.transpose().matmul(b), [fuseMatmul])).toEqual(['matmul'])
  expect(await after(b.transpose().matmul(a).mul(0.5), [fuseMatmul], 2)).toEqual(['matmul'])
  expect(await after(a.matmul(b, { transposeA: true }).transpose().transpose(), [rearrangement])).toEqual(['matmul'])
  // Both products are needed: the factor stays outside.
  const product = a.matmul(b, { transposeA: true })
  expect(await after(product.mul(2).add(product), [fuseMatmul])).toEqual(['matmul', 'mul', 'add'])
  const [p, q] = [input('p', [2, 4, 3]), input('q', [2, 4, 5])]
  expect(await after(p.permute([1, 2, 0]).matmul(input('s', [4, 2, 5])), [fuseMatmul])).toEqual(['permute', 'matmul'])
  expect(await after(p.transpose().matmul(q), [fuseMatmul])).toEqual(['matmul'])
})

test('a product and a sum become one Gemm', async () => {
  const product = () => input('a', [4, 3]).matmul(input('b', [3, 5]))
  expect(await after(product().add(input('row', [5])), [fuseGemm])).toEqual(['gemm'])
  expect(await after(input('whole', [4, 5]).add(product()), [fuseGemm])).toEqual(['gemm'])
  expect(await after(product().add(input('column', [4, 1])), [fuseGemm])).toEqual(['gemm'])
  expect(await after(product().add(input('number', [])), [fuseGemm])).toEqual(['matmul', 'add'])
  // The sum is larger than the product.
  const larger = input('a', [1, 3])
    .matmul(input('b', [3, 5]))
    .add(input('whole', [4, 5]))
  expect(await after(larger, [fuseGemm])).toEqual(['matmul', 'add'])
  const shared = product()
  expect(await after(shared.add(input('row', [5])).mul(shared), [fuseGemm])).toEqual(['matmul', 'add', 'mul'])
})

test('products with one shared matrix are done on rows', async () => {
  const z = input('z', [2, 4, 3])
  const linear = z
    .matmul(input('w', [3, 5]))
    .add(input('bias', [5]))
    .tanh()
    .matmul(input('v', [5, 3]))
    .add(z)
  const rules = [flattenRows, rearrangement]
  expect(await after(linear, rules, 6)).toEqual(['reshape', 'matmul', 'add', 'tanh', 'matmul', 'add', 'reshape'])
  expect(await after(linear.sum([0, 1]), [...rules, reduceRows], 8)).toEqual([
    ...['reshape', 'matmul', 'add', 'tanh', 'matmul', 'add', 'sum', 'reshape'],
  ])
  expect(await after(linear.mean([-1]), [...rules, reduceRows], 8)).toEqual([
    ...['reshape', 'matmul', 'add', 'tanh', 'matmul', 'add', 'mean', 'reshape'],
  ])
  const perBatch = linear.add(input('batch', [2, 1, 3]))
  expect((await after(perBatch, rules, 6)).at(-1)).toBe('add')
})

test('all together: a GPT and its gradients in fewer nodes', async () => {
  const { parameters, loss, weights, batch } = tinyGpt2()
  const names: ReadonlyMap<Node, string> = parameterNames(parameters)
  const gradients = gradient(loss, [...parameters.values()])
  const outputs = Object.fromEntries([...parameters.keys()].map((name, i) => [`gradient/${name}`, gradients[i]]))
  const all = { loss, ...outputs }
  const plainTargets = rewriteUntilStable(Object.values(all), [expandComposites], 3)
  const plain = emit(Object.fromEntries(Object.keys(all).map((name, i) => [name, plainTargets[i]])), names)
  const fast = compileToOnnx(all, names)
  expect(fast.nodeCount).toBeLessThan(plain.nodeCount)
  const feeds = {
    ...batch(1),
    ...Object.fromEntries(
      [...parameters].map(([name, { shape }]) => [name, host('float32', shape, weights.get(name)!)]),
    ),
  }
  const [expected, actual] = await Promise.all(
    [plain, fast].map(async ({ bytes }) => {
      const session = await runtime.load(bytes)
      const result = (await session.run(feeds)) as Record<string, HostTensor>
      await session.release()
      return result
    }),
  )
  for (const name of Object.keys(all)) {
    const numbers = ({ data }: HostTensor) => data as Float32Array
    expectClose(name, numbers(actual[name]), numbers(expected[name]), { absolute: 1e-6, relative: 1e-3 })
  }
})

describe('rows are scaled where they are narrow', () => {
  const [wide, column] = [input('wide', [5, 9]), input('column', [5, 1])]
  const scaled = wide.mul(column)

  test.each([
    ['(s X) B', scaled.matmul(input('b', [9, 2])), ['matmul', 'mul']],
    ['(s X) Bᵀ', scaled.matmul(input('b', [2, 9]), { transposeB: true }), ['matmul', 'mul']],
    ['Aᵀ (s X)', input('a', [5, 2]).matmul(scaled, { transposeA: true }), ['mul', 'matmul']],
    ['A (s X)', input('a', [2, 5]).matmul(column.mul(wide), { scale: 3 }), ['reshape', 'mul', 'matmul']],
    ['a wide product', scaled.matmul(input('b', [9, 20])), ['mul', 'matmul']],
    ['columns that are scaled', wide.mul(input('row', [1, 9])).matmul(input('b', [9, 2])), ['mul', 'matmul']],
  ])('%s', async (_, product, expected) => {
    expect(await after(product, [scaleRows])).toEqual(expected)
  })
})
