/** A language model answers a task: by the likelihood of choices, by generation, or by its last word. */
import { DataError, OptionError, TokenizerError } from '../base/errors.ts'
import { Random } from '../base/random.ts'
import type { AnswerExample, ChoiceExample, ScoreExample, Task, TaskData, TaskExample } from '../data/task.ts'
import type { GreedyWriter } from '../generation/greedy-writer.ts'
import { isRecurrent } from '../models/language-model.ts'
import type { Tokenizer } from '../tokenizers/tokenizer.ts'
import { exactMatch, tokenF1 } from './answer-match.ts'
import { type Continuation, continuationOf, type LikelihoodScorer, likelihoodScorer } from './likelihood.ts'
import type { ScoredModel } from './score.ts'
import { answerOf, groupsOf, promptWithShots } from './shots.ts'

/** What became of one example. */
export interface Outcome {
  /** Its number in its part, from 0. */
  readonly example: number
  readonly group?: string
  /** All that the model read, shots too. */
  readonly prompt?: string
  /** For people: the right answer, and the model's. */
  readonly expected: string
  readonly predicted: string
  /** Tokens of the prompt that were cut from its left. */
  readonly cut?: number
  /** Of classes and choices: their numbers. By likelihood, and by likelihood for each byte and for each token. */
  readonly label?: number
  readonly prediction?: number
  readonly predictionByByte?: number
  readonly predictionByToken?: number
  /** By how much likelier a choice is after the prompt than after one without the text. */
  readonly predictionOverPrior?: number
  /** log P of each choice, in nats. */
  readonly logProbabilities?: readonly number[]
  /** Of scores. */
  readonly score?: number
  readonly predictedScore?: number
  /** Of answers. */
  readonly match?: boolean
  readonly f1?: number
  /** Of the last word, in nats. */
  readonly logProbability?: number
}

export interface LanguageTaskOptions {
  readonly part?: 'train' | 'validation' | 'test'
  /** Examples with their answers before each prompt; default 0. */
  readonly shots?: number
  readonly seed?: number
  /** So many examples, drawn with the seed; default all. */
  readonly limit?: number
  /** Rows at once, default 8. */
  readonly batchSize?: number
  /** Tokens that stand before an empty prompt. */
  readonly before?: readonly number[]
  /** Whether examples that the vocabulary cannot express are left out and counted; otherwise they are an error. */
  readonly skipForeign?: boolean
  readonly signal?: AbortSignal
  readonly onProgress?: (share: number) => void
}

export interface LanguageTaskResult {
  readonly outcomes: readonly Outcome[]
  /** Examples that the vocabulary could not express. */
  readonly foreign: number
}

/** A model that is asked, and what writes its answers. */
export interface AskedModel extends ScoredModel {
  readonly tokenizer: Tokenizer
  readonly writer: GreedyWriter
}

/** An example, its number, and its prompt with shots. */
interface Asked<E extends TaskExample = TaskExample> {
  readonly number: number
  readonly example: E
  readonly prompt: string
}

/**
 * Asks a language model every example of a part, or some of them.
 * @throws {OptionError} if there are no examples, or none to draw shots from
 * @throws {TokenizerError} if the vocabulary lacks a character of an example and `skipForeign` is false
 */
export async function evaluateLanguageModel(
  model: AskedModel,
  task: Task,
  data: TaskData,
  options: LanguageTaskOptions = {},
): Promise<LanguageTaskResult> {
  const asked = askedOf(task, data, options)
  const known: Asked[] = []
  for (const one of asked) {
    try {
      for (const answer of 'choices' in one.example ? one.example.choices : [answerOf(one.example)])
        model.tokenizer.encode(`${one.prompt}${task.joint}${answer}`)
      known.push(one)
    } catch (error) {
      if (!(error instanceof TokenizerError) || !options.skipForeign) throw error
    }
  }
  const foreign = asked.length - known.length
  if (known.length === 0) {
    const expected = 'examples that the vocabulary of the model can write'
    throw new DataError({ what: task.name, expected, received: `none in ${asked.length}` })
  }
  if (task.form === 'answers')
    return { foreign, outcomes: await generated(model, task, known as Asked<AnswerExample>[], options) }
  if (task.form === 'last-word')
    return { foreign, outcomes: await lastWords(model, task, known as Asked<AnswerExample>[], options) }
  return { foreign, outcomes: await chosen(model, task, known as Asked<ChoiceExample | ScoreExample>[], options) }
}

