/**
 * Rules that cut a text into pre-tokens, inside of which byte pairs are merged. Each is a hand-written scanner for a
 * regular expression; the tests hold it against the expression itself.
 * Radford et al., Language Models are Unsupervised Multitask Learners, 2019, section 2.2, and the code released with it.
 */
import {
  caseless,
  characterClasses,
  classAt,
  letter,
  lower,
  mark,
  number,
  other,
  space,
  surrogate,
  upper,
  wholeCodePoint,
} from './unicode-classes.ts'

export interface PretokenizationRule {
  readonly name: 'gpt2' | 'cl100k' | 'llama3' | 'qwen2' | 'o200k' | 'phrases'
  /** The regular expression as tokenizer.json writes it; the first is written, all are read. */
  readonly patterns: readonly string[]
  /** The end of the pre-token that begins at `start`, in UTF-16 units. */
  readonly end: (text: string, start: number) => number
  /** Whether a pre-token begins at an index whatever stands beyond its two neighbours; {@link isSafeCut} unless it is here. */
  readonly isSafeCut?: (text: string, index: number) => boolean
}

/** GPT-2 and GPT-3. */
export const gpt2Rule: PretokenizationRule = {
  name: 'gpt2',
  patterns: [
    "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
    "'(?:[sdmt]|ll|ve|re)| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
    "'(?:[sdmt]|ll|ve|re)| ?\\p{L}++| ?\\p{N}++| ?[^\\s\\p{L}\\p{N}]++|\\s++$|\\s+(?!\\S)|\\s",
  ],
  end(text, start) {
    const unit = text.charCodeAt(start)
    if (unit === apostrophe) {
      const after = contractionEnd(text, start, false)
      if (after > start) return after
    }
    const first = unit === blank && start + 1 < text.length ? start + 1 : start
    const flags = classAt(text, first)
    if (flags & letter) return skip(text, first, letter)
    if (flags & number) return skip(text, first, number)
    if (flags & symbol) return skip(text, first, symbol)
    return blankEnd(text, start, skip(text, start, space))
  },
}

/** GPT-3.5 and GPT-4, as tiktoken cuts: white space that ends the text is one pre-token. */
export const cl100kRule: PretokenizationRule = {
  name: 'cl100k',
  patterns: [
    // Not tiktoken's own {1,3}+: Hugging Face's engine reads that as a repetition.
    "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s++$|\\s*[\\r\\n]|\\s+(?!\\S)|\\s",
  ],
  end: (text, start) => cl100kEnd(text, start, { digits: 3, endOfTextIsOne: true }),
}

/** Llama 3, and cl100k as Hugging Face conversions write it. */
export const llama3Rule: PretokenizationRule = {
  name: 'llama3',
  patterns: [
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
  ],
  end: (text, start) => cl100kEnd(text, start, { digits: 3, endOfTextIsOne: false }),
}

/** Qwen 2 and 3: Llama 3's, with each digit by itself. */
export const qwen2Rule: PretokenizationRule = {
  name: 'qwen2',
  patterns: [
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
  ],
  end: (text, start) => cl100kEnd(text, start, { digits: 1, endOfTextIsOne: false }),
}

/** GPT-4o: words are cut where lower case turns to upper, and keep their marks and contractions. */
export const o200kRule: PretokenizationRule = {
  name: 'o200k',
  patterns: [
    [
      "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
      "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
      '\\p{N}{1,3}',
      ' ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*',
      '\\s*[\\r\\n]+',
      '\\s+(?!\\S)',
      '\\s+',
    ].join('|'),
  ],
  end(text, start) {
    const word = casedWordEnd(text, start)
    if (word > start) return contractionEnd(text, word, true)
    if (classAt(text, start) & number) return digitsEnd(text, start, 3)
    const symbols = symbolsEnd(text, start)
    if (symbols > start) return newlinesEnd(text, symbols, slash)
    return blankLinesEnd(text, start, false)
  },
}

/**
 * Words of small letters that follow each other are one pre-token, so that a phrase can be a token (Liu et al., SuperBPE:
 * Space Travel for Language Models, 2025). A word with a capital is one by itself, without the space before it: a name is
 * the same token wherever it stands.
 */
