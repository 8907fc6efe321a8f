/** What the small world yields: each kind is a grammar, and what its document is an example of. */

import { dialogue } from './dialogue.ts'
import { chineseLabels, entailment, type Label } from './entailment.ts'
import { type Derivation, fill, type Grammar, type Language, write } from './grammar.ts'
import { instruction, type Task } from './instruction.ts'
import { question } from './question.ts'
import { translation } from './sentence.ts'
import { chineseSentiments, type Sentiment, sentiment } from './sentiment.ts'
import { story } from './story.ts'

/** Sentences about one state of the world. */
export interface Story {
  readonly story: string
}

/** The same sentence in both languages. */
export interface Translation {
  readonly en: string
  readonly zh: string
}

/** A question about a story. */
export interface Question {
  readonly story: string
  readonly question: string
  readonly answer: string
}

export interface Entailment {
  readonly premise: string
  readonly hypothesis: string
  readonly label: Label
}

/** A review, and whether it praises. */
export interface Review {
  readonly text: string
  readonly label: Sentiment
}

export interface Dialogue {
  readonly turns: readonly { readonly speaker: string; readonly text: string }[]
}

/** What to do, done well and done badly. */
export interface Instruction {
  readonly instruction: string
  readonly good: string
  readonly bad: readonly string[]
}

/** An example of each kind. */
export interface Examples {
  readonly story: Story
  readonly translation: Translation
  readonly question: Question
  readonly entailment: Entailment
  readonly sentiment: Review
  readonly dialogue: Dialogue
  readonly instruction: Instruction
}

export type Kind = keyof Examples

export interface KindDefinition<Example> {
  readonly grammar: Grammar<unknown>
  example(document: Document): Example
}

/** A document, to make an example of. */
export interface Document {
  readonly derivation: Derivation<unknown>
  readonly language: Language
  readonly lines: readonly string[]
  /** The lines without the labels that they may begin with. */
  readonly fields: readonly string[]
}

export const kinds: { readonly [Name in Kind]: KindDefinition<Examples[Name]> } = {
  story: { grammar: story, example: ({ fields: [text] }) => ({ story: text }) },
  translation: {
    grammar: translation,
    example: ({ language, fields: [source, target] }) =>
      language === 'en' ? { en: source, zh: target } : { en: target, zh: source },
  },
  question: {
    grammar: question,
    example: ({ fields: [text, asked, answer] }) => ({ story: text, question: asked, answer }),
  },
  entailment: {
    grammar: entailment,
    example: ({ fields: [premise, hypothesis, label], language }) => ({
      ...{ premise, hypothesis },
      label: labelOf(label, language, chineseLabels),
    }),
  },
  sentiment: {
    grammar: sentiment,
    example: ({ fields: [text, label], language }) => ({ text, label: labelOf(label, language, chineseSentiments) }),
  },
  dialogue: {
    grammar: dialogue,
    example: ({ lines }) => ({
      turns: lines.map(line => {
        const [, speaker, text] = /^(.*?)(?:: |：)(.*)$/.exec(line)!
        return { speaker, text }
      }),
    }),
  },
  instruction: {
    grammar: instruction,
    example: ({ derivation: [{ choice, drawn }], language, fields: [asked, good] }) => ({
      instruction: asked,
      good,
      bad: (choice as Task).bad[language].map(template => fill(template, drawn, language)),
    }),
  },
}

/** The name that stands for a label in a language. */
function labelOf<Name extends string>(text: string, language: Language, names: Readonly<Record<Name, string>>): Name {
  const all = Object.keys(names) as Name[]
  return all.find(name => (language === 'en' ? name : names[name]) === text)!
}

/** The example that a derivation is. */
export function exampleOf<Name extends Kind>(
  kind: Name,
  derivation: Derivation<unknown>,
  language: Language,
): Examples[Name] {
  const lines = write(derivation, language).trimEnd().split('\n')
  const fields = lines.map(line => line.replace(language === 'en' ? /^[A-Z][a-z]*: / : /^[\u4e00-\u9fff]{2}：/, ''))
  return kinds[kind].example({ derivation, language, lines, fields })
}