/** The examples of a part that are asked, in their order. */
export function examplesOf(
  { parts }: TaskData,
  { part = 'test', limit, seed = 1 }: Pick<LanguageTaskOptions, 'part' | 'limit' | 'seed'>,
): { readonly number: number; readonly example: TaskExample }[] {
  const all = parts[part].map((example, number) => ({ example, number }))
  if (all.length === 0)
    throw new OptionError({ what: 'Option --part', expected: 'a part that has examples', received: part })
  if (limit === undefined || limit >= all.length) return all
  return new Random(seed, 'limit')
    .shuffle(all)
    .slice(0, limit)
    .sort((a, b) => a.number - b.number)
}

function askedOf(task: Task, data: TaskData, options: LanguageTaskOptions): Asked[] {
  const { part = 'test', shots = 0, seed = 1 } = options
  const { train, validation } = data.parts
  // Shots come from what is learned from; a file that has no parts gives its other examples.
  const own = data.parts[part]
  const source = [train, validation].find(examples => examples.length > 0 && examples !== own) ?? own
  const pools = groupsOf(source)
  const samePrompts = new Map([source, ...pools.values()].map(pool => [pool, countPrompts(pool)]))
  return examplesOf(data, options).map(({ example, number }) => {
    const pool = pools.get(example.group) ?? source
    const fitting = pool.length - (samePrompts.get(pool)?.get(example.prompt) ?? 0)
    if (shots > fitting) {
      const expected = `at most ${fitting}, the examples with other prompts that there are to show`
      throw new OptionError({ what: 'Option --shots', expected, received: String(shots) })
    }
    return { example, number, prompt: promptWithShots(task, example, { pool, shots, seed, number }) }
  })
}

async function chosen(
  model: AskedModel,
  { joint }: Task,
  asked: readonly Asked<ChoiceExample | ScoreExample>[],
  { before, batchSize, onProgress }: LanguageTaskOptions,
): Promise<Outcome[]> {
  const { reach } = model.model
  const requests: Continuation[] = asked.flatMap(({ number, prompt, example: { choices } }) =>
    choices.map((choice, i) => {
      const request = continuationOf(model.tokenizer, { prompt, continuation: choice, joint }, before)
      const { length: tokens } = request.continuation
      if (tokens <= reach) return request
      const what = `Choice ${i + 1} of example ${number + 1}`
      throw new DataError({
        what,
        expected: `at most ${reach} tokens, the context of the model`,
        received: `${tokens}`,
      })
    }),
  )
  const scorer = likelihoodScorer(model, { batchSize })
  try {
    const likelihoods = await scorer.score(requests, onProgress)
    const priors = await priorsOf(model.tokenizer, scorer, joint, asked)
    let at = 0
    return asked.map(({ number, example, prompt }) => {
      const begin = at
      const own = likelihoods.slice(begin, begin + example.choices.length)
      at += own.length
      const logProbabilities = own.map(({ logProbability }) => logProbability)
      const prediction = indexOfLargest(logProbabilities)
      const byByte = logProbabilities.map((value, i) => value / utf8.encode(example.choices[i]).length)
      const byToken = logProbabilities.map((value, i) => value / requests[begin + i].continuation.length)
      const shared = {
        ...{ example: number, group: example.group, prompt, logProbabilities },
        cut: Math.max(...own.map(({ cut }) => cut)),
      }
      if ('score' in example) {
        const predictedScore = meanChoice(example.choices, logProbabilities)
        const { score } = example
        return { ...shared, score, predictedScore, expected: String(score), predicted: predictedScore.toFixed(2) }
      }
      return {
        ...{ ...shared, label: example.label, prediction, predictionByByte: indexOfLargest(byByte) },
        predictionByToken: indexOfLargest(byToken),
        ...(priors && {
          predictionOverPrior: indexOfLargest(logProbabilities.map((value, i) => value - priors(example, i))),
        }),
        expected: example.choices[example.label],
        predicted: example.choices[prediction],
      }
    })
  } finally {
    await scorer.release()
  }
}

