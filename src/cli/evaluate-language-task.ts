import { evaluateLanguageModel } from '../evaluation/language-task.ts'
import { commonestShare, taskMetrics } from '../evaluation/task-metrics.ts'
import { greedyWriter } from '../generation/greedy-writer.ts'
import type { CommandContext } from './command.ts'
import { cutCount, predictionsFile, progressOf, reportMeasured } from './evaluate-report.ts'
import { firstTokens, type OpenModel } from './open-model.ts'
import { openTask, type TaskOptions, taskFor } from './open-task.ts'

export interface LanguageOptions extends TaskOptions {
  readonly part: 'train' | 'validation' | 'test'
  readonly shots: number
  readonly limit?: number
  readonly seed: number
  readonly batchSize: number
  readonly predictions?: string
}

/** `nacre evaluate --task` of a language model. */
export async function evaluateLanguageTask(
  folder: string,
  name: string,
  open: () => Promise<OpenModel>,
  options: LanguageOptions,
  context: Pick<CommandContext, 'host' | 'note' | 'print' | 'report' | 'json' | 'signal'>,
): Promise<void> {
  const task = taskFor('a language model', name, ['classes', 'choices', 'scores', 'answers', 'last-word'])
  const model = await open()
  const write = await predictionsFile(options.predictions)
  const data = await openTask(task, options, { environment: context.host.environment, note: context.note })
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

/** What stands before an empty prompt; nothing, where the vocabulary has neither a line break nor an end of text. */
function beforeEmpty({ tokenizer }: OpenModel): readonly number[] {
  if (tokenizer.endOfText !== undefined) return [tokenizer.endOfText]
  try {
    return firstTokens(tokenizer).ids
  } catch {
    return []
  }
}
