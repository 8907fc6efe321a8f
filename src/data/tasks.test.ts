import { describe, expect, test } from 'vitest'
import { readStories } from './babi.ts'
import { catalog } from './catalog.ts'
import { finalNumber } from './gsm8k.ts'
import { jsonLineRecords } from './json-records.ts'
import { readScoredTexts } from './labelled-text.ts'
import { fetchDataset } from './node.ts'
import { parseRecords } from './records.ts'
import type { AnswerExample, ChoiceExample, Task, TaskExample } from './task.ts'
import { findTask, tasks } from './tasks.ts'
import { memoryText } from './text.ts'

const mirror = process.env.NACRE_DATA_MIRROR

/** The examples of a file that a user brings. */
const readFile = (name: string, text: string, malformed: 'refuse' | 'skip' = 'refuse') =>
  findTask(name).readFile!(memoryText(text, 'a.jsonl'), { malformed })
const lines = (...records: object[]) => records.map(record => `${JSON.stringify(record)}\n`).join('')

test('names are different; a misspelt one is told the nearest', () => {
  expect(new Set(tasks.map(({ name }) => name)).size).toBe(tasks.length)
  expect(findTask('babi-7').name).toBe('babi-7')
  expect(() => findTask('chnsenticorb')).toThrow('Unknown task "chnsenticorb". Did you mean "chnsenticorp"?')
})

test('a task has its dataset in the catalog', () => {
  const missing = tasks.filter(({ dataset }) => dataset !== undefined && !catalog.includes(dataset))
  expect(missing.map(({ name }) => name)).toEqual([])
})

describe('files that people bring', () => {
  test('LAMBADA: all but the last word, and the last word', async () => {
    const { parts } = await readFile('lambada', lines({ text: 'He took the boat.\nShe took the oars ' }))
    expect(parts.test).toEqual([{ prompt: 'He took the boat.\nShe took the', answer: 'oars' }])
    await expect(readFile('lambada', lines({ text: 'one' }))).rejects.toThrow(
      'a.jsonl, line 1: expected a text of several words, received "one"',
    )
  })

  test('HellaSwag: the activity, both halves, brackets', async () => {
    const { parts } = await readFile(
      'hellaswag',
      lines(
        { ctx: 'A man rows', endings: ['a boat.', 'a tree.'], label: 0 },
        {
          ctx: 'x',
          ctx_a: '[header] How to row [title] Sit down.',
          ctx_b: 'then you',
          activity_label: 'Rowing',
          endings: ['row [substeps] well.', 'sleep.'],
          label: '1',
        },
      ),
    )
    expect(parts.test).toEqual([
      { prompt: 'A man rows', choices: ['a boat.', 'a tree.'], label: 0 },
      { prompt: 'Rowing: How to row. Sit down. Then you', choices: ['row well.', 'sleep.'], label: 1 },
    ])
  })

  test.each([
    ['hellaswag', '{"ctx":"a"}', 'a.jsonl, line 1: expected 2 or more texts "endings", received nothing'],
    ['hellaswag', lines({ ctx: 'a', endings: ['b', 'c'], label: 2 }), 'expected a label from 0 to 1, received 2'],
    ['hellaswag', lines({ ctx: 'a', endings: ['b', 'c'], label: '' }), 'expected a label from 0 to 1, received ""'],
    ['lambada', '{"text":"a b"}\n{"text":\n{}', 'Received 2 problems:\n  a.jsonl, line 2: expected JSON, received'],
    ['lambada', '[1]\n', 'a.jsonl, line 1: expected an object with named fields, received [1]'],
    ['lambada', '{"words":"a b"}', 'a.jsonl, line 1: expected a text "text", received nothing'],
    ['gsm8k', lines({ question: 'a', answer: '3' }), 'expected an answer with a number after ####, received "3"'],
    ['babi', '1 Mary sat.\nWhere is Mary?\tthere', 'a.jsonl, line 2, expected a number and a sentence, or a question'],
    ['babi', '1 Mary sat.\n', 'a.jsonl expected questions. Received none.'],
  ])('%s: %j is refused', async (name, text, message) => {
    await expect(readFile(name, text)).rejects.toThrow(message)
  })

  test('what is malformed may be skipped, and is counted', async () => {
    const good = lines({ text: 'a b' })
    const { parts } = await readFile('lambada', `${good}{"text":\n${lines({ text: 1 })}${good}`, 'skip')
    expect([parts.test.length, parts.skipped]).toEqual([2, 2])
    const stories = await readStories(memoryText('1 A.\nnonsense\n2 Q? \tb\t1\n'), 'qa1', { malformed: 'skip' })
    expect([stories.questions.length, stories.skipped]).toEqual([1, 1])
    await expect(readFile('lambada', '{\n', 'skip')).rejects.toThrow('expected records. Received none')
    expect(
      (await parseRecords(jsonLineRecords(memoryText('{"a":1}\n\n{}\n')), record => record.value('a'))).skipped,
    ).toBe(1)
  })

  test('scores outside of their range', async () => {
    const format = { separator: '\t', text: [0], second: 1, score: 2, range: [0, 5] } as const
    const read = (text: string) => readScoredTexts(memoryText(text, 'a.tsv'), format)
    expect((await read('a\tb\t2.5\n')).texts).toEqual([{ text: 'a', second: 'b', score: 2.5 }])
    await expect(read('a\tb\t6\n')).rejects.toThrow('a.tsv, line 1, expected a score from 0 to 5. Received "6".')
    await expect(read('a\t\t6\n')).rejects.toThrow('expected a second text. Received an empty one')
  })

  test('the number after ####', () => {
    expect(['so #### 1,234', '#### $ -5.50', '#### .5', '1,234'].map(finalNumber)).toEqual([
      '1234',
      '-5.5',
      '0.5',
      undefined,
    ])
  })
})

