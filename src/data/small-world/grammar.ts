/**
 * Probabilistic grammars whose exact entropy is known. A document is a walk through the states of a grammar: each state
 * offers weighted choices, each choice writes a template and leads to the next state. Words are drawn where a template
 * says `{new slot}`; what follows never depends on which word it was, only later mentions of the slot repeat it. So the
 * expected bits and bytes of a document are sums over states, computed exactly by recursion.
 */
import type { Random } from '../../base/random.ts'

export type Language = 'en' | 'zh'

/** Forms of a word by name, `name` unless told otherwise. */
export type Forms = Readonly<Record<string, string>>

/** A word of the world: one meaning, two languages. */
export interface Word {
  /** Its share among the words of its class. */
  readonly weight: number
  readonly en: Forms
  readonly zh: Forms
}

/** Words that a slot may be filled with. */
export interface WordClass {
  readonly words: readonly Word[]
  /** Slots `person0` and `person1` never hold the same word. */
  readonly distinct: boolean
}

/** Classes by name; the slot `person0` belongs to `person`. */
export type Lexicon = Readonly<Record<string, WordClass>>

/**
 * One way on from a state. Templates: `{new person0}` draws a word, `{person0.subject}` mentions one that was drawn,
 * `{^thing0.the}` with a capital letter, `{thing0@zh}` in a language of its own. Both languages draw the same slots.
 */
export interface Choice<State> {
  readonly weight: number
  readonly en: string
  readonly zh: string
  readonly next: State
}

/** A state is plain data and holds everything that the future depends on, but no word. */
export interface Grammar<State> {
  readonly lexicon: Lexicon
  readonly start: State
  /** None: the document has ended. */
  choices(state: State): readonly Choice<State>[]
}

/** Words by slot. */
export type Binding = ReadonlyMap<string, Word>

export interface Step<State> {
  readonly choice: Choice<State>
  /** Words that this step drew. */
  readonly drawn: Binding
}

/** All choices that made a document. */
export type Derivation<State> = readonly Step<State>[]

/** Expected values of a document. */
export interface Expectation {
  readonly bits: number
  /** In UTF-8, by language. */
  readonly bytes: Readonly<Record<Language, number>>
}

type Piece = string | Mention

interface Mention {
  readonly slot: string
  readonly form: string
  readonly isNew: boolean
  readonly capital: boolean
  /** Unless it is the document's. */
  readonly language?: Language
}

/** Draws a document. */
export function draw<State>(grammar: Grammar<State>, random: Random): Derivation<State> {
  const steps: Step<State>[] = []
  const binding = new Map<string, Word>()
  for (let options = grammar.choices(grammar.start); options.length > 0; ) {
    const choice = weighted(options, random)
    const drawn = new Map<string, Word>()
    for (const slot of newSlots(choice.en)) {
      const word = weighted(candidates(grammar.lexicon, slot, binding), random)
      binding.set(slot, word)
      drawn.set(slot, word)
    }
    steps.push({ choice, drawn })
    options = grammar.choices(choice.next)
  }
  return steps
}

/** The text of a derivation. */
export function write<State>(derivation: Derivation<State>, language: Language): string {
  const binding = new Map<string, Word>()
  return derivation
    .map(({ choice, drawn }) => {
      for (const [slot, word] of drawn) binding.set(slot, word)
      return fill(choice[language], binding, language)
    })
    .join('')
}

/** A template with its slots filled. */
export function fill(template: string, binding: Binding, language: Language): string {
  return pieces(template)
    .map(piece => (typeof piece === 'string' ? piece : wordForm(binding.get(piece.slot), piece, language)))
    .join('')
}

/** log2 of a derivation's probability. */
export function logProbability<State>(grammar: Grammar<State>, derivation: Derivation<State>): number {
  const binding = new Map<string, Word>()
  let state = grammar.start
  let bits = 0
  for (const { choice, drawn } of derivation) {
    const options = grammar.choices(state)
    bits += Math.log2(choice.weight / totalWeight(options))
    for (const slot of newSlots(choice.en)) {
      const word = drawn.get(slot)!
      bits += Math.log2(word.weight / totalWeight(candidates(grammar.lexicon, slot, binding)))
      binding.set(slot, word)
    }
    state = choice.next
  }
  return bits
}

