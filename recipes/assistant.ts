/**
 * A first assistant, as `nacre start` makes it: a small Llama reads the small world in English and Chinese, learns from
 * conversations, and is asked about stories that it never read. Ouyang et al., Training language models to follow
 * instructions with human feedback, 2022, section 3.5: its supervised part.
 */
import {
  assistantTokenizer,
  buildExamples,
  cachedPredictor,
  chatModel,
  datasetText,
  loadModelFolder,
  type PlacedRecord,
  RecordProblems,
  readChatDataset,
  settleFineTuningOptions,
  smallWorldAssistant,
  smallWorldExam,
  superviseRun,
  templateOf,
} from '../src/index.ts'
import { preTrain } from './fine-tuning.ts'
import type { Recipe } from './recipe.ts'
import { wasBegun } from './resume.ts'
import { beginningOf } from './texts.ts'

const { text, chat, fineTuning, examSeed } = smallWorldAssistant
const [steps, conversations, questions] = [700, 7000, 500]

export const recipe: Recipe = {
  name: 'assistant',
  year: 2023,
  title: {
    en: 'the assistant of nacre start: a Llama of 1 million parameters reads the small world, then learns to answer',
    zh: 'nacre start 的助手：一百万参数的 Llama 先读小世界，再学会回答',
  },
  datasets: [],
  seeds: 3,
  measures: [
    {
      name: 'english',
      title: 'English questions about new stories answered exactly right, %',
      better: 'higher',
      bound: 95,
    },
    {
      name: 'chinese',
      title: 'Chinese questions about new stories answered exactly right, %',
      better: 'higher',
      bound: 95,
    },
    { name: 'seconds', title: 'reading and learning to answer, seconds', better: 'lower', bound: 200 },
  ],
  remarks: `Both languages are of one model. ${questions} questions in each, about stories of a seed that neither its text nor its conversations
have; an answer is right where it is the expected one to the letter.`,
  async run(context) {
    const { seed, quick, runtime, print, signal, folder } = context
    const started = performance.now()
    const source = datasetText(text, [])
    const saved = await preTrain(context, {
      ...{
        modelName: 'llama',
        folder: 'base',
        text: quick ? await beginningOf(source, 30_000) : source,
      },
      options: { preset: 'assistant', steps: quick ? 4 : steps },
      makeTokenizer: (part, { vocabulary }) => assistantTokenizer(part, vocabulary),
    })
    const base = chatModel({ ...saved, generation: { temperature: 0 } }, seed)
    const template = templateOf(base)
    const problems = new RecordProblems()
    const limit = quick ? 60 : conversations
    const settings = { tokenizer: base.tokenizer, template, context: base.model.context, tooLong: 'drop' } as const
    const records = firstOf(readChatDataset(chat, [], problems), limit)
    const { examples } = await buildExamples(records, problems, settings)
    const storage = folder('assistant')
    const options = settleFineTuningOptions({ ...fineTuning, seed, limit })
    const resume = await wasBegun(storage, options)
    const held = Math.ceil(examples.length * options.validationFraction)
    const run = superviseRun({
      ...{ storage, options: { ...options, resume }, runtime, base, signal },
      ...{ train: examples.slice(held), validation: examples.slice(0, held) },
    })
    for await (const event of run)
      if (event.type === 'validation')
        print(`answers held out, step ${event.step}: ${event.loss.toFixed(4)} nats per token`)
    const seconds = (performance.now() - started) / 1000

    const model = { ...(await loadModelFolder(storage)), runtime }
    const predictor = cachedPredictor(model)
    const examinee = { tokenizer: model.tokenizer, predictor, template, turnEnds: model.turnEnds ?? [] }
    const exam = async (language: 'en' | 'zh'): Promise<number> => {
      let [right, asked] = [0, 0]
      const options = { language, questions: quick ? 3 : questions, seed: examSeed, signal }
      for await (const { prompt, answer, expected } of smallWorldExam(examinee, options)) {
        asked++
        if (answer === expected) right++
        else if (asked - right <= 3) print(`${prompt}\n  ${answer} (${expected})`)
      }
      return (100 * right) / asked
    }
    const [english, chinese] = [await exam('en'), await exam('zh')]
    await predictor.release()
    return { english, chinese, seconds }
  },
}

async function* firstOf(records: AsyncIterable<PlacedRecord>, count: number): AsyncGenerator<PlacedRecord> {
  let number = 0
  for await (const record of records) {
    if (number++ === count) return
    yield record
  }
}
