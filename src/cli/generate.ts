import { generate } from '../generation/generate.ts'
import { promptIds } from '../tokenizers/tokenizer.ts'
import type { Command } from './command.ts'
import {
  firstTokens,
  type GenerationTable,
  generateOptions,
  generationOptions,
  generationOptionsOf,
  modelOptions,
  openModel,
  predictorOf,
  unescapeText,
} from './open-model.ts'

const promptOption = {
  prompt: { type: 'string', default: '', help: 'text to continue; \\n is a line break (default: begins after one)' },
} as const

export const command: Command<GenerationTable & typeof promptOption> = {
  arguments: [{ name: 'RUN', help: 'folder of a trained model' }],
  options: { ...promptOption, ...generationOptions, ...modelOptions },
  examples: [
    'nacre generate runs/my --prompt "ROMEO:" --tokens 300 --temperature 0.8 --seed 1',
    'nacre generate runs/my --prompt "话说" --top-p 0.9 --stop "。" --json',
  ],
  async run({
    arguments: [folder],
    options: { prompt: escaped, ...wanted },
    given,
    json,
    note,
    report,
    write,
    signal,
  }) {
    const model = await openModel(folder, wanted, { generating: true })
    const { tokenizer } = model
    const options = generationOptionsOf(model, given)
    const prompt = unescapeText(escaped)
    const first = prompt === '' ? firstTokens(tokenizer) : undefined
    if (first) note(`No prompt: the text begins after ${first.name}.`)
    const start = first?.ids ?? promptIds(tokenizer, prompt)
    const predictor = predictorOf(model)
    let started = 0
    let text = ''
    let logProbability = 0
    const ids: number[] = []
    write(prompt)
    for await (const piece of generate(predictor, tokenizer, start, {
      ...generateOptions(model, options),
      signal,
    })) {
      if (ids.length === 0) started = performance.now() // the first token waits for the compiler
      write(piece.text)
      text += piece.text
      logProbability += piece.logProbability
      ids.push(piece.token)
    }
    write('\n')
    const tokensPerSecond = (1000 * (ids.length - 1)) / (performance.now() - started)
    if (json) report({ type: 'generation', prompt, text, ids, logProbability, tokensPerSecond }, '')
    await predictor.release()
  },
}
