import { limit, sigmoidTable, stepsPerUnit } from './sigmoid-table.ts'

/** What decides how much memory a training takes. */
export interface MemorySize {
  readonly vocabulary: number
  /** Of a vector. */
  readonly channels: number
  readonly threads: number
  /** Output rows that the kernel treats at once. */
  readonly group: number
  /** The most output rows that one prediction has, in whole groups. */
  readonly targets: number
}

/** A cache line of two, so that threads do not share one. */
const lineBytes = 128
const pageBytes = 65_536
const maximumPages = 65_536

/** Where one thread keeps what it works on; addresses in bytes. */
export interface Scratch {
  /** The hidden layer h, a row. */
  readonly hidden: number
  /** What h is to be changed by, a row; all zero between two predictions. */
  readonly error: number
  /** A row of zeros that stands for an output row where there is none. */
  readonly nothing: number
  /** Addresses of output rows, and their labels, 1 or 0. */
  readonly targets: number
  readonly labels: number
}

/**
 * The vectors of a training in one block of memory, which threads may share. Rows are padded with zeros to whole groups
 * of four numbers; addresses are in bytes.
 *
 * | what | numbers |
 * |---|---|
 * | the table of σ | 2,050 |
 * | scratch of each thread | three rows, addresses and labels of targets |
 * | input vectors | [vocabulary, rowLength] |
 * | output vectors | [vocabulary, rowLength] |
 */
export class Word2vecMemory {
  readonly size: MemorySize
  readonly memory: WebAssembly.Memory
  readonly pages: number
  readonly shared: boolean
  /** Numbers of a row: channels, rounded up to a multiple of four. */
  readonly rowLength: number
  readonly scratch: readonly Scratch[]
  readonly inputAddress: number
  readonly outputAddress: number
  readonly floats: Float32Array
  readonly words: Int32Array

  /**
   * @param memory - the memory of another thread, made for the same size
   * @throws {RangeError} if there is not so much memory
   */
  constructor(size: MemorySize, { shared, memory }: { shared: boolean; memory?: WebAssembly.Memory }) {
    this.size = size
    this.shared = shared
    this.rowLength = Math.ceil(size.channels / 4) * 4
    const rowBytes = this.rowLength * 4
    let end = 0
    const take = (bytes: number): number => {
      const begin = end
      end += Math.ceil(bytes / lineBytes) * lineBytes
      return begin
    }
    take((2 * limit * stepsPerUnit + 2) * 4)
    this.scratch = Array.from({ length: size.threads }, () => ({
      hidden: take(rowBytes),
      error: take(rowBytes),
      nothing: take(rowBytes),
      targets: take(size.targets * 4),
      labels: take(size.targets * 4),
    }))
    this.inputAddress = take(size.vocabulary * rowBytes)
    this.outputAddress = take(size.vocabulary * rowBytes)
    this.pages = Math.ceil(end / pageBytes)
    this.memory = memory ?? new WebAssembly.Memory({ initial: this.pages, maximum: this.pages, shared })
    this.floats = new Float32Array(this.memory.buffer)
    this.words = new Int32Array(this.memory.buffer)
    if (memory === undefined) this.floats.set(sigmoidTable())
  }

  /** Whether vectors of this size fit into the 4 GiB that a memory has. */
  static fits({ vocabulary, channels }: Pick<MemorySize, 'vocabulary' | 'channels'>): boolean {
    return (2 * vocabulary * Math.ceil(channels / 4) * 16) / pageBytes < maximumPages - 64
  }

  /** The row of a vector. */
  row(address: number): Float32Array {
    return this.floats.subarray(address >>> 2, (address >>> 2) + this.rowLength)
  }

  /** A matrix without its padding, [vocabulary, channels]. */
  matrix(which: 'input' | 'output'): Float32Array {
    const { vocabulary, channels } = this.size
    const begin = (which === 'input' ? this.inputAddress : this.outputAddress) >>> 2
    const values = new Float32Array(vocabulary * channels)
    for (let word = 0; word < vocabulary; word++) {
      const from = begin + word * this.rowLength
      values.set(this.floats.subarray(from, from + channels), word * channels)
    }
    return values
  }

  /** Puts a matrix of [vocabulary, channels] in its place. */
  setMatrix(which: 'input' | 'output', values: Float32Array): void {
    const { vocabulary, channels } = this.size
    const begin = (which === 'input' ? this.inputAddress : this.outputAddress) >>> 2
    for (let word = 0; word < vocabulary; word++)
      this.floats.set(values.subarray(word * channels, (word + 1) * channels), begin + word * this.rowLength)
  }
}
