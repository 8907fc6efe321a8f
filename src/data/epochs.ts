import { Random } from '../base/random.ts'

/** Examples by number, each once in every epoch. */
export interface Epochs {
  /** The examples of a step, 0 at first: a function of the step and the seed alone. Overwritten by the next call. */
  batch(step: number): Uint32Array
}

/** Goes through all examples in their order, again and again. */
export function orderedEpochs(count: number, batchSize: number): Epochs {
  return { batch: step => Uint32Array.from({ length: batchSize }, (_, i) => (step * batchSize + i) % count) }
}

/**
 * Goes through all examples in random order, again and again, in another order each time. An epoch that is no multiple
 * of the batch goes on in the next one's first batch, so that no example is left out.
 */
export function shuffledEpochs(count: number, batchSize: number, seed: number): Epochs {
  const indices = new Uint32Array(batchSize)
  let order: number[] = []
  let present = -1
  return {
    batch: step => {
      for (let i = 0; i < batchSize; i++) {
        const position = step * batchSize + i
        const epoch = Math.floor(position / count)
        if (epoch !== present) {
          order = new Random(seed, `epoch/${epoch}`).shuffle([...Array(count).keys()])
          present = epoch
        }
        indices[i] = order[position % count]
      }
      return indices
    },
  }
}
