import { DataError } from '../base/errors.ts'
import type { Storage } from '../storage/storage.ts'
import type { Dataset, DatasetFile } from './dataset.ts'
import { readIdx } from './idx.ts'

const file = (name: string, bytes: number, sha256: string, unpackedSha256: string): DatasetFile => ({
  name: `${name}.gz`,
  url: `https://storage.googleapis.com/cvdf-datasets/mnist/${name}.gz`,
  bytes,
  sha256,
  compression: 'gzip',
  unpackedSha256,
})

/**
 * Handwritten digits of 500 writers: 60,000 to learn from and 10,000, by other writers, to test with.
 * LeCun, Bottou, Bengio and Haffner, Gradient-Based Learning Applied to Document Recognition, 1998, section III.A.
 */
export const mnist: Dataset = {
  name: 'mnist',
  description: '70,000 handwritten digits, 28 x 28 grey pixels',
  language: '-',
  licence: 'CC BY-SA 3.0',
  mirrorFolder: 'mnist',
  files: [
    file(
      'train-images-idx3-ubyte',
      9_912_422,
      '440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609',
      'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db',
    ),
    file(
      'train-labels-idx1-ubyte',
      28_881,
      '3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c',
      '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5',
    ),
    file(
      't10k-images-idx3-ubyte',
      1_648_877,
      '8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6',
      '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7',
    ),
    file(
      't10k-labels-idx1-ubyte',
      4_542,
      'f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6',
      'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2',
    ),
  ],
}

/** Rows and columns of an image. */
export const digitSize = 28

/** Labelled images. */
export interface Digits {
  readonly count: number
  /** Row by row, one image after another: 0 is paper, 255 is ink. [N, 28, 28] */
  readonly pixels: Uint8Array
  /** 0 to 9. [N] */
  readonly labels: Uint8Array
}

/** A file that lies somewhere; what `getDataset` fetched is one. */
export interface StoredFile {
  readonly storage: Storage
  readonly name: string
}

/**
 * The digits of the four files that MNIST consists of, packed or not, in any order; other data in the same format and
 * size (Fashion-MNIST, for example) too.
 * @throws {DataError} if a file is missing, is not what its name says, or labels and images do not match
 */
export async function readMnist(files: readonly StoredFile[]): Promise<{ train: Digits; test: Digits }> {
  const find = (part: string, kind: string): StoredFile => {
    const found = files.find(({ name }) => name.includes(part) && name.includes(kind))
    if (found !== undefined) return found
    const received = files.map(({ name }) => name).join(', ') || 'none'
    throw new DataError({ what: 'MNIST', expected: `a file "${part}-${kind}-ubyte" or the same with .gz`, received })
  }
  return {
    train: await readDigits(find('train-images', 'idx3'), find('train-labels', 'idx1')),
    test: await readDigits(find('t10k-images', 'idx3'), find('t10k-labels', 'idx1')),
  }
}

/** Images and their labels. */
async function readDigits(imageFile: StoredFile, labelFile: StoredFile): Promise<Digits> {
  const images = await readIdx(imageFile.storage, imageFile.name, 3)
  const labels = await readIdx(labelFile.storage, labelFile.name, 1)
  const [count, rows, columns] = images.sizes
  const what = imageFile.storage.locate(imageFile.name)
  if (rows !== digitSize || columns !== digitSize)
    throw new DataError({ what, expected: 'images of 28 x 28 pixels', received: `${rows} x ${columns}` })
  if (count === 0) throw new DataError({ what, expected: 'at least one image', received: 'none' })
  if (labels.sizes[0] !== count) {
    const hint = 'Do both files belong together?'
    throw new DataError({ what, expected: `${labels.sizes[0]} images, one for each label`, received: `${count}`, hint })
  }
  const wrong = labels.data.findIndex(label => label > 9)
  if (wrong >= 0) {
    const received = `${labels.data[wrong]} at place ${wrong}`
    throw new DataError({ what: labelFile.storage.locate(labelFile.name), expected: 'labels from 0 to 9', received })
  }
  return { count, pixels: images.data, labels: labels.data }
}

/** Some of the digits, from `begin` up to `end`. */
export function sliceDigits({ pixels, labels }: Digits, begin: number, end: number): Digits {
  const pixelsEach = digitSize * digitSize
  const part = labels.subarray(begin, end)
  return { count: part.length, pixels: pixels.subarray(begin * pixelsEach, end * pixelsEach), labels: part }
}

/** The digits as vectors: each pixel from 0, paper, to 1, ink. [N, 784] */
export function digitVectors({ count, pixels, labels }: Digits): {
  readonly count: number
  readonly width: number
  readonly labels: Uint8Array
  read(index: number, target: Float32Array, offset: number): void
} {
  const width = digitSize * digitSize
  return {
    count,
    width,
    labels,
    read: (index, target, offset) => {
      for (let i = 0; i < width; i++) target[offset + i] = pixels[index * width + i] / 255
    },
  }
}
