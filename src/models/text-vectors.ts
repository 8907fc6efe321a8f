/**
 * Text as numbers: one-hot vectors of words, bags of words, TF-IDF, and the search for similar documents by cosine.
 * Spärck Jones, A Statistical Interpretation of Term Specificity and Its Application in Retrieval, 1972 (idf);
 * Salton and Buckley, Term-Weighting Approaches in Automatic Text Retrieval, 1988 (tf, normalization, cosine).
 * Letters: N documents, V terms, tf(t, d) how often term t comes in document d, df(t) how many documents have it.
 */
import { OptionError } from '../base/errors.ts'
import { dot, length, SparseRows, type SparseVector, sparseVector } from '../data/sparse-rows.ts'
import { isWord, type Segmenter, segmenterFor } from '../tokenizers/segmenter.ts'

/** How often a term comes: 1 if at all (`binary`), tf (`count`), or 1 + ln tf (`sublinear`). */
export type TermFrequency = 'binary' | 'count' | 'sublinear'

/**
 * What a term is worth: ln((1 + N) / (1 + df)) + 1, as scikit-learn (`smooth`); ln(N / df), as textbooks have it, where a
 * term of all documents is worth nothing (`textbook`); or 1 (`none`).
 */
export type InverseDocumentFrequency = 'smooth' | 'textbook' | 'none'

export interface TextVectorOptions {
  /** What cuts text into words; default the host's, for the language of the documents. */
  readonly segmenter?: Segmenter
  /** Default true. */
  readonly lowercase?: boolean
  /** Whether marks are left out; default true. */
  readonly wordsOnly?: boolean
  /** Words that are left out before n-grams are formed; default none. */
  readonly stopWords?: ReadonlySet<string>
  /** Longest term, in words; default 1. */
  readonly ngrams?: number
  /** Terms of fewer documents are left out; default 1. */
  readonly minimumDocuments?: number
  readonly frequency?: TermFrequency
  readonly idf?: InverseDocumentFrequency
  /** Whether vectors are brought to length 1; default true. */
  readonly normalize?: boolean
}

/** How terms are weighted, in short. */
export const bagOfWords = { frequency: 'count', idf: 'none', normalize: false } as const
export const tfIdf = { frequency: 'count', idf: 'smooth', normalize: true } as const
export const textbookTfIdf = { frequency: 'count', idf: 'textbook', normalize: false } as const

/** All settings, and what was learned from documents. */
export interface TextVectorModel extends Required<Omit<TextVectorOptions, 'minimumDocuments'>> {
  /** Their numbers are their places: words, or words joined by spaces. */
  readonly terms: readonly string[]
  /** What each term is worth. [V] */
  readonly weights: Float32Array
}

/**
 * Learns terms and what they are worth from documents; terms are numbered as they first come.
 * @throws {OptionError} if there is no document, or no term in them
 */
export function fitTextVectors(documents: readonly string[], options: TextVectorOptions = {}): TextVectors {
  const settings = {
    segmenter: options.segmenter ?? segmenterFor(documents.slice(0, 100).join('\n')),
    lowercase: options.lowercase ?? true,
    wordsOnly: options.wordsOnly ?? true,
    stopWords: options.stopWords ?? new Set<string>(),
    ngrams: options.ngrams ?? 1,
    frequency: options.frequency ?? tfIdf.frequency,
    idf: options.idf ?? tfIdf.idf,
    normalize: options.normalize ?? tfIdf.normalize,
  }
  const documentCounts = new Map<string, number>()
  for (const document of documents) {
    for (const term of new Set(termsOf(document, settings)))
      documentCounts.set(term, (documentCounts.get(term) ?? 0) + 1)
  }
  const kept = [...documentCounts].filter(([, count]) => count >= (options.minimumDocuments ?? 1))
  if (kept.length === 0) {
    const received = `${documents.length} documents and ${documentCounts.size} terms`
    const hint = 'Is minimumDocuments too high, or is every word a stop word?'
    throw new OptionError({ what: 'fitTextVectors', expected: 'documents with terms', received, hint })
  }
  const worth = inverseDocumentFrequencies[settings.idf]
  return new TextVectors({
    ...settings,
    terms: kept.map(([term]) => term),
    weights: Float32Array.from(kept, ([, count]) => worth(documents.length, count)),
  })
}

