/** A language model that writes conversations by a template. */
import type { SavedModel } from '../checkpoints/model-folder.ts'
import { growVocabulary } from '../training/grow-vocabulary.ts'
import { turnEndIds } from './answer-tokens.ts'
import { defaultChatTemplate, turnTokens } from './default-template.ts'
import { ChatTemplate } from './template.ts'

/** The template of a model that has one; ours where it has none. */
export function templateOf({ settings }: SavedModel): ChatTemplate {
  return new ChatTemplate(settings?.chatTemplate ?? defaultChatTemplate, { specialTokens: settings?.specialNames })
}

/**
 * The model with a chat template and what it needs: a model without one gets ours and its tokens, whose rows begin as a
 * fresh model's do.
 */
export function chatModel<M extends SavedModel>(saved: M, seed: number): M {
  const own = saved.settings?.chatTemplate
  const grown = own === undefined ? growVocabulary(saved, turnTokens, seed) : saved
  const settings = { ...saved.settings, chatTemplate: own ?? defaultChatTemplate }
  return { ...grown, settings, turnEnds: turnEndIds(grown.tokenizer, templateOf({ ...grown, settings })) }
}
