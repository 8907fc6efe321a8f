import type { FetchedFile } from './get.ts'

/** A dataset: what it is and where it comes from. The package ships no text of others. */
export interface Dataset {
  /** As typed after `nacre data get`. */
  readonly name: string
  /** What it is, in one line. */
  readonly description: string
  /** ISO 639-1; two, as `de-en`, for translations; `-` for what is no text. */
  readonly language: 'en' | 'zh' | 'de-en' | 'zh-en' | '-'
  readonly licence: string
  /** The folder that holds its files in a mirror. */
  readonly mirrorFolder: string
  readonly files: readonly DatasetFile[]
  /** The texts that its files hold, where these are not text themselves. */
  readonly documents?: (files: readonly FetchedFile[]) => AsyncIterable<string>
  /** The project's own text of this seed, in place of files: nothing is downloaded. */
  readonly generated?: {
    readonly seed: number
    /** In each language. */
    readonly documents: number
    /** Default `mixed`, documents of all kinds. */
    readonly kind?: 'mixed' | 'sorting'
    /** Stories with their facts after each document; default none. */
    readonly factsOfDocument?: number
  }
}

export interface DatasetFile {
  readonly name: string
  /** Of the original file, at a commit that does not change. */
  readonly url: string
  /** How the file is made of the original, where it is not the same: such a file can only come from a mirror. */
  readonly derivation?: string
  readonly bytes: number
  readonly sha256: string
  /** The file is plain gzip of a text, or of what its reader expects. */
  readonly compression?: 'gzip'
  /** SHA-256 of what was packed: a file that packs the same content in another way, as mirrors do, is the same. */
  readonly unpackedSha256?: string
}

/** Bytes of all files together. */
export function datasetBytes(dataset: Dataset): number {
  return dataset.files.reduce((bytes, file) => bytes + file.bytes, 0)
}
