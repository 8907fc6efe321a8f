/** Single sentences of the small world, in both languages: what a story may tell, without the story. */
import { type Choice, type Grammar, inLanguage, type Language, pieces } from './grammar.ts'
import { lexicon } from './lexicon.ts'
import { type StoryState, story, storyStart } from './story.ts'

export type TranslationState = 'start' | 'end'

/** Situations that between them allow every kind of sentence. */
const situations: readonly { readonly weight: number; readonly state: StoryState }[] = [
  { weight: 1, state: { ...storyStart, phase: 'people' } },
  { weight: 1, state: { ...storyStart, phase: 'things', at: [0, 0], places: 1 } },
  { weight: 3, state: { ...storyStart, phase: 'events', at: [0, 0], things: [0, -1], places: 1 } },
  { weight: 2, state: { ...storyStart, phase: 'events', at: [0, 1], things: [1, -2], places: 2 } },
  { weight: 1, state: feeling('use') },
  { weight: 1, state: feeling('search') },
  { weight: 1, state: { ...storyStart, phase: 'events', at: [0, 0], things: [0, -1], places: 1, events: 5 } },
]

function feeling(because: 'use' | 'search'): StoryState {
  return { ...storyStart, phase: 'events', at: [0, 0], things: [], places: 3, mood: { person: 0, because } }
}

/** A sentence in both languages. The first one costs all the bits, the other one follows from it. */
export const translation: Grammar<TranslationState> = {
  lexicon,
  start: 'start',
  choices: state => (state === 'start' ? translations() : []),
}

let knownTranslations: readonly Choice<TranslationState>[] | undefined

function translations(): readonly Choice<TranslationState>[] {
  knownTranslations ??= sentences().map(({ weight, en, zh }) => ({
    weight,
    en: `English: ${en}\nChinese: ${repeated(zh, 'zh')}\n\n`,
    zh: `中文：${zh}\n英文：${repeated(en, 'en')}\n\n`,
    next: 'end',
  }))
  return knownTranslations
}

/** A template of words that are drawn already. */
export function repeated(template: string, language: Language): string {
  return inLanguage(template, language).replaceAll('{new ', '{')
}

/** A pattern in which every word is drawn. */
export interface Sentence {
  readonly weight: number
  readonly en: string
  readonly zh: string
}

let known: readonly Sentence[] | undefined

/** Every pattern of a sentence once, with the weight of all its occasions. */
export function sentences(): readonly Sentence[] {
  if (known !== undefined) return known
  const byPattern = new Map<string, Sentence>()
  for (const { weight, state } of situations) {
    const options = story.choices(state)
    const total = options.reduce((sum, option) => sum + option.weight, 0)
    for (const option of options) {
      const { en, zh } = alone(option)
      const share = (weight * option.weight) / total + (byPattern.get(en)?.weight ?? 0)
      byPattern.set(en, { weight: share, en, zh })
    }
  }
  known = [...byPattern.values()]
  return known
}

/** Patterns in which every word is drawn, slots numbered as the English sentence names them. */
export function alone({ en, zh }: { readonly en: string; readonly zh: string }): { en: string; zh: string } {
  const renamed = new Map<string, string>()
  const counts = new Map<string, number>()
  for (const piece of pieces(en)) {
    if (typeof piece === 'string' || renamed.has(piece.slot)) continue
    const kind = piece.slot.replace(/\d+$/, '')
    const count = counts.get(kind) ?? 0
    counts.set(kind, count + 1)
    renamed.set(piece.slot, kind === piece.slot ? kind : `${kind}${count}`)
  }
  const rewritten = (template: string): string => {
    const seen = new Set<string>()
    return pieces(template)
      .map(piece => {
        if (typeof piece === 'string') return piece
        const slot = renamed.get(piece.slot)!
        const mark = seen.has(slot) ? '' : 'new '
        seen.add(slot)
        return `{${mark}${piece.capital ? '^' : ''}${slot}.${piece.form}}`
      })
      .join('')
  }
  return { en: rewritten(en).trim(), zh: rewritten(zh).trim() }
}
