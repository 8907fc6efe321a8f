/**
 * Labelled texts put to a language model in one's own words: "{text} very", which goes on with "negative" or "positive".
 * Radford et al., Improving Language Understanding by Generative Pre-Training, 2018, section 5, "Zero-shot Behaviors".
 */
import { OptionError } from '../base/errors.ts'
import type { ChoiceExample, ScoreExample, Task, TaskData, TaskExample } from './task.ts'
import { mapParts, neutralOf } from './task.ts'

/** The texts of an example. */
interface Texts {
  readonly text: string
  readonly second?: string
}

/** How examples are asked in the place of a task's own words. */
export interface Rewording {
  /** With `{text}` and, for pairs and questions, `{second}` in the places of the texts. */
  readonly prompt?: string
  /** What stands for the classes or scores, in their order. */
  readonly choices?: readonly string[]
}

/**
 * Fills a template.
 * @throws {OptionError} if it has no place for a text, or for something else; when filled, if the example lacks what it asks for
 */
export function promptTemplate(template: string): (texts: Texts) => string {
  const what = 'Option --prompt'
  const places = [...template.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
  const wrong = places.find(name => name !== 'text' && name !== 'second')
  if (wrong !== undefined || !places.includes('text')) {
    const received = wrong === undefined ? `"${template}"` : `{${wrong}}`
    throw new OptionError({ what, expected: 'a text with {text}, and perhaps {second}', received })
  }
  return ({ text, second }) => {
    if (places.includes('second') && second === undefined)
      throw new OptionError({ what, expected: 'no {second}: the examples are single texts', received: `"${template}"` })
    return template.replaceAll('{text}', () => text).replaceAll('{second}', () => second ?? '')
  }
}

/** What comes between a prompt and a choice: a space, but before Chinese nothing. */
export const jointOf = ([choice = '']: readonly string[]): ' ' | '' => (/^\p{Script=Han}/u.test(choice) ? '' : ' ')

/**
 * A task asked in other words.
 * @throws {OptionError} if it has no bare texts to put in a prompt, or there are not as many choices as classes
 */
export function reworded(
  task: Task,
  data: TaskData,
  { prompt, choices }: Rewording,
): { readonly task: Task; readonly data: TaskData } {
  checkRewordable(task)
  const fill = prompt === undefined ? undefined : promptTemplate(prompt)
  const neutral = fill && neutralOf(fill)
  const reword = (example: TaskExample): TaskExample => {
    if (!('choices' in example)) return example
    checkChoices(choices, example, task.form)
    return { ...example, choices: choices ?? example.choices, ...(fill && { prompt: fill(textsOf(example)), neutral }) }
  }
  return {
    task: { ...task, joint: choices === undefined ? task.joint : jointOf(choices) },
    data: { ...data, parts: mapParts(data.parts, reword) },
  }
}

/** The bare texts; of choices that have none, the prompt. */
const textsOf = ({ text, second, prompt }: ChoiceExample | ScoreExample): Texts => ({ text: text ?? prompt, second })

/** @throws {OptionError} if a task cannot be asked in other words */
export function checkRewordable({ name, form }: Pick<Task, 'name' | 'form'>): void {
  if (form === 'classes' || form === 'scores' || form === 'choices') return
  const expected = 'a task of classes, scores or choices, whose texts can be asked in other words'
  throw new OptionError({ what: 'Option --prompt', expected, received: name })
}

function checkChoices(
  choices: readonly string[] | undefined,
  { choices: own }: Pick<ChoiceExample, 'choices'>,
  form: Task['form'],
): void {
  if (choices === undefined || (form !== 'choices' && choices.length === own.length)) return
  const expected =
    form === 'choices' ? 'none: each example has its own' : `${own.length}, one for each of ${own.join(', ')}`
  throw new OptionError({ what: 'Option --choices', expected, received: choices.join(', ') })
}
