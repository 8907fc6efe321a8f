import type { SavedModel } from '../checkpoints/model-folder.ts'
import { type ModelSize, modelEntry } from '../models/index.ts'
import { initialWeights, namedParameters } from '../nn/parameters.ts'
import type { Tokenizer } from '../tokenizers/tokenizer.ts'

/**
 * A model of the timeline that has learned nothing yet.
 * @param size - its vocabulary is the tokenizer's
 * @throws {OptionError} if there is no such model, or its sizes do not fit
 */
export function freshModel(
  name: string,
  size: Pick<ModelSize, 'context' | 'layers' | 'heads' | 'channels'> & Partial<ModelSize>,
  tokenizer: Tokenizer,
  seed: number,
): SavedModel {
  const model = modelEntry(name).create({ ...smallSizes, ...size, vocabulary: tokenizer.vocabularySize })
  return { model, tokenizer, weights: initialWeights(namedParameters(model), seed) }
}

/** Of what only some models have. */
const smallSizes = { bias: true, hiddenSize: 256, embeddingSize: 64 } as const
