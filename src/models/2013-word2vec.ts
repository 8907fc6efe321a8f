/**
 * word2vec: a vector for each word, such that words in like company have like vectors.
 * Mikolov et al., Efficient Estimation of Word Representations in Vector Space, 2013: CBOW (section 3.1), skip-gram
 * (3.2). Mikolov et al., Distributed Representations of Words and Phrases and their Compositionality, 2013: hierarchical
 * softmax (2.1), negative sampling (2.2), subsampling (2.3).
 *
 * A prediction has a hidden layer h and output rows o_k with labels y_k. Both objectives are sums of binary ones:
 *
 *     L = −Σ_k log σ(o_k·h) where y_k = 1, log σ(−o_k·h) where y_k = 0
 *     ∂L/∂(o_k·h) = σ(o_k·h) − y_k
 *
 * Skip-gram: h is the vector of a word in the window, and the word in its middle is predicted, as the published program
 * does it. CBOW: h is the mean of the window's vectors. Negative sampling: o_0 is the word's row and y_0 = 1, then come
 * K rows of other words, drawn with count^0.75, and y_k = 0. Hierarchical softmax: o_k are the inner nodes on the way to
 * the word in a Huffman tree, y_k = 1 where it turns left; L is then −log P(word), over all words.
 *
 * Shapes: V vocabulary, C channels, K negative samples.
 */
import { FastRandom } from '../base/fast-random.ts'
import { AliasTable } from './word2vec/alias-table.ts'
import { huffmanTree, type TreePaths } from './word2vec/huffman-tree.ts'
import type { Kernel } from './word2vec/kernel.ts'
import { type MemorySize, type Scratch, Word2vecMemory } from './word2vec/memory.ts'

export interface Word2vecConfiguration {
  readonly architecture: 'skip-gram' | 'cbow'
  readonly objective: 'negative-sampling' | 'hierarchical-softmax'
  /** Of a vector. */
  readonly channels: number
  /** Words to each side at most; each time a width from 1 to this is drawn. */
  readonly window: number
  /** Words drawn for each that is right, K; with negative sampling only. */
  readonly negative: number
  /** Words above this share of the text are left out at random, the more frequent the more often; 0: none. */
  readonly sample: number
}

/** As the published program is called in its own example (demo-word.sh says 200 channels and 15 to 25 words). */
export const word2vecPublished: Word2vecConfiguration = {
  architecture: 'skip-gram',
  objective: 'negative-sampling',
  channels: 100,
  window: 5,
  negative: 5,
  sample: 1e-3,
}

/** The power of a word's count with which it is drawn as a negative sample (2.2). */
const negativePower = 0.75
/** One prediction of so many has its loss measured. */
const lossEvery = 256

/** What a stretch of text taught. */
export interface Lesson {
  /** Words read, those left out too. */
  words: number
  predictions: number
  /** Predictions whose loss was measured, and its sum in nats. */
  measured: number
  loss: number
}

/** Memory for the vectors of a vocabulary. */
export function word2vecMemory(
  configuration: Word2vecConfiguration,
  counts: ArrayLike<number>,
  { threads, shared, memory }: { threads: number; shared: boolean; memory?: WebAssembly.Memory },
): Word2vecMemory {
  const { objective, channels, negative } = configuration
  const most = objective === 'negative-sampling' ? negative + 1 : Math.max(1, huffmanTree(counts).longest)
  const groups = Math.ceil(most / 6)
  const group = objective === 'negative-sampling' ? Math.ceil(most / groups) : 4
  const targets = Math.ceil(most / group) * group
  const size: MemorySize = { vocabulary: counts.length, channels, threads, group, targets }
  return new Word2vecMemory(size, { shared, memory })
}