/** Every derivation of a text's beginning, with the place where it ends: exactly one where a document begins. */
export function parse<State>(
  grammar: Grammar<State>,
  text: string,
  language: Language,
): { readonly derivation: Derivation<State>; readonly end: number }[] {
  const found: { derivation: Derivation<State>; end: number }[] = []
  const walk = (state: State, binding: Binding, end: number, steps: Derivation<State>): void => {
    const options = grammar.choices(state)
    if (options.length === 0) found.push({ derivation: steps, end })
    for (const choice of options) {
      const template = pieces(choice[language])
      for (const match of matches(grammar.lexicon, template, text, end, binding, language)) {
        const drawn = new Map([...match.binding].filter(([slot]) => newSlots(choice.en).includes(slot)))
        walk(choice.next, match.binding, match.end, [...steps, { choice, drawn }])
      }
    }
  }
  walk(grammar.start, new Map(), 0, [])
  return found
}

/** Ways in which a template reads the text from a place on. */
function matches(
  lexicon: Lexicon,
  template: readonly Piece[],
  text: string,
  begin: number,
  binding: Binding,
  language: Language,
): { binding: Binding; end: number }[] {
  let ways = [{ binding, end: begin }]
  const drawnHere = new Set<string>()
  for (const piece of template) {
    if (typeof piece === 'string') {
      ways = ways.flatMap(way => (text.startsWith(piece, way.end) ? [{ ...way, end: way.end + piece.length }] : []))
    } else {
      const isNew = piece.isNew && !drawnHere.has(piece.slot)
      if (isNew) drawnHere.add(piece.slot)
      ways = ways.flatMap(way =>
        (isNew ? candidates(lexicon, piece.slot, way.binding) : [way.binding.get(piece.slot)!]).flatMap(word => {
          const form = wordForm(word, piece, language)
          if (!text.startsWith(form, way.end)) return []
          const bound = isNew ? new Map(way.binding).set(piece.slot, word) : way.binding
          return [{ binding: bound, end: way.end + form.length }]
        }),
      )
    }
    if (ways.length === 0) break
  }
  return ways
}

/**
 * Exact expectation of a document's bits and bytes. Bits of a step: the entropy of its choice and of the words drawn.
 */
export function expectation<State>(grammar: Grammar<State>): Expectation {
  const before = expectations.get(grammar)
  if (before !== undefined) return before
  const value = expectationOf(grammar)
  expectations.set(grammar, value)
  return value
}

const expectations = new WeakMap<object, Expectation>()

function expectationOf<State>(grammar: Grammar<State>): Expectation {
  const known = new Map<string, Expectation>()
  const words = wordExpectations(grammar.lexicon)
  const of = (state: State): Expectation => {
    const key = JSON.stringify(state)
    const before = known.get(key)
    if (before !== undefined) return before
    const options = grammar.choices(state)
    const total = totalWeight(options)
    let bits = 0
    const bytes = { en: 0, zh: 0 }
    for (const choice of options) {
      const probability = choice.weight / total
      const rest = of(choice.next)
      const drawn = newSlots(choice.en).reduce((sum, slot) => sum + words.bits(slot), 0)
      bits += probability * (drawn + rest.bits - Math.log2(probability))
      for (const language of ['en', 'zh'] as const)
        bytes[language] += probability * (templateBytes(choice[language], language, words) + rest.bytes[language])
    }
    const value = { bits, bytes }
    known.set(key, value)
    return value
  }
  return of(grammar.start)
}

interface WordExpectations {
  /** Of the draw of a slot, given those before. */
  bits(slot: string): number
  /** Of a form of the slot's word. */
  bytes(slot: string, form: string, language: Language): number
}

function templateBytes(template: string, language: Language, words: WordExpectations): number {
  return pieces(template).reduce(
    (sum, piece) =>
      sum +
      (typeof piece === 'string' ? byteLength(piece) : words.bytes(piece.slot, piece.form, piece.language ?? language)),
    0,
  )
}

