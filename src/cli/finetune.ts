import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { OptionError } from '../base/errors.ts'
import type { SavedBERT } from '../checkpoints/bert.ts'
import type { LabelledText } from '../data/labelled-text.ts'
import { RecordProblems } from '../data/records.ts'
import { textBuckets } from '../data/text-batches.ts'
import { weightFeeds } from '../nn/parameters.ts'
import { nodeRuntime } from '../runtime/node.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { nodeStorage } from '../storage/node.ts'
import {
  isBert,
  loadFineTuned,
  type PreTrained,
  type TaskExample,
  taskKind,
  writableTexts,
} from '../training/fine-tuned.ts'
import { fineTuningOptions } from '../training/fine-tuning-options.ts'
import { fineTuneRun, resumedFineTuningOptions } from '../training/fine-tuning-run.ts'
import { sequenceScorer } from '../training/sequence-classifier.ts'
import { measureBertTask, openBertTask } from './bert-task.ts'
import type { Command, CommandContext } from './command.ts'
import { finetuneAnswers } from './finetune-answers.ts'
import { isBertFolder, loadBert } from './open-bert.ts'
import { checkProblems, openExamples } from './open-examples.ts'
import { foldersOf } from './open-folder.ts'
import type { OpenTask } from './open-labelled-texts.ts'
import { type ModelPlace, type OpenModel, openModel } from './open-model.ts'
import { noteReplaced, refuseOverlap } from './out-folder.ts'
import { showClassifierRun } from './train-classifier.ts'

type Context = CommandContext<typeof fineTuningOptions>

export const command: Command<typeof fineTuningOptions> = {
  arguments: [
    { name: 'RUN', help: 'folder of a language model or of a BERT, of ours or of transformers', optional: true },
  ],
  options: fineTuningOptions,
  examples: [
    'nacre finetune runs/gpt --data sst2 --out runs/films',
    'nacre finetune runs/gpt --data my.csv --epochs 5 --out runs/mine',
    'nacre finetune runs/gpt --data snli --lora 8 --out runs/entailment',
    'nacre finetune runs/gpt --data sst2 --metric f1 --patience 2 --epochs 20 --out runs/films',
    'nacre finetune runs/bert-zh --data chnsenticorp --learning-rate 1e-4 --out runs/reviews',
    'nacre classify runs/films "a wonderful film"',
    'nacre finetune runs/gpt --data hellaswag_train.jsonl --out runs/endings',
  ],
  async run(context) {
    const { arguments: words, given, host, note, signal } = context
    const out = context.options.out ?? 'runs/finetuned'
    const storage = nodeStorage(resolve(out))
    const { resume } = context.options
    const options = resume ? await resumedFineTuningOptions(storage, given) : context.options
    const folder = words[0] ?? options.base
    // Beside RUN, --base means what it does in the other commands.
    const adapterBase = options.adapterBase ?? (words[0] === undefined || resume ? undefined : given.base)
    if (folder === undefined) {
      const hint = 'Train one with: nacre train gpt --data FILE --out DIR'
      throw new OptionError({ what: 'RUN', expected: 'the folder of a language model', received: 'none', hint })
    }
    refuseOverlap(out, await foldersOf(folder, adapterBase))
    if (options.data === undefined) {
      const expected = 'what is learned from: a dataset or a file'
      throw new OptionError({ what: 'Option --data', expected, received: 'none' })
    }
    const base = await openPreTrained(folder, { ...options, base: adapterBase })
    const examples = await openExamples(options, { environment: host.environment, note })
    if (!resume) await noteReplaced(storage, out, note)
    const { data } = options
    const settled = {
      ...{ ...options, base: resolve(folder), data: existsSync(data) ? resolve(data) : data },
      adapterBase: adapterBase && resolve(adapterBase),
    }
    if (examples.kind === 'answers') {
      if (isBert(base)) {
        const hint = 'Classes of texts and pairs it learns: columns "text" and "label".'
        const expected = 'labelled texts: a BERT writes no answers'
        throw new OptionError({ what: 'Option --data', expected, received: data, hint })
      }
      return finetuneAnswers(context, { base, records: examples.records, out, options: settled })
    }
    const labelled = examples.kind === 'labelled' ? readableTask(examples.task, base, settled, note) : undefined
    const task = labelled ?? examples.task
    const { runtime } = base
    const events = fineTuneRun({
      ...{ storage, runtime, signal, base, train: task.train, validation: task.validation, labels: task.classes },
      options: settled,
    })
    await showClassifierRun(events, out, context, `nacre finetune --resume --out ${out}`)
    if (signal.aborted) return
    if (labelled !== undefined) await showTest(labelled, out, runtime, context)
    else await showHeldOut(task.validation, out, runtime, context)
    context.print(`Try: nacre classify ${out} ${whatItAsks(task.train[0])}`)
  },
}

