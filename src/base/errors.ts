/** What an error tells its reader: what was asked, what was expected, what came, and what to try. */
export interface ErrorDetail {
  /** The operation, option, file or field that complains. */
  readonly what: string
  readonly expected: string
  readonly received?: string
  /** A question or an advice, a whole sentence. */
  readonly hint?: string
}

/** An error that a person can act on. Its message is composed of its typed fields. */
export class NacreError extends Error implements ErrorDetail {
  readonly what: string
  readonly expected: string
  readonly received?: string
  readonly hint?: string

  constructor(detail: ErrorDetail, options?: ErrorOptions) {
    const received = detail.received === undefined ? '' : ` Received ${detail.received}.`
    const hint = detail.hint === undefined ? '' : ` ${detail.hint}`
    super(`${detail.what} expected ${detail.expected}.${received}${hint}`, options)
    this.name = new.target.name
    this.what = detail.what
    this.expected = detail.expected
    this.received = detail.received
    this.hint = detail.hint
  }
}

/** Sizes that do not fit each other. */
export class ShapeError extends NacreError {}
/** An option, argument or configuration field outside of its bounds. */
export class OptionError extends NacreError {}
/** Text or a data file that cannot be read as what it should be. */
export class DataError extends NacreError {}
/** A text or an id that the tokenizer cannot express. */
export class TokenizerError extends NacreError {}
/** A checkpoint that is cut short, malformed, or of another model. */
export class CheckpointError extends NacreError {}
/** A file or directory that cannot be read or written. */
export class StorageError extends NacreError {}
/** A device that is not there, or a model that the runtime refuses. */
export class DeviceError extends NacreError {}
/** Training that cannot go on, for example because the loss is not a number. */
export class TrainingError extends NacreError {}

/** The candidate nearest to a misspelt word, or undefined when none is near. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const limit = Math.max(1, Math.floor(word.length / 3))
  let best: string | undefined
  let bestDistance = limit + 1
  for (const candidate of candidates) {
    const distance = editDistance(word, candidate)
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance]
  }
  return best
}

/** The fewest insertions, deletions, substitutions and swaps of two neighbours (optimal string alignment). */
export function editDistance(a: string, b: string): number {
  let before: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const substitution = previous[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)
      row[j] = Math.min(previous[j] + 1, row[j - 1] + 1, substitution)
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      if (isSwap) row[j] = Math.min(row[j], before[j - 2] + 1)
    }
    before = previous
    previous = row
  }
  return previous[b.length]
}
