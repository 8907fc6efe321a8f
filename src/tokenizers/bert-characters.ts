/**
 * How BERT reads characters: text is cleaned, Chinese characters and marks stand apart, accents are taken off.
 * Devlin et al., 2018: `BasicTokenizer` of the authors' program, as Hugging Face's BertNormalizer and BertPreTokenizer do it.
 */

export interface BertReading {
  /** Whether text is read in small letters. */
  readonly lowercase: boolean
  /** Whether accents are taken off: é is e. */
  readonly stripAccents: boolean
  /** Whether each Chinese character stands alone. */
  readonly splitChinese: boolean
}

/** The words and marks of a text, in their order. */
export function bertWords(text: string, reading: BertReading): string[] {
  if (plainAscii.test(text)) return (reading.lowercase ? text.toLowerCase() : text).match(asciiWords) ?? []
  const normalized = normalize(text, reading)
  const classes = characterClasses()
  const words: string[] = []
  let start = 0
  const end = (index: number): void => {
    if (index > start) words.push(normalized.slice(start, index))
  }
  for (let i = 0; i < normalized.length; ) {
    const codePoint = normalized.codePointAt(i)!
    const next = i + (codePoint > 0xffff ? 2 : 1)
    const found = classes[codePoint]
    if (found === space || found === mark) {
      end(i)
      if (found === mark) words.push(normalized.slice(i, next))
      start = next
    }
    i = next
  }
  end(normalized.length)
  return words
}

/** What the words are cut from: spaces for all white space, and around Chinese characters. */
export function normalize(text: string, { lowercase, stripAccents, splitChinese }: BertReading): string {
  const classes = characterClasses()
  let cleaned = ''
  for (const character of text) {
    const found = classes[character.codePointAt(0)!]
    if (found === removed) continue
    if (found === space) cleaned += ' '
    else cleaned += found === chinese && splitChinese ? ` ${character} ` : character
  }
  if (stripAccents) {
    let kept = ''
    for (const character of cleaned.replace(decomposed, part => part.normalize('NFD')))
      if (classes[character.codePointAt(0)!] !== accent) kept += character
    cleaned = kept
  }
  // The rule of the last sigma of a word is JavaScript's, not BERT's.
  return lowercase ? cleaned.replaceAll('\u03a3', '\u03c3').toLowerCase() : cleaned
}

/** The index after the last white space or Chinese character, where any text can be cut; 0 where there is none. */
export function afterLastBoundary(text: string, { splitChinese }: Pick<BertReading, 'splitChinese'>): number {
  const classes = characterClasses()
  for (let i = text.length; i > 0; i--) {
    const isPair = (text.charCodeAt(i - 1) & 0xfc00) === 0xdc00 && i > 1
    const found = classes[isPair ? text.codePointAt(i - 2)! : text.charCodeAt(i - 1)]
    if (found === space || (splitChinese && found === chinese)) return i
  }
  return 0
}

/** Whether a character is a Chinese one. */
export const isChinese = (codePoint: number): boolean => characterClasses()[codePoint] === chinese

/** Whether two pieces of text are written apart: not beside Chinese characters or full-width marks, nor before closing marks. */
export function needsSpace(before: string, after: string): boolean {
  const last = before.codePointAt(before.length - (/[\udc00-\udfff]$/.test(before) ? 2 : 1)) ?? 0
  const first = after.codePointAt(0) ?? 0
  return !(/^[.,!?]$/.test(after) || isWide(last) || isWide(first))
}

/** Chinese characters, kana, and the marks that stand among them. */
const isWide = (codePoint: number): boolean =>
  isChinese(codePoint) || (codePoint >= 0x3000 && codePoint < 0x3100) || (codePoint >= 0xff00 && codePoint < 0xff66)

