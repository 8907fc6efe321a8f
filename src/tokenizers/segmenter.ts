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
 * A text in pieces that hold none of these words together with anything else, for the training of a tokenizer: such a word
 * is a token by itself or several, never a part of one. A word that begins small keeps the space before it.
 */
export function* wordsApart(texts: Iterable<string>, words: readonly string[]): Generator<string, void, undefined> {
  const patterns = words
    .toSorted((a, b) => b.length - a.length)
    .map(word => {
      const text = word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
      if (!/^[\p{Lu}\p{Ll}]/u.test(word)) return text
      return `${/^\p{Ll}/u.test(word) ? '(?: |(?<!\\p{L}))' : '(?<!\\p{L})'}${text}(?!\\p{L})`
    })
  const pattern = new RegExp(`(${patterns.join('|')})`, 'u')
  for (const text of texts) for (const piece of text.split(pattern)) if (piece !== '') yield piece
}

/**
 * A text in pieces, for the training of a tokenizer: what is written without spaces between words is cut into its words, by
 * the host's dictionary, so that no token is learned that reaches from one word into the next. Together they are the text.
 */
export function* unspacedWordsApart(texts: Iterable<string>): Generator<string, void, undefined> {
  for (const text of texts)
    for (const stretch of text.split(unspacedStretches)) {
      if (!unspacedStretches.test(stretch)) yield stretch
      else for (const { segment } of dictionary.segment(stretch)) yield segment
    }
}

/** Whether a segment is a word or a number, not a mark. */
export function isWord(segment: string): boolean {
  return /[\p{L}\p{N}]/u.test(segment)
}

const stretches = /\P{White_Space}+/gu
/** What every segmenter takes as one word. */
const latinWord = /^[a-zA-Z]+$/
/** Letters of scripts that write no spaces; in the parentheses, for a split that keeps them. */
const unspacedStretches =
  /([\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]+)/u
/** Knows the words of all of these scripts: ICU looks at the letters, not at the language. */
const dictionary = new Intl.Segmenter('zh', { granularity: 'word' })
const unspaced: ReadonlySet<string> = new Set(['zh', 'ja', 'th', 'lo', 'km', 'my'])
