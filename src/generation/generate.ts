import { Random } from '../base/random.ts'
import type { Tokenizer } from '../tokenizers/tokenizer.ts'
import type { Predictor } from './predictor.ts'
import { drawToken, logProbabilityOf, type SamplingPolicy } from './sampling.ts'

/** What was generated so far, for a stop rule. */
export interface Progress {
  /** Tokens after the prompt. */
  readonly generated: readonly number[]
}

/** Ends the generation after the token that was just made. */
export type StopRule = (progress: Progress) => boolean

/** Stops after a number of tokens. */
export const length =
  (tokens: number): StopRule =>
  ({ generated }) =>
    generated.length >= tokens

/** Stops after a token, which is shown; `stopTokens` are not. */
export const token =
  (id: number): StopRule =>
  ({ generated }) =>
    generated.at(-1) === id

export interface GenerateOptions {
  readonly sample?: readonly SamplingPolicy[]
  readonly stopWhen?: readonly StopRule[]
  /** Tokens that end the text and are not part of it. */
  readonly stopTokens?: readonly number[]
  /** Texts that end the generation; neither they nor what follows is shown. */
  readonly stopStrings?: readonly string[]
  /** Draws are a function of the seed and their number. */
  readonly seed?: number
  readonly signal?: AbortSignal
}

/** One token; `text` is what is certain to be shown now, which may be more or less than the token's own. */
export interface GeneratedToken {
  readonly token: number
  readonly text: string
  /** Of this token given all before it, in nats, under the model as it is: before any policy. */
  readonly logProbability: number
}

/**
 * Continues a text token by token. The pieces of text join to the whole; none ends inside of a character, and none shows
 * a stop string or the beginning of one.
 */
export async function* generate(
  predictor: Predictor,
  tokenizer: Tokenizer,
  prompt: readonly number[],
  options: GenerateOptions = {},
): AsyncGenerator<GeneratedToken> {
  const { sample = [], stopWhen = [length(100)], stopTokens = [], stopStrings = [], seed = 1, signal } = options
  const random = new Random(seed, 'sampling')
  const tokens = [...prompt]
  const generated: number[] = []
  const special = new Set(tokenizer.specialTokens.values())
  const decoder = tokenizer.decoder({ continues: prompt.some(id => !special.has(id)) })
  const screen = new StopScreen(stopStrings)
  for (;;) {
    if (signal?.aborted) return
    const logits = await predictor.next(tokens)
    const scores = logits.slice(0, tokenizer.vocabularySize)
    for (const policy of sample) policy(scores, tokens)
    const next = drawToken(scores, random)
    const logProbability = logProbabilityOf(logits, next)
    tokens.push(next)
    generated.push(next)
    const ends = stopTokens.includes(next)
    const last = ends || stopWhen.some(rule => rule({ generated }))
    let text = ends ? '' : screen.push(decoder.push(next))
    if (last && !screen.stopped) text += screen.push(decoder.end()) + screen.end()
    yield { token: next, text, logProbability }
    if (last || screen.stopped) return
  }
}

/** Holds back text that may be the beginning of a stop string. */
class StopScreen {
  readonly #strings: readonly string[]
  #held = ''
  stopped = false

  constructor(strings: readonly string[]) {
    this.#strings = strings.filter(string => string !== '')
  }

  /** The text that may be shown. */
  push(text: string): string {
    if (this.stopped) return ''
    const pending = this.#held + text
    const found = this.#strings.map(string => pending.indexOf(string)).filter(index => index >= 0)
    if (found.length > 0) {
      this.stopped = true
      this.#held = ''
      return pending.slice(0, Math.min(...found))
    }
    let held = 0
    for (const string of this.#strings) {
      for (let size = Math.min(string.length - 1, pending.length); size > held; size--) {
        if (pending.endsWith(string.slice(0, size))) held = size
      }
    }
    this.#held = pending.slice(pending.length - held)
    return pending.slice(0, pending.length - held)
  }

  /** What was held back, now that nothing follows. */
  end(): string {
    const text = this.#held
    this.#held = ''
    return text
  }
}
