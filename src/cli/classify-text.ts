import { loadTextClassifierFolder } from '../checkpoints/text-classifier-folder.ts'
import { SparseRows } from '../data/sparse-rows.ts'
import { classifyRows } from '../training/text-classifier.ts'
import type { ClassifierKind } from './classify.ts'
import { segmentersOf } from './segmenters.ts'

/** Logistic regression on a text's TF-IDF. */
export const open: ClassifierKind = async (storage, runtime) => {
  const saved = await loadTextClassifierFolder(storage, { segmenters: await segmentersOf(storage, 'config.json') })
  return {
    labels: saved.labels,
    classifyAll: async inputs =>
      (await classifyRows(saved, saved.vectors.vectors(inputs.map(({ text }) => text)), runtime)).map(
        probabilities => ({ probabilities }),
      ),
    classify: async input => {
      const vector = saved.vectors.vector(input)
      const [probabilities] = await classifyRows(saved, new SparseRows(saved.vectors.width, [vector]), runtime)
      return {
        probabilities,
        picture: vector.indices.length === 0 ? 'It has no word that the model knows.' : undefined,
      }
    },
  }
}
