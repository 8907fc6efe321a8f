import type { Word2vecMemory } from './memory.ts'

/**
 * The arithmetic of one prediction, on rows of a {@link Word2vecMemory}; addresses are in bytes. There are two that give
 * the same bits: `plainKernel` (TypeScript) and `simdKernel` (WebAssembly).
 */
export interface Kernel {
  /**
   * One step of gradient descent for one prediction. With h the hidden layer, o the output rows, y their labels:
   *
   *     g = rate (y − σ(o·h))       for each output row, all before any of them changes
   *     error += Σ g o              what h is to be changed by
   *     o += g h
   *
   * @param groups - of `size.group` rows each, from `targets` and `labels` of the thread's scratch
   */
  learn(hidden: number, error: number, targets: number, labels: number, groups: number, rate: number): void
  /** The same for one group, whose hidden layer is an input row: h += Σ g o at once. */
  learnRow(hidden: number, targets: number, labels: number, rate: number): void
  /** row += value; value = 0 follows with {@link Kernel.clear}. */
  add(row: number, value: number): void
  /** row *= factor. */
  scale(row: number, factor: number): void
  /** row = 0. */
  clear(row: number): void
}

export type MakeKernel = (memory: Word2vecMemory) => Kernel
