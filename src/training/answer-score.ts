/** How well a model writes the held-out answers, which a loss does not say. */
import { OptionError } from '../base/errors.ts'
import type { SavedModel } from '../checkpoints/model-folder.ts'
import type { TrainingExample } from '../data/packing.ts'
import { exactMatch, tokenF1 } from '../evaluation/answer-match.ts'
import { generate, length } from '../generation/generate.ts'
import { cachedPredictor } from '../generation/predictor.ts'
import { greedy } from '../generation/sampling.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Tokenizer } from '../tokenizers/tokenizer.ts'
import type { AnswerMetricName } from './task-metric.ts'

/** A question, and the tokens of its answer without what ends it. */
interface Question {
  readonly prompt: readonly number[]
  readonly answer: Int32Array
  /** Tokens that may be written: more than those of the answer, where a token ends it. */
  readonly most: number
}

/**
 * The last answer of each example, with all that comes before as the prompt.
 * @throws {OptionError} if no example has a prompt
 */
function questionsOf(examples: readonly TrainingExample[], ends: ReadonlySet<number>): Question[] {
  const questions = examples.flatMap(({ ids, isAnswer }): Question[] => {
    const last = isAnswer.lastIndexOf(1)
    const begin = isAnswer.lastIndexOf(0, last) + 1
    if (last < 0 || begin === 0) return []
    const end = ids.subarray(begin, last + 1).findIndex(id => ends.has(id))
    const answer = ids.slice(begin, end < 0 ? last + 1 : begin + end)
    return [{ prompt: [...ids.subarray(0, begin)], answer, most: end < 0 ? answer.length : 2 * answer.length + 8 }]
  })
  if (questions.length > 0) return questions
  const expected = 'loss: an answer is asked for by its prompt'
  throw new OptionError({ what: 'Option --metric', expected, received: 'held-out examples without prompts' })
}

export interface AnswerScorer {
  /** @returns the mean over the questions, from 0 to 1 */
  of(model: Pick<SavedModel, 'model' | 'weights'>): Promise<number>
}

/**
 * Asks a model for the last answers of examples; it writes what it finds likeliest.
 * @param options.most - examples that are asked, the first of them
 * @throws {OptionError} if no example has a prompt
 */
export function answerScorer(
  examples: readonly TrainingExample[],
  {
    runtime,
    tokenizer,
    turnEnds = [],
    metric,
    most,
  }: {
    readonly runtime: Runtime
    readonly tokenizer: Tokenizer
    readonly turnEnds?: readonly number[]
    readonly metric: AnswerMetricName
    readonly most: number
  },
): AnswerScorer {
  const stopTokens = [...turnEnds, ...(tokenizer.endOfText === undefined ? [] : [tokenizer.endOfText])]
  const questions = questionsOf(examples, new Set(stopTokens)).slice(0, most)
  const score = metric === 'exact-match' ? (a: string, b: string) => Number(exactMatch(a, b)) : tokenF1
  return {
    of: async ({ model, weights }) => {
      const predictor = cachedPredictor({ model, weights, runtime })
      let sum = 0
      try {
        for (const { prompt, answer, most: tokens } of questions) {
          let written = ''
          const events = generate(predictor, tokenizer, prompt, {
            sample: [greedy],
            stopTokens,
            stopWhen: [length(tokens)],
          })
          for await (const { text } of events) written += text
          sum += score(written, tokenizer.decode([...answer]))
        }
      } finally {
        await predictor.release()
      }
      return sum / questions.length
    },
  }
}
