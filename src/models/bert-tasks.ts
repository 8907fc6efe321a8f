/**
 * BERT with a layer on top for a task: classes of texts or of pairs, a label for each token, a stretch that answers a
 * question. Devlin et al., 2018, section 4 and figure 4; all weights are trained, from those of the pre-training.
 * Shapes: B rows, T tokens, C channels, K classes.
 */
import type { Dropout } from '../nn/dropout.ts'
import { normal } from '../nn/initializers.ts'
import { Linear } from '../nn/layers.ts'
import { constant, type Tensor } from '../tensor/tensor.ts'
import type { BERT } from './2018-bert.ts'

interface TaskOptions {
  readonly dropout?: Dropout
}

/** What every task reads: rows [CLS] A [SEP], or [CLS] A [SEP] B [SEP]. */
abstract class BertTask {
  readonly bert: BERT
  readonly output: Linear
  readonly #separator: number

  /** @param separator - the id of [SEP] */
  constructor(bert: BERT, { outputs, separator }: { readonly outputs: number; readonly separator: number }) {
    this.bert = bert
    this.output = new Linear(bert.configuration.channels, outputs, { initialize: normal(0.02) })
    this.#separator = separator
  }

  /** Those of BERT, and what goes into the output. */
  get dropoutPlaces(): number {
    return this.bert.dropoutPlaces + 1
  }

  protected encode(ids: Tensor, lengths: Tensor, options: TaskOptions): { states: Tensor; pooled: Tensor } {
    return this.bert.encode({ ids, segments: segmentsOf(ids, this.#separator), lengths }, options)
  }
}

/** What stands behind the first [SEP] is the second segment: [B, T]. */
export function segmentsOf(ids: Tensor, separator: number): Tensor {
  const isSeparator = ids.equal(separator).cast('int32')
  const before = isSeparator.cumulativeSum(1).sub(isSeparator)
  return before.greater(0).cast('int64')
}

/** Names the class of a text, or of a pair, by what became of [CLS]. */
export class BertClassifier extends BertTask {
  constructor(bert: BERT, { classes, separator }: { readonly classes: number; readonly separator: number }) {
    super(bert, { outputs: classes, separator })
  }

  /**
   * @param ids - int64 [B, T]
   * @param lengths - int64 [B]
   * @returns [B, K]
   */
  logits(ids: Tensor, lengths: Tensor, { dropout }: TaskOptions = {}): Tensor {
    const { pooled } = this.encode(ids, lengths, { dropout })
    return this.output.apply(dropout?.apply(pooled) ?? pooled)
  }
}

/** Gives each token a label, for example of a name. */
export class BertTagger extends BertTask {
  constructor(bert: BERT, { classes, separator }: { readonly classes: number; readonly separator: number }) {
    super(bert, { outputs: classes, separator })
  }

  /** One for each token. */
  answersOf(length: number): number {
    return length
  }

  /** @returns [B, T, K] */
  logits(ids: Tensor, lengths: Tensor, { dropout }: TaskOptions = {}): Tensor {
    const { states } = this.encode(ids, lengths, { dropout })
    return this.output.apply(dropout?.apply(states) ?? states)
  }
}

/** Finds where the answer to the first text, a question, begins and ends in the second. Section 4.2. */
export class BertReader extends BertTask {
  constructor(bert: BERT, { separator }: { readonly separator: number }) {
    super(bert, { outputs: 2, separator })
  }

  /** The first place and the last. */
  answersOf(): number {
    return 2
  }

  /** Scores of each place as the first and as the last of the answer: [B, 2, T]; -∞ behind the end of a row. */
  logits(ids: Tensor, lengths: Tensor, { dropout }: TaskOptions = {}): Tensor {
    const [batch, tokens] = ids.shape
    const { states } = this.encode(ids, lengths, { dropout })
    const scores = this.output.apply(dropout?.apply(states) ?? states).permute([0, 2, 1]) // [B, 2, T]
    const places = constant([...Array(tokens).keys()], [1, tokens], 'int64')
    const padding = places.greaterOrEqual(lengths.reshape([batch, 1])).reshape([batch, 1, tokens])
    return padding.where(-1e9, scores)
  }
}
