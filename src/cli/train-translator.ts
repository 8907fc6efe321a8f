import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { OptionError } from '../base/errors.ts'
import type { OptionsOf, OptionTable } from '../base/options.ts'
import { translators } from '../models/translators.ts'
import { nodeRuntime } from '../runtime/node.ts'
import { nodeStorage } from '../storage/node.ts'
import type { RunEvent } from '../training/run.ts'
import { modelOfRun } from '../training/run-folder.ts'
import { translationOptions } from '../training/translation-options.ts'
import {
  resumedTranslationOptions,
  settleTranslationOptions,
  trainTranslationRun,
} from '../training/translation-run.ts'
import type { Command, CommandContext } from './command.ts'
import { openPairs } from './open-pairs.ts'
import { noteReplaced } from './out-folder.ts'
import { showRun } from './show-run.ts'

/** `nacre train transformer` and `nacre train seq2seq`, whose options are their own. */
export const command: Command<typeof translationOptions> = {
  arguments: [{ name: 'MODEL', help: `the translator: ${translators.map(({ name }) => name).join(', ')}` }],
  options: translationOptions,
  examples: [
    'nacre train transformer --data multi30k --lower-case --out runs/de-en',
    'nacre train seq2seq --data tatoeba --cell gru --out runs/zh-en',
    'nacre train seq2seq --data chatterbot-zh --out runs/dialogue',
    'nacre train transformer --data pairs.tsv --reverse --out runs/mine',
    'nacre translate runs/de-en "Ein Hund."',
  ],
  async run(context) {
    const out = context.options.out ?? 'runs/latest'
    await showRun(await translatorEvents(context, out), out, context)
  },
}

/** Whether a folder holds a run of a translator. */
export async function isTranslatorRun(out: string): Promise<boolean> {
  const model = await modelOfRun(nodeStorage(resolve(out)))
  return translators.some(({ name }) => name === model)
}

/** The events of the training that `nacre train transformer` asks for. */
export async function translatorEvents(
  context: Pick<CommandContext<OptionTable>, 'arguments' | 'given' | 'host' | 'note' | 'signal'>,
  out: string,
): Promise<AsyncIterable<RunEvent>> {
  const storage = nodeStorage(resolve(out))
  const given = context.given as Partial<OptionsOf<typeof translationOptions>>
  const { modelName, options } = given.resume
    ? await resumedTranslationOptions(storage, given)
    : { modelName: context.arguments[0], options: settleTranslationOptions(context.arguments[0], given) }
  const [named = modelName] = context.arguments
  if (named !== modelName) {
    const received = `a run of ${modelName} in ${out}`
    throw new OptionError({ what: 'Option --resume', expected: `a run of ${named}`, received })
  }
  if (options.batchTokens % options.microBatchTokens !== 0) {
    throw new OptionError({
      what: 'Option --micro-batch-tokens',
      expected: `a divisor of --batch-tokens (${options.batchTokens})`,
      received: String(options.microBatchTokens),
    })
  }
  if (!given.resume) await noteReplaced(storage, out, context.note)
  const { environment } = context.host
  const { train, validation } = await openPairs(options, { environment, note: context.note })
  const { data } = options
  return trainTranslationRun({
    modelName,
    storage,
    options: { ...options, data: data !== undefined && existsSync(data) ? resolve(data) : data },
    runtime: nodeRuntime({ device: options.device, threads: options.threads }),
    train,
    validation,
    signal: context.signal,
  })
}
