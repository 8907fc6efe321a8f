import { join, resolve } from 'node:path'
import { checkOptions } from '../base/options.ts'
import { templateOf } from '../chat/chat-model.ts'
import { readChatDataset } from '../chat/datasets.ts'
import type { PlacedRecord } from '../chat/formats.ts'
import { assistantTokenizer, smallWorldAssistant } from '../chat/small-world-assistant.ts'
import { smallWorldExam } from '../chat/small-world-exam.ts'
import { datasetText } from '../data/get.ts'
import { openTokens } from '../data/node.ts'
import { RecordProblems } from '../data/records.ts'
import { wilson } from '../evaluation/intervals.ts'
import { cachedPredictor } from '../generation/predictor.ts'
import { nodeRuntime } from '../runtime/node.ts'
import { nodeStorage } from '../storage/node.ts'
import { settleFineTuningOptions } from '../training/fine-tuning-run.ts'
import { trainRun } from '../training/run.ts'
import { settleOptions } from '../training/settle-options.ts'
import { converse } from './chat.ts'
import type { Command, CommandContext } from './command.ts'
import { finetuneAnswers } from './finetune-answers.ts'
import { generationOptions, modelOptions, type OpenModel, openModel } from './open-model.ts'
import { showRun } from './show-run.ts'

const startOptions = {
  steps: { type: 'integer', default: 700, minimum: 1, help: 'steps in which it learns to read' },
  conversations: { type: 'integer', default: 7000, minimum: 20, help: 'conversations that it learns to answer from' },
  questions: { type: 'integer', default: 200, minimum: 1, help: 'new questions that it is asked in each language' },
  seed: { type: 'integer', default: 1, minimum: 0, help: 'first weights and batches follow from it' },
  out: { type: 'string', default: 'runs/start', placeholder: 'DIR', help: 'folder of the run' },
  talk: { type: 'boolean', default: true, help: 'talk to the model when it is trained' },
} as const

type Context = CommandContext<typeof startOptions>

/** The main job: an assistant trained before one's eyes, from nothing. It reads, learns to answer, and is asked. */
export const command: Command<typeof startOptions> = {
  arguments: [],
  options: startOptions,
  async run(context) {
    const { options, print, host, signal, json } = context
    await read(context)
    if (signal.aborted) return
    await learnToAnswer(context)
    if (signal.aborted) return
    const model = await openModel(options.out, { device: 'cpu' }, { generating: true })
    await examine(model, context)
    if (options.talk && !json && process.stdin.isTTY && host.stdout.isTerminal) {
      print('\nNow talk to it, in English or Chinese. It knows nothing but the small world: tell it a story, and ask.')
      const defaults = checkOptions({ ...generationOptions, ...modelOptions }, { temperature: 0 })
      await converse(model, { host, write: context.write, options: defaults })
    }
    print(`
What to try next:
  npx nacre chat ${options.out}
  npx nacre generate ${join(options.out, 'base')} --prompt "One sunny morning," --temperature 0.8
  npx nacre finetune ${join(options.out, 'base')} --data my.csv --out runs/mine
  npx nacre train llama --data my.txt --out runs/my`)
  },
}

/** Pre-training: a small Llama learns the text of the small world. */
async function read(context: Context): Promise<void> {
  const { options, print, signal } = context
  print('1. It reads: stories and much else of a little world, in English and Chinese, made here.\n')
  const { text } = smallWorldAssistant
  const folder = resolve(options.out, 'base')
  const settled = settleOptions('llama', {
    ...{ preset: 'assistant', steps: options.steps, seed: options.seed },
    ...{ data: text.name, out: folder },
  })
  const events = trainRun({
    modelName: 'llama',
    storage: nodeStorage(folder),
    options: settled,
    runtime: nodeRuntime(),
    text: datasetText(text, []),
    makeTokenizer: source => assistantTokenizer(source, settled.vocabulary),
    openTokens: name => openTokens(folder, name),
    signal,
  })
  await showRun(events, join(options.out, 'base'), context)
}

/** Supervised fine-tuning on conversations. */
async function learnToAnswer(context: Context): Promise<void> {
  const { options, print } = context
  const { chat, fineTuning } = smallWorldAssistant
  const base = join(options.out, 'base')
  print('\n2. It learns to answer: conversations about the little world.\n')
  const records: PlacedRecord[] = []
  for await (const record of readChatDataset(chat, [], new RecordProblems())) records.push(record)
  const saved = await openModel(base, { device: 'cpu' })
  await finetuneAnswers(context, {
    base: { ...saved, generation: { temperature: 0 } },
    records,
    out: options.out,
    options: settleFineTuningOptions({
      ...{ ...fineTuning, base: resolve(base), out: options.out, data: chat.name },
      ...{ seed: options.seed, limit: options.conversations },
    }),
  })
}

/** Questions about stories that it never read: its answer is right where it is so to the letter. */
async function examine(model: OpenModel, { options, print, report, signal }: Context): Promise<void> {
  const { tokenizer, turnEnds = [] } = model
  print('\n3. It is asked about stories that it never read.\n')
  const template = templateOf(model)
  const predictor = cachedPredictor(model)
  for (const language of ['en', 'zh'] as const) {
    const exam = { language, questions: options.questions, seed: smallWorldAssistant.examSeed, signal }
    let [right, asked] = [0, 0]
    for await (const answer of smallWorldExam({ tokenizer, predictor, template, turnEnds }, exam)) {
      asked++
      if (answer.answer === answer.expected) right++
      if (asked <= 2) print(`› ${answer.prompt}\n${answer.answer}\n`)
    }
    const [low, high] = wilson(right, asked).map(share => (100 * share).toFixed(1))
    const name = language === 'en' ? 'English' : 'Chinese'
    const share = ((100 * right) / asked).toFixed(1)
    report(
      { type: 'exam', language, right, asked },
      `${name}: ${right} of ${asked} questions answered exactly right, ${share} % (95 % confidence: ${low} to ${high})`,
    )
  }
  await predictor.release()
}