export class TextVectors {
  readonly model: TextVectorModel
  readonly #places: ReadonlyMap<string, number>

  constructor(model: TextVectorModel) {
    this.model = model
    this.#places = new Map(model.terms.map((term, place) => [term, place]))
  }

  /** V, the numbers of a vector. */
  get width(): number {
    return this.model.terms.length
  }

  /** The vector of one word: a single 1, or nothing for a word that is not known. */
  oneHot(word: string): SparseVector {
    const place = this.#places.get(this.model.lowercase ? word.toLowerCase() : word)
    return sparseVector(new Map(place === undefined ? [] : [[place, 1]]))
  }

  /** weight(t, d) = frequency(tf(t, d)) · idf(t), all divided by their Euclidean length where that is asked for. */
  vector(document: string): SparseVector {
    const counts = new Map<number, number>()
    for (const term of termsOf(document, this.model)) {
      const place = this.#places.get(term)
      if (place !== undefined) counts.set(place, (counts.get(place) ?? 0) + 1)
    }
    const frequency = termFrequencies[this.model.frequency]
    for (const [place, count] of counts) counts.set(place, frequency(count) * this.model.weights[place])
    const vector = sparseVector(counts)
    const scale = this.model.normalize ? length(vector) : 1
    return scale === 0 ? vector : { ...vector, values: vector.values.map(value => value / scale) }
  }

  /** The vectors of documents. [N, V] */
  vectors(documents: readonly string[]): SparseRows {
    return new SparseRows(
      this.width,
      documents.map(document => this.vector(document)),
    )
  }
}

/** A document that was found. */
export interface Found {
  /** Its number. */
  readonly index: number
  /** Cosine of the angle between its vector and the query's. */
  readonly similarity: number
}

/** Finds the documents most similar to a query. Only documents that share a term with it are looked at. */
export class DocumentSearch {
  readonly #vectors: TextVectors
  readonly #rows: SparseRows
  /** Documents of each term. */
  readonly #documents: readonly number[][]

  constructor(vectors: TextVectors, documents: readonly string[]) {
    this.#vectors = vectors
    this.#rows = vectors.vectors(documents)
    const byTerm: number[][] = Array.from({ length: vectors.width }, () => [])
    for (let index = 0; index < documents.length; index++)
      for (const place of this.#rows.row(index).indices) byTerm[place].push(index)
    this.#documents = byTerm
  }

  /** At most `count` documents, the most similar first; none that shares no term. */
  search(query: string, count = 10): Found[] {
    const vector = this.#vectors.vector(query)
    const candidates = new Set<number>()
    for (const place of vector.indices) for (const index of this.#documents[place]) candidates.add(index)
    const queryLength = length(vector)
    const found = [...candidates].map((index): Found => {
      const row = this.#rows.row(index)
      const lengths = queryLength * length(row)
      return { index, similarity: lengths === 0 ? 0 : dot(vector, row) / lengths }
    })
    const similar = found.filter(({ similarity }) => similarity > 0)
    return similar.sort((a, b) => b.similarity - a.similarity || a.index - b.index).slice(0, count)
  }
}

const termFrequencies: Readonly<Record<TermFrequency, (count: number) => number>> = {
  binary: () => 1,
  count: count => count,
  sublinear: count => 1 + Math.log(count),
}

const inverseDocumentFrequencies: Readonly<
  Record<InverseDocumentFrequency, (documents: number, documentCount: number) => number>
> = {
  smooth: (documents, documentCount) => Math.log((1 + documents) / (1 + documentCount)) + 1,
  textbook: (documents, documentCount) => Math.log(documents / documentCount),
  none: () => 1,
}

type TermSettings = Pick<TextVectorModel, 'segmenter' | 'lowercase' | 'wordsOnly' | 'stopWords' | 'ngrams'>

/** Every term of a document as often as it comes: words, then pairs of words, and so on. */
function termsOf(document: string, { segmenter, lowercase, wordsOnly, stopWords, ngrams }: TermSettings): string[] {
  const words = segmenter
    .segment(lowercase ? document.toLowerCase() : document)
    .filter(word => (!wordsOnly || isWord(word)) && !stopWords.has(word))
  const terms = [...words]
  for (let n = 2; n <= ngrams; n++)
    for (let begin = 0; begin + n <= words.length; begin++) terms.push(words.slice(begin, begin + n).join(' '))
  return terms
}
