import type { Filling } from '../generation/bert-encoder.ts'
import { bertTokens } from '../tokenizers/word-piece.ts'
import { bar } from '../training/progress.ts'
import { columnsOf, padColumns } from './columns.ts'
import type { Command } from './command.ts'
import { openBert } from './open-bert.ts'
import { modelOptions } from './open-model.ts'
import { probabilityText } from './token-label.ts'

const ownOptions = {
  top: { type: 'integer', default: 5, minimum: 1, unit: 'tokens', help: 'how many of the likeliest to show' },
} as const
const options: typeof ownOptions & typeof modelOptions = { ...ownOptions, ...modelOptions }

/** Columns of the bar of a filling that is certain. */
const barWidth = 40

export const command: Command<typeof options> = {
  arguments: [
    { name: 'RUN', help: 'folder of a trained BERT' },
    { name: 'TEXT', help: `a text with ${bertTokens.mask} where words are missing` },
  ],
  options,
  examples: [
    'nacre fill runs/bert "The [MASK] sat on the mat"',
    'nacre fill runs/bert-zh "今天天气很[MASK]。" --top 3',
    'nacre fill bert-base-uncased "Paris is the [MASK] of France." --json',
  ],
  async run({ arguments: [folder, text], options: { top, ...device }, print, report, json }) {
    const bert = await openBert(folder, device)
    const { ids, masks } = await bert.fill(text, { top })
    await bert.release()
    if (json) {
      report({ type: 'fill', text, ids, masks: masks.map(fillings => ({ fillings })) }, '')
      return
    }
    for (const [i, fillings] of masks.entries()) {
      if (masks.length > 1) print(`${i > 0 ? '\n' : ''}${bertTokens.mask} ${i + 1} of ${masks.length}`)
      printFillings(fillings, print)
    }
  },
}

function printFillings(fillings: readonly Filling[], print: (text: string) => void): void {
  const width = Math.max(...fillings.map(({ token }) => columnsOf(token)))
  for (const { token, probability } of fillings) {
    const drawn = bar(probability, barWidth).replaceAll('─', '')
    print(`${padColumns(token, width)}  ${probabilityText(probability).padStart(7)}  ${drawn}`.trimEnd())
  }
}
