import { logProbabilityOf } from '../generation/sampling.ts'
import { promptIds } from '../tokenizers/tokenizer.ts'
import { bar } from '../training/progress.ts'
import { columnsOf, padColumns } from './columns.ts'
import type { Command } from './command.ts'
import { firstTokens, modelOptions, openModel, predictorOf } from './open-model.ts'
import { probabilityText, tokenLabel } from './token-label.ts'

const ownOptions = {
  top: { type: 'integer', default: 10, minimum: 1, unit: 'tokens', help: 'how many of the likeliest to show' },
} as const
const options: typeof ownOptions & typeof modelOptions = { ...ownOptions, ...modelOptions }

/** Columns of the bar of a token that is certain. */
const barWidth = 40

export const command: Command<typeof options> = {
  arguments: [
    { name: 'RUN', help: 'folder of a trained model' },
    { name: 'TEXT', help: 'the text so far; empty: the beginning of a text', optional: true },
  ],
  options,
  examples: ['nacre next runs/my "To be, or not to b"', 'nacre next runs/my "话说天下" --top 5'],
  async run({ arguments: [folder, text = ''], options: { top, ...device }, print, report, json }) {
    const model = await openModel(folder, device, { generating: true })
    const { tokenizer } = model
    const ids = text === '' ? firstTokens(tokenizer).ids : promptIds(tokenizer, text)
    const predictor = predictorOf(model)
    const logits = (await predictor.next(ids)).slice(0, tokenizer.vocabularySize)
    await predictor.release()
    const likeliest = [...logits.keys()].sort((a, b) => logits[b] - logits[a]).slice(0, top)
    const probabilities = likeliest.map(id => Math.exp(logProbabilityOf(logits, id)))
    if (json) {
      // A part of a character is U+FFFD as text; its bytes tell which.
      const tokens = likeliest.map((id, i) => ({
        id,
        token: tokenizer.decode([id], { continues: true }),
        bytes: [...tokenizer.bytes(id)],
        probability: probabilities[i],
      }))
      report({ type: 'next', text, tokens }, '')
      return
    }
    const labels = likeliest.map(id => tokenLabel(tokenizer, id))
    const width = Math.max(...labels.map(columnsOf))
    for (const [i, token] of labels.entries()) {
      const probability = probabilities[i]
      const drawn = bar(probability, barWidth).replaceAll('─', '')
      print(`${padColumns(token, width)}  ${probabilityText(probability).padStart(7)}  ${drawn}`.trimEnd())
    }
  },
}
