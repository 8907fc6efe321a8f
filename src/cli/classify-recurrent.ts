import { loadRecurrentClassifierFolder } from '../checkpoints/recurrent-classifier-folder.ts'
import { weightFeeds } from '../nn/parameters.ts'
import { jiebaSegmenter } from '../tokenizers/node.ts'
import { sequenceScorer } from '../training/sequence-classifier.ts'
import type { ClassifierKind } from './classify.ts'

/** A recurrent network that reads the words of a text. */
export const open: ClassifierKind = async (storage, runtime) => {
  const asksForJieba = new TextDecoder().decode(await storage.read('tokenizer_config.json')).includes('"jieba"')
  const segmenters = asksForJieba ? [await jiebaSegmenter()] : []
  const { model, weights, labels, tokenizer, context } = await loadRecurrentClassifierFolder(storage, { segmenters })
  const feeds = weightFeeds(model, weights)
  return {
    labels,
    classify: async input => {
      const ids = tokenizer.encode(input)
      const scorer = await sequenceScorer(model, runtime, {
        ...{ batchSize: 1, buckets: [Math.min(context, Math.max(1, ids.length))] },
      })
      try {
        return { probabilities: await scorer.probabilities(ids, feeds), picture: remark(ids, context) }
      } finally {
        await scorer.release()
      }
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