/** A task without the texts that a language model's vocabulary cannot write, which are counted; BERT reads all. */
function readableTask<T extends Pick<OpenTask, 'train' | 'validation' | 'test'>>(
  task: T,
  base: PreTrained,
  options: Pick<Context['options'], 'skipMalformed'>,
  note: Context['note'],
): T {
  if (isBert(base)) return task
  const problems = new RecordProblems()
  const of = (texts: readonly LabelledText[]) => writableTexts(texts, base.tokenizer, problems)
  const { train, validation, test } = task
  const readable = { ...task, train: of(train), validation: of(validation), test: test && of(test) }
  checkProblems(problems, 'The texts', options, note)
  return readable
}

function whatItAsks(example: TaskExample): string {
  const kind = taskKind(example)
  if (kind === 'places') return "$'QUESTION\\tTEXT'"
  return kind === 'classes' && 'choices' in example && example.choices !== undefined
    ? "$'TEXT\\tANSWER\\tANSWER'"
    : 'TEXT'
}

/** What the model that was kept makes of the sentences or questions that were held out. */
async function showHeldOut(
  held: readonly TaskExample[],
  out: string,
  runtime: Runtime,
  { report, options }: Pick<Context, 'report' | 'options'>,
): Promise<void> {
  const asked = await openBertTask(nodeStorage(resolve(out)), runtime)
  if (asked === undefined) return
  const examples = held.flatMap(example => ('label' in example ? [] : [example]))
  const { metrics } = await measureBertTask(asked, examples, { seed: options.seed })
  const text = metrics.map(({ name, value }) => `${name} ${(100 * value).toFixed(2)} %`).join(', ')
  report({ type: 'held-out', metrics, examples: examples.length }, `held out: ${text}`)
}

/** A language model or a BERT. */
async function openPreTrained(
  folder: string,
  place: ModelPlace,
): Promise<OpenModel | (SavedBERT & { readonly runtime: Runtime })> {
  if (!(await isBertFolder(folder, place.base))) return openModel(folder, place)
  return { ...(await loadBert(folder, place.base)), runtime: nodeRuntime(place) }
}

/** How many of the test texts the model that was kept classifies, where the task has a test. */
async function showTest(
  { test }: Pick<OpenTask, 'test'>,
  out: string,
  runtime: Runtime,
  { report }: Pick<Context, 'report'>,
): Promise<void> {
  if (test === undefined) return
  const { model, weights, context, encode } = await loadFineTuned(nodeStorage(resolve(out)))
  const texts = encode(test)
  const scorer = await sequenceScorer(model, runtime, {
    batchSize: 32,
    buckets: textBuckets(texts, context),
  })
  const { errorRate } = await scorer.of(texts, weightFeeds(model, weights))
  await scorer.release()
  const accuracy = 1 - errorRate
  const text = `test: ${(100 * accuracy).toFixed(2)} % of ${test.length.toLocaleString('en-US')} texts right`
  report({ type: 'test', accuracy, texts: test.length }, text)
}