export const phraseRule: PretokenizationRule = {
  name: 'phrases',
  patterns: [
    [
      '[\\p{Lu}\\p{Lt}]\\p{Ll}*',
      '[\\p{Lm}\\p{Lo}]+',
      ' ?\\p{Ll}+(?: \\p{Ll}+)*(?: (?=[\\p{Lu}\\p{Lt}]))?',
      '\\p{N}+',
      '[^\\s\\p{L}\\p{N}]+ ?',
      '\\s+',
    ].join('|'),
  ],
  end(text, start) {
    const flags = classAt(text, start)
    if (flags & upper) return skip(text, start + widthAt(text, start), lower)
    if (flags & (caseless | number)) return skip(text, start, flags)
    const first = isBlankBefore(text, start, lower) ? start + 1 : start
    if (classAt(text, first) & lower) {
      let end = skip(text, first, lower)
      while (isBlankBefore(text, end, lower)) end = skip(text, end + 1, lower)
      return isBlankBefore(text, end, upper) ? end + 1 : end
    }
    if (flags & space) return skip(text, start, space)
    const end = skip(text, start, symbol)
    return text.charCodeAt(end) === blank ? end + 1 : end
  },
  isSafeCut: (text, index) => text.charCodeAt(index) === lineFeed && (classAt(text, index - 1) & space) === 0,
}

/** Those that a tokenizer.json may ask for. */
export const pretokenizationRules: readonly PretokenizationRule[] = [
  ...[gpt2Rule, cl100kRule, llama3Rule, qwen2Rule, o200kRule],
  phraseRule,
]

/** The pre-tokens of a text. */
export function pretokenize(rule: PretokenizationRule, text: string): string[] {
  const pretokens: string[] = []
  for (let start = 0, end = 0; start < text.length; start = end) {
    end = rule.end(text, start)
    pretokens.push(text.slice(start, end))
  }
  return pretokens
}

/**
 * Whether every rule of words begins a pre-token at an index whatever stands before and after its two neighbours: after a letter
 * and before white space or a symbol; after any character but white space and before white space that breaks no line.
 */
export function isSafeCut(text: string, index: number): boolean {
  const unit = text.charCodeAt(index)
  const next = classAt(text, index)
  if (!(next & (space | other)) || unit === apostrophe || isLowSurrogate(unit)) return false
  const pairBefore = index > 1 && isLowSurrogate(text.charCodeAt(index - 1)) && widthAt(text, index - 2) === 2
  const before = classAt(text, pairBefore ? index - 2 : index - 1)
  if (before & letter) return true
  return (next & space) !== 0 && (before & space) === 0 && unit !== carriageReturn && unit !== lineFeed
}

/** The last safe cut of a text that may go on, among those allowed; 0 where there is none. */
export function lastSafeCut(
  text: string,
  isAllowed: (index: number) => boolean = () => true,
  isSafe: (text: string, index: number) => boolean = isSafeCut,
): number {
  // The last unit may be half of a character.
  const isHalf = (text.charCodeAt(text.length - 1) & 0xfc00) === 0xd800
  for (let index = text.length - (isHalf ? 2 : 1); index > 0; index--) {
    if (isSafe(text, index) && isAllowed(index)) return index
  }
  return 0
}

const apostrophe = 0x27
const blank = 0x20
const lineFeed = 0x0a
const carriageReturn = 0x0d
const slash = 0x2f
const symbol = other | mark

function isLowSurrogate(unit: number): boolean {
  return (unit & 0xfc00) === 0xdc00
}

/** The end of the run of characters whose class is in the mask. */
function skip(text: string, index: number, mask: number): number {
  const classes = characterClasses()
  while (index < text.length) {
    const flags = classes[text.charCodeAt(index)]
    if (flags & mask) index++
    else if (flags === surrogate && classes[wholeCodePoint(text, index)] & mask) index += widthAt(text, index)
    else break
  }
  return index
}

function isBlankBefore(text: string, index: number, mask: number): boolean {
  return text.charCodeAt(index) === blank && index + 1 < text.length && (classAt(text, index + 1) & mask) !== 0
}

function widthAt(text: string, index: number): number {
  return text.codePointAt(index)! > 0xffff ? 2 : 1
}