/** What must be true of every example: a prompt that its answer can follow, and an answer among the choices. */
function faults({ joint }: Task, example: TaskExample): string[] {
  const { prompt } = example
  const found: string[] = []
  if (prompt === '' || (joint === ' ' && /\s$/.test(prompt))) found.push(`prompt ${JSON.stringify(prompt)}`)
  if ('label' in example && example.choices[example.label] === undefined) found.push(`label ${example.label}`)
  if ('answer' in example && example.answer.trim() === '') found.push('answer')
  return found
}

const worlds = tasks.filter(({ name }) => name.startsWith('small-world'))
const isSorting = ({ name }: { readonly name: string }) => name.includes('sorting')
test.each(worlds.filter(task => !isSorting(task)))('$name: held-out examples', async task => {
  const { parts } = await task.read!([], {})
  expect(parts.test.length).toBeGreaterThan(700)
  expect(parts.test.flatMap(example => faults(task, example))).toEqual([])
  const first = parts.train[0] as AnswerExample | ChoiceExample
  expect(first.prompt).toMatch(task.language === 'zh' ? /^# (问答|推理|评论)\n[\s\S]*：$/ : /^# [a-z]+\n[\s\S]*:$/)
  const asked = new Set(parts.test.map(({ prompt }) => prompt))
  // Reviews are short, and may be of both parts.
  expect(parts.train.filter(({ prompt }) => asked.has(prompt)).length).toBeLessThan(300)
})

test.each(worlds.filter(isSorting))(
  '$name: each word is asked with shots of its own document, and two signs',
  async task => {
    const { parts } = await task.read!([], {})
    expect(parts.test.flatMap(example => faults(task, example))).toEqual([])
    const pools = Map.groupBy(parts.train, ({ group }) => group)
    let right = 0
    for (const example of parts.test as readonly ChoiceExample[]) {
      const shots = pools.get(example.group)! as readonly ChoiceExample[]
      expect([shots.length, example.choices.length, shots[0].choices]).toEqual([17, 2, example.choices])
      if (example.label === 0) right++
    }
    expect(right / parts.test.length).toBeGreaterThan(0.4) // neither sign is the more frequent one
    expect(right / parts.test.length).toBeLessThan(0.6)
  },
)

/** How many examples are to learn from, to choose by, to report on. */
const sizes: Readonly<Record<string, readonly [number, number, number]>> = {
  sst2: [6920, 872, 1821],
  chnsenticorp: [9600, 1200, 1200],
  'ag-news': [9001, 1000, 7600],
  'thucnews-titles': [9000, 1000, 10_000],
  cola: [5750, 500, 1000],
  mrpc: [3668, 408, 1725],
  rte: [2240, 250, 277],
  snli: [8841, 1001, 9824],
  ocnli: [8979, 1006, 2950],
  stsb: [5749, 1500, 1379],
  babi: [17_986, 2014, 20_000],
  'babi-1': [900, 100, 1000],
  'babi-16': [900, 100, 1000],
  gsm8k: [7000, 473, 1319],
}

describe.skipIf(!mirror)('public datasets (need NACRE_DATA_MIRROR)', () => {
  test.each(Object.entries(sizes))('%s', async (name, expected) => {
    const task = findTask(name)
    const { parts } = await task.read!(await fetchDataset(task.dataset!), {})
    expect([parts.train.length, parts.validation.length, parts.test.length]).toEqual(expected)
    for (const part of [parts.train, parts.validation, parts.test])
      expect(part.flatMap(example => faults(task, example))).toEqual([])
  })

  // As published, where a part is reported on as it was published.
  test.each([
    ['sst2', [912, 909]],
    ['mrpc', [578, 1147]],
    ['rte', [146, 131]],
    ['snli', [3368, 3219, 3237]],
    ['ocnli', [947, 1103, 900]],
  ])('%s: how often each class is right', async (name, counts) => {
    const task = findTask(name)
    const { parts, classes } = await task.read!(await fetchDataset(task.dataset!), {})
    const labels = parts.test.map(example => (example as ChoiceExample).label)
    expect(classes!.map((_, label) => labels.filter(other => other === label).length)).toEqual(counts)
  })

  test('people did not agree on some pairs of OCNLI, which are counted', async () => {
    const task = findTask('ocnli')
    expect((await task.read!(await fetchDataset(task.dataset!), {})).parts.skipped).toBe(65)
  })
})
