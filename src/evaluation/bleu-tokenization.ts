/** How BLEU finds words: part of the metric, so these are sacrebleu's rules with all their oddities. */
import { trimSpace } from './translation-metric.ts'

export type BleuTokenization = '13a' | 'zh' | 'char' | 'none'

/** Each gives a text whose words are separated by white space. */
export const bleuTokenizers: Readonly<Record<BleuTokenization, (line: string) => string>> = {
  '13a': line =>
    separateMarks(
      ` ${unescapeEntities(line.replaceAll('<skipped>', '').replaceAll('-\n', '').replaceAll('\n', ' '))} `,
    ),
  zh: line => separateMarks(trimSpace(line).replace(chinese, ' $& ')),
  char: line => Array.from(line).join(' '),
  none: line => line,
}

const entities: readonly (readonly [string, string])[] = [
  ['&quot;', '"'],
  ['&amp;', '&'],
  ['&lt;', '<'],
  ['&gt;', '>'],
]

function unescapeEntities(line: string): string {
  return entities.reduce((text, [entity, character]) => text.replaceAll(entity, character), line)
}

/** mteval-v13a: marks stand alone, but for points and commas within numbers, and dashes that follow no digit. */
function separateMarks(line: string): string {
  return line
    .replace(/[{-~[-` -&(-+:-@/]/g, ' $& ')
    .replace(/([^0-9])([.,])/gu, '$1 $2 ')
    .replace(/([.,])([^0-9])/gu, ' $1 $2')
    .replace(/([0-9])(-)/g, '$1 $2 ')
}

/**
 * What counts as a Chinese character: ideographs, full width forms, marks. U+2001 to U+2A6D is what sacrebleu makes of
 * extension B, whose range it writes with four digits; dashes and curly quotes thus stand alone, extension B does not.
 */
const chinese =
  /[\u3400-\u4db5\u4e00-\u9fa5\u9fa6-\u9fbb\uf900-\ufa2d\ufa30-\ufa6a\ufa70-\ufad9\u2001-\u2a6d\u2f81-\u2fa1\uff00-\uffef\u2e80-\u2eff\u3000-\u303f\u31c0-\u31ef\u2f00-\u2fdf\u2ff0-\u2fff\u3100-\u312f\u31a0-\u31bf\ufe10-\ufe1f\ufe30-\ufe4f\u2600-\u26ff\u2700-\u27bf\u3200-\u32ff\u3300-\u33ff]/gu
