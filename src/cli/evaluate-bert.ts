import { OptionError } from '../base/errors.ts'
import type { CommandContext } from './command.ts'
import type { LanguageOptions } from './evaluate-language-task.ts'
import { evaluateVectorScores } from './evaluate-vectors.ts'
import { openBert } from './open-bert.ts'

/** `nacre evaluate` of a BERT that was not fine-tuned: how alike texts are, by the means of their states. */
export async function evaluateBert(
  folder: string,
  options: LanguageOptions & { readonly task?: string; readonly device: string; readonly threads?: number },
  context: Pick<CommandContext, 'host' | 'note' | 'print' | 'report' | 'json'>,
): Promise<void> {
  const { task } = options
  if (task === undefined) {
    const hint = 'It gives a text no probability; nacre finetune makes a classifier of it.'
    const expected = 'a task of scores for a BERT, such as stsb'
    throw new OptionError({ what: 'Option --task', expected, received: 'none', hint })
  }
  const bert = await openBert(folder, options)
  const embedder = { kind: 'a BERT', vectorsOf: (texts: readonly string[]) => bert.embed(texts) }
  await evaluateVectorScores(folder, task, embedder, options, context)
  await bert.release()
}
