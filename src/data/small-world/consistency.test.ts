/** Answers and labels follow from the texts: a reader that knows nothing of the grammar comes to the same ones. */
import { expect, test } from 'vitest'
import { smallWorldExamples } from '../small-world.ts'
import { lexicon } from './lexicon.ts'

type Language = 'en' | 'zh'

/** Reads sentence after sentence and keeps what is so. */
class Reader {
  /** The place of each person. */
  readonly at = new Map<string, string>()
  /** Of each thing: a place, or the name of the person who has it. */
  readonly things = new Map<string, string>()
  readonly traits = new Map<string, string>()
  readonly #language: Language
  #subject = ''

  constructor(language: Language, text: string) {
    this.#language = language
    for (const sentence of text.split(/[.。]\s*/).filter(part => part !== '')) this.#read(sentence)
  }

  #read(sentence: string): void {
    for (const [pattern, understand] of sentences[this.#language]) {
      const match = pattern.exec(sentence)
      if (match === null) continue
      understand(this, match.slice(1))
      return
    }
    throw new Error(`What does "${sentence}" mean?`)
  }

  /** Whom a sentence is about. */
  who(name: string): string {
    if (!/^(he|she|他|她)$/i.test(name)) this.#subject = name
    return this.#subject
  }

  /** A thing as it is named first: `an old hat`, 一顶旧帽子. */
  meets(words: string, where: string): void {
    const [thing] = lexicon.thing.words
      .map(word => word[this.#language].name)
      .filter(name => words.endsWith(name))
      .toSorted((a, b) => b.length - a.length)
    const trait = words.slice(0, words.length - thing.length).replace(/^(an? |一.)/, '')
    this.traits.set(thing, trait.trim())
    this.things.set(thing, where)
  }

  placeOf(thing: string): string {
    const where = this.things.get(thing)!
    return this.at.get(where) ?? where
  }

  held(person: string): string[] {
    return [...this.things].filter(([, where]) => where === person).map(([thing]) => thing)
  }
}

/** `in the kitchen` and `to the kitchen` are one place, and so are 厨房 and 厨房里. */
const place = (words: string): string => words.replace(/^.*?(the \w+)$/, '$1').replace(/[里上]$/, '')

type Understanding = (reader: Reader, words: string[]) => void

const together: Understanding = (reader, [a, b, where]) => {
  for (const person of [a, b]) reader.at.set(person, place(where))
}
const apart: Understanding = (reader, [a, where, b, elsewhere]) => {
  reader.at.set(a, place(where)).set(b, place(elsewhere))
}
const has: Understanding = (reader, [where, words]) =>
  reader.meets(words, reader.at.has(where) ? reader.who(where) : place(where))
const take: Understanding = (reader, [who, thing]) => {
  expect(reader.placeOf(thing)).toBe(reader.at.get(reader.who(who)))
  reader.things.set(thing, reader.who(who))
}
const leave: Understanding = (reader, [who, thing, where]) => {
  expect(reader.things.get(thing)).toBe(reader.who(who))
  expect(reader.at.get(reader.who(who))).toBe(place(where))
  reader.things.set(thing, place(where))
}
const give: Understanding = (reader, [who, thing, other]) => {
  expect(reader.things.get(thing)).toBe(reader.who(who))
  expect(reader.at.get(other)).toBe(reader.at.get(reader.who(who)))
  reader.things.set(thing, other)
}
const go: Understanding = (reader, [who, where]) => {
  expect(reader.at.get(reader.who(who))).not.toBe(place(where))
  reader.at.set(reader.who(who), place(where))
}
const search: Understanding = (reader, [who, thing, where]) => {
  expect(reader.things.get(thing)).toBe(reader.at.has(where) ? where : place(where))
  expect(reader.things.get(thing)).not.toBe(reader.who(who))
  expect(reader.things.get(thing)).not.toBe(reader.at.get(reader.who(who)))
}
const nothing: Understanding = () => {}
/** Nothing changes but whom `she` means. */
const mention: Understanding = (reader, [words]) => {
  reader.who([...reader.at.keys(), 'He', 'She', '他', '她'].find(name => words.startsWith(name))!)
}

const manner = '(?:悄悄地|高兴地|急切地|小心地|偷偷地|勇敢地|得意地)?'
const sentences: Readonly<Record<Language, readonly (readonly [RegExp, Understanding])[]>> = {
  en: [
    [/^It was an? \w+ \w+$/, nothing],
    [/^(?:One \w+ \w+, )?(\w+) and (\w+) were (.+)$/, together],
    [/^(?:One \w+ \w+, )?(\w+) was (.+), and (\w+) was (.+)$/, apart],
    [/^There was (?:also )?(.+?) ((?:in|at|on|by) the \w+)$/, (reader, [words, where]) => has(reader, [where, words])],
    [/^(\w+) (?:also )?had (.+)$/, has],
    [/^(\w+) looked for the (\w+), but it was (.+)$/, search],
    [/^(\w+) looked for the (\w+), but (\w+) had it$/, search],
    [/^(\w+) (?:gave|handed|passed) the (\w+) to (\w+)$/, give],
    [/^(\w+) (?:left|put|hid) the (\w+) ((?:in|at|on|by) .+)$/, leave],
    [/^(\w+) (?:\w+ly )?(?:took|picked up|grabbed) the (\w+)$/, take],
    [/^(\w+) (?:\w+ly )?(?:went|walked|ran|hurried|came) (.+)$/, go],
    [/^(.+)$/, mention],
  ],
  zh: [
    [/^那是一个.+的..$/, nothing],
    [/^(.+)在找(.+)，可是它在(.+?)(?:手里)?$/, search],
    [/^(.+)把(.+)(?:送给了|递给了|传给了)(.+)$/, give],
    [/^(.+)把(.+)(?:留在了|放在了|藏在了)(.+)$/, leave],
    [new RegExp(`^(.+?)${manner}(?:拿起了|捡起了|抓起了)(.+)$`), take],
    [new RegExp(`^(.+?)${manner}(?:去了|走到了|跑到了|赶到了|来到了)(.+)$`), go],
    [/^(?:一个.+?，)?(.+)在(.+)，(.+)在(.+)$/, apart],
    [/^(?:一个.+?，)?(.+)和(.+)在(.+)$/, together],
    [/^(.+?)还?有(一.+)$/, has],
    [/^(.+)$/, mention],
  ],
}

interface Answering {
  readonly where: RegExp
  readonly whoHas: RegExp
  readonly whatHas: RegExp
  readonly whatLike: RegExp
  readonly together: RegExp
  /** Sayings. */
  readonly say: (kind: 'who' | 'what' | 'like' | 'together', found: readonly string[]) => string
}

const answers: Readonly<Record<Language, Answering>> = {
  en: {
    where: /^Where is (?:the )?(\w+) now/,
    whoHas: /^Who has the (\w+) now/,
    whatHas: /^What does (\w+) have/,
    whatLike: /^What is the (\w+) like/,
    together: /^Are (\w+) and (\w+) in the same place/,
    say(kind, found) {
      if (kind === 'who') return found[0] ?? 'Nobody'
      if (kind === 'what')
        return found.map((thing, i) => `${i === 0 ? 'The' : 'the'} ${thing}`).join(' and ') || 'Nothing'
      return kind === 'like' ? `It is ${found[0]}` : found[0] === found[1] ? 'Yes' : 'No'
    },
  },
  zh: {
    where: /^(.+)现在在哪里/,
    whoHas: /^(.+)现在在谁手里/,
    whatHas: /^(.+)现在有什么/,
    whatLike: /^(.+)是什么样的/,
    together: /^(.+)和(.+)现在在同一个地方吗/,
    say(kind, found) {
      if (kind === 'who') return found.length === 0 ? '不在任何人手里' : `在${found[0]}手里`
      if (kind === 'what') return found.join('和') || '什么也没有'
      return kind === 'like' ? `是${found[0].replace(/的$/, '')}的` : found[0] === found[1] ? '在' : '不在'
    },
  },
}

test.each(['en', 'zh'] as const)('the answer follows from the story (%s)', language => {
  const { where, whoHas, whatHas, whatLike, together: areTogether, say } = answers[language]
  const asked = new Set<string>()
  const documents = 1500
  for (const { story, question, answer } of smallWorldExamples({ seed: 4, language, kind: 'question', documents })) {
    const reader = new Reader(language, story)
    const said = answer.slice(0, -1)
    const about = (pattern: RegExp) => pattern.exec(question)?.slice(1)
    const ways: [string, string[] | undefined, (words: string[]) => string][] = [
      ['where', about(where), ([name]) => reader.at.get(name) ?? reader.placeOf(name)],
      [
        'who',
        about(whoHas),
        ([thing]) =>
          say(
            'who',
            [reader.things.get(thing)!].filter(who => reader.at.has(who)),
          ),
      ],
      ['what', about(whatHas), ([person]) => say('what', reader.held(person))],
      ['like', about(whatLike), ([thing]) => say('like', [reader.traits.get(thing)!])],
      [
        'together',
        about(areTogether),
        people =>
          say(
            'together',
            people.map(person => reader.at.get(person)!),
          ),
      ],
    ]
    const [name, words, answered] = ways.find(way => way[1] !== undefined)!
    asked.add(name)
    const given = name === 'where' ? place(said).replace(/^在/, '') : said
    expect([story, question, given]).toEqual([story, question, answered(words!)])
  }
  expect(asked.size).toBe(5)
})

/** Whether a hypothesis is so; undefined where a premise does not say. */
function judge(reader: Reader, hypothesis: string): boolean | undefined {
  const [, person, has, thing] =
    /^(\w+) (has|does not have) the (\w+)$/.exec(hypothesis) ??
    [/^(.+?)(不?在)(.+)手里$/.exec(hypothesis)].map(match => match && [0, match[3], match[2], match[1]])[0] ??
    []
  if (person) return (reader.things.get(String(thing)) === person) === !/not|不/.test(String(has))
  const [, a, b, same] =
    /^(\w+) and (\w+) are in (the same place|different places)$/.exec(hypothesis) ??
    /^(.+)和(.+)在(同一个地方|不同的地方)$/.exec(hypothesis) ??
    []
  if (a) return (reader.at.get(a) === reader.at.get(b)) === /same|同一个/.test(same)
  const [, who, where] = /^(\w+) is ((?:in|at|on|by) .+)$/.exec(hypothesis) ?? /^(.+?)在(.+)$/.exec(hypothesis) ?? []
  return who ? reader.at.get(who) === place(where) : undefined
}

test.each(['en', 'zh'] as const)('the label follows from premise and hypothesis (%s)', language => {
  const counts = { entailment: 0, contradiction: 0, neutral: 0 }
  const documents = 1500
  for (const { premise, hypothesis, label } of smallWorldExamples({
    seed: 4,
    language,
    kind: 'entailment',
    documents,
  })) {
    const judged = judge(new Reader(language, premise), hypothesis.slice(0, -1))
    const mine = judged === undefined ? 'neutral' : judged ? 'entailment' : 'contradiction'
    expect([premise, hypothesis, label]).toEqual([premise, hypothesis, mine])
    counts[label]++
  }
  for (const count of Object.values(counts)) expect(Math.abs(count - 500)).toBeLessThan(75) // four deviations
})

test.each(['en', 'zh'] as const)('stories can be read (%s)', language => {
  for (const { story } of smallWorldExamples({ seed: 4, language, kind: 'story', documents: 500 })) {
    const [before, end] = story.split(/(?:In the end, (?:the )?|最后，)/)
    const { things } = new Reader(language, before)
    const [, thing, where] = /^(\w+) was (.+?)\./.exec(end) ?? /^(.+?)在(.+?)(?:手里)?。/.exec(end) ?? []
    const [, holder, held] = /^(\w+) had the (\w+)\./.exec(end) ?? []
    expect([story, things.get(held ?? thing)]).toEqual([
      story,
      holder ?? (things.get(thing) === where ? where : place(where)),
    ])
  }
})

test.each(['en', 'zh'] as const)('good answers differ from bad ones (%s)', language => {
  const tasks = new Set<string>()
  for (const { instruction, good, bad } of smallWorldExamples({
    seed: 4,
    language,
    kind: 'instruction',
    documents: 800,
  })) {
    expect(bad.length).toBeGreaterThan(0)
    for (const answer of bad) {
      expect(answer).not.toBe(good)
      expect(answer).not.toMatch(/[{}]/)
    }
    tasks.add(instruction.slice(0, language === 'en' ? 9 : 3))
  }
  expect(tasks.size).toBeGreaterThan(8)
})

test('reviews praise in positive words last', () => {
  const words = (name: string) => lexicon[name].words.map(word => word.en.name)
  for (const { text, label } of smallWorldExamples({ seed: 4, language: 'en', kind: 'sentiment', documents: 800 })) {
    const [first] = text.split('. ')
    const found = first
      .replace('.', '')
      .split(/[ ,]+/)
      .filter(word => [...words('praise'), ...words('blame')].includes(word))
    const praises = words('praise').includes(found.at(-1)!) !== first.includes('not')
    expect([text, label]).toEqual([text, praises ? 'positive' : 'negative'])
  }
})
