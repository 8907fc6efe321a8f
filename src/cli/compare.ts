import { OptionError } from '../base/errors.ts'
import { openText } from '../data/node.ts'
import { linesOf } from '../data/text.ts'
import { bleu } from '../evaluation/bleu.ts'
import { chrf } from '../evaluation/chrf.ts'
import { segmenterFor } from '../tokenizers/segmenter.ts'
import type { Command } from './command.ts'

const compareOptions = {
  tokenize: {
    type: 'choice',
    choices: ['13a', 'zh', 'char', 'none'],
    help: 'how BLEU finds words (default: zh where the references are Chinese, otherwise 13a)',
  },
  lowercase: { type: 'boolean', default: false, help: 'lower-case everything first' },
  smoothing: {
    type: 'choice',
    choices: ['exp', 'floor', 'add-k', 'none'],
    default: 'exp',
    help: 'what BLEU makes of a length of n-grams without a match',
  },
  smoothingValue: { type: 'number', minimum: 0, help: 'of floor (default 0.1) and of add-k (default 1)' },
  encoding: { type: 'string', default: 'utf-8', help: 'encoding of the texts' },
} as const

export const command: Command<typeof compareOptions> = {
  arguments: [
    { name: 'TRANSLATIONS', help: 'file of what a model wrote, one sentence in a line' },
    { name: 'REFERENCES', help: 'files of what people wrote, line by line', many: true },
  ],
  options: compareOptions,
  examples: [
    'nacre compare out.en test.en --lowercase',
    'nacre compare out.zh first.zh second.zh --tokenize char',
    'nacre compare out.zh test.zh --json',
  ],
  async run({ arguments: [translations, ...referencePaths], options, report }) {
    const { encoding, lowercase, smoothing, smoothingValue } = options
    if (smoothingValue !== undefined && smoothing !== 'floor' && smoothing !== 'add-k') {
      const expected = 'floor or add-k in --smoothing, which have a value'
      throw new OptionError({
        what: 'Option --smoothing-value',
        expected,
        received: `${smoothingValue} with ${smoothing}`,
      })
    }
    const hypotheses = await readLines(translations, encoding)
    const references: string[][] = []
    for (const path of referencePaths) {
      const lines = await readLines(path, encoding)
      references.push(lines)
      if (lines.length === hypotheses.length) continue
      const expected = `${hypotheses.length} lines, as many as ${translations} has`
      const hint = 'Sentence by sentence, an empty translation as an empty line.'
      throw new OptionError({ what: path, expected, received: String(lines.length), hint })
    }
    const isChinese = segmenterFor(references[0].slice(0, 1000).join('\n')).name === 'intl-zh'
    const tokenize = options.tokenize ?? (isChinese ? 'zh' : '13a')
    const scores = [
      bleu(hypotheses, references, { tokenize, lowercase, smoothing, smoothingValue }),
      chrf(hypotheses, references, { lowercase }),
      chrf(hypotheses, references, { lowercase, wordOrder: 2 }),
    ]
    for (const { line, ...score } of scores) report({ type: 'translation-score', ...score }, line)
  },
}

async function readLines(path: string, encoding: string): Promise<string[]> {
  const lines: string[] = []
  for await (const line of linesOf(await openText(path, { encoding }))) lines.push(line)
  return lines
}
