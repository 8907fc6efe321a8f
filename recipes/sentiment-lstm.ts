/**
 * Sentiment by a bidirectional LSTM: sentences of film reviews (SST-2, with the phrases of its training sentences) and
 * Chinese reviews (ChnSentiCorp). The weights of the epoch with the fewest errors on the validation texts are tested.
 */
import {
  adamW,
  type ClassificationTask,
  type EncodedText,
  initialWeights,
  intlSegmenter,
  type LabelledText,
  linear,
  namedParameters,
  RecurrentClassifier,
  readChnSentiCorp,
  readSst2,
  sequenceScorer,
  spaceSegmenter,
  trainSequenceClassifier,
  trainWords,
} from '../src/index.ts'
import type { Recipe, RecipeContext } from './recipe.ts'

export const recipe: Recipe = {
  name: 'sentiment-lstm',
  year: 1997,
  title: {
    en: 'sentiment by a bidirectional LSTM (1 layer, 128 units each way, the largest over time): SST-2, ChnSentiCorp',
    zh: '双向 LSTM（单层、每向 128 单元、按时间取最大值）判断情感：SST-2 与 ChnSentiCorp',
  },
  datasets: ['sst2', 'chnsenticorp'],
  seeds: 3,
  measures: [
    {
      name: 'english',
      title: 'SST-2 test, accuracy, %',
      better: 'higher',
      bound: 81,
      published: { value: 87.5, source: 'Tai et al., 2015, table 2: bidirectional LSTM, with GloVe vectors' },
    },
    { name: 'chinese', title: 'ChnSentiCorp test, accuracy, %', better: 'higher', bound: 87 },
  ],
  remarks: `Word vectors start at random here; the published LSTM (84.9 % in one direction) begins with vectors of 840 billion
words, and learns from all phrases of the treebank, ours from the 60,614 of GLUE's training set that are parts of training sentences.`,
  async run(context) {
    const sst2 = await readSst2(await context.dataset('sst2'))
    const english = await accuracy(context, sst2, [...sst2.train, ...sst2.phrases], {
      ...{ segmenter: spaceSegmenter, buckets: [8, 16, 24, 32, 56], epochs: 3 },
    })
    const reviews = await readChnSentiCorp(await context.dataset('chnsenticorp'))
    const chinese = await accuracy(context, reviews, reviews.train, {
      ...{ segmenter: intlSegmenter('zh'), buckets: [32, 64, 96, 128], epochs: 5 },
    })
    return { english, chinese }
  },
}

interface Setting {
  readonly segmenter: typeof spaceSegmenter
  readonly buckets: readonly number[]
  readonly epochs: number
}

/** Learns from texts and answers how many of the task's test texts it classifies, in percent. */
async function accuracy(
  { seed, quick, runtime, print, signal }: RecipeContext,
  task: ClassificationTask,
  train: readonly LabelledText[],
  { segmenter, buckets, epochs }: Setting,
): Promise<number> {
  const some = <T>(texts: readonly T[]): readonly T[] => (quick ? texts.slice(0, 200) : texts)
  const tokenizer = await trainWords(
    some(train).map(({ text }) => `${text}\n`),
    { segmenter, minimumCount: 2, lowercase: true },
  )
  const encode = (texts: readonly LabelledText[]): EncodedText[] =>
    some(texts).map(({ text, label }) => ({ ids: tokenizer.encode(text), label }))
  const [encoded, validation, test] = [encode(train), encode(task.validation), encode(task.test)]
  const model = new RecurrentClassifier({
    ...{ kind: 'lstm', vocabulary: tokenizer.vocabularySize, classes: task.classes.length },
    ...{ embeddingSize: 128, hiddenSize: quick ? 16 : 128, layers: 1, bidirectional: true, pooling: 'max' },
  })
  const sizes = { batchSize: 64, buckets: quick ? buckets.slice(0, 2) : buckets }
  const training = await trainSequenceClassifier(model, {
    ...{ runtime, ...sizes, seed, train: encoded, validation, epochs: quick ? 1 : epochs },
    weights: initialWeights(namedParameters(model), seed),
    optimizer: adamW({ beta2: 0.99, weightDecay: 0.01 }),
    learningRate: linear(2e-3, 2e-4, Math.ceil((encoded.length / sizes.batchSize) * epochs)),
    ...{ clip: 1, dropout: 0.5 },
  })
  const scorer = await sequenceScorer(model, runtime, sizes)
  let result = 0
  for await (const event of training.events) {
    if (signal?.aborted) break
    if (event.type !== 'validation') continue
    print(`step ${event.step}: ${(100 * event.errorRate).toFixed(2)} % errors on the validation texts`)
    if (event.best) result = 100 * (1 - (await scorer.of(test, training.weights())).errorRate)
  }
  await Promise.all([training.release(), scorer.release()])
  return result
}
