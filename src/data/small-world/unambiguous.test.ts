/** Every text has one derivation: at no state does what one choice writes begin with what another one writes. */
import { describe, expect, test } from 'vitest'
import { Random } from '../../base/random.ts'
import { smallWorldKinds } from '../small-world.ts'
import { type Choice, draw, type Grammar, type Language, newSlots, pieces, type Word } from './grammar.ts'
import { grammarOf } from './kinds.ts'

type Binding = ReadonlyMap<string, Word>

/** A choice that is being written: its template from a piece on, the words so far, text that the other one lacks. */
interface Writer {
  readonly choice: Choice<unknown>
  readonly piece: number
  /** Drawn by this template. */
  readonly own: Binding
  readonly ahead: string
}

/** Ways to write the next piece; a word of a slot that the template has drawn before stays what it is. */
function continued(writer: Writer, { lexicon }: Grammar<unknown>, language: Language, outer: Binding): Writer[] {
  const piece = pieces(writer.choice[language])[writer.piece]
  const next = { ...writer, piece: writer.piece + 1 }
  if (typeof piece === 'string') return [{ ...next, ahead: writer.ahead + piece }]
  const form = (of: Word) => {
    const text = of[piece.language ?? language][piece.form]
    return piece.capital ? text[0].toUpperCase() + text.slice(1) : text
  }
  const word =
    writer.own.get(piece.slot) ?? (newSlots(writer.choice.en).includes(piece.slot) ? undefined : outer.get(piece.slot))
  if (word !== undefined) return [{ ...next, ahead: writer.ahead + form(word) }]
  const name = piece.slot.replace(/\d+$/, '')
  const { words, distinct } = lexicon[name]
  const earlier = Array.from({ length: Number(piece.slot.slice(name.length)) }, (_, i) => `${name}${i}`)
  const taken = distinct ? earlier.map(slot => writer.own.get(slot) ?? outer.get(slot)) : []
  return words
    .filter(candidate => !taken.includes(candidate))
    .map(candidate => ({
      ...next,
      own: new Map(writer.own).set(piece.slot, candidate),
      ahead: writer.ahead + form(candidate),
    }))
}

/** Two ways of writing, one of which begins with the other; undefined if there are none. */
function clash(
  a: Writer,
  b: Writer,
  grammar: Grammar<unknown>,
  language: Language,
  outer: Binding,
): string | undefined {
  const ended = (writer: Writer) => writer.piece === pieces(writer.choice[language]).length
  const common = Math.min(a.ahead.length, b.ahead.length)
  if (a.ahead.slice(0, common) !== b.ahead.slice(0, common)) return undefined
  const [x, y] = [a, b].map(writer => ({ ...writer, ahead: writer.ahead.slice(common) }))
  const sameSoFar =
    a.choice === b.choice && a.piece === b.piece && newSlots(a.choice.en).every(s => a.own.get(s) === b.own.get(s))
  if (ended(x) && x.ahead === '')
    return ended(y) && sameSoFar ? undefined : `${a.choice[language]} | ${b.choice[language]}`
  if (ended(y) && y.ahead === '') return `${b.choice[language]} | ${a.choice[language]}`
  if (sameSoFar) {
    // Equal words: one of them stands for all. Different words: all pairs.
    const ways = continued(x, grammar, language, outer)
    for (const [i, one] of ways.entries()) {
      for (const [j, other] of ways.entries()) {
        if (j < i || (j === i && i > 0)) continue
        const found = clash(one, other, grammar, language, outer)
        if (found !== undefined) return found
      }
    }
    return undefined
  }
  // The one that is behind goes on.
  const isFirst = !ended(x) && x.ahead.length <= y.ahead.length
  for (const way of continued(isFirst ? x : y, grammar, language, outer)) {
    const found = isFirst ? clash(way, y, grammar, language, outer) : clash(x, way, grammar, language, outer)
    if (found !== undefined) return found
  }
  return undefined
}

/** The first clash among the choices of a state. */
function ambiguity(grammar: Grammar<unknown>, state: unknown, outer: Binding, language: Language): string | undefined {
  const writers = grammar.choices(state).map(choice => ({ choice, piece: 0, own: new Map<string, Word>(), ahead: '' }))
  for (const [i, a] of writers.entries()) {
    for (const b of writers.slice(i)) {
      const found = clash(a, b, grammar, language, outer)
      if (found !== undefined) return found
    }
  }
  return undefined
}

describe.each(smallWorldKinds)('%s', kind => {
  const grammar = grammarOf(kind)

  test.each(['en', 'zh'] as const)('no choice begins with another one (%s)', language => {
    const found = new Map<string, string | undefined>()
    for (let i = 0; i < 60; i++) {
      const binding = new Map<string, Word>()
      let state = grammar.start
      for (const { choice, drawn } of draw(grammar, new Random(1, `${kind}/${i}`))) {
        const key = JSON.stringify(state)
        if (!found.has(key)) found.set(key, ambiguity(grammar, state, new Map(binding), language))
        for (const [slot, word] of drawn) binding.set(slot, word)
        state = choice.next
      }
    }
    expect(found.size).toBeGreaterThan(0)
    expect([...found.values()].filter(clashes => clashes !== undefined)).toEqual([])
  })

  test('both languages draw the same words', () => {
    for (let i = 0; i < 60; i++)
      for (const { choice } of draw(grammar, new Random(2, `${kind}/${i}`)))
        expect(newSlots(choice.zh)).toEqual(newSlots(choice.en))
  })
})

test.each(['en', 'zh'] as const)('nor does a heading of the mixed text (%s)', language => {
  const grammar = grammarOf('mixed')
  expect(ambiguity(grammar, grammar.start, new Map(), language)).toBeUndefined()
})

test('an ambiguous grammar is found out', () => {
  const choices = (texts: readonly string[]): Grammar<unknown> => ({
    lexicon: grammarOf('story').lexicon,
    start: 0,
    choices: state => (state === 0 ? texts.map(text => ({ weight: 1, en: text, zh: text, next: 1 })) : []),
  })
  const found = (...texts: string[]) => ambiguity(choices(texts), 0, new Map(), 'en')
  expect(found('a', 'b')).toBeUndefined()
  expect(found('a', 'ab')).toBe('a | ab')
  expect(found('a ', 'ab')).toBeUndefined()
  expect(found('{new person0} is', '{new person0} was')).toBeUndefined()
  expect(found('{new person0} is', 'Mia is')).toBe('{new person0} is | Mia is')
  expect(found('{new meeting.before}')).toBe('{new meeting.before} | {new meeting.before}') // told, and told
  expect(found('{new meeting.before} me{meeting.after}.')).toBeUndefined()
})
