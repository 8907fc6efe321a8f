/** BERT in the layout of transformers' `BertForPreTraining`, and of its models with fewer heads. */
import { type BERT, bertTensorNames } from '../models/2018-bert.ts'
import { type StoredPart, storedParts } from './stored-parts.ts'

/** The tensors of a model by their names in transformers. */
export const bertParts = (model: BERT): StoredPart[] =>
  storedParts(model, bertTensorNames, ['tokenEmbedding', 'positionEmbedding', 'segmentEmbedding'])
