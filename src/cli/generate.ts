import { generate, length } from '../generation/generate.ts'
import { samplingPolicies } from '../generation/sampling.ts'
import type { Command } from './command.ts'
import {
  deviceOptions,
  type GenerationTable,
  generationOptions,
  openModel,
  predictorOf,
  samplingOf,
  unescapeText,
} from './open-model.ts'

const promptOption = {
  prompt: { type: 'string', default: '\n', help: 'text to continue; \\n is a line break' },
} as const

export const command: Command<GenerationTable & typeof promptOption> = {
  arguments: [{ name: 'RUN', help: 'folder of a trained model' }],
  options: { ...generationOptions, ...promptOption, ...deviceOptions },
  examples: [
    'nacre generate runs/my --prompt "ROMEO:" --tokens 300 --temperature 0.8 --seed 1',
    'nacre generate runs/my --prompt "话说" --top-p 0.9 --stop "。" --json',
  ],
  async run({ arguments: [folder], options, json, report, write, signal }) {
    const model = await openModel(folder, options, { generating: true })
    const { tokenizer } = model
    const prompt = unescapeText(options.prompt)
    write(prompt === '\n' ? '' : prompt)
    const started = performance.now()
    let text = ''
    let logProbability = 0
    const ids: number[] = []
    const stopTokens = tokenizer.endOfText === undefined ? [] : [tokenizer.endOfText]
    for await (const piece of generate(predictorOf(model), tokenizer, [...tokenizer.encode(prompt)], {
      sample: samplingPolicies(samplingOf(options)),
      stopWhen: [length(options.tokens)],
      stopStrings: options.stop.map(unescapeText),
      stopTokens,
      seed: options.seed,
      signal,
    })) {
      write(piece.text)
      text += piece.text
      logProbability += piece.logProbability
      ids.push(piece.token)
    }
    write('\n')
    const tokensPerSecond = (1000 * ids.length) / (performance.now() - started)
    if (json) report({ type: 'generation', prompt, text, ids, logProbability, tokensPerSecond }, '')
  },
}
