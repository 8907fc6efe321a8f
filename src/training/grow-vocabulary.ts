import { Random } from '../base/random.ts'
import { elementCount, type Shape } from '../base/shape.ts'
import type { SavedModel } from '../checkpoints/model-folder.ts'
import { withVocabulary } from '../models/language-model.ts'
import { namedParameters } from '../nn/parameters.ts'

/**
 * The same model with more special tokens, whose rows begin as a fresh model's do. Those that it has already are kept.
 */
export function growVocabulary<M extends SavedModel>(saved: M, names: readonly string[], seed: number): M {
  const tokenizer = saved.tokenizer.withSpecialTokens(names.filter(name => !saved.tokenizer.specialTokens.has(name)))
  if (tokenizer.vocabularySize <= saved.model.vocabulary) return { ...saved, tokenizer }
  const model = withVocabulary(saved.model, tokenizer.vocabularySize)
  const before = namedParameters(saved.model)
  const weights = new Map<string, Float32Array>()
  for (const [name, { shape, initialize }] of namedParameters(model)) {
    const old = saved.weights.get(name)!
    const same = elementCount(shape) === old.length
    const fresh = same ? old : initialize(shape, new Random(seed, `grown/${name}`))
    weights.set(name, same ? old : overlaid(fresh, shape, old, before.get(name)!.shape))
  }
  return { ...saved, model, weights, tokenizer }
}

/** The parameters that are larger than they were. */
export const grownParameters = (before: SavedModel, after: SavedModel): string[] =>
  [...after.weights].flatMap(([name, data]) => (data.length > before.weights.get(name)!.length ? [name] : []))

/** The old elements at their old places in a larger matrix or vector. */
function overlaid(fresh: Float32Array, shape: Shape, old: Float32Array, oldShape: Shape): Float32Array {
  const [columns, oldColumns] = [shape, oldShape].map(sizes => (sizes.length > 1 ? sizes[1] : 1))
  const rows = old.length / oldColumns
  for (let row = 0; row < rows; row++) fresh.set(old.subarray(row * oldColumns, (row + 1) * oldColumns), row * columns)
  return fresh
}
