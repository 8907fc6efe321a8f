import { resolve } from 'node:path'
import { chatModel, templateOf } from '../chat/chat-model.ts'
import { buildExamples, type ExampleReport, splitRecords } from '../chat/examples.ts'
import type { PlacedRecord } from '../chat/formats.ts'
import type { ChatTemplate } from '../chat/template.ts'
import type { SavedModel } from '../checkpoints/model-folder.ts'
import { RecordProblems } from '../data/records.ts'
import { generate, length } from '../generation/generate.ts'
import { cachedPredictor } from '../generation/predictor.ts'
import { temperature } from '../generation/sampling.ts'
import { windowTokens } from '../models/language-model.ts'
import { nodeStorage } from '../storage/node.ts'
import type { FineTuningRunOptions } from '../training/fine-tuning-run.ts'
import { grownParameters } from '../training/grow-vocabulary.ts'
import { type SupervisedStart, type SupervisedValidation, superviseRun } from '../training/supervised-run.ts'
import type { CommandContext } from './command.ts'
import { checkProblems } from './open-examples.ts'
import type { OpenModel } from './open-model.ts'
import { showFit } from './show-fit.ts'

const rowsOf = (rows: number): string => (rows === 1 ? '1 row' : `${count(rows)} rows`)
const count = (value: number): string => Math.round(value).toLocaleString('en-US')

/** `nacre finetune` on conversations, instructions, completions and texts: the model learns the answers. */
export async function finetuneAnswers(
  context: Pick<CommandContext, 'host' | 'json' | 'note' | 'print' | 'report' | 'signal'>,
  {
    base: opened,
    records,
    out,
    options,
    resumeLine = `nacre finetune --resume --out ${out}`,
    closing,
  }: {
    readonly base: OpenModel
    readonly records: readonly PlacedRecord[]
    readonly out: string
    readonly options: FineTuningRunOptions
    /** The command that goes on with it. */
    readonly resumeLine?: string
    /** What is printed at the end, in the place of a command to try. */
    readonly closing?: string
  },
): Promise<void> {
  const { note, print, signal } = context
  const { runtime, ...saved } = opened
  const talks = records.some(({ kind }) => kind === 'conversation')
  const base = talks ? chatModel(saved, options.seed) : saved
  const template = templateOf(base)
  const grown = talks ? grownParameters(saved, base) : []
  const [train, validation] = await examplesOf(base, template, records, options, note)
  const report = [train, validation].reduce(
    (sum, { dropped, cut }) => ({ dropped: sum.dropped + dropped, cut: sum.cut + cut }),
    {
      dropped: 0,
      cut: 0,
    },
  )
  if (report.dropped > 0)
    note(
      `${count(report.dropped)} examples are longer than the context and were left out (--too-long ${options.tooLong}, --context).`,
    )
  if (report.cut > 0) note(`${count(report.cut)} examples are longer than the context and were cut.`)
  const asked = validation.examples[0]
  const events = superviseRun({
    ...{ storage: nodeStorage(resolve(out)), runtime, signal, base, grown, options },
    train: train.examples,
    validation: validation.examples,
    sample: asked && (async model => answerOf({ ...model, runtime }, asked.ids, asked.isAnswer)),
  })
  await showFit<SupervisedStart, SupervisedValidation>(
    events,
    { ...context, out, resumeLine, unit: 'tokens' },
    start => [
      `${count(start.parameters)} parameters, of which ${count(start.trainedParameters)} learn`,
      `${count(start.examples)} examples to learn from, ${count(start.heldOut)} held out; ${(100 * start.padding).toFixed(1)} % padding`,
      `${count(start.steps)} steps of ${rowsOf(Math.min(options.batchSize, start.rowsOfEpoch))}, ${options.epochs === 1 ? '1 epoch' : `${options.epochs} epochs`}`,
    ],
    ({ loss, metric, metricName }) => {
      const chosenBy = metricName === undefined ? '' : `${metricName} ${(100 * metric!).toFixed(2)} %, `
      return `${chosenBy}loss ${loss.toFixed(4)} nats per token`
    },
  )
  const asking = talks ? `nacre chat ${out}` : `nacre generate ${out} --temperature 0 --prompt TEXT`
  if (closing !== '') print(closing ?? `Try: ${asking}`)
}

/** Examples to learn from, and a part that is held out. */
async function examplesOf(
  { tokenizer, model }: SavedModel,
  template: ChatTemplate,
  records: readonly PlacedRecord[],
  options: FineTuningRunOptions,
  note: (text: string) => void,
): Promise<[train: ExampleReport, validation: ExampleReport]> {
  const [chosen, held] = splitRecords(records, options)
  const problems = new RecordProblems()
  const settings = { tokenizer, template, context: windowTokens(model, options.context), tooLong: options.tooLong }
  const build = (part: readonly PlacedRecord[]) => buildExamples(inOrder(part), problems, settings)
  const built: [ExampleReport, ExampleReport] = [await build(chosen), await build(held)]
  checkProblems(problems, 'The data', options, note)
  return built
}

async function* inOrder<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items
}

/** A question, and what the model answers to it. */
async function answerOf(model: OpenModel, ids: Int32Array, isAnswer: Uint8Array): Promise<string> {
  const { tokenizer, turnEnds = [] } = model
  const prompt = [...ids.subarray(0, Math.max(1, isAnswer.indexOf(1)))]
  const predictor = cachedPredictor(model)
  try {
    let text = tokenizer.decode(prompt)
    const stopTokens = [...turnEnds, ...(tokenizer.endOfText === undefined ? [] : [tokenizer.endOfText])]
    const settings = { sample: [temperature(0)], stopTokens, stopWhen: [length(Math.min(60, model.model.context))] }
    for await (const piece of generate(predictor, tokenizer, prompt, settings)) text += piece.text
    return text
  } finally {
    await predictor.release()
  }
}
