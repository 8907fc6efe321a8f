import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { OptionError } from '../base/errors.ts'
import { loadRecurrentClassifierFolder } from '../checkpoints/recurrent-classifier-folder.ts'
import { textBuckets } from '../data/text-batches.ts'
import { weightFeeds } from '../nn/parameters.ts'
import { nodeRuntime } from '../runtime/node.ts'
import { nodeStorage } from '../storage/node.ts'
import { recurrentClassifierOptions } from '../training/recurrent-classifier-options.ts'
import {
  encodeTexts,
  resumedRecurrentClassifierOptions,
  trainRecurrentClassifierRun,
} from '../training/recurrent-classifier-run.ts'
import { sequenceScorer } from '../training/sequence-classifier.ts'
import type { Command, CommandContext } from './command.ts'
import { type OpenTask, openLabelledTexts } from './open-labelled-texts.ts'
import { noteReplaced } from './out-folder.ts'
import { showClassifierRun } from './train-classifier.ts'

type Context = CommandContext<typeof recurrentClassifierOptions>

const modelName = 'recurrent-classifier'

/** `nacre train recurrent-classifier`, whose options are its own. */
export const command: Command<typeof recurrentClassifierOptions> = {
  arguments: [{ name: modelName, help: 'RNN, LSTM or GRU that reads a text and names its class' }],
  options: recurrentClassifierOptions,
  examples: [
    'nacre train recurrent-classifier --data sst2 --out runs/films',
    'nacre train recurrent-classifier --data chnsenticorp --cell gru --epochs 5 --out runs/reviews',
    'nacre train recurrent-classifier --data my.tsv --out runs/mine',
    'nacre classify runs/films "a wonderful film"',
  ],
  async run(context) {
    const { arguments: words, given, host, note, signal } = context
    if (words.length !== 1 || words[0] !== modelName) {
      const received = words.map(word => `"${word}"`).join(' ')
      throw new OptionError({ what: 'nacre train', expected: `${modelName} as its only word`, received })
    }
    const out = context.options.out ?? 'runs/latest'
    const storage = nodeStorage(resolve(out))
    const { resume } = context.options
    const options = resume ? await resumedRecurrentClassifierOptions(storage, given) : context.options
    if (!resume) await noteReplaced(storage, out, note)
    const task = await openLabelledTexts(options, { environment: host.environment, note })
    const { data, device, threads } = options
    const runtime = nodeRuntime({ device, threads })
    const events = trainRecurrentClassifierRun({
      ...{ storage, runtime, signal, train: task.train, validation: task.validation },
      ...{ labels: task.classes, segmenter: task.segmenter },
      options: { ...options, data: data !== undefined && existsSync(data) ? resolve(data) : data },
    })
    await showClassifierRun(events, out, context, `nacre train ${modelName} --resume --out ${out}`)
    if (!signal.aborted) await showTest(task, out, runtime, context)
  },
}

/** How many of the test texts the model that was kept classifies, where the task has a test. */
async function showTest(
  { test, segmenter }: OpenTask,
  out: string,
  runtime: ReturnType<typeof nodeRuntime>,
  { report, print }: Pick<Context, 'report' | 'print'>,
): Promise<void> {
  if (test !== undefined) {
    const folder = await loadRecurrentClassifierFolder(nodeStorage(resolve(out)), { segmenters: [segmenter] })
    const texts = encodeTexts(test, folder.tokenizer)
    const sizes = { batchSize: 64, buckets: textBuckets(texts, folder.context) }
    const scorer = await sequenceScorer(folder.model, runtime, sizes)
    const { errorRate } = await scorer.of(texts, weightFeeds(folder.model, folder.weights))
    await scorer.release()
    const accuracy = 1 - errorRate
    const text = `test: ${(100 * accuracy).toFixed(2)} % of ${test.length.toLocaleString('en-US')} texts right`
    report({ type: 'test', accuracy, texts: test.length }, text)
  }
  print(`Try: nacre classify ${out} TEXT`)
}
