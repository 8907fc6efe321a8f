import { OptionError } from '../base/errors.ts'
import { scoreTokens } from '../evaluation/score.ts'
import { promptIds } from '../tokenizers/tokenizer.ts'
import { columnsOf, padColumns } from './columns.ts'
import type { Command } from './command.ts'
import { modelOptions, openModel } from './open-model.ts'
import { probabilityText, tokenLabel } from './token-label.ts'

export const command: Command<typeof modelOptions> = {
  arguments: [
    { name: 'RUN', help: 'folder of a trained model' },
    { name: 'TEXT', help: 'text to score' },
  ],
  options: modelOptions,
  examples: ['nacre score runs/my "To be, or not to be"'],
  async run({ arguments: [folder, text], options, print, report, json }) {
    const model = await openModel(folder, options, { generating: true })
    const { tokenizer } = model
    const ids = promptIds(tokenizer, text)
    if (ids.length < 2) {
      const hint = 'The first token has nothing before it, so it is given, not scored.'
      throw new OptionError({ what: 'TEXT', expected: 'at least two tokens', received: String(ids.length), hint })
    }
    const logProbabilities = await scoreTokens(model, ids)
    const logProbability = logProbabilities.reduce((sum, value) => sum + value, 0)
    const natsPerToken = -logProbability / logProbabilities.length
    const perplexity = Math.exp(natsPerToken)
    // The first token counts as much as the mean of the others, as in `nacre evaluate`; one before the text does not.
    const counted = ids.length - (tokenizer.beginOfText === undefined ? 0 : 1)
    const bitsPerByte = (natsPerToken * counted) / new TextEncoder().encode(text).length / Math.LN2
    if (json) {
      const numbers = { logProbabilities, logProbability, natsPerToken, perplexity, bitsPerByte }
      report({ type: 'score', text, ids, ...numbers }, '')
      return
    }
    print('P(w1..wn) = product of P(wi | w1..wi-1); the first token is given.\n')
    const labels = Array.from(ids, id => tokenLabel(tokenizer, id))
    const width = Math.max(...labels.map(columnsOf), 'token'.length)
    const row = (token: string, logP: string, p: string) =>
      print(`${padColumns(token, width)}${logP.padStart(11)}${p.padStart(11)}`.trimEnd())
    row('token', 'log P', 'P')
    for (const [i, label] of labels.entries()) {
      if (i === 0) row(label, '', '')
      else row(label, logProbabilities[i - 1].toFixed(4), probabilityText(Math.exp(logProbabilities[i - 1])))
    }
    const bits = logProbability / Math.LN2
    print(`\nlog P of the whole: ${logProbability.toFixed(4)} nats = ${bits.toFixed(4)} bits`)
    print(`perplexity ${perplexity.toFixed(3)}, ${bitsPerByte.toFixed(3)} bits per byte`)
  },
}
