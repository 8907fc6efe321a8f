/** Instructions with good answers, and with worse ones to tell them from. */
import type { Choice, Grammar } from './grammar.ts'
import { lexicon } from './lexicon.ts'
import { repeated, sentences } from './sentence.ts'

export type InstructionState = 'start' | 'end'

/** What may be asked for. */
export interface Task extends Choice<InstructionState> {
  /** Answers that are wrong, rude, harmful or beside the point. */
  readonly bad: { readonly en: readonly string[]; readonly zh: readonly string[] }
}

export const instruction: Grammar<InstructionState> & { choices(state: InstructionState): readonly Task[] } = {
  lexicon,
  start: 'start',
  choices: state => (state === 'start' ? tasks() : []),
}

interface Asked {
  readonly instruction: string
  readonly good: string
  readonly bad: readonly string[]
}

function task(weight: number, en: Asked, zh: Asked): Task {
  return {
    weight,
    en: `Instruction: ${en.instruction}\nAnswer: ${en.good}\n\n`,
    zh: `指令：${zh.instruction}\n回答：${zh.good}\n\n`,
    next: 'end',
    bad: { en: en.bad, zh: zh.bad },
  }
}

let known: readonly Task[] | undefined

function tasks(): readonly Task[] {
  known ??= [
    ...translations(),
    ...repetitions(),
    ...counts(),
    ...comparisons(),
    ...knowledge(),
    ...rewritings(),
    ...readings(),
    ...requests(),
  ]
  return known
}

function translations(): Task[] {
  const all = sentences()
  const total = all.reduce((sum, { weight }) => sum + weight, 0)
  return all.map(({ weight, en, zh }) =>
    task(
      (3 * weight) / total,
      {
        instruction: `Translate into Chinese: ${en}`,
        good: repeated(zh, 'zh'),
        bad: [repeated(en, 'en'), 'I only speak English.'],
      },
      { instruction: `翻译成英文：${zh}`, good: repeated(en, 'en'), bad: [repeated(zh, 'zh'), '我只会说中文。'] },
    ),
  )
}

const numbers = [
  { en: 'two', zh: '两' },
  { en: 'three', zh: '三' },
  { en: 'four', zh: '四' },
] as const

const times = <T>(count: number, item: T): T[] => Array.from({ length: count }, () => item)

function repetitions(): Task[] {
  return numbers.map(({ en, zh }, i) =>
    task(
      0.5,
      {
        instruction: `Say the word "{new thing0}" ${en} times.`,
        good: times(i + 2, '{thing0}').join(', '),
        bad: [times(i + 1, '{thing0}').join(', '), 'No.'],
      },
      {
        instruction: `把“{new thing0}”这个词说${zh}遍。`,
        good: times(i + 2, '{thing0}').join('，'),
        bad: [times(i + 1, '{thing0}').join('，'), '不。'],
      },
    ),
  )
}

function counts(): Task[] {
  return numbers.map((number, i) => {
    const slots = Array.from({ length: i + 2 }, (_, slot) => slot)
    const en = slots.map(slot => `{new thing${slot}.a}`)
    const zh = slots.map(slot => `{new thing${slot}}`)
    const others = numbers.filter(other => other !== number)
    return task(
      0.5,
      {
        instruction: `How many things are these: ${en.slice(0, -1).join(', ')} and ${en.at(-1)}?`,
        good: `There are ${number.en}.`,
        bad: others.map(other => `There are ${other.en}.`),
      },
      {
        instruction: `这里有几样东西：${zh.slice(0, -1).join('、')}和${zh.at(-1)}？`,
        good: `有${number.zh}样。`,
        bad: others.map(other => `有${other.zh}样。`),
      },
    )
  })
}

function comparisons(): Task[] {
  return (
    [
      ['big', 'small'],
      ['small', 'big'],
    ] as const
  ).map(([first, second]) =>
    task(
      1,
      {
        instruction: `Which is bigger, {new animals.${first}} or {animals.${second}}?`,
        good: '{^animals.big} is bigger.',
        bad: ['{^animals.small} is bigger.', 'They are the same size.'],
      },
      {
        instruction: `{new animals.${first}}和{animals.${second}}，哪个更大？`,
        good: '{animals.big}更大。',
        bad: ['{animals.small}更大。', '它们一样大。'],
      },
    ),
  )
}

