/** What a BERT that was fine-tuned answers: tags of words, and where in a text the answer to a question stands. */
import type { SavedBertTask } from '../checkpoints/bert-task-folder.ts'
import { questionWindows, wordsRow } from '../data/bert-task-rows.ts'
import { lengthsUpTo } from '../data/text-batches.ts'
import type { BertReader, BertTagger } from '../models/bert-tasks.ts'
import { weightFeeds } from '../nn/parameters.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { sequenceScorer } from './sequence-classifier.ts'

export interface WordTags {
  /** The likeliest tag of each word; undefined of words behind what the model sees. */
  tags(words: readonly string[]): Promise<(string | undefined)[]>
  release(): Promise<void>
}

/** Tags words. */
export async function bertTagger(saved: SavedBertTask<BertTagger>, runtime: Runtime): Promise<WordTags> {
  const { model, labels, tokenizer } = saved
  const { context } = model.bert
  const weights = weightFeeds(model, saved.weights)
  const scorer = await sequenceScorer(model, runtime, { batchSize: 1, buckets: lengthsUpTo(context) })
  return {
    tags: async words => {
      const { ids, places } = wordsRow(words, tokenizer, context)
      const probabilities = await scorer.probabilities({ ids }, weights)
      return places.map(place => {
        const own = probabilities.subarray(place * labels.length, (place + 1) * labels.length)
        return place < 0 ? undefined : labels[own.indexOf(Math.max(...own))]
      })
    },
    release: () => scorer.release(),
  }
}

/** An answer, where it stands in the text in UTF-16 units, and how sure the model is. */
export interface FoundAnswer {
  readonly answer: string
  readonly start: number
  readonly end: number
  readonly probability: number
}

export interface TextAnswers {
  /** The likeliest answer of at most so many tokens; of a long text the surest of its windows. Undefined of an empty text. */
  find(question: string, text: string, options?: { readonly longest?: number }): Promise<FoundAnswer | undefined>
  release(): Promise<void>
}

/** Finds answers in texts. */
export async function bertReader(saved: SavedBertTask<BertReader>, runtime: Runtime): Promise<TextAnswers> {
  const { model, tokenizer } = saved
  const { context } = model.bert
  const weights = weightFeeds(model, saved.weights)
  const scorer = await sequenceScorer(model, runtime, { batchSize: 1, buckets: lengthsUpTo(context) })
  return {
    find: async (question, text, { longest = 30 } = {}) => {
      let best: FoundAnswer | undefined
      for (const { ids, begin, starts, ends } of questionWindows({ question, text }, tokenizer, context)) {
        const probabilities = await scorer.probabilities({ ids }, weights)
        const [firsts, lasts] = [
          probabilities.subarray(begin),
          probabilities.subarray(probabilities.length / 2 + begin),
        ]
        for (let first = 0; first < starts.length; first++) {
          for (let last = first; last < Math.min(starts.length, first + longest); last++) {
            const probability = firsts[first] * lasts[last]
            if (best !== undefined && probability <= best.probability) continue
            const [start, end] = [starts[first], ends[last]]
            best = { answer: text.slice(start, end), start, end, probability }
          }
        }
      }
      return best
    },
    release: () => scorer.release(),
  }
}
