/** What a picture shows, in words: the sky, the ground, and one to three things from left to right. */
import type { Binding, Choice, Derivation, Grammar, Word } from './grammar.ts'
import { lexicon } from './lexicon.ts'

export type Position = 'left' | 'middle' | 'right'

/** A scene by the English names of what is in it. */
export interface Scene {
  readonly sky: string
  readonly ground: string
  readonly objects: readonly SceneObject[]
}

export interface SceneObject {
  readonly position: Position
  readonly colour: string
  readonly size: string
  readonly figure: string
}

export interface SceneState {
  readonly phase: 'setting' | 'objects' | 'end'
  /** Where the objects are; the slots have their numbers. */
  readonly positions: readonly Position[]
}

const arrangements: readonly { readonly weight: number; readonly positions: readonly Position[] }[] = [
  { weight: 1, positions: ['left'] },
  { weight: 1, positions: ['middle'] },
  { weight: 1, positions: ['right'] },
  { weight: 2, positions: ['left', 'right'] },
  { weight: 1, positions: ['left', 'middle'] },
  { weight: 1, positions: ['middle', 'right'] },
  { weight: 2, positions: ['left', 'middle', 'right'] },
]

const en = { left: 'on the left', middle: 'in the middle', right: 'on the right' }
const zh = { left: '左边', middle: '中间', right: '右边' }

export const scene: Grammar<SceneState> = {
  lexicon,
  start: { phase: 'setting', positions: [] },
  choices(state) {
    if (state.phase === 'setting') return settings()
    return state.phase === 'objects' ? descriptions() : []
  },
}

function settings(): Choice<SceneState>[] {
  const next: SceneState = { phase: 'objects', positions: [] }
  return [{ weight: 1, en: '{new ^ground.on} {new sky.over}, ', zh: '{new sky.over}的{new ground.on}，', next }]
}

function descriptions(): Choice<SceneState>[] {
  return arrangements.map(({ weight, positions }) => {
    const things = positions.map((position, i) => ({
      en: `{new size${i}.a} {new colour${i}} {new figure${i}} ${en[position]}`,
      zh: `${zh[position]}有{new figure${i}.one}{new colour${i}}{new size${i}}{figure${i}}`,
    }))
    const english = things.map(thing => thing.en)
    const list = english.length === 1 ? english[0] : `${english.slice(0, -1).join(', ')} and ${english.at(-1)}`
    return {
      weight,
      en: `there is ${list}.\n\n`,
      zh: `${things.map(thing => thing.zh).join('，')}。\n\n`,
      next: { phase: 'end', positions },
    }
  })
}

/** The scene that a caption tells. */
export function sceneOf(derivation: Derivation<unknown>): Scene {
  const words: Binding = new Map(derivation.flatMap(({ drawn }) => [...drawn]))
  const name = (slot: string): string => (words.get(slot) as Word).en.name
  const { positions } = derivation.at(-1)!.choice.next as SceneState
  const objects = positions.map((position, i) => ({
    position,
    colour: name(`colour${i}`),
    size: name(`size${i}`),
    figure: name(`figure${i}`),
  }))
  return { sky: name('sky'), ground: name('ground'), objects }
}