/** Input vectors uniform in ±1/(2C), output vectors zero, as in the published program. */
export function initializeWord2vec(memory: Word2vecMemory, seed: number): void {
  const { floats, rowLength, inputAddress, size } = memory
  const random = new FastRandom(seed, 'word2vec/vectors')
  for (let word = 0; word < size.vocabulary; word++) {
    const begin = (inputAddress >>> 2) + word * rowLength
    for (let i = 0; i < size.channels; i++) floats[begin + i] = (random.uint32() / 2 ** 32 - 0.5) / size.channels
  }
}

/** The part of words with these counts that is kept: (√(c/(sample·N)) + 1) · sample·N/c of the published program. */
export function keptShares(counts: ArrayLike<number>, sample: number): Float64Array {
  let all = 0
  for (let i = 0; i < counts.length; i++) all += counts[i]
  return Float64Array.from(counts, count => {
    const frequency = count / (sample * all)
    return sample === 0 ? 1 : Math.min(1, (Math.sqrt(frequency) + 1) / frequency)
  })
}

/** Learns from text: one for each thread, all on the same memory. */
export class Word2vecLearner {
  readonly configuration: Word2vecConfiguration
  readonly memory: Word2vecMemory
  readonly #kernel: Kernel
  readonly #scratch: Scratch
  readonly #kept: Float64Array
  readonly #negatives: AliasTable | undefined
  readonly #tree: TreePaths | undefined
  #sentence: Int32Array = new Int32Array(1024)
  #lesson: Lesson = { words: 0, predictions: 0, measured: 0, loss: 0 }

  /**
   * @param counts - of each word in the text, in falling order
   * @param thread - which of the memory's scratch is its own
   */
  constructor(
    configuration: Word2vecConfiguration,
    counts: ArrayLike<number>,
    memory: Word2vecMemory,
    kernel: Kernel,
    thread: number = 0,
  ) {
    this.configuration = configuration
    this.memory = memory
    this.#kernel = kernel
    this.#scratch = memory.scratch[thread]
    this.#kept = keptShares(counts, configuration.sample).map(share => share * 2 ** 32)
    if (configuration.objective === 'negative-sampling')
      this.#negatives = new AliasTable(Float64Array.from(counts, count => count ** negativePower))
    else this.#tree = huffmanTree(counts)
  }

