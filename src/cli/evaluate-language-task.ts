import { existsSync } from 'node:fs'
import { OptionError } from '../base/errors.ts'
import { checkRewordable, jointOf, reworded } from '../data/prompt-template.ts'
import type { Task, TaskData } from '../data/task.ts'
import { evaluateLanguageModel } from '../evaluation/language-task.ts'
import { commonestShare, taskMetrics } from '../evaluation/task-metrics.ts'
import { greedyWriter } from '../generation/greedy-writer.ts'
import type { CommandContext } from './command.ts'
import { cutCount, predictionsFile, progressOf, reportMeasured } from './evaluate-report.ts'
import { labelledTexts, readFile, taskOf } from './open-examples.ts'
import { firstTokens, type OpenModel } from './open-model.ts'
import { openTask, type TaskOptions, taskFor } from './open-task.ts'
import { rewordingOf } from './wording.ts'

export interface LanguageOptions extends TaskOptions {
  readonly part: 'train' | 'validation' | 'test'
  readonly shots: number
  readonly limit?: number
  readonly seed: number
  readonly batchSize: number
  readonly predictions?: string
  readonly prompt?: string
  readonly choices?: string
}

/** `nacre evaluate` of a language model by a task, or by a file of labelled texts or choices, asked by `--prompt`. */
export async function evaluateLanguageTask(
  folder: string,
  name: string | undefined,
  open: () => Promise<OpenModel>,
  options: LanguageOptions,
  context: Pick<CommandContext, 'host' | 'note' | 'print' | 'report' | 'json' | 'signal'>,
): Promise<void> {
  const forms = ['classes', 'choices', 'scores', 'answers', 'last-word'] as const
  const known = name === undefined ? undefined : taskFor('a language model', name, forms)
  const rewording = rewordingOf(options)
  if (known !== undefined && rewording !== undefined) checkRewordable(known)
  const model = await open()
  const write = await predictionsFile(options)
  const read = known
    ? {
        task: known,
        data: await openTask(known, options, { environment: context.host.environment, note: context.note }),
      }
    : await openOwn(options, context.note)
  const { task, data } = rewording === undefined ? read : reworded(read.task, read.data, rewording)
  const draw = progressOf(context)
  const began = performance.now()
  const writer = greedyWriter(model)
  const asking = evaluateLanguageModel({ ...model, writer }, task, data, {
    ...options,
    before: beforeEmpty(model),
    skipForeign: options.faulty === 'skip',
    signal: context.signal,
    onProgress: draw,
  })
  const { outcomes, foreign } = await asking.finally(() => draw())
  await writer.release()
  const seconds = (performance.now() - began) / 1000
  await write(outcomes)
  reportMeasured(context, {
    ...{ model: folder, task: task.name, part: options.part, shots: options.shots, seed: options.seed, seconds },
    reported: options.part === 'test' ? task.reported : undefined,
    metrics: taskMetrics(task.form, outcomes, { classes: data.classes, seed: options.seed }),
    commonest: task.form === 'classes' && outcomes.length > 0 ? commonestShare(outcomes) : undefined,
    ...{ skipped: data.parts.skipped, foreign, cut: cutCount(outcomes), examples: outcomes.length },
  })
}

/** Labelled texts or choices of one's own: all of them are asked. */
async function openOwn(
  { data: path, encoding, faulty, part }: LanguageOptions,
  note: (text: string) => void,
): Promise<{ readonly task: Task; readonly data: TaskData }> {
  if (path === undefined || !existsSync(path)) {
    const expected = 'a file of labelled texts or of choices, or a task in --task'
    throw new OptionError({ what: 'Option --data with --prompt', expected, received: path ?? 'none' })
  }
  const { records, skipped } = await readFile(path, { encoding, skipMalformed: faulty === 'skip' }, note)
  const kind = taskOf(records)
  if (kind === 'answer' || records.length === 0) {
    const expected = 'texts with labels, or choices with the right one, in every record'
    throw new OptionError({ what: 'Option --data with --prompt', expected, received: path })
  }
  const { texts, labels } = labelledTexts(records, kind)
  const examples = texts.map(text => ({ ...text, prompt: text.text, choices: text.choices ?? labels }))
  const parts = { train: [], validation: [], test: [], skipped, [part]: examples }
  const [form, classes] = kind === 'classify' ? (['classes', labels] as const) : (['choices', undefined] as const)
  const joint = jointOf(examples[0].choices)
  return { task: { name: path, language: 'en', form, reported: 'the whole file', joint }, data: { parts, classes } }
}

/** What stands before an empty prompt; nothing, where the vocabulary has neither a line break nor an end of text. */
function beforeEmpty({ tokenizer }: OpenModel): readonly number[] {
  if (tokenizer.endOfText !== undefined) return [tokenizer.endOfText]
  try {
    return firstTokens(tokenizer).ids
  } catch {
    return []
  }
}
