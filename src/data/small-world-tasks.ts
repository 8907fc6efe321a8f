/**
 * Questions, inferences and reviews of the small world as tasks, in English and Chinese. Their documents are of another
 * seed than the text that `small-world` is to learn from, and none that stands in that text is asked.
 */
import { type Language, type SmallWorldKind, smallWorld, smallWorldExamples } from './small-world.ts'
import { smallWorldChinese, smallWorldEnglish } from './small-world-text.ts'
import type { AnswerExample, ChoiceExample, Task, TaskExample } from './task.ts'

/** Documents of a seed: some to learn from, to choose by, to report on. */
const seeds = { train: [2, 2000], validation: [3, 500], test: [4, 1000] } as const

interface WorldTask {
  readonly name: string
  readonly kind: Extract<SmallWorldKind, 'question' | 'entailment' | 'sentiment'>
  /** The heading of the kind in Chinese text. */
  readonly zh: string
  /** Answers that all examples have to choose from, as documents write them. */
  readonly choices?: Readonly<Record<Language, readonly string[]>>
}

const worldTasks: readonly WorldTask[] = [
  { name: 'questions', kind: 'question', zh: '问答' },
  {
    ...{ name: 'entailment', kind: 'entailment', zh: '推理' },
    choices: { en: ['entailment', 'contradiction', 'neutral'], zh: ['蕴含', '矛盾', '中立'] },
  },
  {
    ...{ name: 'sentiment', kind: 'sentiment', zh: '评论' },
    choices: { en: ['negative', 'positive'], zh: ['负面', '正面'] },
  },
]

const languages = ['en', 'zh'] as const

function documentTasks(world: WorldTask): Task[] {
  return languages.map(
    (language): Task => ({
      name: `small-world-${world.name}${language === 'zh' ? '-zh' : ''}`,
      language,
      form: world.choices === undefined ? 'answers' : 'classes',
      reported: 'documents of a seed of their own, none of which stands in the text of the dataset small-world',
      joint: language === 'zh' ? '' : ' ',
      read: async () => {
        const part = (name: keyof typeof seeds) => examplesOf(world, language, seeds[name])
        const parts = { train: part('train'), validation: part('validation'), test: part('test') }
        return { classes: world.choices?.[language], parts }
      },
    }),
  )
}

/** Documents whose last lines are asked; the lines before are shots. */
const sortingDocuments = 250
const askedLines = 3

/**
 * Words sorted into two groups by signs that mean nothing elsewhere, of pairs of groups that no text has: without shots
 * only chance is right.
 */
function sortingTasks(): Task[] {
  return languages.map(language => ({
    ...{ name: `small-world-sorting${language === 'zh' ? '-zh' : ''}`, language, form: 'choices' },
    reported: 'the last lines of documents of pairs of groups that no text has; shots are lines of the same document',
    joint: language === 'zh' ? '' : ' ',
    between: '\n',
    read: async () => {
      const part = (seed: number, documents: number) => sortedExamples(language, seed, documents)
      const [[validationShots, validation], [shots, test]] = [part(3, 50), part(4, sortingDocuments)]
      return { parts: { train: [...validationShots, ...shots], validation, test } }
    },
  }))
}

/** The lines before and the lines that are asked. */
function sortedExamples(
  language: Language,
  seed: number,
  documents: number,
): [shots: ChoiceExample[], asked: ChoiceExample[]] {
  const [shots, asked]: [ChoiceExample[], ChoiceExample[]] = [[], []]
  let number = 0
  for (const { lines } of smallWorldExamples({ seed, language, kind: 'newSorting', documents })) {
    const group = `seed ${seed}, document ${number++}`
    const choices = [...new Set(lines.map(({ sign }) => sign))]
    for (const [i, { word, sign }] of lines.entries()) {
      const prompt = `${word}${language === 'zh' ? '：' : ':'}`
      const example = { prompt, choices, label: choices.indexOf(sign), group }
      ;(i < lines.length - askedLines ? shots : asked).push(example)
    }
  }
  return [shots, asked]
}

function examplesOf(world: WorldTask, language: Language, [seed, documents]: readonly [number, number]): TaskExample[] {
  const learned = learnedDocuments(language)
  const heading = language === 'zh' ? `# ${world.zh}\n` : `# ${world.kind}\n`
  const own = [...smallWorld({ seed, language, kind: world.kind, documents }).documents()]
  return own
    .map(document => `${heading}${document}`)
    .filter(document => !learned.has(document))
    .map(document => exampleOf(document.trimEnd(), world.choices?.[language]))
}

/** What comes before the last line's colon, with it, and what comes after. */
function exampleOf(document: string, choices: readonly string[] | undefined): AnswerExample | ChoiceExample {
  const begin = document.lastIndexOf('\n')
  const cut = begin + 1 + document.slice(begin + 1).search(/[:：]/) + 1
  const prompt = document.slice(0, cut)
  const answer = document.slice(cut).trim()
  if (choices === undefined) return { prompt, answer }
  return { prompt, choices, label: choices.indexOf(answer), text: document.slice(document.indexOf('\n') + 1, begin) }
}

const learnedOf = new Map<Language, ReadonlySet<string>>()

/** The documents of the dataset, generated once. */
function learnedDocuments(language: Language): ReadonlySet<string> {
  const { generated } = language === 'zh' ? smallWorldChinese : smallWorldEnglish
  const learned =
    learnedOf.get(language) ?? new Set(smallWorld({ seed: 1, ...generated, language, kind: 'mixed' }).documents())
  learnedOf.set(language, learned)
  return learned
}

/** `small-world-questions` and others, each with its Chinese twin, `small-world-questions-zh`. */
export const smallWorldTasks: readonly Task[] = [...worldTasks.flatMap(documentTasks), ...sortingTasks()]
