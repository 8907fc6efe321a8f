import { OptionError } from '../base/errors.ts'
import { promptTemplate, type Rewording } from '../data/prompt-template.ts'
import { unescapeText } from './open-model.ts'

/** How a language model is asked for a class: by the likelihood of words that stand for it. */
export const wordingOptions = {
  prompt: {
    type: 'string',
    placeholder: 'TEXT',
    help: 'language model: how texts are asked, as "{text} very"; of pairs and questions also {second}',
  },
  choices: {
    type: 'string',
    placeholder: 'WORDS',
    help: 'language model: what stands for each class, with commas between',
  },
} as const

/**
 * What was given of them; undefined where nothing was.
 * @throws {OptionError} if the prompt has no place for a text, or the choices are fewer than two
 */
export function rewordingOf(given: { readonly prompt?: string; readonly choices?: string }): Rewording | undefined {
  if (given.prompt === undefined && given.choices === undefined) return undefined
  const prompt = given.prompt === undefined ? undefined : unescapeText(given.prompt)
  const choices = given.choices?.split(',').map(choice => choice.trim())
  if (prompt !== undefined) promptTemplate(prompt)
  if (choices !== undefined && (choices.length < 2 || choices.includes(''))) {
    const expected = 'at least two words or phrases, with commas between'
    throw new OptionError({ what: 'Option --choices', expected, received: `"${given.choices}"` })
  }
  return { prompt, choices }
}
