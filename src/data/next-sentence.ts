/**
 * Two stretches of text in a row of BERT: half of the time the second follows the first, otherwise it comes from another
 * document. Devlin et al., 2018, section 3.1, task 2, and appendix A.2.
 */
import { OptionError } from '../base/errors.ts'
import type { Random } from '../base/random.ts'
import type { EncodedDocuments } from './documents.ts'

/** Places in the tokens of the documents. */
export interface Stretch {
  readonly start: number
  readonly end: number
}

export interface TextPair {
  readonly first: Stretch
  readonly second: Stretch
  /** Whether the second does not follow the first. */
  readonly isRandom: boolean
}

/** Every so many rows one is shorter, "to minimize the mismatch between pre-training and fine-tuning". */
const shortShare = 0.1

/** All stretches of documents that fill a row, each again and again as another pair. */
export class TextPairs {
  readonly #documents: EncodedDocuments
  /** Tokens of both texts at most. */
  readonly #room: number
  /** First and last sentence (exclusive) of each stretch, and its document. */
  readonly #stretches: readonly (readonly [first: number, end: number, document: number])[]

  /**
   * @param context - tokens of a row, with [CLS] and two [SEP]
   * @throws {OptionError} if a row has no room for two texts
   */
  constructor(documents: EncodedDocuments, context: number) {
    if (context < 8) {
      const expected = 'at least 8 tokens: [CLS], two texts and two [SEP]'
      throw new OptionError({ what: 'context', expected, received: String(context) })
    }
    this.#documents = documents
    this.#room = context - 3
    this.#stretches = stretchesOf(documents, this.#room)
  }

  get count(): number {
    return this.#stretches.length
  }

  /** The pair that a stretch becomes with these random numbers. */
  pair(index: number, random: Random): TextPair {
    const { sentences } = this.#documents
    const [first, end, document] = this.#stretches[index]
    const isShort = random.uniform() < shortShare
    const room = isShort ? 2 + random.integer(this.#room - 1) : this.#room
    const whole = { start: sentences[first], end: sentences[end] }
    // A stretch of one sentence is cut inside of it, so that it has a second half too.
    const cut =
      end - first > 1
        ? sentences[first + 1 + random.integer(end - first - 1)]
        : whole.start + Math.max(1, Math.min(whole.end - whole.start - 1, 1 + random.integer(whole.end - whole.start)))
    const head = { start: whole.start, end: cut }
    const isRandom = random.uniform() < 0.5 || cut >= whole.end
    const second = isRandom
      ? this.#elsewhere(document, this.#room - (cut - whole.start), random)
      : { start: cut, end: whole.end }
    return { ...shortened(head, second, room, random), isRandom }
  }

  /** A stretch that begins with a random sentence of another document; of the same one where there is only that. */
  #elsewhere(document: number, room: number, random: Random): Stretch {
    const { sentences, documents } = this.#documents
    const count = documents.length - 1
    const other = count === 1 ? 0 : (document + 1 + random.integer(count - 1)) % count
    const [first, end] = [documents[other], documents[other + 1]]
    const begin = first + random.integer(end - first)
    const start = sentences[begin]
    return { start, end: Math.min(sentences[end], start + Math.max(1, room)) }
  }
}

/** Sentences one after the other, until they fill a row. */
function stretchesOf({ sentences, documents }: EncodedDocuments, room: number): [number, number, number][] {
  const stretches: [number, number, number][] = []
  for (let document = 0; document + 1 < documents.length; document++) {
    let first = documents[document]
    for (let sentence = first; sentence < documents[document + 1]; sentence++) {
      const isLast = sentence + 1 === documents[document + 1]
      if (!isLast && sentences[sentence + 1] - sentences[first] < room) continue
      stretches.push([first, sentence + 1, document])
      first = sentence + 1
    }
  }
  return stretches
}

/** Takes tokens from the longer text, at its beginning or its end, until both have room. */
function shortened(first: Stretch, second: Stretch, room: number, random: Random): { first: Stretch; second: Stretch } {
  const [a, b] = [{ ...first }, { ...second }]
  while (a.end - a.start + (b.end - b.start) > room) {
    const longer = a.end - a.start > b.end - b.start ? a : b
    if (random.uint32() % 2 === 0) longer.start++
    else longer.end--
  }
  return { first: a, second: b }
}