/** Neither control characters nor anything beyond ASCII. */
const plainAscii = /^[\t\n\r -~]*$/
const asciiWords = /[a-zA-Z0-9]+|[!-/:-@[-`{-~]/g

/** All but the composed characters of Unicode 13 and 16, which Hugging Face's tables and older hosts do not take apart. */
const decomposed =
  /[^\u{105c9}\u{105e4}\u{11383}\u{11385}\u{1138e}\u{11391}\u{113c5}\u{113c7}\u{113c8}\u{11938}\u{16121}-\u{16128}\u{16d68}-\u{16d6a}]+/gu

const removed = 1
const space = 2
const chinese = 3
const accent = 4
const mark = 5

let table: Uint8Array | undefined

/** One of the classes above for each code point, 0 for letters and all others; built once. */
export function characterClasses(): Uint8Array {
  table ??= readRuns(runs)
  return table
}

/** Reads runs of a class letter and a length in base 36 (1 where it is left out). */
function readRuns(text: string): Uint8Array {
  const classes = new Uint8Array(0x110000)
  let codePoint = 0
  for (const [, name, digits] of text.matchAll(/([A-Z.])([0-9a-z]*)/g)) {
    const end = codePoint + (digits === '' ? 1 : Number.parseInt(digits, 36))
    classes.fill('.RWCMP'.indexOf(name), codePoint, end)
    codePoint = end
  }
  return classes
}

/** Written by scripts/goldens/word_piece.py --classes. */
const runs: string =
  'R9W2R2WRiWPf.aP7.qP6.qP4RxWP.5P.3P.R.8P2.3P.3P.g0M34.eP.8P.6zM5.5uP6.15P2.6M19PMPM2PM2PM.17P2.bR6.3P2.P2.2MbPR.P' +
  '2.17Ml.aP4.2M.2rP.M7R.M6.2M2.M4.iPe.R.M.uMr.2jMb.1mM9.3P3.sM4.M9.M3.M5.2Pf.qM3.2P.3oMw.1jM.M.4M8.4M.3M7.aM2P2.aP' +
  '.gM.1mM.4M4.8M.kM2.tM2.1lM.4M2.4M2.2M3.3M.uM2.3M.bM2.1lM.4M5.M2.4M.kM2.cP.gM.1mM.2M.M4.8M.8M.bM2.uM.1pM.cM.1eM.1' +
  'pM3.5M3.M4.7M2.bM2.tM.1mM.2M.6M.5M2.kM2.tM.1rM4.8M.kM2.2uM.7M3.M.tP.1oM.2M7.cM8P.aP2.2dM.2M6.M2.bM6.1iPf.P.3M2.r' +
  'M.M.MP4.1fMe.M5PM2.5Mb.M10.9M.9P5.4P2.2aM4.M6.M2.2M2.bP6.8M2.4M3.gM4.dM.2M2.6M.fM.2lP.gxM3P9.47P.h8P2.hW.qP2.26P' +
  '3.10M3.tM3P2.rM2.uM2.1sM2.M7.8M.2MbP3.P3.2M.yPbM3R.4aM.3aM3.4M2.9M.6M3.8P2.5tM2.2M.2P2.1iM.M7.M.M.2M8.6Ma.2M.wP7' +
  '.P6.2Me.1uM4.1cM.M5.M.5M.nP7.aM9.cM2.wM4.2M2.M3.1kM.M2.3M.M3.aP4.18M8.2M2.3P5.1qP2.1sP8.8M3PMd.M7.4M.6M.3M2.5iM1' +
  'i.6M4.e8WbR5PoW2R5WPk.Pd.PcWR5.Ra.dP2.eP2.1tMd.4M.3Mc.evP4.tP2.u5Pe.27P2.vPa.b7Pm.1rP4.wP2.kxM3.7P4.P2.34P.eM.2o' +
  'MwP1b.Pj.cdWP3.4Pa.2Pc.aM4.2P.cP.2jM2.5P.2iP.lgC534.1sCg74.ziP2.7hP3.2nM.3PMaP.vM2.28M2P6.7eM.3M.4M.pM2.25P4.24M' +
  '.9P2.gMi.6P3.P.15M8P2.nMb.dP.wM3.1cM.2M4.2M.4Pd.gP2.5M.1vM6.2M2.2M2.cM.8M.fP4.sM.1fM.M3.2M2.5M2.M.sP2.cM2.2P2.4M' +
  '.6mM.2M.2P.M.8peR6ioCe8.uM.f3P2.5cMgPa.6MgPz.Pe.P.4P.P2.43R.P3.P6.P4.aP2.3P2.qP3.P.rP.P.P7.43R3.R.76P3.6yM.6aM.4' +
  '5M5.10P.1cP.biP.knP.5jP.vP.5dM3.M2.5M4.14M3.4M.gP9.12P.2tM2.9P7.1uP7.2hP4.v8M.1iMfP7.1dM3.1dM4.2M2P2RP4.1qM3.10M' +
  '5.M8.bP4.1bMP2.aM2.1gM9.6P5M3P.dP.P3.27M3.2M.M2P6.2zP.1hM.3M8.lM2.1mM.3M.11M7.3M5.8uM6.M.4M2.M2.2P.6jM4.6M2.M2Pn' +
  '.4M2.2dM8.2M.M2P3.2vM.M.2M6.M.2tM3.2M4.M5.gP3.2ltP5.dtlP2.3kM5P.1mM7P5.8P.uiM4.f7uM2PR4.43nM3.9R8M8.2M7.uM4.44M3' +
  '.1izM1j.4M1e.8M.eM.2P5.fM5.Mf.2sgM7.4kpCwyo.wC3ds.74C49c.85sCf4.fhepR.uR2o.3kM6o.1e6oR1eke.2R1eke.2'