  /**
   * Learns from words in their order.
   * @param ids - of words; V ends a sentence
   * @param rate - the learning rate
   * @param random - decides on subsampling, widths of windows and negative samples
   */
  learn(ids: Int32Array, rate: number, random: FastRandom): Lesson {
    this.#lesson = { words: 0, predictions: 0, measured: 0, loss: 0 }
    if (this.#sentence.length < ids.length) this.#sentence = new Int32Array(ids.length)
    const [sentence, kept, sentenceEnd] = [this.#sentence, this.#kept, this.#kept.length]
    let length = 0
    for (let i = 0; i < ids.length; i++) {
      const word = ids[i]
      if (word === sentenceEnd) {
        this.#learnSentence(length, rate, random)
        length = 0
        continue
      }
      this.#lesson.words++
      if (kept[word] >= 2 ** 32 || random.uint32() < kept[word]) sentence[length++] = word
    }
    this.#learnSentence(length, rate, random)
    return this.#lesson
  }

  #learnSentence(length: number, rate: number, random: FastRandom): void {
    const { window, architecture } = this.configuration
    for (let middle = 0; middle < length; middle++) {
      const width = 1 + Math.floor((random.uint32() / 2 ** 32) * window)
      const begin = Math.max(0, middle - width)
      const end = Math.min(length, middle + width + 1)
      if (end - begin < 2) continue
      if (architecture === 'cbow') this.#learnMean(begin, middle, end, rate, random)
      else this.#learnEach(begin, middle, end, rate, random)
    }
  }

  /** Skip-gram: each word of the window predicts the one in the middle. */
  #learnEach(begin: number, middle: number, end: number, rate: number, random: FastRandom): void {
    const { error, targets, labels } = this.#scratch
    const [kernel, sentence] = [this.#kernel, this.#sentence]
    const { inputAddress, rowLength } = this.memory
    let groups = 0
    for (let at = begin; at < end; at++) {
      if (at === middle) continue
      if (groups === 0 || this.#negatives !== undefined) groups = this.#target(sentence[middle], random)
      const row = inputAddress + sentence[at] * rowLength * 4
      this.#measure(row, groups)
      if (groups === 1) kernel.learnRow(row, targets, labels, rate)
      else {
        kernel.learn(row, error, targets, labels, groups, rate)
        kernel.add(row, error)
        kernel.clear(error)
      }
    }
  }

  /** CBOW: the mean of the window predicts the word in the middle; the error goes to each word of it in full. */
  #learnMean(begin: number, middle: number, end: number, rate: number, random: FastRandom): void {
    const { hidden, error, targets, labels } = this.#scratch
    const [kernel, sentence] = [this.#kernel, this.#sentence]
    const { inputAddress, rowLength } = this.memory
    kernel.clear(hidden)
    for (let at = begin; at < end; at++)
      if (at !== middle) kernel.add(hidden, inputAddress + sentence[at] * rowLength * 4)
    kernel.scale(hidden, 1 / (end - begin - 1))
    const groups = this.#target(sentence[middle], random)
    this.#measure(hidden, groups)
    kernel.learn(hidden, error, targets, labels, groups, rate)
    for (let at = begin; at < end; at++)
      if (at !== middle) kernel.add(inputAddress + sentence[at] * rowLength * 4, error)
    kernel.clear(error)
  }

  /** Writes output rows and labels for a word; returns how many groups they are. */
  #target(word: number, random: FastRandom): number {
    const { words, floats, outputAddress, rowLength, size } = this.memory
    const { nothing } = this.#scratch
    const target = this.#scratch.targets >>> 2
    const label = this.#scratch.labels >>> 2
    const rowBytes = rowLength * 4
    let count = 0
    if (this.#negatives !== undefined) {
      words[target] = outputAddress + word * rowBytes
      floats[label] = 1
      for (count = 1; count <= this.configuration.negative; count++) {
        const other = this.#negatives.draw(random)
        const isNone = other === word // the right word is no wrong one
        words[target + count] = isNone ? nothing : outputAddress + other * rowBytes
        floats[label + count] = isNone ? noTarget : 0
      }
    } else {
      const { starts, nodes, turns } = this.#tree!
      for (let entry = starts[word]; entry < starts[word + 1]; entry++, count++) {
        words[target + count] = outputAddress + nodes[entry] * rowBytes
        floats[label + count] = 1 - turns[entry]
      }
    }
    for (; count % size.group !== 0; count++) {
      words[target + count] = nothing
      floats[label + count] = noTarget
    }
    return count / size.group
  }

  /** Counts a prediction, and measures the loss of some. */
  #measure(hidden: number, groups: number): void {
    const lesson = this.#lesson
    if (lesson.predictions++ % lossEvery !== 0) return
    lesson.measured++
    lesson.loss += predictionLoss(this.memory, hidden, this.#scratch, groups)
  }
}

/** A label that the row of zeros fulfils: σ(0) = 1/2, so that nothing is learned. */
const noTarget = 0.5

/** L of the prediction that is written in the scratch, in nats, in double precision. */
export function predictionLoss(
  { words, floats, rowLength, size }: Word2vecMemory,
  hidden: number,
  { targets, labels, nothing }: Scratch,
  groups: number,
): number {
  let loss = 0
  for (let k = 0; k < groups * size.group; k++) {
    const row = words[(targets >>> 2) + k]
    if (row === nothing) continue
    let dot = 0
    for (let i = 0; i < rowLength; i++) dot += floats[(row >>> 2) + i] * floats[(hidden >>> 2) + i]
    loss += Math.log1p(Math.exp(floats[(labels >>> 2) + k] === 1 ? -dot : dot))
  }
  return loss
}
