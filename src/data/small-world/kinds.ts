/** What the small world yields: each kind is a grammar, and what its document is an example of. */

import { dialogue } from './dialogue.ts'
import { type Picture, rasterize, svg } from './draw.ts'
import { chineseLabels, entailment, type Label } from './entailment.ts'
import { facts } from './facts.ts'
import { type Binding, type Derivation, fill, type Grammar, type Language, write } from './grammar.ts'
import { instruction, type Task } from './instruction.ts'
import { lexicon } from './lexicon.ts'
import { everyQuestion, question, questionAtOnce, questionSoon, type Topic } from './question.ts'
import { type Scene as SceneDescription, scene, sceneOf } from './scene.ts'
import { translation } from './sentence.ts'
import { chineseSentiments, type Sentiment, sentiment } from './sentiment.ts'
import { newSorting, sorting } from './sorting.ts'
import { type StoryState, story } from './story.ts'

/** Sentences about one state of the world. */
export interface Story {
  readonly story: string
}

/** The same sentence in both languages. */
export interface Translation {
  readonly en: string
  readonly zh: string
}

/** A question with its answer, in a word and as a whole sentence. */
export interface AnsweredQuestion {
  readonly about: Topic
  readonly question: string
  readonly answer: string
  readonly fact: string
  /** Whether something in the story made it true. */
  readonly hasChanged: boolean
}

/** A question about a story. */
export interface Question {
  readonly story: string
  readonly question: string
  readonly answer: string
  /** The answer as a whole sentence. */
  readonly fact: string
  /** Everything that can be asked about the story, that question too. */
  readonly all: readonly AnsweredQuestion[]
}

/** A story, and what is true at its end. */
export interface Facts {
  readonly story: string
  readonly facts: string
}

/** Words with the signs of their groups. */
export interface Sorting {
  readonly lines: readonly { readonly word: string; readonly sign: string }[]
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

/** A picture and its caption. */
export interface Scene {
  readonly caption: string
  readonly scene: SceneDescription
  /** 32 by 32 pixels, for models. */
  readonly picture: Picture
  /** For people. */
  readonly svg: string
}

/** An example of each kind. */
export interface Examples {
  readonly story: Story
  readonly translation: Translation
  readonly question: Question
  /** Before anything happens: the easiest. */
  readonly questionAtOnce: Question
  /** After one or two events. */
  readonly questionSoon: Question
  readonly facts: Facts
  readonly sorting: Sorting
  /** Of pairs of groups that `sorting` never has. */
  readonly newSorting: Sorting
  readonly entailment: Entailment
  readonly sentiment: Review
  readonly dialogue: Dialogue
  readonly instruction: Instruction
  readonly scene: Scene
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
  question: { grammar: question, example: asked },
  questionAtOnce: { grammar: questionAtOnce, example: asked },
  questionSoon: { grammar: questionSoon, example: asked },
  facts: { grammar: facts, example: ({ fields: [text, told] }) => ({ story: text, facts: told }) },
  sorting: { grammar: sorting, example: sorted },
  newSorting: { grammar: newSorting, example: sorted },
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
  scene: {
    grammar: scene,
    example({ derivation, fields: [caption] }) {
      const described = sceneOf(derivation)
      return { caption, scene: described, picture: rasterize(described), svg: svg(described) }
    },
  },
}

function asked({ fields: [text, put, answer], derivation, language }: Document): Question {
  const words: Binding = new Map(derivation.flatMap(({ drawn }) => [...drawn]))
  const states = derivation.map(({ choice }) => choice.next as StoryState)
  const before = everyQuestion(states.find(({ phase }) => phase === 'events')!)
  const all = everyQuestion(states.at(-2)!).map((found, i) => {
    const [one, its, fact] = found[language].map(template => fill(template, words, language))
    return { about: found.about, question: one, answer: its, fact, hasChanged: found.en[2] !== before[i].en[2] }
  })
  const { fact } = all.find(({ question: one }) => one === put)!
  return { story: text, question: put, answer, fact, all }
}

function sorted({ lines }: Document): Sorting {
  return {
    lines: lines.map(line => {
      const [, word, sign] = /^(.*)(?:: |：)(.*)$/.exec(line)!
      return { word, sign }
    }),
  }
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

/** Kinds of text: those of the examples, and all of them mixed, each document under a heading that names its kind. */
export type TextKind = Kind | 'mixed'

/** Easy questions, facts and sorted words are no part of the mixture: each is there for something of its own. */
const headings: Readonly<
  Record<
    Exclude<Kind, 'questionAtOnce' | 'questionSoon' | 'facts' | 'sorting' | 'newSorting'>,
    { readonly weight: number; readonly zh: string }
  >
> = {
  story: { weight: 3, zh: '故事' },
  translation: { weight: 3, zh: '翻译' },
  question: { weight: 2, zh: '问答' },
  entailment: { weight: 2, zh: '推理' },
  sentiment: { weight: 2, zh: '评论' },
  dialogue: { weight: 2, zh: '对话' },
  instruction: { weight: 2, zh: '指令' },
  scene: { weight: 2, zh: '图画' },
}

interface MixedState {
  readonly kind?: Kind
  readonly state?: unknown
}

const mixed: Grammar<MixedState> = {
  lexicon,
  start: {},
  choices({ kind, state }) {
    if (kind === undefined)
      return (Object.keys(headings) as (keyof typeof headings)[]).map(name => ({
        weight: headings[name].weight,
        en: `# ${name}\n`,
        zh: `# ${headings[name].zh}\n`,
        next: { kind: name, state: kinds[name].grammar.start },
      }))
    return kinds[kind].grammar.choices(state).map(choice => ({ ...choice, next: { kind, state: choice.next } }))
  },
}

export function grammarOf(kind: TextKind): Grammar<unknown> {
  return kind === 'mixed' ? mixed : kinds[kind].grammar
}
