import { existsSync } from 'node:fs'
import { DataError, OptionError } from '../base/errors.ts'
import { type LabelledText, readLabelledTexts } from '../data/labelled-text.ts'
import { openText } from '../data/node.ts'
import type { ChoiceExample } from '../data/task.ts'
import { tasks } from '../data/tasks.ts'
import { examplesOf, type Outcome } from '../evaluation/language-task.ts'
import { commonestShare, taskMetrics } from '../evaluation/task-metrics.ts'
import type { Classification, OpenClassifier } from './classify.ts'
import type { CommandContext } from './command.ts'
import type { LanguageOptions } from './evaluate-language-task.ts'
import { predictionsFile, progressOf, reportMeasured } from './evaluate-report.ts'
import { labelledTexts, readFile } from './open-examples.ts'
import { openTask, taskFor } from './open-task.ts'

/** Labelled examples, whatever they come from. */
interface LabelledExamples {
  readonly name: string
  readonly reported?: string
  /** None where each example has choices of its own. */
  readonly classes?: readonly string[]
  readonly examples: readonly { readonly number: number; readonly example: ChoiceExample }[]
  readonly skipped?: number
}

/** `nacre evaluate` of a classifier of texts: a task of classes or of choices, or a table of one's own. */
export async function evaluateClassifier(
  folder: string,
  name: string | undefined,
  classifier: OpenClassifier,
  options: LanguageOptions,
  context: Pick<CommandContext, 'host' | 'note' | 'print' | 'report' | 'json' | 'signal'>,
): Promise<void> {
  const write = await predictionsFile(options)
  const { classes, examples: all, ...about } = await openExamples(classifier, name, options, context)
  const examples = readableOf(classifier, all, options)
  const { labels } = classifier
  const form = formOf(classifier)
  const unseen = (classes ?? []).filter(label => !labels.includes(label))
  if (unseen.length > 0) {
    throw new OptionError({
      what: `Labels of ${about.name}`,
      expected: `labels that the classifier has learned: ${labels.join(', ')}`,
      received: unseen.join(', '),
      hint: 'Was it trained on another task?',
    })
  }
  if (classes !== undefined && !classifier.readsPairs && examples.some(({ example }) => example.second !== undefined)) {
    const expected = 'single texts: this classifier does not read pairs'
    throw new OptionError({ what: `Option --${name === undefined ? 'data' : 'task'}`, expected, received: about.name })
  }
  const draw = progressOf(context)
  const began = performance.now()
  const found = await classifyExamples(classifier, examples, context.signal, draw).finally(() => draw())
  const seconds = (performance.now() - began) / 1000
  const outcomes = examples.map(({ number, example }, i): Outcome & object => {
    const probabilities = Array.from(found[i].probabilities)
    const prediction = probabilities.indexOf(Math.max(...probabilities))
    const nameOf = (index: number): string => (classes === undefined ? example.choices[index] : labels[index])
    const label = classes === undefined ? example.label : labels.indexOf(classes[example.label])
    return {
      ...{ example: number, text: textOf(example), second: example.second },
      ...(classes === undefined && { choices: example.choices }),
      ...{ expected: nameOf(label), predicted: nameOf(prediction), label, prediction, probabilities },
    }
  })
  await write(outcomes)
  reportMeasured(context, {
    ...{ model: folder, task: about.name, seed: options.seed, seconds, examples: outcomes.length },
    ...{ part: about.reported === undefined ? undefined : options.part, reported: about.reported },
    metrics: taskMetrics(form, outcomes, { classes: classes && labels, seed: options.seed }),
    commonest: classes && commonestShare(outcomes),
    ...{ skipped: about.skipped, foreign: all.length - examples.length },
  })
}

/**
 * Examples without those that the vocabulary cannot write, where such are to be skipped.
 * @throws {DataError} if none is left
 */
function readableOf(
  { canRead }: OpenClassifier,
  examples: LabelledExamples['examples'],
  { faulty }: LanguageOptions,
): LabelledExamples['examples'] {
  if (canRead === undefined || faulty !== 'skip') return examples
  const readable = examples.filter(({ example }) => canRead({ ...example, text: textOf(example) }))
  if (readable.length > 0 || examples.length === 0) return readable
  const expected = 'examples that the vocabulary of the model can write'
  throw new DataError({ what: 'The data', expected, received: `none in ${examples.length}` })
}

