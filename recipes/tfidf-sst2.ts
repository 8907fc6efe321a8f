/**
 * The baseline of text classification: logistic regression on TF-IDF of words and pairs of words, on film reviews (SST-2)
 * and on Chinese reviews (ChnSentiCorp).
 */
import {
  type ClassificationTask,
  chooseTextClassifier,
  fitTextVectors,
  labelledRows,
  readClassificationTask,
  type Segmenter,
  scoreTextClassifier,
  spaceSegmenter,
} from '../src/index.ts'
import { jiebaSegmenter } from '../src/node.ts'
import type { Recipe, RecipeContext } from './recipe.ts'

export const recipe: Recipe = {
  name: 'tfidf-sst2',
  title: {
    en: 'logistic regression on TF-IDF of words and pairs of words: SST-2 and ChnSentiCorp',
    zh: '在一元与二元词的 TF-IDF 上做逻辑回归：SST-2 与 ChnSentiCorp',
  },
  datasets: ['sst2', 'chnsenticorp'],
  seeds: 3,
  measures: [
    { name: 'accuracy', title: 'SST-2 test accuracy, %', better: 'higher', bound: 79 },
    { name: 'chineseAccuracy', title: 'ChnSentiCorp test accuracy, %', better: 'higher' },
  ],
  remarks: `SST-2 is learned from the 6,920 sentences and 60,614 phrases of them; marks are words. The strength of the penalty is
chosen among 1e-4, 3e-5, 1e-5, 3e-6 and 1e-6 on the validation texts. Chinese is cut by jieba.`,
  async run(context) {
    const [english, chinese] = [await read(context, 'sst2'), await read(context, 'chnsenticorp')]
    return {
      accuracy: await learn(context, english, spaceSegmenter),
      chineseAccuracy: await learn(context, chinese, await jiebaSegmenter()),
    }
  },
}

async function read({ dataset, quick }: RecipeContext, name: string): Promise<ClassificationTask> {
  const task = await readClassificationTask(name, await dataset(name))
  if (!quick) return task
  const { train, validation, test } = task
  return { ...task, train: train.slice(0, 500), validation: validation.slice(0, 100), test: test.slice(0, 100) }
}

/** Test accuracy in per cent. */
async function learn(
  { runtime, seed, quick, print, signal }: RecipeContext,
  { classes, train, validation, test }: ClassificationTask,
  segmenter: Segmenter,
): Promise<number> {
  const texts = train.map(({ text }) => text)
  const vectors = fitTextVectors(texts, { segmenter, ngrams: 2, frequency: 'sublinear', wordsOnly: false })
  const chosen = await chooseTextClassifier({
    runtime,
    train: labelledRows(vectors, train),
    validation: labelledRows(vectors, validation),
    classes: classes.length,
    strengths: quick ? [1e-4] : [1e-4, 3e-5, 1e-5, 3e-6, 1e-6],
    epochs: 4,
    seed,
    signal,
    onTried: (l2, accuracy) =>
      print(`penalty ${l2.toExponential()}: ${(100 * accuracy).toFixed(2)} % of the validation texts`),
  })
  const { accuracy } = await scoreTextClassifier(chosen, labelledRows(vectors, test), runtime)
  return 100 * accuracy
}
