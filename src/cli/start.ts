import { join, resolve } from 'node:path'
import { checkOptions } from '../base/options.ts'
import { templateOf } from '../chat/chat-model.ts'
import {
  assistantConversations,
  assistantReading,
  freshAssistant,
  smallWorldAssistant,
} from '../chat/small-world-assistant.ts'
import { smallWorldExam } from '../chat/small-world-exam.ts'
import { wilson } from '../evaluation/intervals.ts'
import { cachedPredictor } from '../generation/predictor.ts'
import { nodeRuntime } from '../runtime/node.ts'
import { nodeStorage } from '../storage/node.ts'
import { settleFineTuningOptions } from '../training/fine-tuning-run.ts'
import { modelOfRun } from '../training/run-folder.ts'
import { converse } from './chat.ts'
import type { Command, CommandContext } from './command.ts'
import { finetuneAnswers } from './finetune-answers.ts'
import { generationOptions, modelOptions, type OpenModel, openModel } from './open-model.ts'

const startOptions = {
  documents: { type: 'integer', default: 5000, minimum: 100, help: 'documents that it reads' },
  conversations: {
    type: 'integer',
    minimum: 20,
    help: 'conversations that it learns to answer from (default: all of small-world-chat)',
  },
  questions: { type: 'integer', default: 200, minimum: 1, help: 'new questions that it is asked in each language' },
  seed: { type: 'integer', default: 1, minimum: 0, help: 'first weights and batches follow from it' },
  out: { type: 'string', default: 'runs/start', placeholder: 'DIR', help: 'folder of the run' },
  resume: { type: 'boolean', default: false, help: 'go on where the run in --out stopped' },
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
  npx nacre generate ${baseOf(options)} --prompt "One sunny morning," --temperature 0.8
  npx nacre finetune ${baseOf(options)} --data my.csv --out runs/mine
  npx nacre train --data my.txt --out runs/my`)
  },
}

const baseOf = ({ out }: Pick<Context['options'], 'out'>): string => join(out, 'base')
const resumeLineOf = ({ out }: Pick<Context['options'], 'out'>): string => `nacre start --resume --out ${out}`

/** Pre-training: a small Llama learns the documents of the small world, each by itself. */
async function read(context: Context): Promise<void> {
  const { options, print } = context
  const { text, reading } = smallWorldAssistant
  const out = baseOf(options)
  print('1. It reads: what is true in stories of a little world, in English and Chinese, and much else, made here.\n')
  await finetuneAnswers(context, {
    ...{ base: { ...(await freshAssistant(options.seed)), runtime: nodeRuntime() }, out },
    records: assistantReading(options.documents),
    options: settleFineTuningOptions({
      ...reading,
      out,
      data: text.name,
      seed: options.seed,
      resume: await isBegun(out, context),
    }),
    ...{ resumeLine: resumeLineOf(options), closing: '' },
  })
}

/** Supervised fine-tuning on conversations. */
async function learnToAnswer(context: Context): Promise<void> {
  const { options, print } = context
  const { chat, answering } = smallWorldAssistant
  const [base, { out }] = [baseOf(options), options]
  print('2. It learns to answer: conversations about the little world.\n')
  const saved = await openModel(base, { device: 'cpu' })
  await finetuneAnswers(context, {
    ...{ base: { ...saved, generation: { temperature: 0 } }, out },
    records: await assistantConversations(options.conversations),
    options: settleFineTuningOptions({
      ...{ ...answering, base: resolve(base), out, data: chat.name, seed: options.seed },
      resume: await isBegun(out, context),
    }),
    ...{ resumeLine: resumeLineOf(options), closing: '' },
  })
}

/** Whether a stage was begun, and is to go on. */
const isBegun = async (out: string, { options }: Context): Promise<boolean> =>
  options.resume && (await modelOfRun(nodeStorage(resolve(out)))) !== undefined

/** Questions about stories that it never read: its answer is right where it is so to the letter. */
async function examine(model: OpenModel, { options, print, report, signal }: Context): Promise<void> {
  const { tokenizer, turnEnds = [] } = model
  print('3. It is asked about stories that it never read.\n')
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
