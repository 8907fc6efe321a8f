/** How texts are put into a row of BERT: [CLS] A [SEP], or [CLS] A [SEP] B [SEP]. Devlin et al., 2018, section 3. */
import { CheckpointError } from '../base/errors.ts'
import type { Tokenizer } from '../tokenizers/tokenizer.ts'
import { bertTokens } from '../tokenizers/word-piece.ts'
import { cutPair } from './cut-pair.ts'
import type { LabelledText } from './labelled-text.ts'
import type { EncodedText } from './text-batches.ts'

/** One row: its tokens, and for each whether it belongs to the first text or the second. */
export interface BertRow {
  readonly ids: Int32Array
  readonly segments: Uint8Array
}

/** Ids of the tokens that stand for no text. */
export type BertMarkers = { readonly [name in keyof typeof bertTokens]: number }

/**
 * The ids of BERT's own tokens.
 * @throws {CheckpointError} if the vocabulary lacks one
 */
export function bertMarkers({ specialTokens }: Pick<Tokenizer, 'specialTokens'>): BertMarkers {
  const id = (name: string): number => {
    const found = specialTokens.get(name)
    if (found !== undefined) return found
    const received = [...specialTokens.keys()].join(', ') || 'none'
    throw new CheckpointError({ what: 'The tokenizer', expected: `a special token ${name}`, received })
  }
  return Object.fromEntries(
    Object.entries(bertTokens).map(([kind, name]) => [kind, id(name)]),
  ) as unknown as BertMarkers
}

/** [CLS] A [SEP]. */
export function bertText(tokenizer: Pick<Tokenizer, 'specialTokens'>, text: ArrayLike<number>): BertRow {
  const { first, separator } = bertMarkers(tokenizer)
  const ids = Int32Array.from([first, ...Array.from(text), separator])
  return { ids, segments: new Uint8Array(ids.length) }
}

/** [CLS] A [SEP] B [SEP]; the second text and its [SEP] are segment 1. */
export function bertPair(
  tokenizer: Pick<Tokenizer, 'specialTokens'>,
  first: ArrayLike<number>,
  second: ArrayLike<number>,
): BertRow {
  const markers = bertMarkers(tokenizer)
  const head = [markers.first, ...Array.from(first), markers.separator]
  const ids = Int32Array.from([...head, ...Array.from(second), markers.separator])
  return { ids, segments: new Uint8Array(ids.length).fill(1, head.length) }
}

/** Texts and pairs with labels as rows of at most so many tokens: a long text loses its end, of a pair the longer one. */
export function bertTask(
  texts: readonly LabelledText[],
  tokenizer: Pick<Tokenizer, 'specialTokens' | 'encode'>,
  context: number,
): EncodedText[] {
  const cut = (length: number) => (length > context ? { isCut: true } : {})
  return texts.map(({ text, second, label }) => {
    const first = tokenizer.encode(text)
    if (second === undefined)
      return { ids: bertText(tokenizer, first.subarray(0, context - 2)).ids, label, ...cut(first.length + 2) }
    const then = tokenizer.encode(second)
    const pair = cutPair(first, then, context - 3)
    return { ids: bertPair(tokenizer, ...pair).ids, label, ...cut(first.length + then.length + 3) }
  })
}
