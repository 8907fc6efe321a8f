import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { OptionError } from '../base/errors.ts'
import { loadTranslatorFolder, type SavedTranslator } from '../checkpoints/translator-folder.ts'
import { linesOf, streamText } from '../data/text.ts'
import { type Alignment, alignmentOf, requireTranslatable, translateTexts } from '../generation/translate.ts'
import { nodeRuntime } from '../runtime/node.ts'
import { nodeStorage } from '../storage/node.ts'
import { tableOf } from './columns.ts'
import type { Command } from './command.ts'
import { deviceOptions } from './open-model.ts'

const translateOptions = {
  beam: { type: 'integer', default: 4, minimum: 1, help: 'hypotheses that are kept (1: always the likeliest token)' },
  lengthPenalty: { type: 'number', default: 0.6, minimum: 0, help: 'strength of the length penalty' },
  batchSize: { type: 'integer', default: 32, minimum: 1, unit: 'sentences', help: 'sentences at once' },
  attention: { type: 'boolean', default: false, help: 'show how much each word looked at each word of the source' },
} as const

export const command: Command<typeof translateOptions & typeof deviceOptions> = {
  arguments: [
    { name: 'RUN', help: 'folder of a trained translator' },
    { name: 'TEXT', help: 'what to translate (default: the lines of the standard input)', optional: true, many: true },
  ],
  options: { ...translateOptions, ...deviceOptions },
  examples: [
    'nacre translate runs/de-en "Ein Mann geht mit einem Hund spazieren."',
    'nacre translate runs/de-en --beam 8 < captions.de > captions.en',
  ],
  async run({ arguments: [folder, ...words], options, report, print }) {
    const saved = await openTranslator(folder)
    const runtime = nodeRuntime(options)
    const settings = { beams: options.beam, lengthPenalty: options.lengthPenalty, batchSize: options.batchSize }
    // Lines are read in blocks, so that a file of any length needs little memory.
    const show = async (texts: readonly string[]): Promise<void> => {
      const translations = (await translateTexts(saved, runtime, texts.filter(isText), settings)).values()
      for (const source of texts) {
        if (!isText(source)) {
          report({ type: 'translation', source, text: '' }, '') // a line for each line
          continue
        }
        const translation = translations.next().value!
        const alignment = options.attention ? await alignmentOf(saved, runtime, translation) : undefined
        report({ type: 'translation', ...translation, ...(alignment && { alignment }) }, translation.text)
        if (alignment) print(alignmentTable(alignment))
      }
    }
    if (words.length > 0) {
      const text = words.join(' ')
      requireTranslatable(saved, text, 'The text')
      return show([text])
    }
    let line = 0
    for await (const texts of blocksOfLines(8 * options.batchSize)) {
      // Where a line cannot be translated, those before it still are.
      const wrong = firstError(texts, (text, i) => requireTranslatable(saved, text, `Line ${line + i + 1}`))
      await show(texts.slice(0, wrong?.at))
      if (wrong !== undefined) throw wrong.error
      line += texts.length
    }
  },
}

/**
 * Loads the folder of a translator.
 * @throws {OptionError} if there is no such folder
 */
async function openTranslator(folder: string): Promise<SavedTranslator> {
  if (existsSync(resolve(folder))) return loadTranslatorFolder(nodeStorage(resolve(folder)))
  throw new OptionError({
    what: 'RUN',
    expected: 'the folder of a trained translator',
    received: `"${folder}", which does not exist`,
    hint: 'Train one with: nacre train transformer --data multi30k --out DIR',
  })
}

const isText = (line: string): boolean => line.trim() !== ''

function firstError(
  texts: readonly string[],
  check: (text: string, index: number) => void,
): { readonly at: number; readonly error: unknown } | undefined {
  for (const [at, text] of texts.entries()) {
    try {
      if (isText(text)) check(text, at)
    } catch (error) {
      return { at, error }
    }
  }
  return undefined
}

async function* blocksOfLines(size: number): AsyncGenerator<string[]> {
  let block: string[] = []
  let isFirst = true
  for await (const content of linesOf(streamText('The standard input', process.stdin))) {
    const line = isFirst ? content.replace(/^\ufeff/, '') : content
    isFirst = false
    block.push(line)
    if (block.length < size) continue
    yield block
    block = []
  }
  if (block.length > 0) yield block
}

/** Percentages; zero is left empty. */
function alignmentTable({ source, target, weights }: Alignment): string {
  const cell = (weight: number) => (weight < 0.005 ? '' : String(Math.round(100 * weight)))
  const rows = weights.map((row, t) => [target[t], ...row.map(cell)])
  return tableOf([['%', ...source], ...rows], { right: [...source.keys()].map(column => column + 1) })
}
