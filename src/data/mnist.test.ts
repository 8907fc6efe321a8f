import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { memoryStorage } from '../storage/memory.ts'
import { readIdx } from './idx.ts'
import { mnist, readMnist, sliceDigits } from './mnist.ts'
import { fetchDataset } from './node.ts'

const mirror = process.env.NACRE_DATA_MIRROR

/** The bytes of an idx file. */
function idx(sizes: readonly number[], data: ArrayLike<number>, magic = 0x0800 + sizes.length): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * sizes.length + data.length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, magic)
  for (const [axis, size] of sizes.entries()) view.setUint32(4 + 4 * axis, size)
  bytes.set(Uint8Array.from(data), 4 + 4 * sizes.length)
  return bytes
}

const read = (bytes: Uint8Array, axes = 3) => readIdx(memoryStorage({ a: bytes }), 'a', axes)

describe('idx files', () => {
  const images = idx([2, 1, 3], [1, 2, 3, 4, 5, 6])

  test('sizes and bytes, packed or not', async () => {
    for (const bytes of [images, gzipSync(images)])
      expect(await read(bytes)).toEqual({ sizes: [2, 1, 3], data: Uint8Array.of(1, 2, 3, 4, 5, 6) })
  })

  test('a wrong magic number', async () => {
    await expect(read(idx([2], [1, 2]), 3)).rejects.toThrow(
      'memory:a expected an idx file with the magic number 0x00000803. Received a file of 10 bytes.',
    )
    await expect(read(images, 1)).rejects.toThrow(
      'expected an idx file with the magic number 0x00000801. Received 0x00000803. It has 3 axes and not 1: are images',
    )
    await expect(read(idx([2, 1, 3], [0, 0, 0, 0, 0, 0], 0x0d03))).rejects.toThrow('Received 0x00000d03.')
    await expect(read(new Uint8Array())).rejects.toThrow('Received a file of 0 bytes.')
    await expect(read(new TextEncoder().encode('not found, said the server'))).rejects.toThrow('Received 0x6e6f7420.')
  })

  test('a wrong length', async () => {
    await expect(read(images.subarray(0, 20))).rejects.toThrow(
      'memory:a expected 22 bytes for 2 x 1 x 3. Received 20. Was it cut short?',
    )
    await expect(read(idx([1, 1, 3], [1, 2, 3, 4]))).rejects.toThrow('expected 19 bytes for 1 x 1 x 3. Received 20.')
  })

  test('gzip that was cut short', async () => {
    const packed = gzipSync(
      idx(
        [100, 28, 28],
        new Uint8Array(78_400).map((_, i) => (i * i) % 251),
      ),
    )
    await expect(read(packed.subarray(0, packed.length / 2))).rejects.toThrow(/memory:a expected gzip\..*cut short/)
  })
})

describe('digits', () => {
  const blank = (count: number) => idx([count, 28, 28], new Uint8Array(count * 784))
  const files = (given: Record<string, Uint8Array>) => {
    const all = {
      'train-images-idx3-ubyte': blank(3),
      'train-labels-idx1-ubyte': idx([3], [1, 2, 3]),
      't10k-images-idx3-ubyte.gz': gzipSync(blank(1)),
      't10k-labels-idx1-ubyte': idx([1], [9]),
      ...given,
    }
    const storage = memoryStorage(all)
    return Object.keys(all).map(name => ({ storage, name }))
  }

  test('both parts, and a slice', async () => {
    const { train, test } = await readMnist(files({}))
    expect([train.count, test.count, train.pixels.length]).toEqual([3, 1, 3 * 784])
    const slice = sliceDigits(train, 1, 3)
    expect([slice.count, slice.pixels.length, [...slice.labels]]).toEqual([2, 2 * 784, [2, 3]])
  })

  test('files that do not belong together', async () => {
    const wrong = (given: Record<string, Uint8Array>) => readMnist(files(given))
    await expect(wrong({ 'train-images-idx3-ubyte': blank(2) })).rejects.toThrow(
      'expected 3 images, one for each label. Received 2.',
    )
    await expect(wrong({ 'train-images-idx3-ubyte': idx([3, 2, 2], new Uint8Array(12)) })).rejects.toThrow(
      'expected images of 28 x 28 pixels. Received 2 x 2.',
    )
    await expect(wrong({ 'train-labels-idx1-ubyte': idx([3], [0, 1, 10]) })).rejects.toThrow(
      'labels from 0 to 9. Received 10 at place 2',
    )
    await expect(readMnist(files({}).slice(1))).rejects.toThrow('expected a file "train-images-idx3-ubyte" or the same')
  })

  test.skipIf(!mirror)('of MNIST itself (needs NACRE_DATA_MIRROR)', async () => {
    const { train, test } = await readMnist(await fetchDataset(mnist, { mirror }))
    expect([train.count, test.count]).toEqual([60_000, 10_000])
    // As many of each digit as the paper's data has.
    const count = (labels: Uint8Array) => Array.from({ length: 10 }, (_, d) => labels.filter(l => l === d).length)
    expect(count(train.labels)).toEqual([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949])
    expect(count(test.labels)).toEqual([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009])
    const mean = train.pixels.reduce((sum, pixel) => sum + pixel, 0) / train.pixels.length / 255
    expect(mean).toBeCloseTo(0.1307, 4)
  })
})