/** What a classifier answers. */
const formOf = ({ choose }: OpenClassifier): 'classes' | 'choices' => (choose === undefined ? 'classes' : 'choices')

/** The bare text; choices may have a prompt alone. */
const textOf = ({ text, prompt }: ChoiceExample): string => text ?? prompt

/** A classifier is asked by the name of a task, or by a file of one's own. */
async function openExamples(
  classifier: OpenClassifier,
  name: string | undefined,
  options: LanguageOptions,
  { host, note }: Pick<CommandContext, 'host' | 'note'>,
): Promise<LabelledExamples> {
  const { data } = options
  if (name === undefined && data !== undefined && existsSync(data)) {
    const { texts, labels, skipped } = await readOwn(classifier, data, options, note)
    const test = texts.map(text => ({ choices: labels, ...text, prompt: text.text }))
    const examples = examplesOf({ parts: { train: [], validation: [], test } }, { ...options, part: 'test' })
    const classes = classifier.choose === undefined ? labels : undefined
    return { name: data, classes, skipped, examples: examples as LabelledExamples['examples'] }
  }
  const form = formOf(classifier)
  const asked = name ?? data
  if (asked === undefined) {
    const known = tasks.filter(candidate => candidate.form === form).map(task => task.name)
    const own = form === 'classes' ? 'columns "text" and "label"' : 'a context or question, choices, and the right one'
    const expected = `a task, ${known.join(', ')}, or --data FILE with ${own}`
    throw new OptionError({ what: 'Option --task for a classifier', expected, received: 'none' })
  }
  if (name === undefined && /[./\\]/.test(asked)) {
    const expected = 'a file that exists, or the name of a task'
    throw new OptionError({ what: 'Option --data', expected, received: `"${asked}", which does not exist` })
  }
  const task = taskFor(form === 'classes' ? 'a classifier' : 'a model that chooses', asked, [form])
  const own = name === undefined ? { ...options, data: undefined } : options
  const read = await openTask(task, own, { environment: host.environment, note })
  const examples = examplesOf(read, options) as LabelledExamples['examples']
  const reported = options.part === 'test' ? task.reported : options.part
  return { name: task.name, reported, classes: read.classes, skipped: read.parts.skipped, examples }
}

/** A file of one's own: as `nacre finetune` reads it, or a table of texts for classifiers that read nothing else. */
async function readOwn(
  classifier: OpenClassifier,
  path: string,
  { encoding, faulty: malformed }: LanguageOptions,
  note: (text: string) => void,
): Promise<{ texts: readonly LabelledText[]; labels: readonly string[]; skipped: number }> {
  const form = formOf(classifier)
  if (form === 'classes' && !classifier.readsPairs) {
    const separator = /\.csv(\.gz)?$/i.test(path) ? ',' : '\t'
    const source = await openText(path, { encoding })
    return readLabelledTexts(source, { separator, text: ['text'], label: 'label', malformed })
  }
  const { records, skipped } = await readFile(path, { encoding, skipMalformed: malformed === 'skip' }, note)
  const read = labelledTexts(records, form === 'classes' ? 'classify' : 'choose')
  if (read.texts.length < records.length || records.length === 0) {
    const expected = form === 'classes' ? 'texts with labels in every record' : 'choices in every record'
    const received = `${read.texts.length} of ${records.length} records with them`
    throw new OptionError({ what: 'Option --data', expected, received })
  }
  return { ...read, skipped }
}

async function classifyExamples(
  { classify, classifyAll, choose }: OpenClassifier,
  examples: LabelledExamples['examples'],
  signal: AbortSignal,
  draw: (share: number) => void,
): Promise<Classification[]> {
  if (classifyAll !== undefined) {
    const inputs = examples.map(({ example }) => ({ ...example, text: textOf(example) }))
    return classifyAll(inputs, share => {
      signal.throwIfAborted()
      draw(share)
    })
  }
  const found: Classification[] = []
  for (const { example } of examples) {
    signal.throwIfAborted()
    const { second, choices } = example
    const text = textOf(example)
    found.push(await (choose?.({ text, second, choices }) ?? classify(text, second)))
    draw(found.length / examples.length)
  }
  return found
}
