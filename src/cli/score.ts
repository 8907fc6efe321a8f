import { OptionError } from '../base/errors.ts'
import { scoreTokens } from '../evaluation/score.ts'
import type { Command } from './command.ts'
import { deviceOptions, openModel } from './open-model.ts'

export const command: Command<typeof deviceOptions> = {
  arguments: [
    { name: 'RUN', help: 'folder of a trained model' },
    { name: 'TEXT', help: 'text to score' },
  ],
  options: deviceOptions,
  examples: ['nacre score runs/my "To be, or not to be"'],
  async run({ arguments: [folder, text], options, print, report, json }) {
    const model = await openModel(folder, options, { generating: true })
    const { tokenizer } = model
    const ids = tokenizer.encode(text)
    if (ids.length < 2) {
      const hint = 'The first token has nothing before it, so it is given, not scored.'
      throw new OptionError({ what: 'TEXT', expected: 'at least two tokens', received: String(ids.length), hint })
    }
    const logProbabilities = await scoreTokens(model, ids)
    const logProbability = logProbabilities.reduce((sum, value) => sum + value, 0)
    const bytes = new TextEncoder().encode(text).length
    const perplexity = Math.exp(-logProbability / logProbabilities.length)
    const bitsPerByte = -logProbability / Math.LN2 / bytes
    if (json) {
      report({ type: 'score', text, ids: [...ids], logProbabilities, logProbability, perplexity, bitsPerByte }, '')
      return
    }
    print('P(w1..wn) = product of P(wi | w1..wi-1); the first token is given.\n')
    print(`${column('token', 16)}${'log P'.padStart(10)}${'P'.padStart(10)}`)
    for (const [i, id] of ids.entries()) {
      const value = i === 0 ? undefined : logProbabilities[i - 1]
      const numbers =
        value === undefined ? '' : `${value.toFixed(4).padStart(10)}${Math.exp(value).toFixed(4).padStart(10)}`
      print(`${column(JSON.stringify(tokenizer.decode([id])), 16)}${numbers}`)
    }
    print(`\nlog P of the whole: ${logProbability.toFixed(4)} nats = ${(logProbability / Math.LN2).toFixed(4)} bits`)
    print(`perplexity ${perplexity.toFixed(3)}, ${bitsPerByte.toFixed(3)} bits per byte`)
  },
}

/** Pads to a width on a terminal, where Chinese characters and emoji take two columns. */
function column(text: string, width: number): string {
  const wide = [...text].filter(character =>
    /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u.test(
      character,
    ),
  )
  return text + ' '.repeat(Math.max(0, width - [...text].length - wide.length))
}