/** `'s|'t|'re|'ve|'m|'ll|'d`, or the index itself. Ignoring case, U+017F is an s too. */
function contractionEnd(text: string, index: number, ignoreCase: boolean): number {
  if (index >= text.length || text.charCodeAt(index) !== apostrophe) return index
  let [first, second] = [text.charAt(index + 1), text.charAt(index + 2)]
  if (ignoreCase) [first, second] = [first === 'ſ' ? 's' : first.toLowerCase(), second.toLowerCase()]
  if (first === 's' || first === 't' || first === 'm' || first === 'd') return index + 2
  if ((first === 'l' && second === 'l') || ((first === 'r' || first === 'v') && second === 'e')) return index + 3
  return index
}

/** `\s+(?!\S)|\s+`: a run of white space leaves its last character to the word that follows. */
function blankEnd(text: string, start: number, end: number): number {
  return end === text.length || end - start === 1 ? end : end - 1
}

function cl100kEnd(
  text: string,
  start: number,
  { digits, endOfTextIsOne }: { readonly digits: number; readonly endOfTextIsOne: boolean },
): number {
  const contraction = contractionEnd(text, start, true)
  if (contraction > start) return contraction
  const unit = text.charCodeAt(start)
  const flags = classAt(text, start)
  if (flags & letter) return skip(text, start, letter)
  if (flags & number) return digitsEnd(text, start, digits)
  const next = start + widthAt(text, start)
  if (unit !== carriageReturn && unit !== lineFeed && next < text.length && classAt(text, next) & letter) {
    return skip(text, next, letter)
  }
  const symbols = symbolsEnd(text, start)
  if (symbols > start) return newlinesEnd(text, symbols, lineFeed)
  return blankLinesEnd(text, start, endOfTextIsOne)
}

/** `\p{N}{1,most}` */
function digitsEnd(text: string, start: number, most: number): number {
  let end = start
  for (let digits = 0; digits < most && end < text.length && classAt(text, end) & number; digits++) {
    end += widthAt(text, end)
  }
  return end
}

/** ` ?[^\s\p{L}\p{N}]+`, or the start. */
function symbolsEnd(text: string, start: number): number {
  const first = text.charCodeAt(start) === blank ? start + 1 : start
  const end = skip(text, first, symbol)
  return end > first ? end : start
}

/** `[\r\n]*` with one more character allowed. */
function newlinesEnd(text: string, index: number, extra: number): number {
  for (; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    if (unit !== lineFeed && unit !== carriageReturn && unit !== extra) break
  }
  return index
}

/** `\s*[\r\n]+|\s+(?!\S)|\s+`, before them `\s+$` if asked. */
function blankLinesEnd(text: string, start: number, endOfTextIsOne: boolean): number {
  const end = skip(text, start, space)
  if (endOfTextIsOne && end === text.length) return end
  for (let i = end - 1; i >= start; i--) {
    const unit = text.charCodeAt(i)
    if (unit === lineFeed || unit === carriageReturn) return i + 1
  }
  return blankEnd(text, start, end)
}

const head = upper | caseless | mark
const tail = lower | caseless | mark

/** `P?H*T+|P?H+T*` with P any character but a letter, number or line break, H `head` and T `tail`; or the start. */
function casedWordEnd(text: string, start: number): number {
  const unit = text.charCodeAt(start)
  const hasPrefix = (classAt(text, start) & (letter | number)) === 0 && unit !== carriageReturn && unit !== lineFeed
  const afterPrefix = hasPrefix ? start + widthAt(text, start) : start
  for (const first of hasPrefix ? [afterPrefix, start] : [start]) {
    const end = headTailEnd(text, first)
    if (end > first) return end
  }
  const end = skip(text, afterPrefix, head)
  return end > afterPrefix ? end : start
}

/** `H*T+`: where nothing of T follows the run of H, the last character of the run that is also in T ends the match. */
function headTailEnd(text: string, start: number): number {
  const headEnd = skip(text, start, head)
  const tailEnd = skip(text, headEnd, tail)
  if (tailEnd > headEnd) return tailEnd
  for (let i = headEnd; i > start; ) {
    const width = i - 1 > start && isLowSurrogate(text.charCodeAt(i - 1)) ? 2 : 1
    if (classAt(text, i - width) & tail) return i
    i -= width
  }
  return start
}
