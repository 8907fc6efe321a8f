import { loadFineTunedFolder } from '../checkpoints/fine-tuned-folder.ts'
import { lengthsUpTo } from '../data/text-batches.ts'
import { weightFeeds } from '../nn/parameters.ts'
import { encodeTask } from '../training/fine-tuning-run.ts'
import { sequenceScorer } from '../training/sequence-classifier.ts'
import type { ClassifierKind } from './classify.ts'
import { segmentersOf } from './segmenters.ts'

/** A language model that was fine-tuned. The two texts of a pair have a tab between them. */
export const open: ClassifierKind = async (storage, runtime) => {
  const segmenters = await segmentersOf(storage, 'tokenizer_config.json')
  const { model, weights, labels, tokenizer } = await loadFineTunedFolder(storage, { segmenters })
  const { context } = model.base
  const { combination } = model.configuration
  const feeds = weightFeeds(model, weights)
  const scorer = await sequenceScorer(model, runtime, { batchSize: 1, buckets: lengthsUpTo(context) })
  return {
    labels,
    classify: async input => {
      const [text, second] = input.split('\t')
      const [encoded] = encodeTask([{ text, second, label: 0 }], tokenizer, combination, context)
      return { probabilities: await scorer.probabilities(encoded, feeds) }
    },
  }
}