/**
 * log P of a choice after the prompt without its text, where every example has one. Brown et al., GPT-3, 2020, section 2.4;
 * Holtzman et al., Surface Form Competition, 2021.
 */
async function priorsOf(
  tokenizer: Tokenizer,
  scorer: LikelihoodScorer,
  joint: string,
  asked: readonly Asked<ChoiceExample | ScoreExample>[],
): Promise<((example: ChoiceExample, choice: number) => number) | undefined> {
  const keyOf = (neutral: string, choice: string): string => JSON.stringify([neutral, choice])
  const requests = new Map<string, Continuation>()
  for (const { example } of asked) {
    if ('score' in example || example.neutral === undefined) return undefined
    for (const continuation of example.choices)
      requests.set(
        keyOf(example.neutral, continuation),
        continuationOf(tokenizer, { prompt: example.neutral, continuation, joint }),
      )
  }
  const scores = await scorer.score([...requests.values()])
  const found = new Map([...requests.keys()].map((key, i) => [key, scores[i].logProbability]))
  return ({ neutral = '', choices }, choice) => found.get(keyOf(neutral, choices[choice]))!
}

async function lastWords(
  model: AskedModel,
  { joint }: Task,
  asked: readonly Asked<AnswerExample>[],
  { before, batchSize, onProgress }: LanguageTaskOptions,
): Promise<Outcome[]> {
  const scorer = likelihoodScorer(model, { batchSize })
  try {
    const requests = asked.map(({ prompt, example }) =>
      continuationOf(model.tokenizer, { prompt, continuation: example.answer, joint }, before),
    )
    const likelihoods = await scorer.score(requests, onProgress)
    return asked.map(({ number, example, prompt }, i) => {
      const { greedy: match, logProbability, cut } = likelihoods[i]
      const shared = { example: number, group: example.group, prompt, cut, match, logProbability }
      return { ...shared, expected: example.answer, predicted: match ? example.answer : '' }
    })
  } finally {
    await scorer.release()
  }
}

/** One prompt after another: what they begin with alike, as shots, is computed once by the writer. */
async function generated(
  model: AskedModel,
  task: Task,
  asked: readonly Asked<AnswerExample>[],
  { before = [], signal, onProgress }: LanguageTaskOptions,
): Promise<Outcome[]> {
  const { stop = ['\n'], answerTokens = 32, extract = (answer: string) => answer } = task
  const { tokenizer, writer } = model
  const outcomes: Outcome[] = []
  for (const { number, example, prompt } of asked) {
    signal?.throwIfAborted()
    const ids = [...tokenizer.encode(prompt)]
    // Room for the answer, so that what is left of the prompt stands before each of its tokens; of a long one, for its beginning.
    const { reach } = model.model
    const room = isRecurrent(model.model) ? ids.length : reach - Math.min(answerTokens, Math.floor(reach / 2))
    const cut = Math.max(0, ids.length - room)
    const seen = ids.length === 0 ? before : ids.slice(cut)
    const answer = await writer.write(seen, { stop, tokens: answerTokens, signal })
    const [given, expected] = [extract(answer), extract(example.answer) ?? '']
    outcomes.push({
      ...{ example: number, group: example.group, prompt, cut, expected: example.answer, predicted: answer.trim() },
      match: given !== undefined && (task.extract === undefined ? exactMatch(given, expected) : given === expected),
      f1: given === undefined ? 0 : tokenF1(given, expected),
    })
    onProgress?.(outcomes.length / asked.length)
  }
  return outcomes
}

function countPrompts(examples: readonly TaskExample[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const { prompt } of examples) counts.set(prompt, (counts.get(prompt) ?? 0) + 1)
  return counts
}

const utf8 = new TextEncoder()

/** The first of those that are equal. */
function indexOfLargest(values: readonly number[]): number {
  return values.reduce((best, value, i) => (value > values[best] ? i : best), 0)
}

/** The mean of choices that are numbers, each counting as probable as it is among them. */
function meanChoice(choices: readonly string[], logProbabilities: readonly number[]): number {
  const largest = Math.max(...logProbabilities)
  const shares = logProbabilities.map(value => Math.exp(value - largest))
  const whole = shares.reduce((sum, share) => sum + share, 0)
  return shares.reduce((sum, share, i) => sum + (share / whole) * Number(choices[i]), 0)
}
