/** What the small world yields: each kind is a grammar, how its document is laid out, and what it is an example of. */
import { byteLength, type Derivation, type Expectation, type Grammar, type Language, write } from './grammar.ts'
import { sentence } from './sentence.ts'
import { story } from './story.ts'

/** A story: sentences about one state of the world. */
export interface Story {
  readonly story: string
}

/** The same sentence in both languages. */
export interface Translation {
  readonly en: string
  readonly zh: string
}

/** An example of each kind. */
export interface Examples {
  readonly story: Story
  readonly translation: Translation
}

export type Kind = keyof Examples

export interface KindDefinition<Example> {
  readonly grammar: Grammar<unknown>
  /** What stands before the grammar's text. */
  readonly label: Readonly<Record<Language, string>>
  /** The whole document. */
  layout(derivation: Derivation<unknown>, language: Language): string
  /** Expected bytes of a document. */
  bytes(expected: Expectation, language: Language): number
  example(derivation: Derivation<unknown>, language: Language): Example
}

/** A kind whose document is the grammar's own text. */
function plain<Example>(
  grammar: Grammar<unknown>,
  example: (text: string, language: Language, derivation: Derivation<unknown>) => Example,
): KindDefinition<Example> {
  return {
    grammar,
    label: { en: '', zh: '' },
    layout: write,
    bytes: ({ bytes }, language) => bytes[language],
    example: (derivation, language) => example(write(derivation, language).trimEnd(), language, derivation),
  }
}

const labels = {
  en: { source: 'English: ', target: '\nChinese: ' },
  zh: { source: '中文：', target: '\n英文：' },
} as const

const otherLanguage = { en: 'zh', zh: 'en' } as const

/** The source costs all the bits; the target follows from it. */
const translation: KindDefinition<Translation> = {
  grammar: sentence,
  label: { en: labels.en.source, zh: labels.zh.source },
  layout(derivation, language) {
    const { source, target } = labels[language]
    return `${source}${write(derivation, language)}${target}${write(derivation, otherLanguage[language])}\n\n`
  },
  bytes({ bytes }, language) {
    const { source, target } = labels[language]
    return byteLength(`${source}${target}\n\n`) + bytes.en + bytes.zh
  },
  example: derivation => ({ en: write(derivation, 'en'), zh: write(derivation, 'zh') }),
}

export const kinds: { readonly [Name in Kind]: KindDefinition<Examples[Name]> } = {
  story: plain(story, text => ({ story: text })),
  translation,
}
