import { existsSync } from 'node:fs'
import { OptionError } from '../base/errors.ts'
import { readLabelledTexts } from '../data/labelled-text.ts'
import { openText } from '../data/node.ts'
import type { ChoiceExample } from '../data/task.ts'
import { tasks } from '../data/tasks.ts'
import { examplesOf, type Outcome } from '../evaluation/language-task.ts'
import { commonestShare, taskMetrics } from '../evaluation/task-metrics.ts'
import type { Classification, OpenClassifier } from './classify.ts'
import type { CommandContext } from './command.ts'
import type { LanguageOptions } from './evaluate-language-task.ts'
import { predictionsFile, progressOf, reportMeasured } from './evaluate-report.ts'
import { openTask, taskFor } from './open-task.ts'

/** Labelled examples, whatever they come from. */
interface LabelledExamples {
  readonly name: string
  readonly reported?: string
  readonly classes: readonly string[]
  readonly examples: readonly { readonly number: number; readonly example: ChoiceExample }[]
  readonly skipped?: number
}

/** `nacre evaluate` of a classifier of texts: a task of classes, or a table of one's own. */
export async function evaluateClassifier(
  folder: string,
  name: string | undefined,
  classifier: OpenClassifier,
  options: LanguageOptions,
  context: Pick<CommandContext, 'host' | 'note' | 'print' | 'report' | 'json' | 'signal'>,
): Promise<void> {
  const write = await predictionsFile(options.predictions)
  const { classes, examples, ...about } = await openExamples(name, options, context)
  const { labels } = classifier
  const unseen = classes.filter(label => !labels.includes(label))
  if (unseen.length > 0) {
    throw new OptionError({
      what: `Labels of ${about.name}`,
      expected: `labels that the classifier has learned: ${labels.join(', ')}`,
      received: unseen.join(', '),
      hint: 'Was it trained on another task?',
    })
  }
  if (!classifier.readsPairs && examples.some(({ example }) => example.second !== undefined)) {
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
    const expected = classes[example.label]
    return {
      ...{ example: number, text: example.text, second: example.second, expected, predicted: labels[prediction] },
      ...{ label: labels.indexOf(expected), prediction, probabilities },
    }
  })
  await write(outcomes)
  reportMeasured(context, {
    ...{ model: folder, task: about.name, seed: options.seed, seconds, examples: outcomes.length },
    ...{ part: about.reported === undefined ? undefined : options.part, reported: about.reported },
    metrics: taskMetrics('classes', outcomes, { classes: labels, seed: options.seed }),
    commonest: commonestShare(outcomes),
    skipped: about.skipped,
  })
}

/** A classifier of classes is asked by the name of a task, or by a table with the columns "text" and "label". */
async function openExamples(
  name: string | undefined,
  options: LanguageOptions,
  { host, note }: Pick<CommandContext, 'host' | 'note'>,
): Promise<LabelledExamples> {
  const { data, encoding, faulty } = options
  if (name === undefined && data !== undefined && existsSync(data)) {
    const source = await openText(data, { encoding })
    const separator = /\.csv(\.gz)?$/i.test(data) ? ',' : '\t'
    const format = { separator, text: ['text'], label: 'label', malformed: faulty } as const
    const { texts, labels, skipped } = await readLabelledTexts(source, format)
    const test = texts.map(text => ({ ...text, prompt: text.text, choices: labels }))
    const examples = examplesOf({ parts: { train: [], validation: [], test } }, { ...options, part: 'test' })
    return { name: data, classes: labels, skipped, examples: examples as LabelledExamples['examples'] }
  }
  const asked = name ?? data
  if (asked === undefined) {
    const known = tasks.filter(({ form }) => form === 'classes').map(task => task.name)
    const expected = `a task, ${known.join(', ')}, or --data FILE with columns "text" and "label"`
    throw new OptionError({ what: 'Option --task for a classifier', expected, received: 'none' })
  }
  const task = taskFor('a classifier', asked, ['classes'])
  const own = name === undefined ? { ...options, data: undefined } : options
  const read = await openTask(task, own, { environment: host.environment, note })
  const examples = examplesOf(read, options) as LabelledExamples['examples']
  const reported = options.part === 'test' ? task.reported : options.part
  return { name: task.name, reported, classes: read.classes!, skipped: read.parts.skipped, examples }
}

async function classifyExamples(
  { classify, classifyAll }: OpenClassifier,
  examples: LabelledExamples['examples'],
  signal: AbortSignal,
  draw: (share: number) => void,
): Promise<Classification[]> {
  if (classifyAll !== undefined) return classifyAll(examples.map(({ example }) => example.text!))
  const found: Classification[] = []
  for (const { example } of examples) {
    signal.throwIfAborted()
    found.push(await classify(example.text!, example.second))
    draw(found.length / examples.length)
  }
  return found
}
