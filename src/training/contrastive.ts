/**
 * Vectors of texts that learn by contrast: two texts that mean the same are to lie nearer to each other than to any other
 * text of the batch. Gao et al., SimCSE: Simple Contrastive Learning of Sentence Embeddings, 2021, sections 3 and 4.
 * Shapes: B examples of R texts, T tokens, C channels.
 */
import { OptionError } from '../base/errors.ts'
import type { SavedBERT } from '../checkpoints/bert.ts'
import { host } from '../compiler/compile.ts'
import { shuffledEpochs } from '../data/epochs.ts'
import type { BERT } from '../models/2018-bert.ts'
import { Dropout, dropoutKeys } from '../nn/dropout.ts'
import { crossEntropy } from '../nn/losses.ts'
import { namedParameters } from '../nn/parameters.ts'
import { meanOfTokens } from '../nn/pooling.ts'
import { constant, input, type Tensor } from '../tensor/tensor.ts'
import { type Fit, type FitOptions, fit } from './fit.ts'

type Row = ArrayLike<number>

/**
 * Rows [CLS] A [SEP]: a text, one that means the same, and perhaps one that does not although it looks alike. Where no text
 * of the same meaning is known, the text itself is one: dropout makes another vector of it.
 */
export type ContrastiveExample = readonly [text: Row, same: Row] | readonly [text: Row, same: Row, other: Row]

export interface ContrastiveOptions
  extends Pick<
    FitOptions,
    'runtime' | 'weights' | 'optimizer' | 'learningRate' | 'clip' | 'maximumGradientNorm' | 'resume'
  > {
  /** All of as many rows. */
  readonly examples: readonly ContrastiveExample[]
  /** Updates in all. */
  readonly steps: number
  readonly batchSize: number
  readonly dropout: number
  /** τ, 0.05 as published: the smaller, the more the nearest other texts count. */
  readonly temperature?: number
  readonly seed: number
}

/** Lengths of rows are multiples of it: each is a graph of its own. */
const lengthStep = 16

/** Heads of the pre-training: a vector is the mean of the states, and has no use for them. */
const isHead = (name: string): boolean => /^(pooler|maskHead|nextHead)\./.test(name)

/** What is left of a BERT when its vectors have been trained: its heads would no longer fit its states. */
export const withoutHeads = (saved: SavedBERT): SavedBERT => ({
  ...saved,
  missing: ['pooler', 'maskHead', 'nextHead'],
})

/**
 * The loss of a batch: -log exp(cos(hᵢ, hᵢ⁺) / τ) / Σⱼ (exp(cos(hᵢ, hⱼ⁺) / τ) + exp(cos(hᵢ, hⱼ⁻) / τ)), equation 5.
 *
 * @param vectors - [R B, C]: those of the texts, then those of the same meanings, then, if there are some, of the others
 */
export function contrastiveLoss(vectors: Tensor, batchSize: number, temperature: number): Tensor {
  const lengths = vectors.square().sum([1]).add(1e-12).sqrt().reshape([-1, 1])
  const directions = vectors.div(lengths)
  const [texts, others] = directions.split([batchSize, vectors.shape[0] - batchSize], 0)
  const logits = texts.matmul(others, { transposeB: true, scale: 1 / temperature }) // [B, (R - 1) B]
  return crossEntropy(logits, constant([...Array(batchSize).keys()], [batchSize], 'int64'))
}

/**
 * Compiles the training of a BERT's vectors, and returns its visible loop; items are texts.
 * @throws {OptionError} if there are fewer examples than a batch has
 */
export async function trainContrastive(bert: BERT, options: ContrastiveOptions): Promise<Fit> {
  const { examples, batchSize, dropout: rate, temperature = 0.05, seed } = options
  if (examples.length < batchSize) {
    const expected = `at least as many as a batch has (${batchSize}): none may stand in it twice`
    throw new OptionError({ what: 'examples', expected, received: String(examples.length) })
  }
  const rows = examples[0].length * batchSize
  const places = bert.dropoutPlaces
  const epochs = shuffledEpochs(examples.length, batchSize, seed)
  const named = [...namedParameters(bert)]
  return fit({
    ...options,
    parameters: new Map(named.filter(([name]) => !isHead(name))),
    frozen: new Map(named.filter(([name]) => isHead(name))),
    loss: bucket => {
      const length = Number(bucket)
      const ids = input('ids', [rows, length], 'int64')
      const lengths = input('lengths', [rows], 'int64')
      const segments = constant(Array(rows * length).fill(0), [rows, length], 'int64')
      const dropout = rate > 0 ? new Dropout(rate, places) : undefined
      const { states } = bert.encode({ ids, segments, lengths }, { dropout })
      return contrastiveLoss(meanOfTokens(states, lengths), batchSize, temperature)
    },
    batch: step => {
      const batch = Array.from(epochs.batch(step), index => examples[index])
      const texts = [0, 1, 2].flatMap(i => batch.flatMap(example => example.slice(i, i + 1)))
      const longest = Math.max(...texts.map(({ length }) => length))
      const length = Math.min(bert.context, Math.ceil(longest / lengthStep) * lengthStep)
      const ids = new BigInt64Array(rows * length)
      for (const [row, text] of texts.entries())
        for (let i = 0; i < Math.min(text.length, length); i++) ids[row * length + i] = BigInt(text[i])
      const lengths = BigInt64Array.from(texts, text => BigInt(Math.min(text.length, length)))
      const keys = { dropoutKeys: host('int32', [places, 2], dropoutKeys(seed, step, places)) }
      const feeds = {
        ids: host('int64', [rows, length], ids),
        lengths: host('int64', [rows], lengths),
        ...(rate > 0 && keys),
      }
      return { feeds: [feeds], items: rows, bucket: String(length) }
    },
  })
}
