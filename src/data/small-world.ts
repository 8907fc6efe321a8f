/**
 * A little bilingual world, generated from a seed: stories and what can be asked about them, in English and Chinese. It
 * needs no download. Its grammar is probabilistic and its texts have one derivation each, so their entropy is known
 * exactly: no model can predict them with fewer bits per byte, and a good one comes near.
 */
import { DataError, OptionError } from '../base/errors.ts'
import { UnknownNameError } from '../base/options.ts'
import { Random } from '../base/random.ts'
import { draw, expectation, type Language, logProbability, parse, write } from './small-world/grammar.ts'
import { type Examples, exampleOf, grammarOf, type Kind, kinds, type TextKind } from './small-world/kinds.ts'
import { lexicon } from './small-world/lexicon.ts'
import type { TextSource } from './text.ts'

export type { Picture } from './small-world/draw.ts'
export type { Language } from './small-world/grammar.ts'
export type {
  AnsweredQuestion,
  Dialogue,
  Entailment,
  Examples as SmallWorldExamples,
  Facts,
  Instruction,
  Kind as SmallWorldKind,
  Question,
  Review,
  Scene,
  Sorting,
  Story,
  TextKind as SmallWorldTextKind,
  Translation,
} from './small-world/kinds.ts'
export type { Topic } from './small-world/question.ts'

/** Kinds of examples. */
export const smallWorldKinds: readonly Kind[] = Object.keys(kinds) as Kind[]
/** Kinds of text: `mixed` has documents of all kinds, each under a heading that names its kind. */
export const smallWorldTextKinds: readonly TextKind[] = [...smallWorldKinds, 'mixed']

export interface SmallWorldOptions<Name extends TextKind = TextKind> {
  /** Decides every document. The documents of two seeds are independent. */
  readonly seed: number
  readonly language: Language
  readonly kind: Name
  /** How many, 4000 unless told. */
  readonly documents?: number
}

/** Documents one after the other, each ended by an empty line. */
export interface SmallWorldText extends TextSource {
  /** How many. */
  readonly length: number
  /** One of them by its number: the same whichever were asked for before, and the same story in both languages. */
  document(index: number): string
  documents(): Iterable<string>
}

/**
 * Text of the small world.
 * @throws {OptionError} if the kind or the language is not known, or there are to be no documents
 */
export function smallWorld(options: SmallWorldOptions): SmallWorldText {
  const { language, kind } = options
  const length = checked(options)
  const document = (index: number): string => write(derivationOf(options, index), language)
  function* documents(): Iterable<string> {
    for (let index = 0; index < length; index++) yield document(index)
  }
  return {
    name: `the small world (${kind}, ${language}, seed ${options.seed})`,
    length,
    document,
    documents,
    async *chunks() {
      yield* documents()
    },
  }
}

/**
 * The same documents as typed examples.
 * @throws {OptionError} as `smallWorld`
 */
export function* smallWorldExamples<Name extends Kind>(options: SmallWorldOptions<Name>): Iterable<Examples[Name]> {
  const length = checked(options, smallWorldKinds)
  for (let index = 0; index < length; index++)
    yield exampleOf(options.kind, derivationOf(options, index), options.language)
}

export interface SmallWorldEntropy {
  /** Entropy of a document. */
  readonly bitsPerDocument: number
  /** Expected length of a document in UTF-8, with the empty line that ends it. */
  readonly bytesPerDocument: number
  /** Of the stream of independent documents: the one divided by the other. */
  readonly bitsPerByte: number
}

/** The exact entropy of a kind of text. */
export function smallWorldEntropy(kind: TextKind, language: Language): SmallWorldEntropy {
  checked({ kind, language })
  const { bits, bytes } = expectation(grammarOf(kind))
  return { bitsPerDocument: bits, bytesPerDocument: bytes[language], bitsPerByte: bits / bytes[language] }
}

/**
 * log2 P of a text under the grammar: of one or more whole documents.
 * @throws {DataError} if the grammar cannot write the text
 */
export function smallWorldLogProbability(text: string, kind: TextKind, language: Language): number {
  checked({ kind, language })
  const grammar = grammarOf(kind)
  let bits = 0
  for (let begin = 0; begin < text.length || begin === 0; ) {
    const rest = text.slice(begin)
    const [found, ...others] = parse(grammar, rest, language)
    if (found === undefined) throw foreign(kind, rest)
    if (others.length > 0) throw new Error(`The grammar of ${kind} is ambiguous: ${JSON.stringify(rest)}`)
    bits += logProbability(grammar, found.derivation)
    begin += found.end
  }
  return bits
}

function foreign(kind: TextKind, text: string): DataError {
  return new DataError({
    what: `The ${kind} grammar of the small world`,
    expected: 'a text that it can write, documents ended by an empty line',
    received: JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}...` : text),
  })
}

function derivationOf({ seed, kind }: Pick<SmallWorldOptions, 'seed' | 'kind'>, index: number) {
  return draw(grammarOf(kind), new Random(seed, `small world/${kind}/${index}`))
}

/** The number of documents. */
function checked(
  { kind, language, documents = 4000 }: Pick<SmallWorldOptions, 'kind' | 'language' | 'documents'>,
  known: readonly TextKind[] = smallWorldTextKinds,
): number {
  if (!known.includes(kind)) throw new UnknownNameError('kind of the small world', kind, known)
  if (language !== 'en' && language !== 'zh')
    throw new UnknownNameError('language of the small world', language, ['en', 'zh'])
  if (!(documents >= 1))
    throw new OptionError({ what: 'documents', expected: 'at least 1', received: String(documents) })
  return documents
}

/** Words that an answer about a story may name: people, things, what those are like, places. */
export function smallWorldWords(language: Language): string[] {
  const forms = { person: ['name', 'subject'], thing: ['name'], trait: ['name'], place: ['in', 'to'] } as const
  return Object.entries(forms).flatMap(([name, own]) =>
    lexicon[name].words.flatMap(word => own.map(form => word[language][form])),
  )
}
