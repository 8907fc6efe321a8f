/**
 * A recipe reproduces one row of the line on real data, to numbers that stand beside published ones. `nacre reproduce`
 * runs it in full, the tests run it in quick form. A recipe uses only the package's doors.
 */
import type { FetchedFile, Runtime, Storage } from '../src/index.ts'

/** A number that a recipe measures. */
export interface Measure {
  /** Its key in the results. */
  readonly name: string
  /** What it is, with its unit, for example `test error, %`. */
  readonly title: string
  readonly better: 'lower' | 'higher'
  /** What it must reach, where that was said. */
  readonly bound?: number
  /** What others reached, and where that stands. */
  readonly published?: { readonly value: number; readonly source: string }
}

/** What one seed measured, by the measures' names. */
export type Measured = Readonly<Record<string, number>>

export interface Recipe {
  /** As typed after `nacre reproduce`; the file's name too. */
  readonly name: string
  /** The model's year; none for what has no place in the line of years. */
  readonly year?: number
  /** What is run, in a line: model, data, size. */
  readonly title: { readonly en: string; readonly zh: string }
  /** Of the catalog; none, and it needs no download. */
  readonly datasets: readonly string[]
  readonly measures: readonly Measure[]
  /** How many seeds the mean is taken of, unless told otherwise. */
  readonly seeds: number
  /** What is not like for like with the published number, for the page of results; Markdown, sentences. */
  readonly remarks?: string
  readonly run: (context: RecipeContext) => Promise<Measured>
}

/** What a recipe gets of its host. */
export interface RecipeContext {
  readonly seed: number
  /** The same path in seconds: a part of the data, few steps. Its numbers are no result. */
  readonly quick: boolean
  /** Print every intermediate number, where the recipe has some to explain. */
  readonly explain: boolean
  readonly runtime: Runtime
  /** The verified files of a dataset. */
  readonly dataset: (name: string) => Promise<readonly FetchedFile[]>
  /** A line for people. */
  readonly print: (text: string) => void
  /** Keeps a file, for example a plot, in the output folder. */
  readonly save: (name: string, content: string | Uint8Array) => Promise<void>
  /** A folder of the output folder, for a training's checkpoints: a recipe that was killed goes on from them. */
  readonly folder: (name: string) => Storage
  readonly signal?: AbortSignal
}