/** Over all ordered draws of the slots of a class, the later ones without the words of the earlier ones. */
function wordExpectations(lexicon: Lexicon): WordExpectations {
  const bySlot = new Map<string, { bits: number; shares: ReadonlyMap<Word, number> }>()
  const of = (slot: string) => {
    const before = bySlot.get(slot)
    if (before !== undefined) return before
    const earlier = lexicon[classOf(slot)].distinct ? earlierSlots(slot) : []
    const shares = new Map<Word, number>()
    let bits = 0
    const walk = (index: number, probability: number, binding: Binding): void => {
      const name = index < earlier.length ? earlier[index] : slot
      const options = candidates(lexicon, name, binding)
      const total = totalWeight(options)
      for (const word of options) {
        const share = word.weight / total
        if (index < earlier.length) walk(index + 1, probability * share, new Map(binding).set(name, word))
        else {
          bits -= probability * share * Math.log2(share)
          shares.set(word, (shares.get(word) ?? 0) + probability * share)
        }
      }
    }
    walk(0, 1, new Map())
    const value = { bits, shares }
    bySlot.set(slot, value)
    return value
  }
  const lengths = new Map<string, number>()
  return {
    bits: slot => of(slot).bits,
    bytes(slot, form, language) {
      const key = `${slot}.${form}.${language}`
      let length = lengths.get(key)
      if (length === undefined) {
        length = 0
        for (const [word, share] of of(slot).shares)
          length += share * byteLength(wordForm(word, { slot, form, isNew: false, capital: false }, language))
        lengths.set(key, length)
      }
      return length
    },
  }
}

/** Words that may fill a slot. */
function candidates(lexicon: Lexicon, slot: string, binding: Binding): readonly Word[] {
  const { words, distinct } = lexicon[classOf(slot)]
  if (!distinct) return words
  const taken = earlierSlots(slot).map(earlier => {
    const word = binding.get(earlier)
    if (word === undefined) throw new Error(`${slot} is drawn before ${earlier}`)
    return word
  })
  return taken.length === 0 ? words : words.filter(word => !taken.includes(word))
}

function classOf(slot: string): string {
  return slot.replace(/\d+$/, '')
}

/** `person2` comes after `person0` and `person1`. */
function earlierSlots(slot: string): string[] {
  const number = Number(/\d+$/.exec(slot)?.[0] ?? 0)
  return Array.from({ length: number }, (_, i) => `${classOf(slot)}${i}`)
}

function wordForm(word: Word | undefined, mention: Mention, documentLanguage: Language): string {
  const { slot, form, capital, language = documentLanguage } = mention
  const text = word?.[language][form]
  if (text === undefined) throw new Error(`{${slot}.${form}} has no ${language} form, or no word yet`)
  return capital ? text[0].toUpperCase() + text.slice(1) : text
}

const templates = new Map<string, readonly Piece[]>()

/** A template whose words keep their language, wherever it is used. */
export function inLanguage(template: string, language: Language): string {
  return template.replace(/\{([^}@]*)\}/g, `{$1@${language}}`)
}

/** A template in pieces. */
export function pieces(template: string): readonly Piece[] {
  let known = templates.get(template)
  if (known === undefined) {
    known = template.split(/(\{[^}]*\})/).flatMap((part): Piece[] => {
      if (part === '') return []
      const match = /^\{(new )?(\^?)(\w+)(?:\.(\w+))?(?:@(en|zh))?\}$/.exec(part)
      if (match === null) return [part]
      const [, mark, capital, slot, form = 'name', language] = match
      const mention = { slot, form, isNew: mark !== undefined, capital: capital === '^' }
      return [language === 'en' || language === 'zh' ? { ...mention, language } : mention]
    })
    templates.set(template, known)
  }
  return known
}

const slotsOf = new Map<string, readonly string[]>()

/** Slots that a template draws, those of a class in the order of their numbers. */
export function newSlots(template: string): readonly string[] {
  let known = slotsOf.get(template)
  if (known === undefined) {
    known = pieces(template)
      .flatMap(piece => (typeof piece === 'string' || !piece.isNew ? [] : [piece.slot]))
      .sort()
    slotsOf.set(template, known)
  }
  return known
}

function weighted<T extends { readonly weight: number }>(options: readonly T[], random: Random): T {
  let rest = random.uniform() * totalWeight(options)
  for (const option of options) {
    rest -= option.weight
    if (rest < 0) return option
  }
  return options[options.length - 1]
}

function totalWeight(options: readonly { readonly weight: number }[]): number {
  return options.reduce((sum, { weight }) => sum + weight, 0)
}

const utf8 = new TextEncoder()

export function byteLength(text: string): number {
  return utf8.encode(text).length
}
