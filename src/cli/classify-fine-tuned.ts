import { OptionError } from '../base/errors.ts'
import type { LabelledText } from '../data/labelled-text.ts'
import { RecordProblems } from '../data/records.ts'
import { lengthsUpTo } from '../data/text-batches.ts'
import { weightFeeds } from '../nn/parameters.ts'
import { loadFineTuned, writableTexts } from '../training/fine-tuned.ts'
import { sequenceScorer } from '../training/sequence-classifier.ts'
import type { Classification, ClassifierKind, OpenClassifier, Question } from './classify.ts'
import { segmentersOf } from './segmenters.ts'

/** A language model or a BERT that was fine-tuned. A pair has a tab between its texts, a choice one before each answer. */
export const open: ClassifierKind = async (storage, runtime) => {
  const segmenters = await segmentersOf(storage, 'tokenizer_config.json')
  const { model, tokenizer, weights, labels, chooses, context, encode } = await loadFineTuned(storage, { segmenters })
  const feeds = weightFeeds(model, weights)
  const scorer = await sequenceScorer(model, runtime, { batchSize: 1, buckets: lengthsUpTo(context) })
  const probabilities = (text: Omit<LabelledText, 'label'>) => {
    const [encoded] = encode([{ ...text, label: 0 }])
    return scorer.probabilities(encoded, feeds)
  }
  const classify: OpenClassifier['classify'] = async (input, given) => {
    const [text, second] = given === undefined ? input.split('\t') : [input, given]
    return { probabilities: await probabilities({ text, second }) }
  }
  const classifyAll: OpenClassifier['classifyAll'] = async (inputs, onProgress) => {
    if (chooses) for (const { choices = [] } of inputs) checkChoices(choices, labels.length)
    const bare = inputs.map(({ text, second, choices }) => ({ text, second, label: 0, ...(chooses && { choices }) }))
    const texts = encode(bare)
    const batches = await sequenceScorer(model, runtime, { batchSize: 16, buckets: lengthsUpTo(context) })
    const found: Classification[] = Array.from({ length: texts.length })
    let done = 0
    try {
      for await (const { text, probabilities: own } of batches.probabilitiesOfAll(texts, feeds)) {
        found[text] = { probabilities: own, ...(chooses && { labels: inputs[text].choices }) }
        onProgress?.(++done / texts.length)
      }
    } finally {
      await batches.release()
    }
    return found
  }
  const canRead = (question: Partial<Question>) => writableTexts([question], tokenizer, new RecordProblems()).length > 0
  if (!chooses) return { labels, canRead, readsPairs: true, classify, classifyAll }
  const choose: OpenClassifier['choose'] = async question => {
    checkChoices(question.choices, labels.length)
    return { labels: question.choices, probabilities: await probabilities(question) }
  }
  return {
    labels,
    canRead,
    choose,
    classifyAll,
    classify: input => {
      const [text, ...choices] = input.split('\t')
      return choose({ text, choices })
    },
  }
}

function checkChoices({ length }: readonly string[], expected: number): void {
  if (length === expected) return
  throw new OptionError({
    what: 'A question',
    expected: `a text and ${expected} answers, with a tab before each`,
    received: `${length} ${length === 1 ? 'answer' : 'answers'}`,
    hint: "In a shell: $'The cat sat on the\\tmat.\\tmoon.'",
  })
}
