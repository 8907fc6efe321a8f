import { loadRecurrentClassifierFolder } from '../checkpoints/recurrent-classifier-folder.ts'
import { lengthsUpTo } from '../data/text-batches.ts'
import { weightFeeds } from '../nn/parameters.ts'
import { sequenceScorer } from '../training/sequence-classifier.ts'
import type { ClassifierKind } from './classify.ts'
import { segmentersOf } from './segmenters.ts'

/** A recurrent network that reads the words of a text. */
export const open: ClassifierKind = async (storage, runtime) => {
  const segmenters = await segmentersOf(storage, 'tokenizer_config.json')
  const { model, weights, labels, tokenizer, context } = await loadRecurrentClassifierFolder(storage, { segmenters })
  const feeds = weightFeeds(model, weights)
  const scorer = await sequenceScorer(model, runtime, { batchSize: 1, buckets: lengthsUpTo(context) })
  return {
    labels,
    classify: async input => {
      const ids = tokenizer.encode(input)
      return { probabilities: await scorer.probabilities({ ids }, feeds), picture: remark(ids, context) }
    },
  }
}

/** What a person should know of the words that were read. */
function remark(ids: Int32Array, context: number): string | undefined {
  if (ids.every(id => id === 0)) return 'It has no word that the model knows.'
  const unknown = ids.filter(id => id === 0).length
  const lines: string[] = []
  if (ids.length > context) lines.push(`Only the first ${context} of its ${ids.length} words were read.`)
  if (unknown > 0) lines.push(`${unknown} of its ${ids.length} words are unknown to the model.`)
  return lines.length > 0 ? lines.join('\n') : undefined
}