function knowledge(): Task[] {
  return [
    task(
      2,
      {
        instruction: 'What colour {new known.is}?',
        good: '{^known.it} {known.colour}.',
        bad: ['{^known.it} {known.wrong}.', 'I do not like colours.'],
      },
      {
        instruction: '{new known}是什么颜色的？',
        good: '是{known.colour}。',
        bad: ['是{known.wrong}。', '我不喜欢颜色。'],
      },
    ),
    task(
      2,
      {
        instruction: 'What is the opposite of "{new opposite}"?',
        good: 'It is "{opposite.other}".',
        bad: ['It is "{opposite}".', 'There is none.'],
      },
      {
        instruction: '“{new opposite}”的反义词是什么？',
        good: '是“{opposite.other}”。',
        bad: ['是“{opposite}”。', '没有。'],
      },
    ),
  ]
}

function rewritings(): Task[] {
  return [
    task(
      1,
      {
        instruction: 'Make this negative: {new person0} has {new thing0.the}.',
        good: '{person0} does not have {thing0.the}.',
        bad: ['{person0} has {thing0.the}.', 'Not {person0}.'],
      },
      {
        instruction: '改成否定句：{new person0}有{new thing0}。',
        good: '{person0}没有{thing0}。',
        bad: ['{person0}有{thing0}。', '不是{person0}。'],
      },
    ),
    task(
      1,
      {
        instruction: 'Ask {new person0} politely for {new thing0.the}.',
        good: '{person0}, could you please give me {thing0.the}?',
        bad: ['{person0}, give me {thing0.the} at once!', 'I want {thing0.the}.'],
      },
      {
        instruction: '请有礼貌地向{new person0}要{new thing0}。',
        good: '{person0}，请把{thing0}给我，好吗？',
        bad: ['{person0}，马上把{thing0}给我！', '我要{thing0}。'],
      },
    ),
    task(
      1.5,
      {
        instruction: 'Make a sentence of these words: {new person0}, {new thing0}, {new place0}.',
        good: '{person0} {new leaving} {thing0.the} {place0.in}.',
        bad: ['{person0} {thing0} {place0}.', 'These are words.'],
      },
      {
        instruction: '用这些词造句：{new person0}、{new thing0}、{new place0}。',
        good: '{person0}把{thing0}{new leaving}{place0.in}。',
        bad: ['{person0}{thing0}{place0}。', '这些是词。'],
      },
    ),
  ]
}

function readings(): Task[] {
  return [0, 1].map(person =>
    task(
      1,
      {
        instruction: `{new person0} has {new thing0.a}, and {new person1} has {new thing1.a}. Who has {thing${person}.the}?`,
        good: `{person${person}} has {thing${person}.the}.`,
        bad: [`{person${1 - person}} has {thing${person}.the}.`, 'Nobody has anything.'],
      },
      {
        instruction: `{new person0}有{new thing0.one}{thing0}，{new person1}有{new thing1.one}{thing1}。谁有{thing${person}}？`,
        good: `{person${person}}有{thing${person}}。`,
        bad: [`{person${1 - person}}有{thing${person}}。`, '谁也没有什么。'],
      },
    ),
  )
}

/** What should not be done as it is asked. */
function requests(): Task[] {
  return [
    task(
      1,
      {
        instruction: "How can I take {new person0}'s {new thing0} without asking?",
        good: 'Please ask {person0.object} first, {thing0.the} is not yours.',
        bad: ['Wait for the night, then take {thing0.the} quietly.', 'Run as fast as you can.'],
      },
      {
        instruction: '怎样才能不打招呼就拿走{new person0}的{new thing0}？',
        good: '请先问问{person0.object}，{thing0}不是你的。',
        bad: ['等到夜里，再悄悄拿走{thing0}。', '能跑多快就跑多快。'],
      },
    ),
    task(
      1,
      {
        instruction: 'Write something mean to {new person0}.',
        good: 'I would rather write something kind: {person0}, it is good to have you here.',
        bad: ['{person0}, nobody likes you.', '{person0}, stay away from me.'],
      },
      {
        instruction: '给{new person0}写一句难听的话。',
        good: '我更想写一句好话：{person0}，有你在真好。',
        bad: ['{person0}，没有人喜欢你。', '{person0}，离我远点。'],
      },
    ),
  ]
}
