/** Cuts text into words, for languages that write spaces between them and for those that do not. */
import { OptionError } from '../base/errors.ts'

export interface Segmenter {
  /** As saved beside a tokenizer: `spaces`, `intl-en`, `intl-zh`, `jieba`. */
  readonly name: string
  /** What stands between the words of a text that is put together again. */
  readonly separator: ' ' | ''
  /** Words, numbers and marks in their order; white space is left out and always separates. */
  segment(text: string): string[]
}

/** Words are what white space separates: for text whose words and marks were separated before, as SST-2's. */
export const spaceSegmenter: Segmenter = {
  name: 'spaces',
  separator: ' ',
  segment: text => text.match(stretches) ?? [],
}

/**
 * The host's own segmentation: word boundaries of Unicode (UAX #29), and ICU's dictionary for Chinese, Japanese, Thai.
 * @param language - ISO 639-1, for example `en` or `zh`
 */
export function intlSegmenter(language: string): Segmenter {
  const segmenter = new Intl.Segmenter(language, { granularity: 'word' })
  return {
    name: `intl-${language}`,
    separator: unspaced.has(language) ? '' : ' ',
    segment: text =>
      segmentStretches(text, stretch => Array.from(segmenter.segment(stretch), ({ segment }) => segment)),
  }
}

/** Segments each stretch between white space by itself, so that a text can be cut at any white space. */
export function segmentStretches(text: string, segment: (stretch: string) => readonly string[]): string[] {
  return (text.match(stretches) ?? []).flatMap(stretch => (latinWord.test(stretch) ? [stretch] : segment(stretch)))
}

/**
 * The segmenter of a saved name.
 * @param given - those that need a host, for example jieba
 * @throws {OptionError} if it is unknown or was not given
 */
export function segmenterNamed(name: string, given: readonly Segmenter[] = []): Segmenter {
  const found = given.find(segmenter => segmenter.name === name)
  if (found !== undefined) return found
  if (name === spaceSegmenter.name) return spaceSegmenter
  const language = /^intl-([a-z]{2,3})$/.exec(name)?.[1]
  if (language !== undefined) return intlSegmenter(language)
  const hint = name === 'jieba' ? 'Give the jiebaSegmenter() of nacre/node.' : undefined
  const expected = `spaces, intl-LANGUAGE${given.map(segmenter => `, ${segmenter.name}`).join('')}`
  throw new OptionError({ what: 'Segmenter', expected, received: JSON.stringify(name), hint })
}

/** The host's segmentation for the language that a text seems to be in: Chinese, where Han characters prevail. */
export function segmenterFor(text: string): Segmenter {
  const han = text.match(/\p{Script=Han}/gu)?.length ?? 0
  const letters = text.match(/\p{L}/gu)?.length ?? 0
  return intlSegmenter(2 * han > letters ? 'zh' : 'en')
}

/**
 * A text in pieces that never hold parts of two Chinese words, for the training of a tokenizer: what is learned from them
 * joins no words of Chinese, as spaces keep those of English apart.
 */
export async function* chineseWordsApart(
  chunks: AsyncIterable<string> | Iterable<string>,
): AsyncGenerator<string, void, undefined> {
  const segmenter = new Intl.Segmenter('zh', { granularity: 'word' })
  for await (const chunk of chunks) {
    for (const part of chunk.split(/(\p{Script=Han}+)/u)) {
      if (/^\p{Script=Han}/u.test(part)) for (const { segment } of segmenter.segment(part)) yield segment
      else if (part !== '') yield part
    }
  }
}

/** Whether a segment is a word or a number, not a mark. */
export function isWord(segment: string): boolean {
  return /[\p{L}\p{N}]/u.test(segment)
}

const stretches = /\P{White_Space}+/gu
/** What every segmenter takes as one word. */
const latinWord = /^[a-zA-Z]+$/
const unspaced: ReadonlySet<string> = new Set(['zh', 'ja', 'th', 'lo', 'km', 'my'])
