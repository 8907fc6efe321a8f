/**
 * A task: examples that a model answers, and how a language model is asked. A dataset's file says both, in its language.
 * Labelled texts become prompts with choices, so that a language model and a classifier answer the same examples.
 */
import type { Dataset } from './dataset.ts'
import type { FetchedFile } from './get.ts'
import type {
  ClassificationTask,
  LabelledText,
  ReadOptions,
  ScoredText,
  ScoringTask,
  TaskParts,
} from './labelled-text.ts'
import type { TextSource } from './text.ts'

/** What a language model reads before its answer; without the space that may come between. */
interface Prompted {
  readonly prompt: string
  /** Examples are counted by group as well, and shots are of the same group. */
  readonly group?: string
}

/** One of several choices is right: of the same classes for all examples, or of its own. */
export interface ChoiceExample extends Prompted {
  readonly choices: readonly string[]
  /** The number of the right choice, from 0. */
  readonly label: number
  /** For classifiers: the bare text, or pair. */
  readonly text?: string
  readonly second?: string
  /** The prompt without its text: after it a choice is as likely as it is anyway. */
  readonly neutral?: string
}

/** A number between choices that are numbers. */
export interface ScoreExample extends Prompted {
  readonly choices: readonly string[]
  readonly score: number
  readonly text: string
  readonly second?: string
}

/** An answer that is expected. */
export interface AnswerExample extends Prompted {
  /** As a shot shows it; what of it must agree is `Task.extract`'s. */
  readonly answer: string
}

export type TaskExample = ChoiceExample | ScoreExample | AnswerExample

/**
 * What is asked of a model: a class, the same ones for all examples; one of an example's own choices; a score; an answer
 * that it generates; or the last word, which must be what it would generate.
 */
export type TaskForm = 'classes' | 'choices' | 'scores' | 'answers' | 'last-word'

/** Examples of a task, as they were read. */
export interface TaskData {
  readonly parts: TaskParts<TaskExample>
  /** Names of the classes, where all examples have the same. */
  readonly classes?: readonly string[]
}

export interface Task {
  /** As typed after `--task`. */
  readonly name: string
  readonly language: 'en' | 'zh'
  readonly form: TaskForm
  /** Which published part `test` is, and how the others were made, where that is not plain. */
  readonly reported: string
  /** What comes between a prompt and its answer: a space, or nothing in Chinese. */
  readonly joint: ' ' | ''
  /** What comes between shots; default an empty line. */
  readonly between?: '\n'
  /** Where its examples are from; without one they are generated, or from a file that the user brings. */
  readonly dataset?: Dataset
  /** From the files of the dataset, none where it is generated. */
  readonly read?: (files: readonly FetchedFile[], options: ReadOptions) => Promise<TaskData>
  /** From a file in the dataset's format: all of it is the test. */
  readonly readFile?: (source: TextSource, options: ReadOptions) => Promise<TaskData>
  /** What ends a generated answer; default a line break. */
  readonly stop?: readonly string[]
  /** Tokens of a generated answer at most; default 32. */
  readonly answerTokens?: number
  /** What of an answer must agree, as the number at its end; undefined where it is missing. Default: all of it. */
  readonly extract?: (answer: string) => string | undefined
}

/** How labelled texts are put to a language model. */
interface TextPrompt<T> extends Pick<Task, 'name' | 'language' | 'reported'> {
  readonly dataset: Dataset
  readonly prompt: (example: T) => string
  /** What stands for each class, or each score, in its place. */
  readonly choices: readonly string[]
}

/** A task of classes from a reader of labelled texts. */
export function classTask({
  read,
  prompt,
  choices,
  ...task
}: TextPrompt<LabelledText> & {
  readonly read: (files: readonly FetchedFile[], options: ReadOptions) => Promise<ClassificationTask>
}): Task {
  return {
    ...task,
    form: 'classes',
    joint: task.language === 'zh' ? '' : ' ',
    read: async (files, options) => {
      const { classes, ...parts } = await read(files, options)
      const neutral = neutralOf(prompt)
      const make = (example: LabelledText) => ({ ...example, prompt: prompt(example), choices, neutral })
      return { classes, parts: mapParts(parts, make) }
    },
  }
}

/** A prompt around nothing; undefined where nothing is left. */
export const neutralOf = (prompt: (example: LabelledText) => string): string | undefined =>
  prompt({ text: '', second: '', label: 0 }).trim() || undefined

/** A task of scores from a reader of scored texts. */
export function scoreTask({
  read,
  prompt,
  choices,
  ...task
}: TextPrompt<ScoredText> & {
  readonly read: (files: readonly FetchedFile[], options: ReadOptions) => Promise<ScoringTask>
}): Task {
  return {
    ...task,
    form: 'scores',
    joint: task.language === 'zh' ? '' : ' ',
    read: async (files, options) => {
      const parts = await read(files, options)
      return { parts: mapParts(parts, example => ({ ...example, prompt: prompt(example), choices })) }
    },
  }
}

/** Every example of every part, made anew. */
export function mapParts<T, U>(
  { train, validation, test, skipped }: TaskParts<T>,
  make: (example: T) => U,
): TaskParts<U> {
  return { train: train.map(make), validation: validation.map(make), test: test.map(make), skipped }
}
